//! A federated session: an outside identity, proven once, that may list and put on roles and nothing else.

use trilby_access::{Facts, Services};
use trilby_model::{Arn, ConsistencyToken, Tags};
use trilby_service::problem::{Code, Problem};
use trilby_session::FEDERATED_AUDIENCE;
use trilby_session::claims::{Claims, Private, SessionKind, VERSION};
use trilby_session::lifetime;

use super::mint::{self, Draft, mint_once};
use super::outside::{ACTION, federation, of_door, once, source_identity};
use super::refusal::Refusal;
use super::{Issued, standing};
use crate::federation::{Door, claims};
use crate::proof::web_identity::WebIdentity;
use crate::signing::{Signer, signer};

/// In the account that owns the provider.
pub(super) async fn issue(
    services: &Services,
    web: &WebIdentity,
    duration_s: Option<i64>,
    facts: &Facts,
) -> Result<Issued, Refusal> {
    let owner = web.door.owner.state.id();
    let incarnation = services.directory().incarnation();
    let Signer { view, key } = signer(services, owner).await?;
    // On the state that the session will name, the provider must stand as it was when the token was checked.
    let door = Door::at(&view, &view, web.identity.provider())
        .filter(|door| door.provider.enabled)
        .filter(|door| web.door.is_still_without_link(door));
    let door = door
        .ok_or_else(|| Problem::new(Code::ProviderDisabled, "the identity provider is disabled"))?;
    if standing::is_account_quarantined(services, owner, None).await? {
        return Err(Refusal::denied(ACTION, "the account is in quarantine"));
    }
    let kept = claims::kept(&web.identity);
    let kept = kept.ok_or_else(|| {
        Problem::new(
            Code::PackedPolicyTooLarge,
            "the exposed claims do not fit into a federated session",
        )
    })?;
    let now = services.now();
    let lifetime = lifetime::bound(
        lifetime::Session::Federated,
        duration_s,
        now,
        now.unix_seconds(),
    )
    .map_err(mint::of_lifetime)?;
    let sub = web.identity.session_subject();
    let claims = Claims {
        iss: trilby_session::issuer(services.public_url(), owner),
        aud: vec![FEDERATED_AUDIENCE.to_owned()],
        client_id: door.provider.id.to_string(),
        iat: lifetime.issued_at,
        nbf: lifetime.issued_at,
        exp: lifetime.expires_at,
        auth_time: lifetime.issued_at,
        jti: mint::session_id(services),
        act: None,
        trilby: Private {
            v: VERSION,
            kind: SessionKind::Federated,
            acct: owner,
            org: view
                .state
                .organization()
                .map(|membership| membership.organization.clone()),
            arn: Arn::federated_session(&owner, &sub),
            role: None,
            sn: None,
            tags: Tags::empty(),
            ttk: Vec::new(),
            si: source_identity(web.identity.source_identity())?,
            pol: None,
            polh: None,
            parn: Vec::new(),
            mfa: None,
            fed: Some(federation(web, &door, kept)),
            depth: 0,
            chain: Vec::new(),
            seq: view.seq().get(),
            inc: incarnation,
            dep: of_door(&door),
        },
        sub,
    };
    let draft = Draft {
        claims,
        seq: ConsistencyToken::new(vec![view.position()]).ok(),
        caller: None,
    };
    mint_once(services, draft, &key, once(web, None), facts).await
}
