//! `PATCH /v1/accounts/{account}`

use serde::Deserialize;
use trilby_access::problem::of_rejection;
use trilby_access::{
    Access, Authorized, Change, Empty, Input, Json, Method, Operation, Place, Precondition, Reply,
    Scope, Services, Target,
};
use trilby_account::{Command, command};
use trilby_model::{AccountAlias, AccountName, Arn};
use trilby_service::body::Patch;
use trilby_service::problem::{Code, Problem};
use utoipa::ToSchema;

use super::get_account::reply;
use super::view::AccountView;
use crate::api::AccountPath;
use crate::names::named;

/// What may be changed about an account, as a merge patch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountPatch {
    /// Name.
    #[serde(default)]
    #[schema(value_type = Option<AccountName>)]
    name: Patch<String>,
    /// Name that logins take in the place of the number, unique in the installation; `null` gives it up.
    #[serde(default)]
    #[schema(value_type = Option<AccountAlias>)]
    alias: Patch<String>,
}

/// Changes name and alias.
pub struct UpdateAccount;

impl Operation for UpdateAccount {
    const ID: &'static str = "update_account";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}";
    const TAG: &'static str = super::TAG;
    const SUMMARY: &'static str = "Change an account's name or alias";
    const ACCESS: Access = Access::Action("iam:UpdateAccount");
    const PRECONDITION: Precondition = Precondition::Optional;
    const SUCCESS_DESCRIPTION: &'static str = "The account as it is now";
    const PROBLEMS: &'static [Code] = &[Code::InvalidName, Code::InvalidState, Code::AlreadyExists];

    type Path = AccountPath;
    type Query = Empty;
    type Body = Json<AccountPatch>;
    type Reply = AccountView;

    fn place(path: &Self::Path) -> Place {
        Place::Account(path.account)
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
        let id = grant.account_id()?;
        let commands = commands(&input.body)?;
        grant
            .write(services, &input, &[], |states, ctx| {
                let account = &states.account(id).ok_or_else(Problem::not_found)?.state;
                let mut events = Vec::new();
                for command in &commands {
                    events.extend(account.decide(command.clone(), ctx).map_err(of_rejection)?);
                }
                Ok(Change::of_account(id, events, reply))
            })
            .await
    }
}

fn commands(body: &AccountPatch) -> Result<Vec<Command>, Problem> {
    let mut commands: Vec<Command> = Vec::new();
    match &body.name {
        Patch::Keep => {}
        Patch::Clear => return Err(Problem::invalid("/name", "an account has a name")),
        Patch::Set(name) => {
            let name: AccountName = named(name, "/name")?;
            commands.push(command::RenameAccount { name }.into());
        }
    }
    match &body.alias {
        Patch::Keep => {}
        Patch::Clear => commands.push(command::SetAccountAlias { alias: None }.into()),
        Patch::Set(alias) => {
            let alias: AccountAlias = named(alias, "/alias")?;
            commands.push(command::SetAccountAlias { alias: Some(alias) }.into());
        }
    }
    Ok(commands)
}
