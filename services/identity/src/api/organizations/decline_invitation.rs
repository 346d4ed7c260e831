//! `POST /v1/accounts/{account}/invitations/{invitation}/decline`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Method, NoBody, NoContent, Operation, Place, Reply,
    Scope, Services, Target,
};
use trilby_account::organization::{self, CloseInvitation, InvitationEnd};
use trilby_directory::Events;
use trilby_model::{Arn, LogId};
use trilby_service::problem::Problem;

use super::invitation::{ReceivedPath, no_ticket};

/// Does not join.
pub struct DeclineInvitation;

impl Operation for DeclineInvitation {
    const ID: &'static str = "decline_invitation";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/invitations/{invitation}/decline";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Decline an invitation of an organization";
    const ACCESS: Access = Access::Action("organizations:DeclineInvitation");
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "Its ticket opens nothing any more";

    type Path = ReceivedPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
    }

    fn receipt_log(path: &Self::Path) -> Option<LogId> {
        Some(LogId::Organization(path.invitation.0.organization.clone()))
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        Ok(Target::new(account, Arn::account_of(&account)))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = grant.account_id()?;
        let invitation = input.path.invitation.0.clone();
        let id = invitation.organization.clone();
        let log = LogId::Organization(id.clone());
        let rights = LogId::Account(grant.caller()?.account);
        let logs = [log, rights.clone()];
        grant
            .write(services, &input, &logs, |states, ctx| {
                let organization = &states
                    .organization(&id)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let command = CloseInvitation {
                    number: invitation.number,
                    account: Some(account),
                    end: InvitationEnd::Declined,
                };
                let closed = organization::close_invitation(organization, &command, ctx)
                    .map_err(of_rejection)?;
                let events = vec![Events::Organization(id.clone(), closed)];
                let change = Change::new(events, |_| Ok(Reply::new(NoContent)));
                let change = change.guarded_by(vec![rights.clone()]);
                Ok(change.with_side(vec![no_ticket(&invitation)]))
            })
            .await
    }
}
