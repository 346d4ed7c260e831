//! What trust policies may ask of a wish to put on a role, and what the engine says to it.

use trilby_access::authorize::Inquiry;
use trilby_directory::World;
use trilby_engine::Decision;
use trilby_model::{SourceIdentity, Tags};
use trilby_policy::{Context, ContextValue};
use trilby_service::problem::Problem;

use super::RoleRequest;
use super::refusal::{NotAllowed, reason};
use crate::session_tags::SessionTags;

/// Putting on a role by a session.
pub(super) const ASSUME_ROLE: &str = "sts:AssumeRole";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";
const TAG_SESSION: &str = "sts:TagSession";

/// A wish, with what the session would have from before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// What is asked for.
    pub(super) request: &'a RoleRequest,
    /// All tags the session would have.
    pub(super) tags: &'a SessionTags,
    /// Those of them that were handed on to it.
    pub(super) inherited: &'a Tags,
    /// Who would be behind it.
    pub(super) source_identity: Option<&'a SourceIdentity>,
    /// How long it was asked to last, in seconds.
    pub(super) duration_s: Option<i64>,
}

impl Wish<'_> {
    /// Condition keys of the wish.
    pub(super) fn keys(&self) -> Context {
        let request = self.request;
        let mut keys = Context::new();
        let mut scalar = |key: &str, value: String| keys.insert(key, ContextValue::Scalar(value));
        scalar("sts:RoleSessionName", request.session_name.to_string());
        if let Some(external_id) = &request.external_id {
            scalar("sts:ExternalId", external_id.to_string());
        }
        if let Some(source_identity) = self.source_identity {
            scalar("sts:SourceIdentity", source_identity.to_string());
        }
        if let Some(duration_s) = self.duration_s {
            scalar("sts:DurationSeconds", duration_s.to_string());
        }
        for (key, value) in self.tags.tags.iter() {
            scalar(&format!("trilby:RequestTag/{key}"), value.to_string());
        }
        // What was handed on speaks for the role's own tags of the same key while trust is asked.
        for (key, value) in self.inherited.iter() {
            for family in ["trilby:ResourceTag", "iam:ResourceTag"] {
                scalar(&format!("{family}/{key}"), value.to_string());
            }
        }
        let tag_keys: Vec<String> = self
            .tags
            .tags
            .iter()
            .map(|(key, _)| key.to_string())
            .collect();
        keys.insert("trilby:TagKeys", ContextValue::List(tag_keys));
        let transitive = self.tags.transitive.iter().map(ToString::to_string);
        keys.insert(
            "sts:TransitiveTagKeys",
            ContextValue::List(transitive.collect()),
        );
        keys
    }

    /// The engine's answer to the wish and to all that comes with it.
    ///
    /// Errors: faults of the engine.
    pub(super) fn decisions(
        &self,
        inquiry: &Inquiry,
        world: &World,
        action: &'static str,
        keys: &Context,
    ) -> Result<Vec<(&'static str, Decision)>, Problem> {
        let role = &self.request.role_arn;
        self.actions(action)
            .map(|action| {
                let decision = inquiry.decide(world, action, role, role.account_id(), keys)?;
                Ok((action, decision))
            })
            .collect()
    }

    fn actions(&self, action: &'static str) -> impl Iterator<Item = &'static str> {
        let tags = (!self.tags.tags.is_empty()).then_some(TAG_SESSION);
        let source = self
            .source_identity
            .is_some()
            .then_some(SET_SOURCE_IDENTITY);
        std::iter::once(action).chain(tags).chain(source)
    }

    /// The first action that is not allowed, with why; `None` if all are.
    ///
    /// Errors: faults of the engine.
    pub(super) fn refused(
        &self,
        inquiry: &Inquiry,
        world: &World,
        action: &'static str,
        keys: &Context,
    ) -> Result<Option<NotAllowed>, Problem> {
        let role = &self.request.role_arn;
        let owner = role.account_id();
        for action in self.actions(action) {
            if !inquiry.allows(world, action, role, owner, keys)? {
                let decision = inquiry.decide(world, action, role, owner, keys)?;
                let why = reason(action, &decision);
                return Ok(Some(NotAllowed { action, why }));
            }
        }
        Ok(None)
    }
}
