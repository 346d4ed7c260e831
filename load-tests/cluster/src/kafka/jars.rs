//! The broker's own jars, as Maven brings them.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

const POM: &str = include_str!("../../kafka/pom.xml");

/// Files that cargo lays at the top of the folder of its builds: the first one only if it made the folder.
const MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];

/// Written last, so that what stands beside it is whole: the pom that was fetched.
const DONE: &str = "pom.xml";

/// First Java that the broker runs on.
const JAVA_MIN: u32 = 17;

/// A folder of jars.
#[derive(Debug, Clone)]
pub struct Jars(PathBuf);

impl Jars {
    /// Those beside the running program's build (`target/services/kafka-jars`), fetched if they are not there.
    ///
    /// # Errors
    /// This is no program that cargo built, or Maven cannot fetch them.
    pub fn of_build() -> anyhow::Result<Self> {
        let program = env::current_exe()?;
        let is_target = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).is_file());
        let target = program.ancestors().find(is_target);
        let target = target.context("this program is in no folder of cargo's")?;
        Self::fetch(&target.join("services/kafka-jars"))
    }

    /// Those of this folder, fetched if they are not there.
    fn fetch(folder: &Path) -> anyhow::Result<Self> {
        let is_whole = || fs::read_to_string(folder.join(DONE)).is_ok_and(|fetched| fetched == POM);
        if is_whole() {
            return Ok(Self(folder.to_owned()));
        }
        let parent = folder.parent().context("a folder has a parent")?;
        fs::create_dir_all(parent)?;
        // Of two who need them at once one fetches them.
        let lock = File::create(folder.with_extension("lock"))?;
        lock.lock()?;
        if !is_whole() {
            // Jars of an earlier release would be loaded beside the new ones.
            fs::remove_dir_all(folder).ok();
            fs::create_dir_all(folder)?;
            copy_into(folder)?;
        }
        Ok(Self(folder.to_owned()))
    }

    /// A Java that has them; the rest of its command line is the caller's.
    #[must_use]
    pub fn java(&self) -> Command {
        let mut java = Command::new(java_program());
        java.arg("-cp").arg(self.0.join("*"));
        java
    }
}

fn copy_into(folder: &Path) -> anyhow::Result<()> {
    let asked = folder.join("asked.xml");
    fs::write(&asked, POM)?;
    let output = Command::new("mvn")
        .args(["-B", "-q", "-f"])
        .arg(&asked)
        .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .stdin(Stdio::null())
        .output()
        .context("cannot run mvn")?;
    ensure!(
        output.status.success(),
        "mvn cannot fetch Kafka: {}",
        String::from_utf8_lossy(&output.stdout).trim()
    );
    fs::rename(asked, folder.join(DONE))?;
    Ok(())
}

fn java_program() -> PathBuf {
    of_java("java")
}

/// A program that comes with Java.
fn of_java(name: &str) -> PathBuf {
    let home = env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin").join(name));
    home.filter(|program| program.is_file())
        .unwrap_or_else(|| name.into())
}

/// Java's tool for keys and certificates.
pub(super) fn keytool() -> Command {
    Command::new(of_java("keytool"))
}

/// Why no broker can run on this machine; `None` if one can.
#[must_use]
pub fn missing() -> Option<&'static str> {
    if java_version().is_ok_and(|version| version >= JAVA_MIN) {
        let mvn = Command::new("mvn").arg("--version").output();
        let can = mvn.is_ok_and(|output| output.status.success());
        return (!can).then_some("needs mvn (Maven), which fetches Apache Kafka");
    }
    Some("needs java, 17 or later, which runs Apache Kafka")
}

fn java_version() -> anyhow::Result<u32> {
    let output = Command::new(java_program()).arg("-version").output()?;
    // On standard error: `openjdk version "17.0.15" 2025-04-15`.
    let said = String::from_utf8_lossy(&output.stderr);
    let Some(version) = said.split('"').nth(1) else {
        bail!("java does not tell its version");
    };
    let major = version.split(['.', '-', '+']).next().unwrap_or_default();
    Ok(major.parse()?)
}
