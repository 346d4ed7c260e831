//! The API's document (OpenAPI 3.1), made from the same rows as the routes.

use std::collections::{BTreeMap, BTreeSet};

use trilby_service::problem::Code;
use utoipa::IntoParams;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{
    HttpMethod, Operation as OpenOperation, OperationBuilder, Parameter, ParameterBuilder,
    ParameterIn, PathItem,
};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, Content, HeaderBuilder, Info, OpenApi, OpenApiBuilder, Paths, RefOr,
    Required, Schema,
};

use super::{Row, nouns};
use crate::body::{RequestBody, Schemas};
use crate::operation::{Access, Browsers, Idempotency, Method, Operation, Precondition};
use crate::problem_schema::ProblemDocument;
use crate::reply::ReplyBody;

/// Name of the security scheme: our session tokens.
pub const BEARER: &str = "session";

const PROBLEM_JSON: &str = "application/problem+json";

type Describe = dyn Fn(&mut Schemas) -> OpenOperation + Send + Sync;

/// The whole document.
pub(super) fn document<'a>(
    info: Info,
    operations: impl Iterator<Item = (&'a Row, &'a Describe)>,
) -> OpenApi {
    let mut schemas: Schemas = Vec::new();
    let mut paths: BTreeMap<&'static str, PathItem> = BTreeMap::new();
    let mut tags: BTreeSet<&'static str> = BTreeSet::new();
    for (row, describe) in operations {
        let operation = describe(&mut schemas);
        tags.insert(row.tag);
        let item = PathItem::new(http_method(row.method), operation);
        match paths.get_mut(row.path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.insert(row.path, item);
            }
        }
    }
    let problem = crate::body::schema_of::<ProblemDocument>(&mut schemas);
    drop(problem);
    let titled: BTreeMap<String, RefOr<Schema>> = schemas
        .into_iter()
        .map(|(name, schema)| (name.clone(), titled(&name, schema)))
        .collect();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A session token of this installation, from the token service.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(titled)
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .build();
    let paths = paths
        .into_iter()
        .fold(Paths::new(), |mut all, (path, item)| {
            all.paths.insert(path.to_owned(), item);
            all
        });
    OpenApiBuilder::new()
        .info(info)
        .paths(paths)
        .components(Some(components))
        .tags(Some(
            tags.into_iter()
                .map(|name| TagBuilder::new().name(name).build()),
        ))
        .build()
}

/// Generators name types after titles, so each schema has its name as one.
fn titled(name: &str, schema: RefOr<Schema>) -> RefOr<Schema> {
    let RefOr::T(mut schema) = schema else {
        return schema;
    };
    let slot = match &mut schema {
        Schema::Object(object) => Some(&mut object.title),
        Schema::Array(array) => Some(&mut array.title),
        Schema::OneOf(one) => Some(&mut one.title),
        Schema::AllOf(all) => Some(&mut all.title),
        // Schemas of this form have no title of their own.
        Schema::AnyOf(_) => None,
        _ => None,
    };
    if let Some(title) = slot
        && title.is_none()
    {
        *title = Some(name.to_owned());
    }
    RefOr::T(schema)
}

fn http_method(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Patch => HttpMethod::Patch,
        Method::Delete => HttpMethod::Delete,
    }
}

/// One operation.
pub(super) fn operation<Op: Operation>(schemas: &mut Schemas) -> OpenOperation {
    let mut parameters = Op::Path::into_params(|| Some(ParameterIn::Path));
    parameters.extend(Op::Query::into_params(|| Some(ParameterIn::Query)));
    let mut parameters: Vec<Parameter> = parameters.into_iter().map(nouns::in_place).collect();
    parameters.extend(header_parameters(&Row::of::<Op>()));
    let description = (!Op::DESCRIPTION.is_empty()).then_some(Op::DESCRIPTION);
    let mut builder = OperationBuilder::new()
        .operation_id(Some(Op::ID))
        .tag(Op::TAG)
        .summary(Some(Op::SUMMARY))
        .description(description)
        .parameters(Some(parameters))
        .request_body(Op::Body::describe(schemas))
        .response(Op::SUCCESS.to_string(), success::<Op>(schemas));
    if Op::CREATES {
        builder = builder.response("201", success::<Op>(schemas));
    }
    for (status, response) in refusals(&problems::<Op>()) {
        builder = builder.response(status.to_string(), response);
    }
    let security = match Op::ACCESS {
        // An empty list overrides nothing but says it: no credential is needed.
        Access::Public(_) => SecurityRequirement::default(),
        Access::Authenticated(_) | Access::Action(_) => {
            SecurityRequirement::new(BEARER, Vec::<String>::new())
        }
    };
    builder
        .security(security)
        .extensions(Some(extensions(Op::ACCESS)))
        .build()
}

/// One member, never two: utoipa writes them in no order.
fn extensions(access: Access) -> Extensions {
    let (name, text) = match access {
        Access::Action(action) => ("x-trilby-action", action),
        Access::Authenticated(reason) => ("x-trilby-authenticated", reason),
        Access::Public(reason) => ("x-trilby-public", reason),
    };
    Extensions::from_iter([(name, text)])
}

fn text() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .build()
        .into()
}

