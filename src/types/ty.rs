//! Types of arrays.

use super::{Axis, Size, Sizes};
use std::fmt;

/// How wide a `real` is. One choice for a whole program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Precision {
    F32,
    #[default]
    F64,
}

/// The type of an array's elements.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum Elem {
    Real,
    Int,
    Bool,
    /// An index into an axis, below its size.
    Label(Axis),
}

impl Elem {
    /// True for `int` and labels, which are stored alike.
    pub fn is_integer(&self) -> bool {
        matches!(self, Elem::Int | Elem::Label(_))
    }
}

/// One axis of an array with its extent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Dim {
    pub axis: Axis,
    pub size: Size,
}

impl Dim {
    pub fn new(axis: Axis, size: Size) -> Dim {
        Dim { axis, size }
    }
}

/// Element type and named axes. Axes are a set; the order of `dims` is storage order (last one contiguous) and the
/// order of printing, and has no other meaning.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ArrayTy {
    pub elem: Elem,
    pub dims: Vec<Dim>,
}

impl ArrayTy {
    pub fn new(elem: Elem, dims: Vec<Dim>) -> ArrayTy {
        ArrayTy { elem, dims }
    }

    pub fn scalar(elem: Elem) -> ArrayTy {
        ArrayTy { elem, dims: Vec::new() }
    }

    pub fn is_scalar(&self) -> bool {
        self.dims.is_empty()
    }

    pub fn position(&self, axis: &Axis) -> Option<usize> {
        self.dims.iter().position(|d| d.axis == *axis)
    }

    pub fn has(&self, axis: &Axis) -> bool {
        self.position(axis).is_some()
    }

    pub fn dim(&self, axis: &Axis) -> Option<&Dim> {
        self.dims.iter().find(|d| d.axis == *axis)
    }

    pub fn axes(&self) -> impl Iterator<Item = &Axis> {
        self.dims.iter().map(|d| &d.axis)
    }

    /// The same dims with another element type.
    pub fn with_elem(&self, elem: Elem) -> ArrayTy {
        ArrayTy { elem, dims: self.dims.clone() }
    }

    /// The dims without some axes.
    pub fn without(&self, axes: &[Axis]) -> Vec<Dim> {
        self.dims.iter().filter(|d| !axes.contains(&d.axis)).cloned().collect()
    }

    /// Extents in storage order; `None` while one is open.
    pub fn shape(&self) -> Option<Vec<usize>> {
        self.dims.iter().map(|d| d.size.known()).collect()
    }

    pub fn resolve(&self, sizes: &Sizes) -> ArrayTy {
        let dims = self.dims.iter().map(|d| Dim::new(d.axis.clone(), sizes.resolve(d.size))).collect();
        ArrayTy { elem: self.elem.clone(), dims }
    }
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Elem::Real => f.write_str("real"),
            Elem::Int => f.write_str("int"),
            Elem::Bool => f.write_str("bool"),
            Elem::Label(axis) => write!(f, "label {axis}"),
        }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.size {
            Size::Known(n) => write!(f, "{}: {n}", self.axis),
            Size::Var(_) => write!(f, "{}", self.axis),
        }
    }
}

impl fmt::Display for ArrayTy {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.elem)?;
        if self.dims.is_empty() {
            return Ok(());
        }
        let gap = if matches!(self.elem, Elem::Label(_)) { " " } else { "" };
        let dims: Vec<String> = self.dims.iter().map(Dim::to_string).collect();
        write!(f, "{gap}[{}]", dims.join(", "))
    }
}
