//! Python: a package for each service by openapi-python-client, in a virtual environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Client, Places, SERVICES, fresh_folder};
use crate::command;

pub fn make(places: &Places) -> anyhow::Result<Client> {
    let made = places.copy_sources("python", &["requirements.txt", "smoke.py"])?;
    let venv = environment(&made)?;
    for service in SERVICES {
        let package = made.join(format!("trilby_{service}_client"));
        fresh_folder(&package)?;
        // No hooks: formatting generated code is nobody's business. Names as the generator makes them by default.
        let config = made.join(format!("{service}.yaml"));
        fs::write(
            &config,
            format!("package_name_override: trilby_{service}_client\npost_hooks: []\n"),
        )?;
        let mut generate = Command::new(venv.join("bin/openapi-python-client"));
        generate.args([
            "generate",
            "--meta",
            "none",
            "--overwrite",
            "--fail-on-warning",
        ]);
        generate
            .arg("--path")
            .arg(places.document(service))
            .arg("--config")
            .arg(config)
            .arg("--output-path")
            .arg(&package);
        command::run(&mut generate)?;
    }
    let python = venv.join("bin/python");
    command::run(
        Command::new(&python)
            .args(["-m", "compileall", "-q", "."])
            .arg("-x")
            .arg("venv")
            .current_dir(&made),
    )?;
    Ok(Client {
        language: "python",
        program: python,
        args: vec![made.join("smoke.py")],
    })
}

/// The virtual environment with the pinned tools; made anew when the pins change.
pub fn environment(made: &Path) -> anyhow::Result<PathBuf> {
    let (venv, pins) = (made.join("venv"), made.join("requirements.txt"));
    let stamp = venv.join("installed.txt");
    let wanted = fs::read_to_string(&pins)?;
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        command::run(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&venv),
        )?;
        let mut pip = Command::new(venv.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
        ])
        .arg(&pins);
        command::run(&mut pip)?;
        fs::write(stamp, wanted)?;
    }
    Ok(venv)
}
