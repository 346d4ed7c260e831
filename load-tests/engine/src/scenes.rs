//! What is measured.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use arc_swap::ArcSwap;
use serde_json::Value;
use trilby_engine::{Account, Notes, Outcome, Ready, Sink, Worlds, decide, decide_into};
use trilby_naive::Random;

use crate::Cli;
#[cfg(feature = "cedar")]
use crate::cedar::{self, Cedar};
use crate::measure::{each, pairs, tail};
use crate::ours::{self, World};
use crate::report::Figures;
use crate::stats::median;
use crate::told;
use crate::workload::{Ask, LARGE, MEDIUM, Principal, SMALL, Size, Workload};

/// Fewest requests of a scene: with few principals each asks several times.
const REQUESTS: usize = 2_200;
/// How often a request is made up anew before its principal is passed over.
const TRIES: usize = 200;

/// A generated account with its requests, each answered as it must be.
struct Scene {
    workload: Workload,
    world: World,
    /// Of the policies.
    documents: Vec<Value>,
    asks: Vec<Ask>,
    /// The same, prepared.
    requests: Vec<Ready>,
    allowed: Vec<bool>,
}

/// Who says what the answer to a request must be.
#[derive(Clone, Copy)]
enum Judge {
    Naive,
    /// Where only its own time counts: the naive evaluator would take a thousand times that.
    Engine,
}

impl Scene {
    /// 70 allowed, 20 denied for want of an Allow, 10 denied by a statement; every principal in turn.
    fn new(size: Size, seed: u64) -> anyhow::Result<Self> {
        Self::judged(size, seed, Judge::Naive)
    }

    fn judged(size: Size, seed: u64, judge: Judge) -> anyhow::Result<Self> {
        let workload = Workload::new(size, seed);
        let world = apart(|| ours::world(&workload));
        let documents: Vec<Value> = workload.policies.iter().map(told::document).collect();
        let mut random = Random::new(seed ^ 0x5eed);
        let session = ours::session();
        let mut scene = Self {
            workload,
            world,
            documents,
            asks: Vec::new(),
            requests: Vec::new(),
            allowed: Vec::new(),
        };
        let prepare =
            |scene: &Self, ask: &Ask| Ready::new(ours::request(&scene.workload, ask, &session));
        let mut index = 0;
        while scene.asks.len() < REQUESTS.max(size.principals) {
            let principal = index % size.principals;
            let wanted = match index % 10 {
                0..=6 => "allow",
                7 | 8 => "implicit_deny",
                _ => "explicit_deny",
            };
            index += 1;
            ensure!(
                index < 100 * REQUESTS.max(size.principals),
                "no requests can be made for this account"
            );
            for _ in 0..TRIES {
                let effect = match wanted {
                    "allow" => Some(false),
                    "explicit_deny" => Some(true),
                    _ => None,
                };
                let ask = scene.workload.ask(&mut random, principal, effect);
                let fits = match judge {
                    Judge::Naive => trilby_naive::decide(&scene.case(&ask)).decision == wanted,
                    Judge::Engine => {
                        let ready = prepare(&scene, &ask);
                        let told = decide_into(&ready, &scene.worlds(), &mut ())?;
                        told.outcome.as_str() == wanted
                    }
                };
                if !fits {
                    continue;
                }
                scene.asks.push(ask);
                scene.allowed.push(wanted == "allow");
                break;
            }
        }
        scene.requests = apart(|| scene.asks.iter().map(|ask| prepare(&scene, ask)).collect());
        // What judged itself has nothing to be compared with.
        let compared = match judge {
            Judge::Naive => scene.allowed.as_slice(),
            Judge::Engine => &[],
        };
        for (index, allowed) in compared.iter().enumerate() {
            let mut notes = Notes::default();
            let outcome = scene.decide(index, &mut notes);
            ensure!(
                outcome.is_allow() == *allowed,
                "{} is answered {}",
                scene.case(&scene.asks[index]),
                outcome.as_str()
            );
            let whole = decide(scene.requests[index].request(), &scene.worlds())?;
            ensure!(
                whole.outcome == outcome && whole.matched.len() == notes.matched().len(),
                "two ways, two answers"
            );
        }
        Ok(scene)
    }

    /// For the naive evaluator.
    fn case(&self, ask: &Ask) -> Value {
        told::case(&self.workload, &self.documents, ask)
    }

    fn worlds(&self) -> Worlds<'_> {
        worlds(&self.world)
    }

    fn decide(&self, index: usize, sink: &mut impl Sink) -> Outcome {
        decide_into(&self.requests[index], &self.worlds(), sink)
            .map_or(Outcome::ImplicitDeny, |told| told.outcome)
    }

    fn times(&self) -> Vec<f64> {
        self.times_with(&mut Notes::default())
    }

    fn times_with(&self, sink: &mut impl Sink) -> Vec<f64> {
        each(self.requests.len(), |index| self.decide(index, sink))
    }
}

