//! Schemas of parameters.
//!
//! A derived parameter refers to its type's schema by name but does not bring it along. Parameters are texts, so each
//! gets its schema in place: that of the noun it is, or plain text.

use trilby_model::{
    AccessKeyId, AccountAlias, AccountId, AccountName, ApplicationName, Arn, ConsistencyToken,
    ControlPolicyId, EmailAddress, ExternalId, GroupId, GroupName, InlinePolicyName, LinkId,
    MfaDeviceId, OrganizationId, Path, PolicyId, PolicyName, ProviderId, ResourceKey, ResourceType,
    RoleId, RoleName, RoleSessionName, RootId, Seq, SessionId, SourceIdentity, TagKey, TagValue,
    Timestamp, UnitId, UserId, UserName,
};
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Puts the parameter's schema where the reference to it was.
pub(super) fn in_place(mut parameter: Parameter) -> Parameter {
    if let Some(RefOr::Ref(reference)) = &parameter.schema {
        let name = reference
            .ref_location
            .rsplit('/')
            .next()
            .unwrap_or_default();
        parameter.schema = Some(noun(name).unwrap_or_else(text));
    }
    parameter
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).into()
}

fn noun(name: &str) -> Option<RefOr<Schema>> {
    macro_rules! find {
        ($($type:ty),* $(,)?) => {
            $(if <$type as ToSchema>::name() == name {
                return Some(<$type as PartialSchema>::schema());
            })*
        };
    }
    find!(
        AccessKeyId,
        AccountAlias,
        AccountId,
        AccountName,
        ApplicationName,
        Arn,
        ConsistencyToken,
        ControlPolicyId,
        EmailAddress,
        ExternalId,
        GroupId,
        GroupName,
        InlinePolicyName,
        LinkId,
        MfaDeviceId,
        OrganizationId,
        Path,
        PolicyId,
        PolicyName,
        ProviderId,
        ResourceKey,
        ResourceType,
        RoleId,
        RoleName,
        RoleSessionName,
        RootId,
        Seq,
        SessionId,
        SourceIdentity,
        TagKey,
        TagValue,
        Timestamp,
        UnitId,
        UserId,
        UserName,
    );
    None
}
