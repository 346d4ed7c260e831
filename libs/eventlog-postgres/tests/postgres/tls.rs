//! TLS to a server that takes nothing else.

use std::path::PathBuf;

use crate::support::cluster;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use trilby_eventlog::EventLog;
use trilby_eventlog_postgres::{OpenError, Options, Postgres, Role, migrate};

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// Certificate and key of a server of this name.
fn server(name: &str, by: &CertifiedIssuer<'static, KeyPair>) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    (
        pem("CERTIFICATE", certificate.der()),
        pem("PRIVATE KEY", &key.serialize_der()),
    )
}

fn saved(folder: &tempfile::TempDir, name: &str, pem: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, pem).unwrap();
    path
}

async fn opened(url: &str) -> Result<Postgres, OpenError> {
    Postgres::open(&Options::new(url, Role::Identity)).await
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_server_is_reached_by_tls_and_only_if_it_is_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, others) = (authority(), authority());
    let ca = saved(&folder, "ca.pem", &pem("CERTIFICATE", ours.der()));
    let stranger = saved(&folder, "stranger.pem", &pem("CERTIFICATE", others.der()));
    let cluster = cluster::Cluster::start();
    let (certificate, key) = server("127.0.0.1", &ours);
    cluster.require_tls(&certificate, &key);
    let url = cluster.url("postgres");
    let with = |settings: &str| format!("{url}?{settings}");
    let verified = with(&format!("sslmode=verify-full&sslrootcert={}", ca.display()));

    migrate(&verified, Some([1; 32])).await.unwrap();
    let store = opened(&verified).await.unwrap();
    assert_eq!(
        store.store_meta().await.unwrap().store_key_fingerprint,
        [1; 32]
    );
    opened(&with("sslmode=require")).await.unwrap();

    // No plain connection, neither asked for nor as a way out.
    for plain in [url.clone(), with("sslmode=disable")] {
        let refused = opened(&plain).await;
        assert!(matches!(refused, Err(OpenError::Refused(_))), "{refused:?}");
    }
    // A certificate that somebody else has signed.
    for mode in ["require", "verify-full"] {
        let wrong = with(&format!(
            "sslmode={mode}&sslrootcert={}",
            stranger.display()
        ));
        match opened(&wrong).await {
            Err(OpenError::Refused(why)) => assert!(why.contains("certificate"), "{why}"),
            other => panic!("{mode}: {other:?}"),
        }
    }
    // One of ours, for another host.
    let (certificate, key) = server("db.example", &ours);
    cluster.require_tls(&certificate, &key);
    match opened(&verified).await {
        Err(OpenError::Refused(why)) => assert!(why.contains("certificate"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs services"]
async fn a_server_without_tls_is_not_spoken_to_when_tls_is_asked_for() {
    let cluster = cluster::Cluster::start();
    let refused = opened(&format!("{}?sslmode=require", cluster.url("postgres"))).await;
    assert!(matches!(refused, Err(OpenError::Refused(_))), "{refused:?}");
}
