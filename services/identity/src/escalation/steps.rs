//! The known ways up, one by one.

use trilby_access::Target;
use trilby_account::{Holder, Policy, PolicyRef, PrincipalId};
use trilby_model::{Arn, PolicyName};
use trilby_service::problem::Problem;

use super::Step;
use super::node::{Asker, Node};

/// The policy that whoever gives himself one would take.
const ADMINISTRATOR: &str = "AdministratorAccess";
/// A name that new things get.
const NEW: &str = "new";

const ASSUME: &str = "sts:AssumeRole";

/// The actions that give a policy to one sort of holder.
#[derive(Clone, Copy)]
struct Giving {
    attach: &'static str,
    write: &'static str,
}

impl Giving {
    const USER: Self = Self {
        attach: "iam:AttachUserPolicy",
        write: "iam:PutUserPolicy",
    };
    const GROUP: Self = Self {
        attach: "iam:AttachGroupPolicy",
        write: "iam:PutGroupPolicy",
    };
    const ROLE: Self = Self {
        attach: "iam:AttachRolePolicy",
        write: "iam:PutRolePolicy",
    };
}

impl Asker<'_> {
    /// How a principal comes to everything without becoming another that is there: nothing, if it is there already.
    pub fn own_way(&self, who: &Node<'_>) -> Result<Option<Vec<Step>>, Problem> {
        let standing = self.standing(who)?;
        if standing.administers {
            return Ok(Some(Vec::new()));
        }
        // Whoever is bounded writes no grants but for those who are bounded alike, and makes nobody who is not.
        if who.boundary.is_some() && self.account.settings().security.boundary_sticky {
            return Ok(None);
        }
        if standing.liftable
            && let Some(step) = self.raising(who)?
        {
            return Ok(Some(vec![step]));
        }
        self.new_role(who)
    }

    /// How `from` becomes `to`; a role that trusts it, or a user whose credentials it may set.
    pub fn becoming(&self, from: &Node<'_>, to: &Node<'_>) -> Result<Option<Vec<Step>>, Problem> {
        match to.id {
            PrincipalId::Role(_) => self.putting_on(from, to),
            PrincipalId::User(_) => self.credentials(from, to),
        }
    }

    fn putting_on(&self, from: &Node<'_>, to: &Node<'_>) -> Result<Option<Vec<Step>>, Problem> {
        let about = self.about(to);
        let assume = step(ASSUME, &to.arn);
        let session = about.clone().key("sts:RoleSessionName", NEW);
        if self.may(from, ASSUME, &session)? {
            return Ok(Some(vec![assume]));
        }
        const TRUST: &str = "iam:UpdateAssumeRolePolicy";
        Ok(self
            .may(from, TRUST, &about)?
            .then(|| vec![step(TRUST, &to.arn), assume]))
    }

    /// With the credential ceiling nobody sets credentials of whoever may more than himself.
    fn credentials(&self, from: &Node<'_>, to: &Node<'_>) -> Result<Option<Vec<Step>>, Problem> {
        if self.account.settings().security.credential_ceiling {
            return Ok(None);
        }
        self.first(
            from,
            &self.about(to),
            &[
                "iam:CreateAccessKey",
                "iam:CreateLoginProfile",
                "iam:UpdateLoginProfile",
            ],
        )
        .map(|step| step.map(|step| vec![step]))
    }

    /// A policy for oneself or for a group that one is in, or another text of a policy that one has.
    fn raising(&self, who: &Node<'_>) -> Result<Option<Step>, Problem> {
        let own = match who.id {
            PrincipalId::User(_) => Giving::USER,
            PrincipalId::Role(_) => Giving::ROLE,
        };
        if let Some(step) = self.giving(who, self.about(who), own)? {
            return Ok(Some(step));
        }
        let mut holders = vec![who.holder()];
        for group in self.groups(who) {
            let Some(target) = self.group(&group) else {
                continue;
            };
            if let Some(step) = self.giving(who, target, Giving::GROUP)? {
                return Ok(Some(step));
            }
            holders.push(group);
        }
        for holder in holders {
            if let Some(step) = self.rewriting(who, &holder)? {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    /// Another text for a policy: asked as attaching it anew to everybody who holds it.
    fn rewriting(&self, who: &Node<'_>, holder: &Holder) -> Result<Option<Step>, Problem> {
        const CREATE: &str = "iam:CreatePolicyVersion";
        const SET: &str = "iam:SetDefaultPolicyVersion";
        let attached = self.account.grants(holder).into_iter();
        for attachment in attached.flat_map(|grants| &grants.attached) {
            let PolicyRef::Customer(id) = &attachment.policy else {
                continue;
            };
            let Some(policy) = self.account.policies().get(id) else {
                continue;
            };
            let arn = Arn::policy(&self.account.id(), &policy.path, &policy.name);
            let target = Target::new(self.account.id(), arn.clone()).resource_tags(&policy.tags);
            if self.may(who, CREATE, &target)?
                && self.may(who, SET, &target)?
                && self.may_attach_to_all(who, policy, &arn)?
            {
                return Ok(Some(step(CREATE, &arn)));
            }
        }
        Ok(None)
    }

    fn may_attach_to_all(
        &self,
        who: &Node<'_>,
        policy: &Policy,
        arn: &Arn,
    ) -> Result<bool, Problem> {
        for holder in &policy.holders {
            let (target, action) = match holder {
                Holder::User(id) => (
                    self.principal(&PrincipalId::User(id.clone())),
                    "iam:AttachUserPolicy",
                ),
                Holder::Role(id) => (
                    self.principal(&PrincipalId::Role(id.clone())),
                    "iam:AttachRolePolicy",
                ),
                Holder::Group(_) => (self.group(holder), "iam:AttachGroupPolicy"),
            };
            let Some(target) = target else {
                return Ok(false);
            };
            let target = target.key("iam:PolicyARN", arn.to_string());
            if !self.may(who, action, &target)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A role that is made, given a policy and put on.
    fn new_role(&self, who: &Node<'_>) -> Result<Option<Vec<Step>>, Problem> {
        const CREATE: &str = "iam:CreateRole";
        let path = "/".parse().map_err(Problem::internal)?;
        let name = NEW.parse().map_err(Problem::internal)?;
        let arn = Arn::role(&self.account.id(), &path, &name);
        let target = Target::new(self.account.id(), arn.clone());
        if !self.may(who, CREATE, &target)? {
            return Ok(None);
        }
        let grant = self.giving(who, target, Giving::ROLE)?;
        Ok(grant.map(|grant| vec![step(CREATE, &arn), grant, step(ASSUME, &arn)]))
    }

    /// A policy that allows everything, attached or written.
    fn giving(&self, who: &Node<'_>, target: Target, how: Giving) -> Result<Option<Step>, Problem> {
        let attaching = target
            .clone()
            .key("iam:PolicyARN", administrator()?.to_string());
        if let Some(step) = self.first(who, &attaching, &[how.attach])? {
            return Ok(Some(step));
        }
        self.first(who, &target, &[how.write])
    }

    fn first(
        &self,
        who: &Node<'_>,
        target: &Target,
        actions: &[&'static str],
    ) -> Result<Option<Step>, Problem> {
        for action in actions {
            if self.may(who, action, target)? {
                return Ok(Some(step(action, &target.resource)));
            }
        }
        Ok(None)
    }

    fn groups(&self, who: &Node<'_>) -> Vec<Holder> {
        let PrincipalId::User(id) = &who.id else {
            return Vec::new();
        };
        let user = self.account.users().get(id).into_iter();
        user.flat_map(|user| user.groups.iter().cloned().map(Holder::Group))
            .collect()
    }

    fn group(&self, holder: &Holder) -> Option<Target> {
        let Holder::Group(id) = holder else {
            return None;
        };
        let group = self.account.groups().get(id)?;
        let arn = Arn::group(&self.account.id(), &group.path, &group.name);
        Some(Target::new(self.account.id(), arn).resource_tags(&group.tags))
    }

    fn principal(&self, id: &PrincipalId) -> Option<Target> {
        let account = self.account.id();
        let (arn, tags) = match id {
            PrincipalId::User(id) => {
                let user = self.account.users().get(id)?;
                (Arn::user(&account, &user.path, &user.name), &user.tags)
            }
            PrincipalId::Role(id) => {
                let role = self.account.roles().get(id)?;
                (Arn::role(&account, &role.path, &role.name), &role.tags)
            }
        };
        Some(Target::new(account, arn).resource_tags(tags))
    }
}

fn step(action: &'static str, resource: &Arn) -> Step {
    Step {
        action,
        resource: resource.clone(),
    }
}

fn administrator() -> Result<Arn, Problem> {
    let name: PolicyName = ADMINISTRATOR.parse().map_err(Problem::internal)?;
    Ok(Arn::system_policy(&name))
}
