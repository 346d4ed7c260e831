//! TLS to the server, as the URL asks for it.
//!
//! * no `sslmode`, or `disable`: none.
//! * `require`: encrypted. Whose server it is is not looked at, unless `sslrootcert` is given.
//! * `verify-full`: encrypted, and the server's certificate is signed by one in the file `sslrootcert` and names the host.
//!
//! Nothing falls back to a plain connection.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use percent_encoding::percent_decode_str;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::options::OpenError;

/// What a URL says of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mode {
    Disable,
    Require,
    VerifyFull,
}

/// Takes what is said of TLS out of a URL: the driver knows less of it.
pub(crate) fn part(url: &str) -> Result<(String, Mode, Option<String>), OpenError> {
    let Some((address, settings)) = url.split_once('?') else {
        return Ok((url.to_owned(), Mode::Disable, None));
    };
    let (mut mode, mut roots) = (Mode::Disable, None);
    let mut others = Vec::new();
    for setting in settings.split('&') {
        match setting.split_once('=') {
            Some(("sslmode", "disable")) => mode = Mode::Disable,
            Some(("sslmode", "require")) => mode = Mode::Require,
            Some(("sslmode", "verify-full")) => mode = Mode::VerifyFull,
            Some(("sslmode", _)) => {
                return Err(OpenError::Unsupported {
                    what: "an `sslmode` other than `disable`, `require` and `verify-full`",
                });
            }
            Some(("sslrootcert", path)) => {
                let path = percent_decode_str(path).decode_utf8();
                roots = Some(path.map_err(|_| OpenError::Url)?.into_owned());
            }
            Some(_) | None => others.push(setting),
        }
    }
    let rest = match others.is_empty() {
        true => address.to_owned(),
        false => format!("{address}?{}", others.join("&")),
    };
    Ok((rest, mode, roots))
}

/// Makes TLS connections, where the driver's settings ask for them.
#[derive(Clone)]
pub(crate) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Errors: `Certificates` if they cannot be read or are missing where they are needed.
    pub fn new(mode: &Mode, roots: Option<&str>) -> Result<Self, OpenError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| OpenError::Certificates(error.to_string()))?;
        let config = match (mode, roots) {
            (Mode::VerifyFull, None) => {
                return Err(OpenError::Certificates(
                    "`sslmode=verify-full` needs the file of certificates that sign the server's"
                        .to_owned(),
                ));
            }
            (Mode::Require, None) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
                .with_no_client_auth(),
            (Mode::Require | Mode::VerifyFull, Some(path)) => builder
                .with_root_certificates(read(Path::new(path))?)
                .with_no_client_auth(),
            // Never used.
            (Mode::Disable, _) => builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
        };
        Ok(Self(Arc::new(config)))
    }
}

fn read(path: &Path) -> Result<RootCertStore, OpenError> {
    let unreadable = |what: String| OpenError::Certificates(format!("{}: {what}", path.display()));
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(error.to_string()))?;
    let mut store = RootCertStore::empty();
    for certificate in certificates {
        let added = store.add(certificate);
        added.map_err(|error| unreadable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unreadable("no certificate in it".to_owned()));
    }
    Ok(store)
}

/// Takes any certificate whose key the server has.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let known = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type TlsConnect = Connect;
    type Error = rustls::pki_types::InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Connect, Self::Error> {
        Ok(Connect {
            host: ServerName::try_from(host.to_owned())?,
            connector: TlsConnector::from(Arc::clone(&self.0)),
        })
    }
}

/// One connection to be made.
pub(crate) struct Connect {
    host: ServerName<'static>,
    connector: TlsConnector,
}

impl<S> TlsConnect<S> for Connect
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Encrypted<S>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Encrypted<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let connected = self.connector.connect(self.host, stream).await?;
            Ok(Encrypted(connected))
        })
    }
}

/// A connection under TLS.
pub(crate) struct Encrypted<S>(TlsStream<S>);

impl<S> tokio_postgres::tls::TlsStream for Encrypted<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Encrypted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Encrypted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_said_of_tls_is_taken_out_of_the_url() {
        let (url, mode, roots) =
            part("postgres://a@h/d?sslmode=verify-full&x=1&sslrootcert=%2Fetc%2Fca%20a.pem")
                .unwrap();
        assert_eq!(url, "postgres://a@h/d?x=1");
        assert_eq!(
            (mode, roots.as_deref()),
            (Mode::VerifyFull, Some("/etc/ca a.pem"))
        );
        let (url, mode, roots) = part("postgres://a@h/d?sslmode=require").unwrap();
        assert_eq!(
            (url.as_str(), mode, roots),
            ("postgres://a@h/d", Mode::Require, None)
        );
        let (url, mode, _) = part("postgres://a@h/d").unwrap();
        assert_eq!((url.as_str(), mode), ("postgres://a@h/d", Mode::Disable));
        for half in ["prefer", "allow", "verify-ca", "Require"] {
            assert!(
                part(&format!("postgres://a@h/d?sslmode={half}")).is_err(),
                "{half}"
            );
        }
    }

    #[test]
    fn verifying_needs_certificates() {
        assert!(Tls::new(&Mode::VerifyFull, None).is_err());
        assert!(Tls::new(&Mode::Require, Some("/there/is/none")).is_err());
        assert!(Tls::new(&Mode::Require, None).is_ok());
    }
}