/// Makes something in a thread of its own, and so in memory of its own: what was freed before, while answers were judged,
/// leaves holes all over, and neither side is measured by how it lies in those.
fn apart<T: Send>(make: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(make).join()).expect("no panic in what is made")
}

fn worlds(world: &World) -> Worlds<'_> {
    Worlds {
        principal_account: Some(&world.account),
        principal_org: Some(&world.organization),
        ..Worlds::default()
    }
}

/// Under a profiler, which counts in [`ask_all`].
pub fn profiled(cli: &Cli, size: &str, rounds: usize) -> anyhow::Result<()> {
    let size = [SMALL, MEDIUM, LARGE]
        .into_iter()
        .find(|known| known.name == size)
        .context("no such size")?;
    let scene = Scene::judged(size, cli.seed, Judge::Engine)?;
    let asked = ask_all(&scene, rounds);
    println!("decisions {asked}");
    if rounds > 1 {
        let times = (0..rounds).map(|_| median(scene.times())).collect();
        println!("median {} ns, the clock included", median(times));
    }
    Ok(())
}

/// Not inlined: this is where `cargo xtask bench engine --instructions` counts.
#[inline(never)]
fn ask_all(scene: &Scene, rounds: usize) -> usize {
    let mut notes = Notes::default();
    for _ in 0..rounds {
        for index in 0..scene.requests.len() {
            black_box(scene.decide(index, &mut notes));
        }
    }
    rounds * scene.requests.len()
}

/// In the build that takes times.
#[cfg(all(feature = "cedar", not(feature = "count")))]
pub fn timed(cli: &Cli) -> anyhow::Result<Figures> {
    let mut figures = Figures::new();
    for size in [SMALL, MEDIUM, LARGE] {
        let scene = Scene::new(size, cli.seed)?;
        let cedar = apart(|| Cedar::new(&scene.workload))?;
        let questions = apart(|| {
            let ask = |ask| cedar::question(&scene.workload, ask);
            scene.asks.iter().map(ask).collect::<anyhow::Result<Vec<_>>>()
        })?;
        for (index, question) in questions.iter().enumerate() {
            let told = cedar.allows(question);
            ensure!(
                told == scene.allowed[index],
                "Cedar answers {told} to {:?}",
                scene.case(&scene.asks[index])
            );
        }
        let pair = pairs(
            cli.pairs,
            || scene.times(),
            || each(questions.len(), |index| cedar.allows(&questions[index])),
        );
        let name = size.name;
        figures.insert(format!("cedar_ratio_{name}"), pair.ratio);
        figures.insert(format!("decide_ns_{name}"), pair.ours_ns);
        figures.insert(format!("cedar_ns_{name}"), pair.other_ns);
        if name == "large" {
            let naive = || {
                let cases: Vec<Value> = scene.asks.iter().map(|ask| scene.case(ask)).collect();
                each(cases.len(), |index| trilby_naive::decide(&cases[index]))
            };
            let pair = pairs(cli.pairs.min(5), || scene.times(), naive);
            figures.insert("naive_ratio_large".to_owned(), pair.ratio);
            let pair = pairs(
                4 * cli.pairs,
                || scene.times_with(&mut ()),
                || scene.times(),
            );
            figures.insert("explain_ratio".to_owned(), pair.ratio);
            let whole = || {
                let worlds = scene.worlds();
                each(scene.requests.len(), |index| {
                    decide(scene.requests[index].request(), &worlds)
                })
            };
            let pair = pairs(cli.pairs, || scene.times(), whole);
            figures.insert("decide_with_words_ns_large".to_owned(), pair.other_ns);
            let tails = (0..cli.pairs.max(1)).map(|_| tail(scene.times())).collect();
            figures.insert("p99_ratio".to_owned(), median(tails));
        }
    }
    figures.insert("scale_ratio".to_owned(), scale(cli)?);
    figures.insert("refresh_ms".to_owned(), refresh(cli)?);
    Ok(figures)
}

