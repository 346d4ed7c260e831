//! The condition keys the service itself knows: their spelling, type, and whether they hold one value
//! or many.
//!
//! A key that is not listed is legal in a policy; it is simply absent unless someone supplies it.

use std::borrow::Cow;

/// What the values of a key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Any text.
    String,
    /// Six-part name.
    Arn,
    /// `true` or `false`.
    Bool,
    /// Decimal number.
    Numeric,
    /// ISO 8601 or epoch seconds.
    Date,
    /// IPv4 or IPv6 address.
    Ip,
}

/// How many values a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Exactly one.
    Single,
    /// Any number.
    Multi,
}

/// A registered key, or family of keys when `name` ends in `/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Usual spelling.
    pub name: &'static str,
    /// Type of its values.
    pub value: Type,
    /// One value or many.
    pub shape: Shape,
}

const fn one(name: &'static str, value: Type) -> Registered {
    Registered {
        name,
        value,
        shape: Shape::Single,
    }
}

const fn many(name: &'static str) -> Registered {
    Registered {
        name,
        value: Type::String,
        shape: Shape::Multi,
    }
}

/// Every built-in key. Names ending in `/` are families: a tag key follows.
pub const REGISTRY: &[Registered] = &[
    // The principal.
    one("aws:PrincipalArn", Type::Arn),
    one("aws:PrincipalAccount", Type::String),
    one("aws:PrincipalOrgID", Type::String),
    many("aws:PrincipalOrgPaths"),
    one("aws:PrincipalTag/", Type::String),
    one("aws:PrincipalType", Type::String),
    one("aws:PrincipalIsAWSService", Type::Bool),
    one("aws:PrincipalServiceName", Type::String),
    many("aws:PrincipalServiceNamesList"),
    one("aws:userid", Type::String),
    one("aws:username", Type::String),
    one("aws:FederatedProvider", Type::Arn),
    one("trilby:FederatedIssuer", Type::String),
    one("trilby:FederatedSubject", Type::String),
    one("trilby:FederatedAudience", Type::String),
    one("aws:SourceIdentity", Type::String),
    one("aws:TokenIssueTime", Type::Date),
    one("aws:MultiFactorAuthPresent", Type::Bool),
    one("aws:MultiFactorAuthAge", Type::Numeric),
    one("trilby:OriginMfaAge", Type::Numeric),
    one("trilby:ViaSession", Type::Bool),
    one("trilby:ChainDepth", Type::Numeric),
    // The request, the resource, the network.
    one("aws:CurrentTime", Type::Date),
    one("aws:EpochTime", Type::Date),
    one("aws:SourceIp", Type::Ip),
    one("aws:SecureTransport", Type::Bool),
    one("aws:UserAgent", Type::String),
    one("aws:Referer", Type::String),
    one("aws:RequestedRegion", Type::String),
    one("aws:RequestTag/", Type::String),
    many("aws:TagKeys"),
    one("aws:ResourceTag/", Type::String),
    one("aws:ResourceAccount", Type::String),
    one("aws:ResourceOrgID", Type::String),
    many("aws:ResourceOrgPaths"),
    one("aws:SourceArn", Type::Arn),
    one("aws:SourceAccount", Type::String),
    one("aws:SourceOrgID", Type::String),
    many("aws:SourceOrgPaths"),
    many("aws:CalledVia"),
    one("aws:CalledViaFirst", Type::String),
    one("aws:CalledViaLast", Type::String),
    one("aws:ViaAWSService", Type::Bool),
    // Becoming a role.
    one("sts:ExternalId", Type::String),
    one("sts:RoleSessionName", Type::String),
    one("sts:SourceIdentity", Type::String),
    many("sts:TransitiveTagKeys"),
    one("sts:DurationSeconds", Type::Numeric),
    one("iam:ResourceTag/", Type::String),
    // Guards of identity administration.
    one("iam:OidcIssuer", Type::String),
    one("iam:PolicyARN", Type::Arn),
    one("iam:PermissionsBoundary", Type::Arn),
    one("iam:PassedToService", Type::String),
    one("iam:AssociatedResourceArn", Type::Arn),
];

/// The form keys are compared in: lower case, and `trilby:` written `aws:`.
#[must_use]
pub fn normalise(key: &str) -> Cow<'_, str> {
    let lower = if key.bytes().any(|b| b.is_ascii_uppercase() || !b.is_ascii()) {
        Cow::Owned(key.to_lowercase())
    } else {
        Cow::Borrowed(key)
    };
    match lower.strip_prefix(trilby_model::brand::KEY_PREFIX) {
        Some(rest) => {
            let mut twin = String::with_capacity(key.len());
            twin.push_str(trilby_model::brand::KEY_PREFIX_ALIAS);
            twin.push_str(rest);
            Cow::Owned(twin)
        }
        None => lower,
    }
}

