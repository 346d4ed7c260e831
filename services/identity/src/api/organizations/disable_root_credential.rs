//! `DELETE /v1/organizations/{organization}/accounts/{account}/root-credential`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Reply, Scope, Services, Target,
};
use trilby_account::organization::{self, DisableRoot};
use trilby_credential::CredentialKind;
use trilby_directory::Events;
use trilby_model::LogId;
use trilby_service::problem::{Code, Problem};

use super::path::{MemberPath, member_target};
use super::{ROOT_CREDENTIAL as ACTION, write};
use crate::written::no_credentials;

/// Takes the way in of a member's root away.
pub struct DisableRootCredential;

impl Operation for DisableRootCredential {
    const ID: &'static str = "disable_root_credential";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str =
        "/v1/organizations/{organization}/accounts/{account}/root-credential";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Take password and ticket of a member account's root away";
    const DESCRIPTION: &'static str = "Root's sessions end.";
    const ACCESS: Access = Access::Action(ACTION);
    const KNOWN: Known = Known::ByAction(super::READ_ACCOUNT);
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "Root cannot log in any more";
    const PROBLEMS: &'static [Code] = &[Code::InvalidState];

    type Path = MemberPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        member_target(&input.path, ACTION, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let (id, account) = (input.path.organization.clone(), input.path.account);
        let caller = grant.caller()?.account;
        let log = LogId::Account(account);
        let rights = write::rights(&grant)?;
        let logs = [rights.clone(), log.clone()];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let state = write::writable::<Self>(states, &id, caller)?;
                let member = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let command = DisableRoot { account };
                let made = organization::disable_root(state, member, &command, ctx)
                    .map_err(of_rejection)?;
                let subject = member.root_subject();
                let kinds = [CredentialKind::Password, CredentialKind::PasswordTicket];
                let side = kinds.map(|kind| no_credentials(&log, &subject, kind));
                let events = vec![
                    Events::Organization(id.clone(), made.organization_events),
                    Events::Account(account, made.account_events),
                ];
                let change = Change::new(events, |_| Ok(Reply::new(NoContent)));
                let change = change.guarded_by(vec![rights.clone()]);
                Ok(change.with_side(side.into()))
            })
            .await
    }
}