fn header_parameters(row: &Row) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let mut add = |name: &str, required: bool, description: &str| {
        let required = if required {
            Required::True
        } else {
            Required::False
        };
        parameters.push(
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .required(required)
                .description(Some(description))
                .schema(Some(text()))
                .build(),
        );
    };
    match row.idempotency {
        Idempotency::None => {}
        Idempotency::Optional => add(
            "Idempotency-Key",
            false,
            "Makes a repetition answer as the first request did",
        ),
        Idempotency::Required => add(
            "Idempotency-Key",
            true,
            "Makes a repetition answer as the first request did",
        ),
    }
    match row.precondition {
        Precondition::None => {}
        Precondition::Optional => add(
            "If-Match",
            false,
            "The ETag that the resource must still have",
        ),
        Precondition::Required => {
            add(
                "If-Match",
                false,
                "The ETag that the resource must still have; this or `If-None-Match` is required",
            );
        }
    }
    if row.precondition != Precondition::None && row.method == Method::Put {
        add(
            "If-None-Match",
            false,
            "`*`: the resource must not exist yet",
        );
    }
    if !matches!(row.access, Access::Public(_)) {
        add(
            "Trilby-Min-Seq",
            false,
            "Answer from a state at least as new as this consistency token",
        );
    }
    if row.history {
        add(
            "Trilby-At-Seq",
            false,
            "Answer as of exactly this consistency token; needs `iam:ReadHistory`",
        );
        add(
            "Trilby-At-Time",
            false,
            "Answer as of this time (RFC 3339); needs `iam:ReadHistory`",
        );
    }
    parameters
}

fn success<Op: Operation>(schemas: &mut Schemas) -> Response {
    let mut response = ResponseBuilder::new().description(Op::SUCCESS_DESCRIPTION);
    if let Some(schema) = Op::Reply::schema(schemas) {
        response = response.content("application/json", Content::new(Some(schema)));
    }
    let header = |name: &'static str, description: &'static str| {
        (
            name,
            HeaderBuilder::new()
                .schema(Some(text()))
                .description(Some(description))
                .build(),
        )
    };
    let mut headers = vec![
        header("Trilby-Request-Id", "Our id of this request"),
        header(
            "Trilby-Seq",
            "Where each log stood that was read or written",
        ),
    ];
    if Op::SUCCESS == 201 {
        headers.push(header("Location", "Where the new resource is"));
    }
    if Op::PRECONDITION != Precondition::None {
        headers.push(header("ETag", "The resource's version, for `If-Match`"));
    }
    if Op::IDEMPOTENCY != Idempotency::None {
        headers.push(header(
            "Idempotency-Replayed",
            "`true` if this repeats the answer to an earlier request",
        ));
    }
    if Op::BROWSERS == Browsers::OfAccount {
        headers.push(header(
            "Access-Control-Allow-Origin",
            "The origin of the page that asks, if it is among the account's `security.allowed_origins`",
        ));
    }
    let own = Op::SUCCESS_HEADERS.iter();
    headers.extend(own.map(|(name, description)| header(name, description)));
    for (name, header) in headers {
        response = response.header(name, header);
    }
    response.build()
}

/// All problems of an operation: its own and those of the steps before its handler.
pub(crate) fn problems<Op: Operation>() -> BTreeSet<Code> {
    let mut codes: BTreeSet<Code> = Op::PROBLEMS.iter().copied().collect();
    codes.extend([Code::InternalError, Code::Unavailable]);
    match Op::ACCESS {
        Access::Public(_) => {}
        Access::Authenticated(_) => {
            codes.extend([Code::Unauthenticated, Code::StateBehind, Code::TimelineLost])
        }
        Access::Action(_) => codes.extend([
            Code::Unauthenticated,
            Code::AccessDenied,
            Code::NotFound,
            Code::StateBehind,
            Code::TimelineLost,
        ]),
    }
    if matches!(Op::ACCESS, Access::Action(_)) && !Op::METHOD.is_read() {
        codes.insert(Code::EscalationRefused);
    }
    codes.insert(Code::InvalidParameter);
    if <Op::Body as RequestBody>::PRESENT {
        codes.extend([
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
            Code::InvalidJson,
            Code::UnknownField,
            Code::MissingParameter,
        ]);
    }
    match Op::IDEMPOTENCY {
        Idempotency::None => {}
        Idempotency::Optional | Idempotency::Required => {
            codes.extend([
                Code::IdempotencyKeyReused,
                Code::IdempotencyInProgress,
                Code::WriteConflict,
                Code::Busy,
            ]);
        }
    }
    match Op::PRECONDITION {
        Precondition::None => {}
        Precondition::Optional => codes.extend([Code::EtagMismatch]),
        Precondition::Required => codes.extend([Code::EtagMismatch, Code::PreconditionRequired]),
    }
    if Op::HISTORY {
        codes.insert(Code::InvalidSeq);
    }
    codes
}

/// A response per status, naming the codes that come with it.
fn refusals(codes: &BTreeSet<Code>) -> BTreeMap<u16, Response> {
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for code in codes {
        by_status
            .entry(code.status().as_u16())
            .or_default()
            .push(code.as_str());
    }
    by_status
        .into_iter()
        .map(|(status, codes)| {
            let description = format!("`{}`", codes.join("`, `"));
            let schema = RefOr::Ref(utoipa::openapi::Ref::from_schema_name("Problem"));
            let content = Content::new(Some(schema));
            (
                status,
                ResponseBuilder::new()
                    .description(description)
                    .content(PROBLEM_JSON, content)
                    .build(),
            )
        })
        .collect()
}
