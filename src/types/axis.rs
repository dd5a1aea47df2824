//! Axis identities.

use std::fmt;
use std::sync::Arc;

/// An axis: the name the program gave it, and a tag that keeps apart axes of one name from different scopes.
/// Tag 0 is the program's own scope; every other tag was handed out by the elaborator for one function instance or
/// by a pass for an axis of its own. Two axes are the same only if both agree, so a function's own axes can never
/// meet a caller's.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Axis {
    name: Arc<str>,
    tag: u32,
}

impl Axis {
    /// The axis of this name in the program's own scope.
    pub fn global(name: impl Into<Arc<str>>) -> Axis {
        Axis { name: name.into(), tag: 0 }
    }

    /// An axis local to one scope.
    pub fn local(name: impl Into<Arc<str>>, tag: u32) -> Axis {
        Axis { name: name.into(), tag }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn shared_name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub fn tag(&self) -> u32 {
        self.tag
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for Axis {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if self.tag == 0 { write!(f, "{}", self.name) } else { write!(f, "{}'{}", self.name, self.tag) }
    }
}
