use std::io::Write;

use super::*;

fn load(
    toml: &str,
    environment: &[(&str, &str)],
    overrides: &[(&str, &str)],
) -> Result<Settings, Error> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    Settings::load(Some(file.path()), own(environment), own(overrides))
}

fn faults(toml: &str, environment: &[(&str, &str)]) -> Vec<String> {
    match load(toml, environment, &[]) {
        Err(Error::Faults(faults)) => faults.iter().map(ToString::to_string).collect(),
        other => panic!("expected faults, got {other:?}"),
    }
}

#[test]
fn nothing_set_is_the_default_and_the_default_passes_its_own_rules() {
    let settings = load("", &[], &[]).unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
    assert!(settings.workers() >= 1);
}

#[test]
fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
    let toml = "[server]\nlisten = \"127.0.0.1:1\"\nbody_limit_bytes = 2_000\nworkers = 3\n[telemetry]\nlog_format = \"json\"";
    let settings = load(
        toml,
        &[
            ("TRILBY_SERVER__LISTEN", "127.0.0.1:2"),
            ("TRILBY_SERVER__BODY_LIMIT_BYTES", "3000"),
            ("HOME", "/root"),
        ],
        &[("server.listen", "127.0.0.1:3")],
    )
    .unwrap();
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!(settings.server.body_limit_bytes, 3_000);
    assert_eq!(settings.server.workers, 3);
    assert_eq!(settings.telemetry.log_format, LogFormat::Json);
}

/// File, environment, what the fault says.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn unknown_names_are_refused_with_a_hint() {
    let table: &[Row] = &[
        (
            "[server]\nlisten_on = \"x\"",
            &[],
            "`server.listen_on`: there is no such setting; did you mean `server.listen`?",
        ),
        (
            "[sever]\nlisten = \"x\"",
            &[],
            "`sever`: there is no such setting; did you mean `[server]`?",
        ),
        (
            "listen = \"x\"",
            &[],
            "`listen`: there is no such setting; did you mean `server.listen`?",
        ),
        (
            "server = 5",
            &[],
            "`server`: is a section `[server]`, not integer",
        ),
        (
            "",
            &[("TRILBY_SERVER__LISTN", "x")],
            "`TRILBY_SERVER__LISTN`: there is no such setting; did you mean `TRILBY_SERVER__LISTEN`?",
        ),
        (
            "",
            &[("TRILBY_LISTEN", "x")],
            "`TRILBY_LISTEN`: there is no such setting",
        ),
        (
            "",
            &[("TRILBY_server__listen", "x")],
            "`TRILBY_server__listen`: is not a setting: variables are upper case",
        ),
        (
            "",
            &[("TRILBY_CONFG", "x")],
            "did you mean `TRILBY_CONFIG`?",
        ),
        (
            "[zebra]\nx = 1",
            &[],
            "`zebra`: there is no such setting; docs/SETTINGS.md lists all",
        ),
    ];
    for (toml, environment, expected) in table {
        let faults = faults(toml, environment);
        assert!(
            faults.len() == 1 && faults[0].contains(expected),
            "{toml:?} {environment:?}: {faults:?}"
        );
    }
}

#[test]
fn variables_of_tests_and_of_the_command_line_are_not_settings() {
    load(
        "",
        &[
            ("TRILBY_TEST_POSTGRES", "x"),
            ("TRILBY_CONFIG", "trilby.toml"),
        ],
        &[],
    )
    .unwrap();
}

