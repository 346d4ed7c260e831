//! One operation of an API, as a type.
//!
//! Everything about an operation that is not its work is a constant or an associated type here: its route, its rights,
//! what it reads and answers, which problems it may have. The registry makes the route, the OpenAPI entry and the row of
//! the access matrix from it, so the three cannot disagree.
//!
//! INVARIANT: [`Operation::handle`] takes an [`Authorized`] value, and only this crate makes one, after the rule in
//! [`Operation::ACCESS`] has been met. A handler cannot run, in tests either, without its action having been allowed.

use serde::de::DeserializeOwned;
use trilby_model::{AccountId, LogId};
use trilby_service::problem::{Code, ErrorForm, Problem};
use utoipa::IntoParams;

use crate::authorized::Authorized;
use crate::body::RequestBody;
use crate::input::Input;
use crate::reply::{Reply, ReplyBody};
use crate::services::Services;
use crate::target::{Place, Scope, Target};

/// HTTP methods that our APIs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or acts.
    Post,
    /// Replaces a sub-document.
    Put,
    /// Merges into the mutable attributes (RFC 7396).
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether requests with this method change nothing.
    #[must_use]
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Get)
    }
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without a token. The reason is shown in the access matrix; the list of these only shrinks.
    Public(&'static str),
    /// Any caller with a live session, whatever its rights. The reason is shown in the access matrix.
    Authenticated(&'static str),
    /// A caller to whom the engine allows this action on the operation's [`Target`].
    Action(&'static str),
}

/// To whom a refusal may be told as a refusal (403). Everyone else gets the 404 of an unknown resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// To callers who are allowed this action (the matching `Get…` or `List…`) on the same resource.
    ByAction(&'static str),
    /// To every principal of the account: the resource is the account itself or one of its collections, whose
    /// existence is no secret to its members.
    ToMembers,
}

/// Whether an operation takes `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// Not at all: the operation changes nothing, or has its own protection against repetition.
    None,
    /// If sent, it counts.
    Optional,
    /// Without it the request is refused.
    Required,
}

/// Whether an operation takes `If-Match` and `If-None-Match: *`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precondition {
    /// There is nothing to compare with.
    None,
    /// If sent, it counts.
    Optional,
    /// Without one of them the answer is 428.
    Required,
}

/// The constants of an operation that the way through it asks for. What is done by them is compiled once and not for
/// each operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) method: Method,
    pub(crate) access: Access,
    pub(crate) federated: bool,
    pub(crate) known: Known,
    pub(crate) idempotency: Idempotency,
    pub(crate) precondition: Precondition,
    pub(crate) history: bool,
    pub(crate) root_repairs: bool,
    pub(crate) errors: ErrorForm,
}

impl Rule {
    pub(crate) const fn of<Op: Operation>() -> Self {
        Self {
            id: Op::ID,
            method: Op::METHOD,
            access: Op::ACCESS,
            federated: Op::FEDERATED,
            known: Op::KNOWN,
            idempotency: Op::IDEMPOTENCY,
            precondition: Op::PRECONDITION,
            history: Op::HISTORY,
            root_repairs: Op::ROOT_REPAIRS,
            errors: Op::ERRORS,
        }
    }
}

/// Which pages in browsers may read an operation's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browsers {
    /// None, or whichever the answer itself names.
    None,
    /// Those of the origins that the account has in its setting `security.allowed_origins`.
    OfAccount,
}

