//! Private keys in the store: sealed under the account's data key, which is wrapped by the KEK.

use trilby_access::{Services, problem};
use trilby_credential::envelope::{self, WrappedDataKey};
use trilby_credential::rows::{DATA_KEY_ID, UNDER_DATA_KEY};
use trilby_credential::{DataKey, KekId, Purpose, Sealed, SealedKind};
use trilby_eventlog::{SealedKey, SideBody, SideWrite};
use trilby_model::{AccountId, Entropy, LogId};
use trilby_service::problem::Problem;
use trilby_session::{Algorithm, SigningKey};

use crate::TokenParts;

/// A private key, opened.
///
/// Errors: faults: a row that is missing, damaged or another key's.
pub(super) async fn open(
    services: &Services,
    account: AccountId,
    kid: &str,
    alg: &str,
) -> Result<SigningKey, Problem> {
    let log = LogId::Account(account);
    let row = services
        .log()
        .sealed_key(&log, SealedKind::SigningKey.number(), kid)
        .await;
    let row = row.map_err(|error| problem::of_directory(error.into()))?;
    let row = row.ok_or_else(|| {
        Problem::internal(format!("the private half of signing key {kid} is missing"))
    })?;
    let data_key = data_key(services, account).await?;
    let data_key =
        data_key.ok_or_else(|| Problem::internal(format!("account {account} has no data key")))?;
    let purpose = Purpose::SigningKey { account, kid, alg };
    let pkcs8 = data_key
        .open(&purpose, &Sealed::from_bytes(row.body.0))
        .map_err(Problem::internal)?;
    let algorithm = Algorithm::from_name(alg);
    let algorithm = algorithm
        .ok_or_else(|| Problem::internal(format!("signing key {kid} has algorithm {alg}")))?;
    let key = SigningKey::from_pkcs8(algorithm, &pkcs8).map_err(Problem::internal)?;
    // The row must be the key that the log names: its public half is what verifiers have.
    if key.kid() != kid {
        return Err(Problem::internal(format!(
            "the private half of signing key {kid} is another key's"
        )));
    }
    Ok(key)
}

/// The account's data key, if it has one.
pub(super) async fn data_key(
    services: &Services,
    account: AccountId,
) -> Result<Option<DataKey>, Problem> {
    let parts = services.part::<TokenParts>()?;
    let row = services
        .log()
        .sealed_key(
            &LogId::Account(account),
            SealedKind::DataKey.number(),
            DATA_KEY_ID,
        )
        .await;
    let row = row.map_err(|error| problem::of_directory(error.into()))?;
    let Some(row) = row else { return Ok(None) };
    let wrapped = WrappedDataKey {
        kek: KekId::from_stored(&row.kek_id),
        sealed: Sealed::from_bytes(row.body.0),
    };
    parts
        .keks
        .unwrap(account, &wrapped)
        .map(Some)
        .map_err(Problem::internal)
}

pub(super) fn sealed(
    account: AccountId,
    key: &SigningKey,
    data_key: &DataKey,
    entropy: &mut Entropy,
) -> Result<SideWrite, Box<dyn std::error::Error + Send + Sync>> {
    let alg = key.public().algorithm().as_str();
    let purpose = Purpose::SigningKey {
        account,
        kid: key.kid(),
        alg,
    };
    let private = key.to_pkcs8()?;
    let sealed: Result<Sealed, envelope::Error> = data_key.seal(&purpose, &private, entropy);
    Ok(row(
        account,
        SealedKind::SigningKey,
        key.kid(),
        UNDER_DATA_KEY,
        sealed?,
    ))
}

pub(super) fn row(
    account: AccountId,
    kind: SealedKind,
    id: &str,
    kek_id: &str,
    sealed: Sealed,
) -> SideWrite {
    SideWrite::SealedKeyInsert(SealedKey {
        log: LogId::Account(account),
        kind: kind.number(),
        id: id.to_owned(),
        kek_id: kek_id.to_owned(),
        body: SideBody(sealed.into_bytes()),
    })
}
