//! Fetching over TLS: whose certificate is taken, and for which name.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use trilby_federation::fetch::{Fetch as _, FetchError, GuardedFetch};

use crate::{HOST, guard, loopback};

struct Secure {
    port: u16,
    authority: Vec<u8>,
    /// The name that the last client asked for.
    asked_for: Arc<Mutex<Option<String>>>,
}

/// A server on loopback whose certificate is for `name`.
fn secure(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Secure {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_der = authority
        .self_signed(&authority_key)
        .unwrap()
        .der()
        .to_vec();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    change(&mut params);
    let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
    let config = ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![certificate],
        PrivateKeyDer::Pkcs8(key.serialize_der().into()),
    )
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked_for = Arc::new(Mutex::new(None));
    let asked = Arc::clone(&asked_for);
    thread::spawn(move || {
        let config = Arc::new(config);
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            serve(StreamOwned::new(connection, stream), &asked);
        }
    });
    Secure {
        port,
        authority: authority_der,
        asked_for,
    }
}

fn serve(
    mut stream: StreamOwned<ServerConnection, std::net::TcpStream>,
    asked: &Mutex<Option<String>>,
) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1..) => head.push(byte[0]),
            // A client that does not like the certificate goes.
            Ok(0) | Err(_) => return,
        }
    }
    *asked.lock().unwrap() = stream.conn.server_name().map(ToString::to_string);
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    drop(stream.write_all(answer.as_bytes()));
    drop(stream.flush());
}

async fn fetched(server: &Secure, authority: Option<&Vec<u8>>) -> Result<Vec<u8>, FetchError> {
    let mut fetch = GuardedFetch::new(guard(HOST, server.port, false), loopback());
    if let Some(authority) = authority {
        fetch = fetch.with_authorities(std::slice::from_ref(authority));
    }
    let url = format!("https://{HOST}:{}/", server.port);
    fetch.get(&url, 64).await.map(|fetched| fetched.body)
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_for_the_name_is_taken() {
    let server = secure(HOST, |_| ());
    assert_eq!(
        fetched(&server, Some(&server.authority)).await.unwrap(),
        b"{}"
    );
    assert_eq!(server.asked_for.lock().unwrap().as_deref(), Some(HOST));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_not_taken() {
    let server = secure(HOST, |_| ());
    assert_eq!(
        fetched(&server, None).await.unwrap_err(),
        FetchError::Unreachable
    );
    let other = secure(HOST, |_| ());
    assert_eq!(
        fetched(&server, Some(&other.authority)).await.unwrap_err(),
        FetchError::Unreachable
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_taken() {
    let server = secure("other.test", |_| ());
    assert_eq!(
        fetched(&server, Some(&server.authority)).await.unwrap_err(),
        FetchError::Unreachable
    );
}

#[tokio::test]
async fn a_certificate_whose_time_has_passed_is_not_taken() {
    let server = secure(HOST, |params| {
        params.not_after = rcgen::date_time_ymd(2020, 1, 1)
    });
    assert_eq!(
        fetched(&server, Some(&server.authority)).await.unwrap_err(),
        FetchError::Unreachable
    );
}
