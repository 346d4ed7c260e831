//! One generated account, in words that every engine can be told in.

use trilby_naive::Random;

/// The account.
pub const ACCOUNT: &str = "111111111111";
/// The moment of every request.
pub const NOW: &str = "2026-06-01T12:00:00Z";
/// The same in Unix seconds.
pub const NOW_S: i64 = 1_780_315_200;

const SERVICES: [&str; 12] = [
    "files", "mail", "queue", "wiki", "graph", "build", "deploy", "logs", "charts", "forms",
    "chat", "vault",
];
const VERBS: [&str; 4] = ["Read", "List", "Write", "Delete"];
const THINGS: [&str; 5] = ["Object", "Folder", "Share", "Policy", "History"];
const TEAMS: [&str; 8] = [
    "red", "blue", "green", "amber", "teal", "gold", "grey", "pink",
];
/// How many things each team has in each service.
const ITEMS: usize = 50;

/// How large an account is.
#[derive(Clone, Copy)]
pub struct Size {
    pub name: &'static str,
    pub policies: usize,
    pub statements: usize,
    pub principals: usize,
    /// How many policies reach a principal: least and most.
    pub reach: (usize, usize),
}

pub const SMALL: Size = Size {
    name: "small",
    policies: 20,
    statements: 3,
    principals: 25,
    reach: (2, 6),
};
pub const MEDIUM: Size = Size {
    name: "medium",
    policies: 100,
    statements: 10,
    principals: 220,
    reach: (5, 20),
};
pub const LARGE: Size = Size {
    name: "large",
    policies: 5_000,
    statements: 5,
    principals: 2_200,
    reach: (10, 50),
};

