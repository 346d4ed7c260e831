//! Which URLs and addresses may be called: a table.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::net::IpAddr;

use trilby_federation::guard::{Guard, PrivateHost, Refused, is_public};

/// Public https, one more port, an inner https host, and an issuer on loopback.
fn guard() -> Guard {
    let private = |host: &str, port, address: &str, http| PrivateHost {
        host: host.to_owned(),
        port,
        addresses: BTreeSet::from([address.parse().unwrap()]),
        http,
    };
    Guard::new(vec![
        private("keycloak.corp.internal", 8443, "10.1.2.3", false),
        private("127.0.0.1", 9000, "127.0.0.1", true),
    ])
    .with_ports([8444])
    .with_own_addresses(["93.184.216.99".parse().unwrap()])
}

const PUBLIC: &[&str] = &["93.184.216.34"];

/// URL, what its host resolves to, and what comes of it.
const TABLE: &[(&str, &[&str], Result<(), Refused>)] = &[
    ("https://idp.example.com/", PUBLIC, Ok(())),
    ("https://idp.example.com:443/jwks", PUBLIC, Ok(())),
    ("https://idp.example.com:8444/jwks?v=1", PUBLIC, Ok(())),
    ("https://IDP.example.com/jwks", PUBLIC, Ok(())),
    ("https://münchen.example/", PUBLIC, Ok(())),
    ("https://idp.example.com/", &["2606:2800:220:1::1"], Ok(())),
    (
        "https://keycloak.corp.internal:8443/realms/x",
        &["10.1.2.3"],
        Ok(()),
    ),
    ("http://127.0.0.1:9000/jwks.json", &["127.0.0.1"], Ok(())),
    // Schemes and spellings.
    ("http://idp.example.com/", PUBLIC, Err(Refused::Scheme)),
    ("ftp://idp.example.com/", PUBLIC, Err(Refused::Scheme)),
    ("file:///etc/passwd", PUBLIC, Err(Refused::Scheme)),
    (
        "gopher://idp.example.com:443/",
        PUBLIC,
        Err(Refused::Scheme),
    ),
    ("data:application/json,{}", PUBLIC, Err(Refused::Scheme)),
    ("idp.example.com", PUBLIC, Err(Refused::Url)),
    ("", PUBLIC, Err(Refused::Url)),
    ("https://", PUBLIC, Err(Refused::Url)),
    ("https://idp.example.com/\n", PUBLIC, Err(Refused::Url)),
    (" https://idp.example.com/", PUBLIC, Err(Refused::Url)),
    ("https://idp.exa\tmple.com/", PUBLIC, Err(Refused::Url)),
    ("https:\\\\idp.example.com/", PUBLIC, Err(Refused::Url)),
    (
        "https://idp.example.com\\@169.254.169.254/",
        PUBLIC,
        Err(Refused::Url),
    ),
    ("https://idp.example.com/#x", PUBLIC, Err(Refused::Url)),
    (
        "https://user@idp.example.com/",
        PUBLIC,
        Err(Refused::UserInfo),
    ),
    (
        "https://user:pw@idp.example.com/",
        PUBLIC,
        Err(Refused::UserInfo),
    ),
    ("https://@idp.example.com/", PUBLIC, Err(Refused::UserInfo)),
    (
        "https://idp.example.com@169.254.169.254/",
        PUBLIC,
        Err(Refused::UserInfo),
    ),
    // Ports.
    ("https://idp.example.com:22/", PUBLIC, Err(Refused::Port)),
    ("https://idp.example.com:8443/", PUBLIC, Err(Refused::Port)),
    ("https://idp.example.com:80/", PUBLIC, Err(Refused::Port)),
    ("https://idp.example.com:99999/", PUBLIC, Err(Refused::Url)),
    // Addresses instead of names, in every spelling.
    ("https://93.184.216.34/", PUBLIC, Err(Refused::Literal)),
    ("https://127.0.0.1/", &["127.0.0.1"], Err(Refused::Literal)),
    ("https://2130706433/", &["127.0.0.1"], Err(Refused::Literal)),
    ("https://0x7f000001/", &["127.0.0.1"], Err(Refused::Literal)),
    ("https://0177.0.0.1/", &["127.0.0.1"], Err(Refused::Literal)),
    ("https://127.1/", &["127.0.0.1"], Err(Refused::Literal)),
    ("https://0/", &["0.0.0.0"], Err(Refused::Literal)),
    ("https://127.0.0.1./", &["127.0.0.1"], Err(Refused::Literal)),
    (
        "https://%31%32%37.0.0.1/",
        &["127.0.0.1"],
        Err(Refused::Literal),
    ),
    (
        "https://１２７.0.0.1/",
        &["127.0.0.1"],
        Err(Refused::Literal),
    ),
    ("https://[::1]/", &["::1"], Err(Refused::Literal)),
    (
        "https://[::ffff:127.0.0.1]/",
        &["127.0.0.1"],
        Err(Refused::Literal),
    ),
    (
        "https://[2606:2800:220:1::1]/",
        PUBLIC,
        Err(Refused::Literal),
    ),
    ("https://[fe80::1%25eth0]/", PUBLIC, Err(Refused::Url)),
    // Names that are nobody's on the internet.
    ("https://localhost/", &["127.0.0.1"], Err(Refused::Name)),
    ("https://postgres/", PUBLIC, Err(Refused::Name)),
    ("https://a.localhost/", PUBLIC, Err(Refused::Name)),
    ("https://printer.local/", PUBLIC, Err(Refused::Name)),
    (
        "https://metadata.google.internal/",
        PUBLIC,
        Err(Refused::Name),
    ),
    ("https://idp.example.com./", PUBLIC, Err(Refused::Name)),
    ("https://LOCALHOST/", PUBLIC, Err(Refused::Name)),
    // Names whose addresses are not public, be it one of them.
    ("https://idp.example.com/", &[], Err(Refused::Address)),
    (
        "https://idp.example.com/",
        &["127.0.0.1"],
        Err(Refused::Address),
    ),
    (
        "https://idp.example.com/",
        &["93.184.216.34", "10.0.0.1"],
        Err(Refused::Address),
    ),
    (
        "https://idp.example.com/",
        &["169.254.169.254"],
        Err(Refused::Address),
    ),
    ("https://idp.example.com/", &["::1"], Err(Refused::Address)),
    (
        "https://idp.example.com/",
        &["::ffff:93.184.216.34"],
        Err(Refused::Address),
    ),
    (
        "https://idp.example.com/",
        &["64:ff9b::5db8:d822"],
        Err(Refused::Address),
    ),
    (
        "https://idp.example.com/",
        &["93.184.216.99"],
        Err(Refused::Address),
    ),
    // The operator's exceptions are exact.
    (
        "https://keycloak.corp.internal/realms/x",
        &["10.1.2.3"],
        Err(Refused::Name),
    ),
    (
        "http://keycloak.corp.internal:8443/",
        &["10.1.2.3"],
        Err(Refused::Scheme),
    ),
    (
        "https://keycloak.corp.internal:8443/",
        &["10.1.2.4"],
        Err(Refused::Address),
    ),
    (
        "https://keycloak.corp.internal:8443/",
        &["93.184.216.34"],
        Err(Refused::Address),
    ),
    (
        "https://x.keycloak.corp.internal:8443/",
        &["10.1.2.3"],
        Err(Refused::Name),
    ),
    (
        "http://127.0.0.1:9001/jwks.json",
        &["127.0.0.1"],
        Err(Refused::Scheme),
    ),
    (
        "https://127.0.0.1:9000/jwks.json",
        &["127.0.0.1"],
        Err(Refused::Literal),
    ),
    (
        "http://2130706433:9000/jwks.json",
        &["127.0.0.1"],
        Err(Refused::Scheme),
    ),
    (
        "http://localhost:9000/jwks.json",
        &["127.0.0.1"],
        Err(Refused::Scheme),
    ),
    (
        "http://127.0.0.1:9000@evil.example/",
        &["127.0.0.1"],
        Err(Refused::UserInfo),
    ),
];