#[test]
fn wrong_values_are_refused_and_all_are_told_together() {
    let toml = "[server]\nlisten = \"nowhere\"\nbody_limit_bytes = \"1000\"\nrequest_timeout_ms = -1\nheader_limit_bytes = 10\ntrusted_proxies = [\"10.0.0.0/33\"]\nallow_insecure_http = \"yes\"\n[telemetry]\nlog_format = \"xml\"\n[log]\ndata_dir = 5";
    let faults = faults(toml, &[("TRILBY_TOKENS__SKEW_S", "61")]);
    let expected = [
        "is not an address",
        "must be a whole number, not string",
        "`-1` is out of range",
        "`10` is not between 1_024 and 65_536",
        "`10.0.0.0/33` is not a network",
        "must be true or false, not string",
        "`xml` is not `text` or `json`",
        "must be path, not integer",
        "`61` is not between 0 and 60",
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for part in expected {
        let part = part.replace('_', "");
        assert!(
            faults
                .iter()
                .any(|fault| fault.replace('_', "").contains(&part)),
            "{part}: {faults:#?}"
        );
    }
}

#[test]
fn activity_is_kept_over_a_shared_store_no_longer_than_it_takes_hours() {
    let of = |days: u64| format!("[log]\nstore = \"postgres://db/trilby\"\nactivity_days = {days}");
    load(&of(400), &[], &[]).unwrap();
    let faults = faults(&of(401), &[]);
    assert!(faults[0].contains("at most 400, not 401"), "{faults:?}");
    load("[log]\nactivity_days = 3650", &[], &[]).unwrap();
}

#[test]
fn a_file_that_is_missing_or_not_toml_is_a_clear_error() {
    let missing = Settings::load(
        Some(std::path::Path::new("/nonexistent/trilby.toml")),
        [],
        [],
    )
    .unwrap_err();
    assert!(
        missing
            .to_string()
            .contains("cannot read the settings file `/nonexistent/trilby.toml`")
    );
    let broken = load("[server\nlisten=1", &[], &[]).unwrap_err();
    assert!(
        matches!(broken, Error::NotToml { .. })
            && broken.to_string().ends_with("at line 1, column 8")
            && !broken.to_string().contains("\n"),
        "{broken}"
    );
    let twice = load("[server]\nworkers=1\nworkers=2", &[], &[]).unwrap_err();
    assert!(matches!(twice, Error::NotToml { .. }), "{twice}");
}

#[test]
fn plain_http_beyond_loopback_must_be_asked_for() {
    assert_eq!(faults("[server]\nlisten = \"0.0.0.0:8080\"", &[]).len(), 2);
    assert_eq!(
        faults(
            "[server]\nlisten = \"0.0.0.0:8080\"\nallow_insecure_http = true",
            &[]
        )
        .len(),
        1
    );
    load("[server]\nlisten = \"0.0.0.0:8080\"\nallow_insecure_http = true\npublic_url = \"https://iam.example.com/\"", &[], &[]).unwrap();
    assert_eq!(
        faults("[server]\npublic_url = \"http://iam.example.com\"", &[]).len(),
        1
    );
    load("[server]\npublic_url = \"http://localhost:8080\"", &[], &[]).unwrap();
    assert_eq!(
        faults("[server]\nlisten = \"127.0.0.1:9080\"", &[]).len(),
        1
    );
}

#[test]
fn a_public_url_is_scheme_host_and_port() {
    for good in [
        "https://iam.example.com",
        "https://iam.example.com:8443",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "https://a/",
    ] {
        assert!(good.parse::<PublicUrl>().is_ok(), "{good}");
    }
    for bad in [
        "",
        "iam.example.com",
        "ftp://a",
        "https://",
        "https://:80",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "https://u@a",
        "https://A",
        "https://a b",
    ] {
        assert!(bad.parse::<PublicUrl>().is_err(), "{bad}");
    }
    assert!(
        "http://[::1]:80"
            .parse::<PublicUrl>()
            .unwrap()
            .is_loopback()
    );
    assert!(
        "http://localhost"
            .parse::<PublicUrl>()
            .unwrap()
            .is_loopback()
    );
    assert!(
        !"http://127.0.0.1.example.com"
            .parse::<PublicUrl>()
            .unwrap()
            .is_loopback()
    );
}

#[test]
fn networks_hold_their_addresses() {
    let holds = |network: &str, address: &str| {
        network
            .parse::<Network>()
            .unwrap()
            .contains(address.parse().unwrap())
    };
    assert!(holds("10.0.0.0/8", "10.255.1.2") && !holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
    assert!(holds("192.168.0.0/17", "192.168.127.1") && !holds("192.168.0.0/17", "192.168.128.1"));
    assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
    assert!(holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1"));
    assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
    for bad in [
        "",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0/8",
        "::/129",
        "a/8",
        "10.0.0.0/-1",
    ] {
        assert!(bad.parse::<Network>().is_err(), "{bad}");
    }
}

#[test]
fn the_document_is_the_table() {
    crate::checked_document("docs/SETTINGS.md", &document());
}

#[test]
fn what_is_shown_can_be_read_back() {
    let settings = Settings::default();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trilby.toml");
    std::fs::write(&file, settings.to_toml()).unwrap();
    let read = Settings::load(Some(&file), [], []).unwrap();
    assert_eq!(read.to_toml(), settings.to_toml());
}

#[test]
fn settings_in_force_are_a_settings_file_that_gives_the_same_settings() {
    let mut settings = Settings::default();
    settings.log.data_dir = PathBuf::from("a \"quoted\" \\ folder");
    settings.server.public_url = Some("https://iam.example.com".parse().unwrap());
    settings.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trilby.toml");
    std::fs::write(&file, settings.to_toml()).unwrap();
    let read = Settings::load(Some(&file), std::iter::empty(), std::iter::empty()).unwrap();
    assert_eq!(read, settings);
}

#[test]
fn the_url_of_a_store_holds_no_password() {
    let read = |text: &str| text.parse::<StoreUrl>();
    for good in [
        "postgres://db.internal:5432/trilby",
        "postgresql://me@db/trilby?application_name=x",
        "postgres://one:5432,two:5432/trilby?target_session_attrs=read-write",
    ] {
        assert_eq!(read(good).unwrap().to_string(), good);
    }
    for (bad, why) in [
        ("postgres://me:geheim@db/trilby", "password"),
        ("postgres://db/trilby?password=geheim", "password"),
        ("postgres://db/trilby?a=b&pass%77ord=geheim", "password"),
        ("mysql://db/trilby", "postgres://"),
        ("postgres://db", "database"),
        ("postgres:///trilby", "postgres://host"),
        ("postgres://@db/trilby", "postgres://host"),
    ] {
        let refused = read(bad).unwrap_err();
        assert!(refused.contains(why), "{bad}: {refused}");
    }
    let faults = faults(
        "",
        &[("TRILBY_LOG__STORE", "postgres://me:geheim@db/trilby")],
    );
    assert!(!faults.join(" ").contains("geheim"), "{faults:?}");
    let url = read("postgres://me@db:5432/trilby?a=b").unwrap();
    assert_eq!(url.user(), Some("me"));
    assert_eq!(
        url.with_user("trilby_token"),
        "postgres://trilby_token@db:5432/trilby?a=b"
    );
    assert_eq!(url.place(), "db:5432/trilby");
    let url = read("postgres://db/trilby").unwrap();
    assert_eq!(url.place(), "db/trilby");
    assert_eq!(
        (url.user(), url.with_user("x").as_str()),
        (None, "postgres://x@db/trilby")
    );
}

#[test]
fn variables_of_secrets_are_no_settings_and_are_known() {
    assert!(load("", &[("TRILBY_STORE_KEY", "x"), ("TRILBY_KEK", "x")], &[]).is_ok());
    let misspelt = faults("", &[("TRILBY_PEPER", "x")]);
    assert!(misspelt[0].contains("TRILBY_PEPPER"), "{misspelt:?}");
}
