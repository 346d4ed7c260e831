//! A listener of the broker's that takes TLS and a login only, with an authority of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::ensure;

use super::jars::keytool;

/// The mechanisms that are taken: by password in TLS, and without telling the password.
const MECHANISMS: &str = "PLAIN,SCRAM-SHA-512";
/// Of key stores that nobody but the broker of a test reads.
const STORE_PASSWORD: &str = "only-for-tests";

/// Who may log in, and where.
#[derive(Debug, Clone)]
pub struct Secured {
    address: SocketAddr,
    user: String,
    password: String,
    folder: PathBuf,
}

impl Secured {
    /// Makes an authority and a certificate for `localhost` in this folder.
    ///
    /// # Errors
    /// There is no keytool, or the folder cannot be written.
    pub(super) fn make(
        folder: &Path,
        address: SocketAddr,
        user: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let folder = folder.join("tls");
        fs::create_dir_all(&folder)?;
        let made = Self {
            address,
            user: user.to_owned(),
            password: password.to_owned(),
            folder,
        };
        made.certify()?;
        Ok(made)
    }

    /// Where clients begin: by the name in the certificate.
    #[must_use]
    pub fn brokers(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// The authority's certificate (PEM).
    #[must_use]
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The broker's settings, after those of every broker.
    pub(super) fn settings(&self, plain: SocketAddr, controller: SocketAddr) -> String {
        let Self {
            address,
            user,
            password,
            ..
        } = self;
        let store = self.folder.join("broker.p12");
        let module = "org.apache.kafka.common.security";
        format!(
            "listeners=PLAINTEXT://{plain},CONTROLLER://{controller},SECURED://{address}\n\
             advertised.listeners=PLAINTEXT://{plain},SECURED://{brokers}\n\
             listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL\n\
             sasl.enabled.mechanisms={MECHANISMS}\n\
             listener.name.secured.sasl.enabled.mechanisms={MECHANISMS}\n\
             listener.name.secured.plain.sasl.jaas.config={module}.plain.PlainLoginModule required user_{user}=\"{password}\";\n\
             listener.name.secured.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;\n\
             listener.name.secured.ssl.keystore.type=PKCS12\n\
             listener.name.secured.ssl.keystore.location={store}\n\
             listener.name.secured.ssl.keystore.password={STORE_PASSWORD}\n\
             listener.name.secured.ssl.key.password={STORE_PASSWORD}\n",
            brokers = self.brokers(),
            store = store.display(),
        )
    }

    /// What the broker's folder is formatted with besides.
    pub(super) fn format_arguments(&self) -> [String; 2] {
        let Self { user, password, .. } = self;
        let login = format!("SCRAM-SHA-512=[name={user},password={password}]");
        ["--add-scram".to_owned(), login]
    }

    fn certify(&self) -> anyhow::Result<()> {
        self.keytool(
            "ca",
            "-genkeypair -alias ca -dname CN=authority -ext bc:c -keyalg EC -groupname secp256r1",
        )?;
        self.keytool("ca", "-exportcert -alias ca -rfc -file ca.pem")?;
        self.keytool(
            "broker",
            "-genkeypair -alias broker -dname CN=localhost -keyalg EC -groupname secp256r1",
        )?;
        self.keytool("broker", "-certreq -alias broker -file broker.csr")?;
        self.keytool(
            "ca",
            "-gencert -alias ca -infile broker.csr -outfile broker.pem -rfc -ext san=dns:localhost",
        )?;
        self.keytool("broker", "-importcert -alias ca -noprompt -file ca.pem")?;
        self.keytool(
            "broker",
            "-importcert -alias broker -noprompt -file broker.pem",
        )
    }

    fn keytool(&self, store: &str, arguments: &str) -> anyhow::Result<()> {
        let output = keytool()
            .args(arguments.split(' '))
            .args(["-storetype", "PKCS12", "-storepass", STORE_PASSWORD])
            .arg("-keystore")
            .arg(format!("{store}.p12"))
            .current_dir(&self.folder)
            .output()?;
        ensure!(
            output.status.success(),
            "keytool {arguments}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }
}