/// When a statement holds.
#[derive(Clone)]
pub enum Condition {
    /// The principal's tag `team`.
    Team(&'static str),
    /// The caller's address.
    Address(&'static str),
    /// A second factor was shown.
    Mfa,
    /// Before this moment.
    Before(&'static str),
}

#[derive(Clone)]
pub struct Statement {
    pub deny: bool,
    /// `service:Name`, `service:Verb*` or `service:*`.
    pub actions: Vec<String>,
    /// `*`, an ARN, or an ARN that ends in a star.
    pub resources: Vec<String>,
    pub condition: Option<Condition>,
}

#[derive(Clone)]
pub struct Policy {
    pub name: String,
    pub statements: Vec<Statement>,
}

#[derive(Clone)]
pub struct Principal {
    pub name: String,
    /// A session of a role; else a user.
    pub is_role: bool,
    pub team: &'static str,
    /// Indexes of policies attached to it.
    pub policies: Vec<usize>,
    /// Index of the group it is in, whose policies are its own.
    pub group: Option<usize>,
}

#[derive(Clone)]
pub struct Ask {
    pub principal: usize,
    pub action: String,
    pub resource: String,
    pub address: &'static str,
    pub mfa: bool,
}

pub struct Workload {
    pub policies: Vec<Policy>,
    pub groups: Vec<Vec<usize>>,
    pub principals: Vec<Principal>,
}

impl Workload {
    pub fn new(size: Size, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let policies: Vec<Policy> = (0..size.policies)
            .map(|index| Policy {
                name: format!("policy-{index}"),
                statements: (0..size.statements)
                    .map(|_| statement(&mut random))
                    .collect(),
            })
            .collect();
        let groups: Vec<Vec<usize>> = (0..size.principals.div_ceil(5))
            .map(|_| vec![random.below(size.policies)])
            .collect();
        let principals = (0..size.principals)
            .map(|index| {
                let is_role = index % 2 == 1;
                let group = (!is_role).then(|| random.below(groups.len()));
                let reach = random.between(size.reach.0, size.reach.1);
                let mut policies: Vec<usize> =
                    group.iter().flat_map(|g| groups[*g].clone()).collect();
                while policies.len() < reach.min(size.policies) {
                    let policy = random.below(size.policies);
                    if !policies.contains(&policy) {
                        policies.push(policy);
                    }
                }
                policies.drain(..usize::from(group.is_some()));
                Principal {
                    name: format!("principal-{index}"),
                    is_role,
                    team: TEAMS[random.below(TEAMS.len())],
                    policies,
                    group,
                }
            })
            .collect();
        Self {
            policies,
            groups,
            principals,
        }
    }

    /// Every policy that reaches a principal.
    pub fn reaching<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a Policy> {
        let of_group = principal
            .group
            .into_iter()
            .flat_map(|group| self.groups[group].iter());
        principal
            .policies
            .iter()
            .chain(of_group)
            .map(|index| &self.policies[*index])
    }

    /// A request of a principal that has a chance to be answered as wanted: `None` for no Allow, else by the effect of the
    /// statement it is made for.
    pub fn ask(&self, random: &mut Random, principal: usize, wanted: Option<bool>) -> Ask {
        let who = &self.principals[principal];
        let statements: Vec<&Statement> = self
            .reaching(who)
            .flat_map(|policy| &policy.statements)
            .filter(|statement| wanted == Some(statement.deny))
            .collect();
        let mut ask = Ask {
            principal,
            action: action(random),
            resource: String::new(),
            address: random.pick(&["10.1.2.3", "203.0.113.9", "192.168.4.4"]),
            mfa: random.chance(60),
        };
        if !statements.is_empty() {
            let statement = statements[random.below(statements.len())];
            let pattern = &statement.actions[random.below(statement.actions.len())];
            ask.action = fill_action(random, pattern);
            let pattern = &statement.resources[random.below(statement.resources.len())];
            if let Some(prefix) = pattern
                .strip_suffix('*')
                .filter(|prefix| !prefix.is_empty())
            {
                ask.resource = format!("{prefix}{}", random.below(ITEMS));
            } else if pattern != "*" {
                ask.resource.clone_from(pattern);
            }
        }
        if ask.resource.is_empty() {
            let service = ask.action.split(':').next().unwrap_or_default().to_owned();
            ask.resource = item(random, &service);
        }
        ask
    }
}

/// Every action there is, for engines without wildcards in actions.
pub fn actions() -> Vec<String> {
    let of = |service: &&str| {
        let service = (*service).to_owned();
        VERBS.iter().flat_map(move |verb| {
            let service = service.clone();
            THINGS
                .iter()
                .map(move |thing| format!("{service}:{verb}{thing}"))
        })
    };
    SERVICES.iter().flat_map(of).collect()
}

/// Registered resources: what each team has in a service hangs below one of them.
pub fn registered() -> Vec<String> {
    SERVICES
        .iter()
        .flat_map(|service| {
            TEAMS
                .iter()
                .map(move |team| format!("arn:trilby:{service}::{ACCOUNT}:item/{team}"))
        })
        .collect()
}

fn action(random: &mut Random) -> String {
    format!(
        "{}:{}{}",
        random.pick(&SERVICES),
        random.pick(&VERBS),
        random.pick(&THINGS)
    )
}

fn fill_action(random: &mut Random, pattern: &str) -> String {
    let Some(head) = pattern.strip_suffix('*') else {
        return pattern.to_owned();
    };
    if head.ends_with(':') {
        format!("{head}{}{}", random.pick(&VERBS), random.pick(&THINGS))
    } else {
        format!("{head}{}", random.pick(&THINGS))
    }
}

fn item(random: &mut Random, service: &str) -> String {
    format!(
        "arn:trilby:{service}::{ACCOUNT}:item/{}/{}",
        random.pick(&TEAMS),
        random.below(ITEMS)
    )
}

fn statement(random: &mut Random) -> Statement {
    let service = random.pick(&SERVICES);
    let actions = (0..random.between(1, 4))
        .map(|_| match random.below(10) {
            0 => format!("{service}:*"),
            1..=3 => format!("{service}:{}*", random.pick(&VERBS)),
            _ => format!("{service}:{}{}", random.pick(&VERBS), random.pick(&THINGS)),
        })
        .collect();
    let resources = (0..random.between(1, 3))
        .map(|_| match random.below(10) {
            0 => "*".to_owned(),
            1..=4 => format!(
                "arn:trilby:{service}::{ACCOUNT}:item/{}/*",
                random.pick(&TEAMS)
            ),
            _ => item(random, service),
        })
        .collect();
    let condition = match random.below(20) {
        0..=3 => Some(Condition::Team(TEAMS[random.below(TEAMS.len())])),
        4 | 5 => Some(Condition::Address(random_of(
            random,
            &["10.0.0.0/8", "203.0.113.0/24"],
        ))),
        6 | 7 => Some(Condition::Mfa),
        8 => Some(Condition::Before(random_of(
            random,
            &["2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"],
        ))),
        _ => None,
    };
    Statement {
        deny: random.chance(12),
        actions,
        resources,
        condition,
    }
}

fn random_of(random: &mut Random, of: &[&'static str]) -> &'static str {
    of[random.below(of.len())]
}
