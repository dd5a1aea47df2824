//! Extents of axes, known or still open, and their unification.

use std::fmt;

/// A size not known yet: that of an axis whose data has not arrived, or of a signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SizeVar(pub u32);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Size {
    Known(usize),
    Var(SizeVar),
}

impl Size {
    pub fn known(self) -> Option<usize> {
        match self {
            Size::Known(n) => Some(n),
            Size::Var(_) => None,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Size::Known(n) => write!(f, "{n}"),
            Size::Var(_) => f.write_str("?"),
        }
    }
}

/// What is known of open sizes: a union-find over [`SizeVar`]s.
#[derive(Clone, Debug, Default)]
pub struct Sizes {
    /// For each variable, the size it was found equal to; itself while it is open.
    bound: Vec<Size>,
}

impl Sizes {
    pub fn fresh(&mut self) -> Size {
        let var = SizeVar(self.bound.len() as u32);
        self.bound.push(Size::Var(var));
        Size::Var(var)
    }

    /// Makes the first `count` variables known here, open unless they were bound: they come from another graph.
    pub fn reserve(&mut self, count: u32) {
        for var in self.bound.len() as u32..count {
            self.bound.push(Size::Var(SizeVar(var)));
        }
    }

    /// The size as far as it is known.
    pub fn resolve(&self, mut size: Size) -> Size {
        while let Size::Var(SizeVar(i)) = size {
            match self.bound.get(i as usize) {
                Some(&next) if next != size => size = next,
                _ => break,
            }
        }
        size
    }

    /// Makes two sizes equal. `Err` with both when they are known and differ.
    pub fn unify(&mut self, a: Size, b: Size) -> Result<Size, (usize, usize)> {
        match (self.resolve(a), self.resolve(b)) {
            (Size::Known(x), Size::Known(y)) if x == y => Ok(Size::Known(x)),
            (Size::Known(x), Size::Known(y)) => Err((x, y)),
            (Size::Var(v), other) | (other, Size::Var(v)) => {
                if other != Size::Var(v) {
                    self.bound[v.0 as usize] = other;
                }
                Ok(other)
            }
        }
    }
}
