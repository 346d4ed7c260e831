//! The story of the demo, from outside its process: the facts it tells, over HTTP with the credentials it kept, before and after
//! kills; and the lines it printed, pasted into a shell.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use trilby_testkit::http::{Answer, Client};

use crate::acme::question;

/// Longest a demo may take to tell its story.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the program says when it can be asked: the demo, and `serve`.
const STILL_SERVING: &str = "Still serving on http://";
const READY: &str = "trilby is ready: api http://";

/// Beginnings of every kind of secret, and of our tokens.
const SECRET_BEGINNINGS: [&str; 6] = ["eyJ", "tbk_", "tbm_", "tbr_", "tbb_", "tbi_"];

#[test]
fn the_story_holds_from_outside_and_after_kills() {
    let home = TempDir::new().unwrap();
    let mut demo = Running::start(home.path(), "demo", "127.0.0.1:0");
    let printed = demo.stdout();
    assert!(!printed.contains("was told here before"), "{printed}");
    let story = Story::of(home.path(), demo.url());

    story.assert_holds();
    for output in [demo.stdout(), demo.stderr()] {
        assert_tells_no_secret(&output, &story.kept_secrets());
    }

    let lines = curl_lines(&printed);
    assert!(lines.len() >= 100, "{} lines in {printed}", lines.len());
    for line in &lines {
        paste(line, home.path());
    }
    // What was pasted had been done before: nothing came of it twice.
    story.assert_holds();

    demo.kill();
    let listen = demo.address();
    let mut again = Running::start(home.path(), "demo", &listen);
    assert!(
        again.stdout().contains("was told here before"),
        "{}",
        again.stdout()
    );
    story.assert_holds();
    assert_tells_no_secret(&again.stdout(), &story.kept_secrets());

    again.kill();
    let mut served = Running::start(home.path(), "serve", &listen);
    assert!(!served.stdout().contains("tbb_"), "{}", served.stdout());
    story.assert_holds();
    served.kill();
}

#[test]
fn a_demo_killed_while_it_tells_is_told_to_its_end_by_the_next() {
    let home = TempDir::new().unwrap();
    let mut demo = Running::spawn(home.path(), "demo", "127.0.0.1:0");
    demo.wait_for("── 3.");
    demo.kill();
    let again = Running::start(home.path(), "demo", "127.0.0.1:0");
    let told = again.stdout();
    assert!(told.contains("── 8."), "{told}");
    Story::of(home.path(), again.url()).assert_holds();
}

#[test]
fn a_demo_does_not_tell_its_story_into_an_installation_of_yours() {
    let yours = crate::acme::program().start();
    let data_dir = yours.data_dir().to_owned();
    drop_after_stop(yours, |_| {
        let before = crate::folder::contents(&data_dir);
        let ended = crate::acme::program().arg("demo").data_dir(&data_dir).run();
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.stderr.contains("--data-dir"), "{ended:?}");
        crate::folder::assert_unchanged(&before, &data_dir);
    });
}

/// Stops a program, looks at what it left, and only then lets its folder go.
fn drop_after_stop(mut program: trilby_testkit::spawned::Spawned, look: impl FnOnce(&Path)) {
    let ended = program.stop();
    assert!(ended.status.success(), "{ended:?}");
    let data_dir = program.data_dir().to_owned();
    look(&data_dir);
}

/// Fails if the text has a secret in it: of these, or anything that looks like one.
#[track_caller]
pub fn assert_tells_no_secret(text: &str, secrets: &[String]) {
    for beginning in SECRET_BEGINNINGS {
        assert!(!text.contains(beginning), "`{beginning}…` was printed");
    }
    for (index, secret) in secrets.iter().enumerate() {
        assert!(
            secret.len() >= 16,
            "secret {index} is too short to look for"
        );
        assert!(
            !text.contains(secret.as_str()),
            "secret {index} was printed"
        );
    }
}

/// What the demo left: ids, and credentials as header lines.
pub struct Story {
    folder: PathBuf,
    client: Client,
    facts: Value,
}

impl Story {
    fn of(home: &Path, url: String) -> Story {
        let folder = home.join("trilby-data/demo");
        let story = std::fs::read_to_string(folder.join("story.json")).unwrap();
        let story: Value = serde_json::from_str(&story).unwrap();
        Story {
            client: Client::new(url),
            facts: story["facts"].clone(),
            folder,
        }
    }

    pub fn fact(&self, name: &str) -> &str {
        let fact = self.facts[name].as_str();
        fact.unwrap_or_else(|| panic!("no {name} in {}", self.facts))
    }

    /// A client with the credential of a kept file, as it is now.
    pub fn by(&self, who: &str) -> Client {
        let line = self.read(&format!("{who}.auth"));
        let (name, value) = line.trim_end().split_once(": ").unwrap();
        assert_eq!(name, "Authorization");
        self.client.with_header("authorization", value)
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }

