//! The members of one object, with unknown ones refused.

use trilby_model::json::{Node, Value};

use super::reader::{Pointer, Reader};

/// An object all of whose members are known by name.
pub(super) struct Members<'a> {
    node: &'a Node,
    pointer: &'a Pointer<'a>,
}

impl<'a> Members<'a> {
    /// Notes every unknown member. `None` if the node is no object.
    pub(super) fn read(
        reader: &mut Reader,
        node: &'a Node,
        pointer: &'a Pointer<'a>,
        what: &str,
        known: &[&'static str],
    ) -> Option<Self> {
        let Value::Object(members) = &node.value else {
            reader.wrong_type(node, pointer, &format!("{what}, which is an object"));
            return None;
        };
        for member in members {
            if !known.contains(&member.key.as_str()) {
                reader
                    .error_at(
                        "unknown_member",
                        member.key_at,
                        &pointer.member(&member.key),
                        format!("`{}` is not an element of {what}", member.key),
                    )
                    .did_you_mean(&member.key, known.iter().copied());
            }
        }
        Some(Self { node, pointer })
    }

    pub(super) fn node(&self) -> &'a Node {
        self.node
    }

    pub(super) fn pointer(&self) -> &'a Pointer<'a> {
        self.pointer
    }

    /// A member by name, with its place.
    pub(super) fn get(&self, name: &'static str) -> Option<(&'a Node, Pointer<'a>)> {
        Some((self.node.get(name)?, self.pointer.member(name)))
    }

    /// A member that must be there; its absence is noted.
    pub(super) fn required(
        &self,
        reader: &mut Reader,
        name: &'static str,
    ) -> Option<(&'a Node, Pointer<'a>)> {
        let found = self.get(name);
        if found.is_none() {
            reader.error(
                "missing_member",
                self.node,
                self.pointer,
                format!("`{name}` is missing"),
            );
        }
        found
    }

    /// The one of two members that exclude each other. Both: noted, and `None` inside `Err`.
    pub(super) fn either(
        &self,
        reader: &mut Reader,
        plain: &'static str,
        negated: &'static str,
    ) -> Result<Option<Chosen<'a>>, ()> {
        match (self.get(plain), self.get(negated)) {
            (Some(_), Some((node, pointer))) => {
                reader.error(
                    "conflicting_members",
                    node,
                    &pointer,
                    format!("a statement holds `{plain}` or `{negated}`, not both"),
                );
                Err(())
            }
            (Some((node, pointer)), None) => Ok(Some(Chosen {
                node,
                pointer,
                name: plain,
                negated: false,
            })),
            (None, Some((node, pointer))) => Ok(Some(Chosen {
                node,
                pointer,
                name: negated,
                negated: true,
            })),
            (None, None) => Ok(None),
        }
    }
}

/// Which of two members is there.
pub(super) struct Chosen<'a> {
    pub(super) node: &'a Node,
    pub(super) pointer: Pointer<'a>,
    pub(super) name: &'static str,
    pub(super) negated: bool,
}