/// In the build that counts.
#[cfg(feature = "count")]
pub fn counted(cli: &Cli) -> anyhow::Result<Figures> {
    use crate::heap::{allocations, live};

    let mut figures = Figures::new();
    let scene = Scene::new(LARGE, cli.seed)?;
    let allowed: Vec<usize> = (0..scene.allowed.len())
        .filter(|index| scene.allowed[*index])
        .collect();
    // Once to warm up.
    let mut notes = Notes::default();
    let _ = scene.times_with(&mut notes);
    let before = allocations();
    for index in &allowed {
        black_box(scene.decide(*index, &mut notes));
    }
    let count = allocations() - before;
    figures.insert(
        "allocations".to_owned(),
        count as f64 / allowed.len() as f64,
    );
    drop(scene);
    let (policies, statements) = (many(cli), 5);
    let each = |bytes: usize| bytes as f64 / (policies * statements) as f64;
    // The texts are the fold's, which has them whether or not anything is compiled, and are counted apart.
    let before = live();
    let texts = texts(policies, statements, cli.seed);
    let with_texts = live();
    let crowd = crowd(&texts);
    figures.insert("bytes_per_statement".to_owned(), each(live() - with_texts));
    figures.insert(
        "text_bytes_per_statement".to_owned(),
        each(with_texts - before),
    );
    black_box(crowd.account);
    Ok(figures)
}

fn many(cli: &Cli) -> usize {
    if cli.short { 10_000 } else { 100_000 }
}

/// How many policies each holder of a crowd has.
const EACH: usize = 50;

/// The policies of one holder: name and text.
type Texts = Vec<(String, Arc<str>)>;

/// So many policies, fifty to a holder, each of its own text.
fn texts(policies: usize, statements: usize, seed: u64) -> Vec<Texts> {
    (0..policies / EACH)
        .map(|index| {
            let size = Size {
                name: "crowd",
                policies: EACH,
                statements,
                principals: 0,
                reach: (0, 0),
            };
            Workload::new(size, seed.wrapping_add(index as u64))
                .policies
                .iter()
                .map(|policy| (policy.name.clone(), told::text(policy)))
                .collect()
        })
        .collect()
}

/// An account of a user for each holder.
fn crowd(texts: &[Texts]) -> World {
    let mut world = ours::world(&Workload {
        policies: Vec::new(),
        groups: Vec::new(),
        principals: Vec::new(),
    });
    let mut builder = world.account.to_builder();
    let boundary = ours::boundary();
    for (index, texts) in texts.iter().enumerate() {
        let compiled = texts
            .iter()
            .map(|(name, text)| ours::identity(name, Arc::clone(text)))
            .collect();
        builder.add_user(ours::user(index, &holder(index), compiled, &boundary));
    }
    world.account = builder.build();
    world
}

fn holder(index: usize) -> Principal {
    Principal {
        name: format!("principal-{index}"),
        is_role: false,
        team: "red",
        policies: Vec::new(),
        group: None,
    }
}

/// The same principal with the same ten policies, in an account of ten and in one of a million.
fn scale(cli: &Cli) -> anyhow::Result<f64> {
    let size = Size {
        name: "ten",
        policies: 10,
        statements: 5,
        principals: 2,
        reach: (10, 10),
    };
    let few = Scene::new(size, cli.seed)?;
    let all = if cli.short { 50_000 } else { 1_000_000 };
    let mut crowded = crowd(&texts(all, 1, cli.seed));
    let mut builder = crowded.account.to_builder();
    // The crowd's first two make way for the two that are asked about.
    for user in few.world.account.users() {
        builder.add_user((**user).clone());
    }
    for role in few.world.account.roles() {
        builder.add_role((**role).clone());
    }
    crowded.account = builder.build();
    let ask = |world: &World| {
        let mut notes = Notes::default();
        each(few.requests.len(), |index| {
            decide_into(&few.requests[index], &worlds(world), &mut notes).map(|told| told.outcome)
        })
    };
    let pair = pairs(cli.pairs, || ask(&few.world), || ask(&crowded));
    Ok(pair.ratio)
}

/// From the text of a policy's new version until decisions see it.
fn refresh(cli: &Cli) -> anyhow::Result<f64> {
    let policies = many(cli);
    let current: ArcSwap<Account> =
        ArcSwap::from_pointee(crowd(&texts(policies, 5, cli.seed)).account);
    let size = Size {
        name: "news",
        policies: 60,
        statements: 5,
        principals: 0,
        reach: (0, 0),
    };
    let news = Workload::new(size, cli.seed ^ 0xfeed);
    let mut times = Vec::new();
    for (round, policy) in news.policies.iter().enumerate() {
        let text = told::text(policy);
        let index = (round * 37) % (policies / EACH);
        let id = format!("TUSR{index:017}").parse()?;
        let before = Instant::now();
        let account = current.load_full();
        let mut user = (**account.user(&id).context("nobody of this id")?).clone();
        if let Some(first) = user.policies.first_mut() {
            *first = ours::identity(&policy.name, Arc::clone(&text));
        }
        let mut builder = account.to_builder();
        builder.add_user(user);
        current.store(Arc::new(builder.build()));
        times.push(before.elapsed().as_secs_f64() * 1_000.0);
        black_box(current.load());
    }
    Ok(median(times))
}
