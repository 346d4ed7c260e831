use super::*;

fn client(peer: &str, header: ForwardedHeader, values: &[&str], trusted: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for value in values {
        let name = actix_web::http::header::HeaderName::from_static(header.name());
        headers.append(
            name,
            actix_web::http::header::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
    ClientAddress::of(peer.parse().unwrap(), &headers, header, &trusted)
        .0
        .to_string()
}

/// Peer, header, its values, trusted networks, the client.
type Row<'a> = (
    &'a str,
    ForwardedHeader,
    &'a [&'a str],
    &'a [&'a str],
    &'a str,
);

#[test]
fn a_stranger_cannot_choose_its_address() {
    use ForwardedHeader::{Forwarded, XForwardedFor};
    let proxies = &["10.0.0.0/8"][..];
    let table: &[Row] = &[
        (
            "203.0.113.9",
            XForwardedFor,
            &["1.1.1.1"],
            &[],
            "203.0.113.9",
        ),
        (
            "203.0.113.9",
            XForwardedFor,
            &["1.1.1.1"],
            proxies,
            "203.0.113.9",
        ),
        ("10.0.0.1", XForwardedFor, &["1.1.1.1"], &[], "10.0.0.1"),
        ("10.0.0.1", XForwardedFor, &[], proxies, "10.0.0.1"),
        (
            "10.0.0.1",
            XForwardedFor,
            &["203.0.113.9"],
            proxies,
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["1.1.1.1, 203.0.113.9"],
            proxies,
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["1.1.1.1", "203.0.113.9, 10.0.0.2"],
            proxies,
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["203.0.113.9:4711"],
            proxies,
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["[2001:db8::1]:4711"],
            proxies,
            "2001:db8::1",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["2001:db8::1"],
            proxies,
            "2001:db8::1",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["1.1.1.1, unknown"],
            proxies,
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["1.1.1.1, "],
            proxies,
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["1.1.1.1, \u{fc}"],
            proxies,
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            XForwardedFor,
            &["10.0.0.3, 10.0.0.2"],
            proxies,
            "10.0.0.3",
        ),
        (
            "::ffff:10.0.0.1",
            XForwardedFor,
            &["203.0.113.9"],
            proxies,
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            Forwarded,
            &["for=1.1.1.1;by=x, For=\"203.0.113.9:80\";proto=https"],
            proxies,
            "203.0.113.9",
        ),
        (
            "10.0.0.1",
            Forwarded,
            &["for=\"[2001:db8::1]\""],
            proxies,
            "2001:db8::1",
        ),
        (
            "10.0.0.1",
            Forwarded,
            &["for=1.1.1.1, for=_hidden"],
            proxies,
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            Forwarded,
            &["for=1.1.1.1, proto=http"],
            proxies,
            "10.0.0.1",
        ),
    ];
    for (peer, header, values, trusted, expected) in table {
        assert_eq!(
            client(peer, *header, values, trusted),
            *expected,
            "{peer} {values:?} {trusted:?}"
        );
    }
}

#[test]
fn only_the_configured_header_is_read() {
    let mut headers = HeaderMap::new();
    headers.insert(
        actix_web::http::header::FORWARDED,
        "for=1.1.1.1".parse().unwrap(),
    );
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    let address = ClientAddress::of(
        "10.0.0.1".parse().unwrap(),
        &headers,
        ForwardedHeader::XForwardedFor,
        &trusted,
    );
    assert_eq!(address.0.to_string(), "10.0.0.1");
}
