//! Arrays in memory: what kernels read and write. A tensor knows its shape but not its axes; the type of the node or
//! value it belongs to does. Always in standard layout (row-major, contiguous), shared by reference count.

use crate::types::{Elem, Precision};
use ndarray::{ArcArray, IxDyn};

/// A dense array. Labels and `int` are stored as `I64`. Cloning shares the data; writing copies it unless unique.
#[derive(Clone, Debug, PartialEq)]
pub enum Tensor {
    F64(ArcArray<f64, IxDyn>),
    F32(ArcArray<f32, IxDyn>),
    I64(ArcArray<i64, IxDyn>),
    Bool(ArcArray<bool, IxDyn>),
}

/// Runs the same code over whichever element type a tensor has: `each!(t, a => a.len())`.
#[macro_export]
macro_rules! each_tensor {
    ($tensor:expr, $array:ident => $body:expr) => {
        match $tensor {
            $crate::tensor::Tensor::F64($array) => $body,
            $crate::tensor::Tensor::F32($array) => $body,
            $crate::tensor::Tensor::I64($array) => $body,
            $crate::tensor::Tensor::Bool($array) => $body,
        }
    };
}

/// An element type a tensor can hold.
pub trait Element: Copy + Send + Sync + PartialEq + Default + std::fmt::Debug + 'static {
    fn wrap(array: ArcArray<Self, IxDyn>) -> Tensor;
    fn of(tensor: &Tensor) -> Option<&ArcArray<Self, IxDyn>>;
    /// The array itself, so that a unique one can be written in place.
    fn take(tensor: Tensor) -> Option<ArcArray<Self, IxDyn>>;
}

macro_rules! element {
    ($($t:ty, $variant:ident;)*) => {$(
        impl Element for $t {
            fn wrap(array: ArcArray<Self, IxDyn>) -> Tensor {
                Tensor::$variant(array)
            }
            fn of(tensor: &Tensor) -> Option<&ArcArray<Self, IxDyn>> {
                match tensor { Tensor::$variant(a) => Some(a), _ => None }
            }
            fn take(tensor: Tensor) -> Option<ArcArray<Self, IxDyn>> {
                match tensor { Tensor::$variant(a) => Some(a), _ => None }
            }
        }
    )*};
}
element! { f64, F64; f32, F32; i64, I64; bool, Bool; }

impl Tensor {
    /// From row-major data. Panics (an internal error) if the lengths disagree.
    pub fn from_vec<T: Element>(shape: &[usize], data: Vec<T>) -> Tensor {
        let array = ArcArray::from_shape_vec(IxDyn(shape), data).expect("internal: data does not fill its shape");
        T::wrap(array)
    }

    pub fn scalar<T: Element>(value: T) -> Tensor {
        Tensor::from_vec(&[], vec![value])
    }

    /// A real scalar of the given precision.
    pub fn real(value: f64, precision: Precision) -> Tensor {
        match precision {
            Precision::F64 => Tensor::scalar(value),
            Precision::F32 => Tensor::scalar(value as f32),
        }
    }

    pub fn shape(&self) -> &[usize] {
        each_tensor!(self, a => a.shape())
    }

    pub fn len(&self) -> usize {
        each_tensor!(self, a => a.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements in row-major order. Panics (an internal error) if the element type is another.
    pub fn slice<T: Element>(&self) -> &[T] {
        T::of(self).and_then(|a| a.as_slice()).expect("internal: tensor of another type or layout")
    }

    /// The same elements under another shape of the same length; shares the data.
    pub fn reshape(self, shape: &[usize]) -> Tensor {
        fn go<T: Element>(a: ArcArray<T, IxDyn>, shape: &[usize]) -> Tensor {
            T::wrap(a.into_shape_with_order(IxDyn(shape)).expect("internal: reshape changes the length"))
        }
        each_tensor!(self, a => go(a, shape))
    }

    /// Elements converted to `f64`, in row-major order (`false` is 0, `true` is 1).
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Tensor::F64(a) => a.iter().copied().collect(),
            Tensor::F32(a) => a.iter().map(|&x| x as f64).collect(),
            Tensor::I64(a) => a.iter().map(|&x| x as f64).collect(),
            Tensor::Bool(a) => a.iter().map(|&x| x as u8 as f64).collect(),
        }
    }

    /// True if this is how values of that element type are stored at that precision.
    pub fn stores(&self, elem: &Elem, precision: Precision) -> bool {
        match (self, elem) {
            (Tensor::F64(_), Elem::Real) => precision == Precision::F64,
            (Tensor::F32(_), Elem::Real) => precision == Precision::F32,
            (Tensor::I64(_), e) => e.is_integer(),
            (Tensor::Bool(_), Elem::Bool) => true,
            _ => false,
        }
    }
}
