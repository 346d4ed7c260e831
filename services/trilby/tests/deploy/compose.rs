//! `deploy/docker-compose.yml`, read as Compose reads it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_yaml_ng::Value;

/// The file, its variables filled in.
pub struct Compose(Value);

impl Compose {
    /// Panics unless it is good YAML and each variable without a default is among these.
    pub fn read(deploy: &Path, variables: &[(&str, &str)]) -> Compose {
        let text = std::fs::read_to_string(deploy.join("docker-compose.yml")).unwrap();
        let text: Vec<String> = text.lines().map(|line| fill_in(line, variables)).collect();
        let mut value: Value = serde_yaml_ng::from_str(&text.join("\n")).unwrap();
        value.apply_merge().unwrap();
        Compose(value)
    }

    pub fn names(&self, of: &str) -> Vec<String> {
        let found = self.0[of].as_mapping().expect(of);
        let names = found.keys().map(|name| name.as_str().unwrap().to_owned());
        names.collect()
    }

    pub fn service(&self, name: &str) -> &Value {
        let found = &self.0["services"][name];
        assert!(found.is_mapping(), "no service {name}");
        found
    }

    /// The one range of addresses of a network.
    pub fn addresses(&self, network: &str) -> &Value {
        let found = &self.0["networks"][network]["ipam"]["config"];
        match found.as_sequence().map(Vec::as_slice) {
            Some([one]) => one,
            _ => panic!("{network} has not one range"),
        }
    }

    /// The variables of a service.
    pub fn environment(&self, service: &str) -> BTreeMap<String, String> {
        let found = &self.service(service)["environment"];
        let pairs = found.as_mapping().into_iter().flatten();
        let text = |value: &Value| value.as_str().expect("text in quotes").to_owned();
        let pairs = pairs.map(|(name, value)| (text(name), text(value)));
        pairs.collect()
    }

    /// The names of the secrets that a service is given.
    pub fn secrets(&self, service: &str) -> Vec<String> {
        texts(&self.service(service)["secrets"])
    }

    /// Where a secret comes from, relative to the file.
    pub fn secret_file(&self, secret: &str) -> &str {
        self.0["secrets"][secret]["file"].as_str().expect(secret)
    }
}

/// A list of text.
pub fn texts(list: &Value) -> Vec<String> {
    let items = list.as_sequence().into_iter().flatten();
    let items = items.map(|item| item.as_str().unwrap().to_owned());
    items.collect()
}

/// `${NAME:-default}` and `${NAME:?why not}` with what these variables say.
fn fill_in(line: &str, variables: &[(&str, &str)]) -> String {
    let Some((before, rest)) = line.split_once("${") else {
        return line.to_owned();
    };
    let (inside, after) = rest.split_once('}').expect("a closing brace");
    let (name, otherwise) = inside
        .split_once(':')
        .expect("a default, or why there is none");
    let given = variables.iter().find(|(known, _)| *known == name);
    let value = match (given, otherwise.strip_prefix('-')) {
        (Some((_, value)), _) => value,
        (None, Some(default)) => default,
        (None, None) => panic!("{name} is not set: {otherwise}"),
    };
    format!("{before}{value}{}", fill_in(after, variables))
}
