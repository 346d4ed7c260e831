//! The example: users of an account, as a service would have them.

use serde::{Deserialize, Serialize};
use trilby_access::{
    Access, Authorized, Empty, Idempotency, Input, Json, Known, ListQuery, Method, NoBody,
    NoContent, Operation, Place, Precondition, Registry, Reply, Scope, Services, Target, problem,
};
use trilby_account::command::{CreateUser as Create, DeleteUser as Delete, UpdateUser as Update};
use trilby_account::{Ref, User, UserKind, UserRef};
use trilby_eventlog::{Archive as _, Memory};
use trilby_model::{AccountId, Arn, Path, Tags, UserName};
use trilby_service::cursor::List;
use trilby_service::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

pub fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .add::<ReadUser>()
        .add::<CreateUser>()
        .add::<ListUsers>()
        .add::<UpdateUser>()
        .add::<DeleteUser>()
        .add::<CreateKey>()
        .add::<WhoAmI>()
        .add::<Hello>()
        .add::<Outlive>()
        .add::<TouchDocument>()
        .add::<FreeDocument>();
    registry
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct InAccount {
    /// The account.
    pub account: AccountId,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct OfUser {
    /// The account.
    pub account: AccountId,
    /// Name or unique id of the user.
    pub user: String,
}

impl OfUser {
    fn user(&self) -> Result<UserRef, Problem> {
        self.user.parse().map_err(|_| Problem::not_found())
    }

    fn target(&self, scope: &Scope<'_>) -> Result<Target, Problem> {
        let found = match (self.user(), scope.account) {
            (Ok(user), Some(account)) => account.state.user(&user),
            _ => None,
        };
        Ok(match found {
            Some(user) => Target::new(
                self.account,
                Arn::user(&self.account, &user.path, &user.name),
            )
            .resource_tags(&user.tags),
            None => {
                let name: UserName = self.user.parse().map_err(|_| Problem::not_found())?;
                Target::new(self.account, Arn::user(&self.account, &top(), &name))
            }
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView {
    pub id: String,
    pub name: String,
    pub etag: String,
}

fn view(user: &User) -> UserView {
    UserView {
        id: user.id.to_string(),
        name: user.name.to_string(),
        etag: trilby_access::etag_text(user.stamp.changed),
    }
}

pub struct ReadUser;

impl Operation for ReadUser {
    const ID: &'static str = "read_user";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}";
    const TAG: &'static str = "Users";
    const SUMMARY: &'static str = "Read a user";
    const ACCESS: Access = Access::Action("iam:GetUser");
    const KNOWN: Known = Known::ByAction("iam:GetUser");
    type Path = OfUser;
    type Query = Empty;
    type Body = NoBody;
    type Reply = UserView;

    fn place(path: &OfUser) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        input.path.target(scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let user = grant
            .account()?
            .state
            .user(&input.path.user()?)
            .ok_or_else(Problem::not_found)?;
        Ok(Reply::new(view(user)).etag(user.stamp.changed))
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUserBody {
    #[schema(value_type = String)]
    pub name: UserName,
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub tags: Tags,
}

pub struct CreateUser;

impl Operation for CreateUser {
    const ID: &'static str = "create_user";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/users";
    const TAG: &'static str = "Users";
    const SUMMARY: &'static str = "Create a user";
    const ACCESS: Access = Access::Action("iam:CreateUser");
    const SUCCESS: u16 = 201;
    const SUCCESS_HEADERS: &'static [(&'static str, &'static str)] = &[("Example-Hint", "A hint")];
    const PROBLEMS: &'static [Code] = &[Code::AlreadyExists, Code::LimitExceeded];
    type Path = InAccount;
    type Query = Empty;
    type Body = Json<CreateUserBody>;
    type Reply = UserView;

    fn place(path: &InAccount) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        let account = input.path.account;
        let arn = Arn::user(&account, &top(), &input.body.name);
        Ok(Target::new(account, arn).request_tags(&input.body.tags))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let name = input.body.name.clone();
        let command = Create {
            name: name.clone(),
            path: top(),
            kind: UserKind::Human,
            description: None,
            tags: input.body.tags.clone(),
        };
        grant
            .command(services, &input, command.into(), move |account, _| {
                let user = account
                    .user(&Ref::Name(name.clone()))
                    .ok_or_else(Problem::not_found)?;
                Ok(Reply::new(view(user))
                    .etag(user.stamp.changed)
                    .location(format!("/v1/accounts/{}/users/{}", account.id(), user.name)))
            })
            .await
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateUserBody {
    #[schema(value_type = String)]
    pub name: UserName,
}

pub struct UpdateUser;

impl Operation for UpdateUser {
    const ID: &'static str = "update_user";
    const METHOD: Method = Method::Patch;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}";
    const TAG: &'static str = "Users";
    const SUMMARY: &'static str = "Rename a user";
    const ACCESS: Access = Access::Action("iam:UpdateUser");
    const KNOWN: Known = Known::ByAction("iam:GetUser");
    const PRECONDITION: Precondition = Precondition::Required;
    type Path = OfUser;
    type Query = Empty;
    type Body = Json<UpdateUserBody>;
    type Reply = UserView;

    fn place(path: &OfUser) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        input.path.target(scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let name = input.body.name.clone();
        let command = Update {
            user: input.path.user()?,
            name: Some(name.clone()),
            path: None,
            description: None,
        };
        grant
            .command(services, &input, command.into(), move |account, _| {
                let user = account
                    .user(&Ref::Name(name.clone()))
                    .ok_or_else(Problem::not_found)?;
                Ok(Reply::new(view(user)).etag(user.stamp.changed))
            })
            .await
    }
}

pub struct DeleteUser;

impl Operation for DeleteUser {
    const ID: &'static str = "delete_user";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/users/{user}";
    const TAG: &'static str = "Users";
    const SUMMARY: &'static str = "Delete a user";
    const ACCESS: Access = Access::Action("iam:DeleteUser");
    const KNOWN: Known = Known::ByAction("iam:GetUser");
    const SUCCESS: u16 = 204;
    const PRECONDITION: Precondition = Precondition::Optional;
    type Path = OfUser;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &OfUser) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        input.path.target(scope)
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let command = Delete {
            user: input.path.user()?,
            cascade: true,
        };
        grant
            .command(services, &input, command.into(), |_, _| {
                Ok(Reply::new(NoContent))
            })
            .await
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Key {
    pub name: String,
    pub secret: Option<String>,
}

/// Makes a user and answers with a secret that is shown once.
pub struct CreateKey;

impl Operation for CreateKey {
    const ID: &'static str = "create_key";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/v1/accounts/{account}/keys";
    const TAG: &'static str = "Users";
    const SUMMARY: &'static str = "Create a user with a secret";
    const ACCESS: Access = Access::Action("iam:CreateAccessKey");
    const SUCCESS: u16 = 201;
    const IDEMPOTENCY: Idempotency = Idempotency::Required;
    type Path = InAccount;
    type Query = Empty;
    type Body = Json<CreateUserBody>;
    type Reply = Key;

    fn place(path: &InAccount) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Ok(Target::new(
            input.path.account,
            Arn::account_of(&input.path.account),
        ))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let account = input.path.account;
        let name = input.body.name.clone();
        grant
            .write(services, &input, &[], |states, ctx| {
                let state = &states
                    .account(account)
                    .ok_or_else(Problem::not_found)?
                    .state;
                let command = Create {
                    name: name.clone(),
                    path: top(),
                    kind: UserKind::Service,
                    description: None,
                    tags: Tags::default(),
                };
                let events = state
                    .decide(command.into(), ctx)
                    .map_err(problem::of_rejection)?;
                let name = name.to_string();
                Ok(trilby_access::Change::of_account(
                    account,
                    events,
                    move |_| {
                        Ok(Reply::new(Key {
                            name,
                            secret: Some("tbk_secret".to_owned()),
                        })
                        .withholding(&["secret"]))
                    },
                ))
            })
            .await
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct ListUsersQuery {
    /// Most items of a page.
    pub limit: Option<usize>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Only names that begin so.
    pub name_prefix: Option<String>,
}

pub struct ListUsers;

impl Operation for ListUsers {
    const ID: &'static str = "list_users";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/accounts/{account}/users";
    const TAG: &'static str = "Users";
    const SUMMARY: &'static str = "List users";
    const ACCESS: Access = Access::Action("iam:ListUsers");
    type Path = InAccount;
    type Query = ListUsersQuery;
    type Body = NoBody;
    type Reply = List<UserView>;

    fn place(path: &InAccount) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        Ok(Target::new(
            input.path.account,
            Arn::account_of(&input.path.account),
        ))
    }

    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let prefix = input.query.name_prefix.clone().unwrap_or_default();
        let query = ListQuery {
            kind: "users",
            limit: input.query.limit,
            cursor: input.query.cursor.as_deref(),
            filters: &[("name_prefix", &prefix)],
        };
        let walk = grant.list(services, query).await?;
        let state = walk.account()?.clone();
        let users = state.user_names().iter().filter_map(|(key, id)| {
            let user = state
                .users()
                .get(id)
                .filter(|user| user.name.as_str().starts_with(&prefix))?;
            Some((vec![key.clone(), id.to_string()], move || view(user)))
        });
        walk.page(services, users).map(Reply::new)
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Identity {
    pub arn: String,
}

pub struct WhoAmI;

impl Operation for WhoAmI {
    const ID: &'static str = "who_am_i";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/who";
    const TAG: &'static str = "Sessions";
    const SUMMARY: &'static str = "Who calls";
    const ACCESS: Access = Access::Authenticated("tells only what the token says");
    const HISTORY: bool = false;
    type Path = Empty;
    type Query = Empty;
    type Body = NoBody;
    type Reply = Identity;

    fn place(_: &Empty) -> Place {
        Place::Caller
    }

    async fn handle(
        grant: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        Ok(Reply::new(Identity {
            arn: grant.caller()?.arn.to_string(),
        }))
    }
}

pub struct Hello;

impl Operation for Hello {
    const ID: &'static str = "say_hello";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/hello";
    const TAG: &'static str = "Sessions";
    const SUMMARY: &'static str = "Greets everyone";
    const ACCESS: Access = Access::Public("greets strangers too");
    const HISTORY: bool = false;
    type Path = Empty;
    type Query = Empty;
    type Body = NoBody;
    type Reply = Identity;

    async fn handle(
        grant: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        assert!(grant.caller().is_err());
        Ok(Reply::new(Identity {
            arn: "nobody".to_owned(),
        }))
    }
}

/// During its answer the store is fenced, and this process hears of it.
pub struct Outlive;

impl Operation for Outlive {
    const ID: &'static str = "outlive";
    const METHOD: Method = Method::Get;
    const PATH: &'static str = "/v1/outlive";
    const TAG: &'static str = "Sessions";
    const SUMMARY: &'static str = "Outlives a fence";
    const ACCESS: Access = Access::Authenticated("tells nothing");
    const HISTORY: bool = false;
    type Path = Empty;
    type Query = Empty;
    type Body = NoBody;
    type Reply = Identity;

    fn place(_: &Empty) -> Place {
        Place::Caller
    }

    async fn handle(
        _: Authorized<Self>,
        _: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem> {
        let fenced = services.part::<Memory>()?.fence(0).await.unwrap();
        let known = services.directory().incarnation_since(fenced).await;
        assert_eq!(known.unwrap(), fenced);
        Ok(Reply::new(Identity {
            arn: "nobody".to_owned(),
        }))
    }
}

fn top() -> Path {
    "/".parse().unwrap()
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct OfDocument {
    /// The account.
    pub account: AccountId,
    /// The document.
    pub document: String,
}

impl OfDocument {
    fn target(&self) -> Result<Target, Problem> {
        let key = self.document.parse().map_err(|_| Problem::not_found())?;
        let (app, kind) = ("docs".parse().unwrap(), "doc".parse().unwrap());
        Ok(Target::new(
            self.account,
            Arn::registered_resource(&app, &self.account, &kind, &key),
        ))
    }
}

/// Changes a document: its policy may keep even root out.
pub struct TouchDocument;

impl Operation for TouchDocument {
    const ID: &'static str = "touch_document";
    const METHOD: Method = Method::Put;
    const PATH: &'static str = "/v1/accounts/{account}/documents/{document}";
    const TAG: &'static str = "Documents";
    const SUMMARY: &'static str = "Touch a document";
    const ACCESS: Access = Access::Action("registry:RegisterResource");
    const SUCCESS: u16 = 204;
    type Path = OfDocument;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &OfDocument) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        input.path.target()
    }

    async fn handle(
        _: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        Ok(Reply::new(NoContent))
    }
}

/// Takes a document's policy away: root may, whatever it says.
pub struct FreeDocument;

impl Operation for FreeDocument {
    const ID: &'static str = "free_document";
    const METHOD: Method = Method::Delete;
    const PATH: &'static str = "/v1/accounts/{account}/documents/{document}";
    const TAG: &'static str = "Documents";
    const SUMMARY: &'static str = "Take a document's policy away";
    const ACCESS: Access = Access::Action("registry:DeleteResourcePolicy");
    const SUCCESS: u16 = 204;
    const ROOT_REPAIRS: bool = true;
    type Path = OfDocument;
    type Query = Empty;
    type Body = NoBody;
    type Reply = NoContent;

    fn place(path: &OfDocument) -> Place {
        Place::Account(path.account)
    }

    fn target(input: &Input<Self>, _: &Scope<'_>) -> Result<Target, Problem> {
        input.path.target()
    }

    async fn handle(
        _: Authorized<Self>,
        _: Input<Self>,
        _: &Services,
    ) -> Result<Reply<Self>, Problem> {
        Ok(Reply::new(NoContent))
    }
}