/// The registration of a key, in any spelling.
#[must_use]
pub fn find(key: &str) -> Option<&'static Registered> {
    let normal = normalise(key);
    // Most keys are an application's own.
    if !is_registered_namespace(&normal) {
        return None;
    }
    REGISTRY.iter().find(|entry| is_called(entry.name, &normal))
}

/// Compares a registered name with a key in normal form, without building the name's normal form.
fn is_called(name: &str, normal: &str) -> bool {
    let (Some((prefix, name)), Some((given, rest))) =
        (name.split_once(':'), normal.split_once(':'))
    else {
        return false;
    };
    if given != prefix && !(is_own(prefix) && is_own(given)) {
        return false;
    }
    if name.ends_with('/') {
        rest.len() > name.len()
            && rest
                .get(..name.len())
                .is_some_and(|family| family.eq_ignore_ascii_case(name))
    } else {
        rest.eq_ignore_ascii_case(name)
    }
}

/// Whether a namespace is one of the twins.
fn is_own(prefix: &str) -> bool {
    [
        trilby_model::brand::KEY_PREFIX,
        trilby_model::brand::KEY_PREFIX_ALIAS,
    ]
    .into_iter()
    .any(|own| own.strip_suffix(':') == Some(prefix))
}

/// Whether the service fills this key in.
#[must_use]
pub fn is_known(key: &str) -> bool {
    find(key).is_some() || is_amr(&normalise(key))
}

/// Type of a built-in key.
#[must_use]
pub fn type_of(key: &str) -> Option<Type> {
    find(key).map(|entry| entry.value)
}

/// Shape of a built-in key; `None` for keys we do not know.
#[must_use]
pub fn shape_of(key: &str) -> Option<Shape> {
    find(key)
        .map(|entry| entry.shape)
        .or_else(|| is_amr(&normalise(key)).then_some(Shape::Multi))
}

/// Whether a key is known to hold any number of values.
#[must_use]
pub fn is_multivalued(key: &str) -> bool {
    shape_of(key) == Some(Shape::Multi)
}

/// Whether a key lies in a namespace that belongs to the service, so that no caller may supply it.
#[must_use]
pub fn is_reserved(key: &str) -> bool {
    is_registered_namespace(&normalise(key))
}

fn is_registered_namespace(normal: &str) -> bool {
    ["aws:", "sts:", "iam:"]
        .iter()
        .any(|prefix| normal.starts_with(prefix))
}

/// `<issuer>:amr`, the authentication methods of an outside login.
fn is_amr(normal: &str) -> bool {
    normal
        .strip_suffix(":amr")
        .is_some_and(|issuer| !issuer.is_empty() && !is_reserved(normal))
}

/// A key as a policy wrote it, with its normal form beside it.
#[derive(Clone, Debug)]
pub struct Key {
    written: Box<str>,
    normal: Box<str>,
    origin: Origin,
}

/// Where the value of a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A tag of the principal.
    PrincipalTag,
    /// A tag of the resource, under either name.
    ResourceTag,
    /// Where the principal's account stands in its organization.
    PrincipalPlace,
    /// Where the owner's account stands in its organization.
    ResourcePlace,
    /// The request and its session.
    Request,
}

impl Origin {
    fn of(normal: &str) -> Self {
        let Some(name) = normal.strip_prefix(trilby_model::brand::KEY_PREFIX_ALIAS) else {
            return if normal.starts_with("iam:resourcetag/") {
                Self::ResourceTag
            } else {
                Self::Request
            };
        };
        match name {
            "principalorgid" | "principalorgpaths" => Self::PrincipalPlace,
            "resourceorgid" | "resourceorgpaths" => Self::ResourcePlace,
            _ if name.starts_with("principaltag/") => Self::PrincipalTag,
            _ if name.starts_with("resourcetag/") => Self::ResourceTag,
            _ => Self::Request,
        }
    }
}

impl Key {
    pub(crate) fn new(written: &str) -> Self {
        let normal: Box<str> = normalise(written).into();
        Self {
            written: written.into(),
            origin: Origin::of(&normal),
            normal,
        }
    }

    /// As the policy spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Where its value comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// As keys are compared.
    #[must_use]
    pub fn normal(&self) -> &str {
        &self.normal
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests;
