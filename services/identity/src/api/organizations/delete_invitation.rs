//! `DELETE /v1/organizations/{organization}/invitations/{invitation}`

use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Known, Method, NoBody, NoContent, Operation, Place,
    Reply, Scope, Services, Target,
};
use trilby_account::organization::{self, CloseInvitation, InvitationEnd};
use trilby_directory::Events;
use trilby_service::problem::Problem;

use super::invitation::{InvitationPath, no_ticket};
use super::path::target;
use super::write;

/// Takes an invitation back.
pub struct DeleteInvitation;

impl Operation for DeleteInvitation {
    const ID: &'static str = "delete_invitation";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/organizations/{organization}/invitations/{invitation}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Withdraw an invitation";
    const ACCESS: Access = Access::Action(super::INVITE);
    const KNOWN: Known = Known::ByAction(super::READ);
    const SUCCESS: u16 = 204;
    const SUCCESS_DESCRIPTION: &'static str = "Its ticket opens nothing any more";
    type Path = InvitationPath;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &Self::Path) -> Place {
        Place::Organization(path.organization.clone())
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        target(&input.path.organization, super::INVITE, scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let id = input.path.organization.clone();
        let wanted = input.path.invitation.0.clone();
        if wanted.organization != id {
            return Err(Problem::not_found());
        }
        let caller = grant.caller()?.account;
        let rights = write::rights(&grant)?;
        grant
            .write(
                services,
                &input,
                std::slice::from_ref(&rights),
                |states, ctx| {
                    let state = write::writable::<Self>(states, &id, caller)?;
                    let command = CloseInvitation {
                        number: wanted.number,
                        account: None,
                        end: InvitationEnd::Withdrawn,
                    };
                    let closed = organization::close_invitation(state, &command, ctx)
                        .map_err(of_rejection)?;
                    let events = vec![Events::Organization(id.clone(), closed)];
                    let change = Change::new(events, |_| Ok(Reply::new(NoContent)));
                    let change = change.guarded_by(vec![rights.clone()]);
                    Ok(change.with_side(vec![no_ticket(&wanted)]))
                },
            )
            .await
    }
}
