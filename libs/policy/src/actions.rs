//! The actions of the service itself. Applications bring those of their own in a catalogue.

/// Each prefix of the service with its operations.
pub const OWN: &[(&str, &[&str])] = &[
    (
        "iam",
        &[
            "AcceptOidcProvider",
            "AddUserToGroup",
            "AttachGroupPolicy",
            "AttachRolePolicy",
            "AttachUserPolicy",
            "ChangePassword",
            "CloseAccount",
            "CreateAccessKey",
            "CreateExternalId",
            "CreateGroup",
            "CreateLoginProfile",
            "CreateOidcProvider",
            "CreatePolicy",
            "CreatePolicyVersion",
            "CreateRole",
            "CreateUser",
            "DeleteAccessKey",
            "DeleteExternalId",
            "DeleteGroup",
            "DeleteGroupPolicy",
            "DeleteLoginProfile",
            "DeleteOidcProvider",
            "DeleteOidcProviderLink",
            "DeletePolicy",
            "DeletePolicyVersion",
            "DeleteRole",
            "DeleteRoleMap",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DeleteSubjectAlias",
            "DeleteUser",
            "DeleteUserPermissionsBoundary",
            "DeleteUserPolicy",
            "DetachGroupPolicy",
            "DetachRolePolicy",
            "DetachUserPolicy",
            "GetAccessKeyLastUsed",
            "GetAccount",
            "GetAccountSettings",
            "GetAccountSummary",
            "GetExternalId",
            "GetGroup",
            "GetGroupPolicy",
            "GetOidcProvider",
            "GetOidcProviderLink",
            "GetPolicy",
            "GetPolicyVersion",
            "GetRole",
            "GetRoleMap",
            "GetRolePolicy",
            "GetSubjectAlias",
            "GetUser",
            "GetUserPolicy",
            "ListAccessKeys",
            "ListAttachedGroupPolicies",
            "ListAttachedRolePolicies",
            "ListAttachedUserPolicies",
            "ListExternalIds",
            "ListGroupPolicies",
            "ListGroupTags",
            "ListGroups",
            "ListGroupsForUser",
            "ListOidcProviderLinks",
            "ListOidcProviders",
            "ListPolicies",
            "ListPolicyTags",
            "ListPolicyVersions",
            "ListRolePolicies",
            "ListRoleTags",
            "ListRoles",
            "ListSubjectAliases",
            "ListUserPolicies",
            "ListUserTags",
            "ListUsers",
            "PassRole",
            "PutGroupPolicy",
            "PutRoleMap",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "PutSubjectAlias",
            "PutUserPermissionsBoundary",
            "PutUserPolicy",
            "ReadHistory",
            "ReadLog",
            "RemoveUserFromGroup",
            "SetDefaultPolicyVersion",
            "SetLockedTags",
            "ShareOidcProvider",
            "SimulateCustomPolicy",
            "SimulatePrincipalPolicy",
            "SuspendAccount",
            "TagGroup",
            "TagPolicy",
            "TagRole",
            "TagUser",
            "UpdateAccessKey",
            "UpdateAccount",
            "UpdateAccountSettings",
            "UpdateAssumeRolePolicy",
            "UpdateGroup",
            "UpdateLoginProfile",
            "UpdateOidcProvider",
            "UpdateOidcProviderLink",
            "UpdatePolicy",
            "UpdateRole",
            "UpdateUser",
        ],
    ),
    ("operator", &["ResumeAccount", "SuspendAccount"]),
    (
        "organizations",
        &[
            "AcceptInvitation",
            "AttachPolicy",
            "CreateAccount",
            "CreateOrganization",
            "CreatePolicy",
            "CreateUnit",
            "DeclineInvitation",
            "DeleteOrganization",
            "DeletePolicy",
            "DeleteUnit",
            "DeregisterDelegatedAdministrator",
            "DetachPolicy",
            "EnableRootCredential",
            "GetAccount",
            "GetOrganization",
            "GetPolicy",
            "GetUnit",
            "InviteAccount",
            "ListAccounts",
            "ListDelegatedAdministrators",
            "ListInvitations",
            "ListPolicies",
            "ListQuarantine",
            "ListUnits",
            "MoveAccount",
            "MoveUnit",
            "Quarantine",
            "RegisterDelegatedAdministrator",
            "RemoveAccount",
            "UpdatePolicy",
            "UpdateUnit",
        ],
    ),
    (
        "registry",
        &[
            "DeleteApplication",
            "DeleteResource",
            "DeleteResourcePolicy",
            "GetActions",
            "GetApplication",
            "GetResource",
            "GetResourcePolicy",
            "ListApplications",
            "ListResources",
            "PutActions",
            "PutResourcePolicy",
            "RegisterApplication",
            "RegisterResource",
            "UpdateApplication",
        ],
    ),
    (
        "sts",
        &[
            "AssumeRole",
            "AssumeRoleWithWebIdentity",
            "GetSession",
            "ListSessions",
            "RevokeSessions",
            "SetSourceIdentity",
            "SimulateWebIdentity",
            "TagSession",
        ],
    ),
    (
        "trilby",
        &[
            "Evaluate",
            "EvaluateSelf",
            "ExplainDecision",
            "ReadDecisions",
        ],
    ),
];

/// The operations below a prefix of the service. `service`: in lower case.
#[must_use]
pub fn below(service: &str) -> Option<&'static [&'static str]> {
    let found = OWN.iter().find(|(own, _)| *own == service);
    found.map(|(_, operations)| *operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTS: [&str; 4] = [
        include_str!("../../../openapi/identity.json"),
        include_str!("../../../openapi/token.json"),
        include_str!("../../../openapi/decision.json"),
        include_str!("../../../openapi/operator.json"),
    ];

    /// Asked for beside the action of an operation, or by other means than the API.
    const BESIDE: [&str; 11] = [
        "iam:ChangePassword",
        "iam:CreateLoginProfile",
        "iam:PassRole",
        "iam:ReadHistory",
        "iam:SetLockedTags",
        "sts:AssumeRole",
        "sts:AssumeRoleWithWebIdentity",
        "sts:SetSourceIdentity",
        "sts:TagSession",
        "trilby:EvaluateSelf",
        "trilby:ExplainDecision",
    ];

    #[test]
    fn every_operation_of_the_api_asks_for_a_known_action_and_no_other_is_known() {
        let asked: Vec<&str> = DOCUMENTS
            .iter()
            .flat_map(|document| document.split("\"x-trilby-action\": \"").skip(1))
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(asked.len() > 100, "{}", asked.len());
        for action in asked.iter().chain(&BESIDE) {
            let (service, operation) = action.split_once(':').unwrap();
            let known = below(service).is_some_and(|all| all.contains(&operation));
            assert!(known, "{action}");
        }
        for (service, operations) in OWN {
            assert!(operations.is_sorted());
            for operation in *operations {
                let action = format!("{service}:{operation}");
                assert!(
                    asked.contains(&&*action) || BESIDE.contains(&&*action),
                    "{action}"
                );
            }
        }
    }
}