#[test]
fn every_url_of_the_table_is_called_or_not() {
    let guard = guard();
    for (url, addresses, expected) in TABLE {
        let addresses: Vec<IpAddr> = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        let got = guard
            .target(url)
            .and_then(|target| target.check(&addresses));
        assert_eq!(got, *expected, "{url} at {addresses:?}");
    }
}

#[test]
fn special_addresses_are_not_public() {
    for special in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
        "4000::1",
    ] {
        assert!(!is_public(special.parse().unwrap()), "{special}");
    }
    for public in [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "198.17.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:4860:4860::8888",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}

#[test]
fn a_host_with_too_many_addresses_is_not_called() {
    let target = guard().target("https://idp.example.com/").unwrap();
    let many: Vec<IpAddr> = (1..=17)
        .map(|n| format!("93.184.217.{n}").parse().unwrap())
        .collect();
    assert_eq!(target.check(&many), Err(Refused::Address));
    assert_eq!(target.check(&many[..16]), Ok(()));
}

#[test]
fn a_url_has_a_bound() {
    let of = |bytes: usize| {
        let start = "https://idp.example.com/";
        format!("{start}{}", "x".repeat(bytes - start.len()))
    };
    assert!(guard().target(&of(2048)).is_ok());
    assert_eq!(guard().target(&of(2049)).unwrap_err(), Refused::Url);
}

proptest::proptest! {
    #[test]
    fn whatever_is_called_is_a_name_over_https_or_the_operators(text in "(https?:/{0,3})?[a-z0-9.:@\\[\\]%/\\\\-]{0,24}") {
        if let Ok(target) = guard().target(&text) {
            let operators = ["keycloak.corp.internal", "127.0.0.1"].contains(&target.host());
            proptest::prop_assert!(operators || target.url().starts_with("https://"), "{}", target.url());
            proptest::prop_assert!(operators || target.host().parse::<IpAddr>().is_err());
            let loopback: IpAddr = "127.0.0.1".parse().unwrap();
            proptest::prop_assert!(operators || target.check(&[loopback]).is_err());
        }
    }
}