    /// Every credential and password in the folder.
    fn kept_secrets(&self) -> Vec<String> {
        let mut secrets = vec![self.read("root.password").trim_end().to_owned()];
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(crate::folder::mode(&path), 0o600, "{}", path.display());
            if path
                .extension()
                .is_some_and(|ending| ending == "auth" || ending == "token")
            {
                let line = std::fs::read_to_string(&path).unwrap();
                secrets.push(line.split_whitespace().last().unwrap().to_owned());
            }
        }
        assert!(secrets.len() >= 30, "only {} secrets", secrets.len());
        secrets
    }

    /// Every fact of the story, asked from scratch.
    fn assert_holds(&self) {
        self.assert_accounts();
        self.assert_rights();
        self.assert_borders();
        crate::story_hats::assert_hold(self);
        crate::story_ana::assert_hold(self);
        let contractor = self.by("contractor").get("/v1/caller-identity");
        contractor.expect_problem(401, "unauthenticated");
    }

    fn assert_accounts(&self) {
        let organization = self.fact("organization");
        let members = self
            .by("admin")
            .get(&format!("/v1/organizations/{organization}/accounts"))
            .expect(200);
        for (fact, name) in [("dev", "acme-dev"), ("prod", "acme-prod")] {
            let account = self.fact(fact);
            let shown = members.body();
            assert!(shown.contains(name) && shown.contains(account), "{shown}");
            let me = self
                .by(&format!("{fact}-admin"))
                .get("/v1/caller-identity")
                .expect(200);
            assert_eq!(me.text("/account"), account);
            assert!(
                me.text("/arn").contains("OrganizationAccountAccessRole"),
                "{me:?}"
            );
        }
        let users = self
            .by("dev-admin")
            .get(&format!("/v1/accounts/{}/users", self.fact("dev")))
            .expect(200);
        let names = users.json["items"].as_array().unwrap();
        let names: Vec<_> = names
            .iter()
            .filter_map(|user| user["name"].as_str())
            .collect();
        assert_eq!(names, ["Bob", "contractor", "Mary", "Pat", "storefront"]);
    }

    fn assert_rights(&self) {
        let reading = |reason: &Value| reason["deciding"][0]["policy"] == "AmazonS3ReadOnlyAccess";
        let drafts = |reason: &Value| reason["deciding"][0]["sid"] == "MaryOwnsTheDrafts";
        let keep_out = |reason: &Value| reason["deciding"][0]["sid"] == "KeepOut";
        let nothing = |reason: &Value| reason["layer"] == "identity";
        type Because<'a> = &'a dyn Fn(&Value) -> bool;
        let facts: [(&str, &str, &str, &str, Because<'_>); 10] = [
            (
                "Mary",
                "s3:GetObject",
                "reports/2026/q3.csv",
                "allow",
                &reading,
            ),
            ("Mary", "s3:ListBucket", "holiday-photos", "allow", &reading),
            (
                "Mary",
                "s3:PutObject",
                "reports/2026/q3.csv",
                "implicit_deny",
                &nothing,
            ),
            (
                "Mary",
                "s3:DeleteObject",
                "reports/2026/q3.csv",
                "implicit_deny",
                &nothing,
            ),
            (
                "Mary",
                "s3:PutObject",
                "team-drafts/plan.md",
                "allow",
                &drafts,
            ),
            (
                "Mary",
                "s3:PutObject",
                "team-drafts-archive/plan.md",
                "implicit_deny",
                &nothing,
            ),
            (
                "Mary",
                "s3:GetObject",
                "reports/confidential/salaries.csv",
                "explicit_deny",
                &keep_out,
            ),
            (
                "Mary",
                "s3:PutObject",
                "team-drafts/confidential/merger.md",
                "explicit_deny",
                &keep_out,
            ),
            (
                "Bob",
                "s3:GetObject",
                "reports/2026/q3.csv",
                "implicit_deny",
                &nothing,
            ),
            (
                "Bob",
                "s3:PutObject",
                "team-drafts/plan.md",
                "implicit_deny",
                &nothing,
            ),
        ];
        for (user, action, object, outcome, because) in facts {
            let answer = self.ask(user, action, "bucket", object).expect(200);
            let reason = &answer.json["context"]["trilby"];
            assert_eq!(answer.json["decision"], outcome == "allow", "{answer:?}");
            assert_eq!(reason["decision"], outcome, "{answer:?}");
            assert!(because(reason), "{user} {action} {object}: {answer:?}");
        }
        // Bob has left Billing.
        let bob = self
            .ask("Bob", "invoices:Send", "invoice", "2026-117")
            .expect(200);
        assert_eq!(bob.json["decision"], false, "{bob:?}");
    }

    /// What nobody of the story may do.
    fn assert_borders(&self) {
        let prod = format!("/v1/accounts/{}/users", self.fact("prod"));
        self.by("dev-admin")
            .get(&prod)
            .expect_problem(404, "not_found");
        let dev = format!("/v1/accounts/{}/users", self.fact("dev"));
        self.by("prod-admin")
            .get(&dev)
            .expect_problem(404, "not_found");
        // The enforcement point may ask, and nothing else.
        self.by("storefront")
            .get(&dev)
            .expect_problem(403, "access_denied");
        self.client.get(&dev).expect_problem(401, "unauthenticated");
    }

    pub fn ask(&self, user: &str, action: &str, kind: &str, id: &str) -> Answer {
        let path = format!("/accounts/{}/access/v1/evaluation", self.fact("dev"));
        let storefront = self
            .by("storefront")
            .with_header("trilby-explain", "explain");
        storefront.post(&path, &question(user, action, kind, id))
    }
}