/// One operation: a route with its rights and its handler.
#[expect(
    async_fn_in_trait,
    reason = "handlers run on actix's single-threaded executors and need not be Send"
)]
pub trait Operation: Sized + 'static {
    /// Operation id, `verb_noun`: `create_user`. Unique over all services; generated clients are named after it.
    const ID: &'static str;
    /// HTTP method.
    const METHOD: Method;
    /// Path template below `public_url`: `/v1/accounts/{account}/users/{user}`.
    const PATH: &'static str;
    /// The group of operations that it is listed in: `Users`.
    const TAG: &'static str;
    /// One line: `Create a user`.
    const SUMMARY: &'static str;
    /// Further text for the API's document, in CommonMark.
    const DESCRIPTION: &'static str = "";
    /// Who may call.
    const ACCESS: Access;
    /// Whether a federated session may call, where any session may: it has no rights that an action could be asked of.
    const FEDERATED: bool = false;
    /// To whom a refusal may be told.
    const KNOWN: Known = Known::ToMembers;
    /// Status of success.
    const SUCCESS: u16 = 200;
    /// What success means, for the API's document.
    const SUCCESS_DESCRIPTION: &'static str = "Done";
    /// Headers that its success has beside those of every answer, and what each says, for the API's document.
    const SUCCESS_HEADERS: &'static [(&'static str, &'static str)] = &[];
    /// Whether it also answers 201 with the same body: a PUT that makes what it would replace ([`Reply::created`]).
    const CREATES: bool = false;
    /// The problems that only this operation can have. Those of authentication, authorization, bodies, consistency,
    /// idempotency and preconditions are added by the registry.
    const PROBLEMS: &'static [Code] = &[];
    /// Whether `Idempotency-Key` is taken.
    const IDEMPOTENCY: Idempotency = if Self::METHOD.is_read() {
        Idempotency::None
    } else {
        Idempotency::Optional
    };
    /// Whether `If-Match` is taken.
    const PRECONDITION: Precondition = Precondition::None;
    /// Whether `Trilby-At-Seq` and `Trilby-At-Time` are taken (then `iam:ReadHistory` is asked as well).
    const HISTORY: bool = Self::METHOD.is_read();

    /// Which pages in browsers may read its answers.
    const BROWSERS: Browsers = Browsers::None;

    /// Whether root may do it in its own account although the policy on the resource denies it: for reading, replacing
    /// and deleting that very policy, and nothing else.
    const ROOT_REPAIRS: bool = false;
    /// The form of its problems: endpoints of standards that have one of their own (OAuth, AuthZEN) name it.
    const ERRORS: ErrorForm = ErrorForm::Problem;

    /// The path's parameters.
    type Path: DeserializeOwned + IntoParams;
    /// The query's parameters; unknown and doubled ones are refused.
    type Query: DeserializeOwned + IntoParams;
    /// The body: [`crate::NoBody`], [`crate::Json`] or [`crate::Form`].
    type Body: RequestBody;
    /// The body of a success; [`crate::NoContent`] for none.
    type Reply: ReplyBody;

    /// Which account or organization the path lies in.
    fn place(path: &Self::Path) -> Place {
        let _ = path;
        Place::Nowhere
    }

    /// The account whose pages may read the answer ([`Operation::BROWSERS`]), where it is neither in the path nor the
    /// caller's.
    fn page_account(input: &Input<Self>) -> Option<AccountId> {
        let _ = input;
        None
    }

    /// The log that keeps the answer for repetitions, where that is not the log of the place: a receipt is kept only in
    /// a log that the operation writes.
    fn receipt_log(path: &Self::Path) -> Option<LogId> {
        let _ = path;
        None
    }

    /// What the action is asked of: the resource's ARN and the condition keys of this request. Called for every
    /// operation whose access is an action, with the state of the place; it must answer for things that do not exist
    /// as for things that do (authorization is asked before existence is told).
    ///
    /// The default is for operations without an action; with one it fails, which allows nothing.
    fn target(input: &Input<Self>, scope: &Scope<'_>) -> Result<Target, Problem> {
        let _ = (input, scope);
        Err(Problem::internal("the operation has no target"))
    }

    /// Does the work.
    async fn handle(
        grant: Authorized<Self>,
        input: Input<Self>,
        services: &Services,
    ) -> Result<Reply<Self>, Problem>;

    /// The answer to a repetition: what was kept of the first, and what is asked anew each time.
    async fn again(kept: Reply<Self>, input: &Input<Self>, services: &Services) -> Reply<Self> {
        let _ = (input, services);
        kept
    }
}
