//! The table of services (`deploy/topology.toml`).

use anyhow::Context;
use serde::Deserialize;

const TABLE: &str = include_str!("../../../deploy/topology.toml");

/// The services of an installation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// In the order in which they are started.
    #[serde(rename = "service")]
    pub services: Vec<Service>,
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The command that is it: `trilby <name>`.
    pub name: String,
    /// Processes of it.
    pub replicas: usize,
    /// The role it has in the database.
    pub database_role: String,
    /// Whether it is of use only where Kafka carries the news.
    #[serde(default)]
    pub needs_kafka: bool,
    /// The keys it holds: `store`, `pepper`, `kek`.
    pub keys: Vec<String>,
    /// The paths it serves. None: only its operator's port answers.
    pub routes: Vec<Route>,
}

impl Service {
    /// Whether it is the one of this name, and serves anybody.
    fn is(&self, name: &str) -> bool {
        self.name == name && !self.routes.is_empty()
    }

    /// A regular expression of the paths that it serves, for the settings of a proxy that asks one service after the other
    /// and sends the rest to the first.
    #[must_use]
    pub fn pattern(&self) -> String {
        let document = format!("/openapi/{}[.]json", self.name);
        let routes = self.routes.iter().map(Route::pattern);
        let any: Vec<String> = routes.chain([document]).collect();
        format!("^(?:{})(?:/|$)", any.join("|"))
    }
}

/// A path and everything below it; `*` stands for one segment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Route(Vec<String>);

impl From<String> for Route {
    fn from(text: String) -> Self {
        Self(segments(&text).map(str::to_owned).collect())
    }
}

impl Route {
    fn pattern(&self) -> String {
        let segments = self.0.iter().map(|segment| match segment.as_str() {
            "*" => "/[^/]+".to_owned(),
            name => format!("/{}", name.replace('.', "[.]")),
        });
        segments.collect()
    }

    /// How much of a path this names, if it fits: more is better, and a name is better than a `*`.
    fn fit(&self, path: &str) -> Option<(usize, usize)> {
        let mut of_path = segments(path);
        let mut n_named = 0;
        for wanted in &self.0 {
            let found = of_path.next()?;
            match wanted.as_str() {
                "*" => {}
                name if name == found => n_named += 1,
                _ => return None,
            }
        }
        Some((self.0.len(), n_named))
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split('/').skip(1)
}

impl Topology {
    /// The table of `deploy/`.
    ///
    /// # Errors
    /// It does not say what it should.
    pub fn of_deploy() -> anyhow::Result<Self> {
        toml::from_str(TABLE).context("deploy/topology.toml")
    }

    /// The service of a path, by its place in the table. What no route names (`/readyz`) every
    /// service answers alike: the first.
    #[must_use]
    pub fn service_of(&self, path: &str) -> usize {
        let fits = self
            .services
            .iter()
            .enumerate()
            .filter_map(|(at, service)| {
                let best = service
                    .routes
                    .iter()
                    .filter_map(|route| route.fit(path))
                    .max()?;
                Some((best, at))
            });
        let best = fits.max_by_key(|(fit, _)| *fit);
        // Each service has its own document, by its name.
        let document = segments(path)
            .nth(1)
            .and_then(|file| file.strip_suffix(".json"));
        let by_name = document.and_then(|name| {
            let mut services = self.services.iter();
            path.starts_with("/openapi/")
                .then(|| services.position(|service| service.is(name)))
                .flatten()
        });
        by_name.or(best.map(|(_, at)| at)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::path::Path;

    use super::*;

    #[test]
    fn the_longest_route_wins() {
        let topology = Topology::of_deploy().unwrap();
        let name = |path: &str| topology.services[topology.service_of(path)].name.as_str();
        for (path, service) in [
            ("/v1/accounts/111122223333/users", "identity"),
            ("/v1/accounts/111122223333", "identity"),
            ("/v1/accounts/111122223333/sessions?limit=3", "token"),
            ("/v1/accounts/1/users/sessions", "identity"),
            ("/problems/etag-mismatch", "identity"),
            ("/docs/", "identity"),
            ("/openapi/token.json", "token"),
            ("/v1/accounts/1/decisions/d", "decision"),
            ("/v1/token", "token"),
            ("/v1/tokens", "identity"),
            ("/openapi/decision.json", "decision"),
            ("/readyz", "identity"),
            ("", "identity"),
        ] {
            assert_eq!(name(path), service, "{path}");
        }
    }

    /// What every service has besides what its document lists.
    const BUILT_IN: [&str; 3] = ["/problems", "/docs", "/openapi"];

    fn documented(service: &str) -> Vec<String> {
        let document = format!("../../openapi/{service}.json");
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
        let document = std::fs::read_to_string(document).unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let paths = document["paths"].as_object().unwrap();
        paths.keys().cloned().collect()
    }

    /// Their places in the table, and they.
    fn serving(topology: &Topology) -> impl Iterator<Item = (usize, &Service)> {
        let services = topology.services.iter().enumerate();
        services.filter(|(_, service)| !service.routes.is_empty())
    }

    #[test]
    fn every_documented_path_is_routed_to_the_service_that_documents_it() {
        let topology = Topology::of_deploy().unwrap();
        let mut n_paths = 0;
        for (at, service) in serving(&topology) {
            for path in documented(&service.name) {
                assert_eq!(topology.service_of(&path), at, "{path}");
                n_paths += 1;
            }
        }
        assert!(n_paths > 100, "{n_paths}");
    }

    #[test]
    fn every_route_leads_to_something_and_what_answers_point_at_is_routed() {
        let topology = Topology::of_deploy().unwrap();
        let built_in = BUILT_IN.map(|path| Route::from(path.to_owned()));
        let mut n_built_in = 0;
        for (_, service) in serving(&topology) {
            let paths = documented(&service.name);
            for route in &service.routes {
                let is_built_in = built_in.contains(route);
                n_built_in += usize::from(is_built_in);
                let leads = is_built_in || paths.iter().any(|path| route.fit(path).is_some());
                assert!(leads, "{}: {route:?}", service.name);
            }
        }
        assert_eq!(n_built_in, BUILT_IN.len());
    }
}