/// A printed request, and the status of the answer under it.
#[derive(Debug)]
struct CurlLine {
    command: String,
    status: u16,
}

/// Every `$ curl` of the output, its continuation lines joined as a shell would.
fn curl_lines(output: &str) -> Vec<CurlLine> {
    let mut found = Vec::new();
    let mut lines = output.lines();
    while let Some(line) = lines.next() {
        let Some(first) = line.strip_prefix("  $ ") else {
            continue;
        };
        let mut command = first.to_owned();
        while command.ends_with('\\') {
            command.push('\n');
            command.push_str(lines.next().unwrap());
        }
        let answer = lines.next().unwrap();
        let status = answer
            .strip_prefix("  → ")
            .and_then(|rest| rest.split(' ').next());
        found.push(CurlLine {
            status: status
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(|| panic!("{command}\n{answer}")),
            command,
        });
    }
    found
}

/// Runs a printed line in a shell and compares the status.
fn paste(line: &CurlLine, folder: &Path) {
    let script = format!("{} -o pasted-answer -w '%{{http_code}}'", line.command);
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .output()
        .unwrap();
    let answer = std::fs::read_to_string(folder.join("pasted-answer")).unwrap_or_default();
    assert!(output.status.success(), "{script}: {output:?}");
    let status: u16 = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    let expected = match &line.command {
        // Each of these is good once, as the story says; pasted again it is refused.
        command if command.contains("/v1/bootstrap") => 409,
        command if command.contains("/v1/password") => 401,
        command if command.contains("contractor") && line.status == 200 => 401,
        // A login is good once.
        command if command.contains("ana-login.token") || command.contains("ana-again.token") => {
            400
        }
        // What was refused before it was allowed.
        command if command.contains("too-early") => 200,
        // The hat that has worn off.
        command if command.contains("auditor-first") => 401,
        _ => line.status,
    };
    assert_eq!(status, expected, "{}\n{answer}", line.command);
    let _ = std::fs::remove_file(folder.join("pasted-answer"));
}

/// The program with its output in files, started in a folder as a person would.
pub struct Running {
    child: Child,
    home: PathBuf,
    name: String,
}

impl Running {
    pub fn start(home: &Path, what: &str, listen: &str) -> Running {
        let mut running = Running::spawn(home, what, listen);
        running.wait_for(match what {
            "demo" => STILL_SERVING,
            _ => READY,
        });
        running
    }

    fn spawn(home: &Path, what: &str, listen: &str) -> Running {
        let n_before = std::fs::read_dir(home).unwrap().count();
        let name = format!("{what}-{n_before}");
        let out = |kind: &str| File::create(home.join(format!("{name}.{kind}"))).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_trilby"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TRILBY_") {
                command.env_remove(name);
            }
        }
        let child = command
            .args([what, "--listen", listen, "--operator-listen", "127.0.0.1:0"])
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(out("out"))
            .stderr(out("err"))
            .spawn()
            .unwrap();
        Running {
            child,
            home: home.to_owned(),
            name,
        }
    }

    fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.stdout().contains(text) {
            let runs = self.child.try_wait().unwrap().is_none();
            assert!(
                runs && Instant::now() < deadline,
                "no `{text}` in {}\n{}",
                self.stdout(),
                self.stderr()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn stdout(&self) -> String {
        std::fs::read_to_string(self.home.join(format!("{}.out", self.name))).unwrap()
    }

    fn stderr(&self) -> String {
        std::fs::read_to_string(self.home.join(format!("{}.err", self.name))).unwrap()
    }

    /// The address it serves on, as printed.
    pub fn url(&self) -> String {
        let stdout = self.stdout();
        let line = stdout
            .lines()
            .find(|line| line.contains(STILL_SERVING) || line.contains(READY));
        let mut words = line.unwrap().split_whitespace();
        words
            .find(|word| word.starts_with("http://"))
            .unwrap()
            .to_owned()
    }

    fn address(&self) -> String {
        self.url().strip_prefix("http://").unwrap().to_owned()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
