//! What a node carries besides its inputs.

use super::Graph;
use crate::tensor::Tensor;
use crate::types::{Axis, Dim, Elem, Sizes};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An `f64` compared and hashed by its bits, so that nodes with constants can be hash-consed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Bits(u64);

impl Bits {
    pub fn new(value: f64) -> Bits {
        Bits(value.to_bits())
    }

    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// A constant array, compared by identity.
#[derive(Clone, Debug)]
pub struct Data(pub Arc<Tensor>);

impl PartialEq for Data {
    fn eq(&self, other: &Data) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Data {}

impl Hash for Data {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// Static arguments of an operation. Each operation documents which fields it reads.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Attrs {
    /// Existing axes: those reduced, contracted, picked, sorted along.
    pub axes: Vec<Axis>,
    /// New dims: of a build, broadcast, rename target, split, draw.
    pub dims: Vec<Dim>,
    pub ints: Vec<i64>,
    pub reals: Vec<Bits>,
    pub name: Option<Arc<str>>,
    pub elem: Option<Elem>,
    pub data: Option<Data>,
    /// Closed sub-graphs; their inputs are matched with the node's by the operation.
    pub regions: Vec<Arc<Graph>>,
}

impl Attrs {
    pub fn none() -> Attrs {
        Attrs::default()
    }

    pub fn axes(axes: impl Into<Vec<Axis>>) -> Attrs {
        Attrs { axes: axes.into(), ..Attrs::default() }
    }

    pub fn dims(dims: impl Into<Vec<Dim>>) -> Attrs {
        Attrs { dims: dims.into(), ..Attrs::default() }
    }

    pub fn ints(ints: impl Into<Vec<i64>>) -> Attrs {
        Attrs { ints: ints.into(), ..Attrs::default() }
    }

    pub fn with_axes(mut self, axes: impl Into<Vec<Axis>>) -> Attrs {
        self.axes = axes.into();
        self
    }

    pub fn with_dims(mut self, dims: impl Into<Vec<Dim>>) -> Attrs {
        self.dims = dims.into();
        self
    }

    pub fn with_ints(mut self, ints: impl Into<Vec<i64>>) -> Attrs {
        self.ints = ints.into();
        self
    }

    pub fn with_name(mut self, name: impl Into<Arc<str>>) -> Attrs {
        self.name = Some(name.into());
        self
    }

    pub fn with_regions(mut self, regions: Vec<Arc<Graph>>) -> Attrs {
        self.regions = regions;
        self
    }

    /// The same with every size as far as it is known, regions included.
    pub fn resolve(&self, sizes: &Sizes) -> Attrs {
        let mut attrs = self.clone();
        for dim in &mut attrs.dims {
            dim.size = sizes.resolve(dim.size);
        }
        attrs.regions = self.regions.iter().map(|g| Arc::new(g.resolve(sizes))).collect();
        attrs
    }
}
