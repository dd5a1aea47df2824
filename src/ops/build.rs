//! Operations as methods of the builder: how the elaborator, gradient rules and rewrites write graphs. Every method
//! applies operations that are known to fit (a misfit is an internal error) and returns the new node. Elements are
//! never converted silently; axes align by name.

use super::*;
use crate::ir::{Attrs, Bits, Builder, Data, NodeId, OpDef, VjpCtx};
use crate::tensor::Tensor;
use crate::types::{ArrayTy, Axis, Dim, Elem};
use std::sync::Arc;

macro_rules! maps {
    ($($name:ident $op:ident ($($arg:ident),*);)*) => {$(
        fn $name(&mut self, $($arg: NodeId),*) -> NodeId {
            self.apply(&$op, &[$($arg),*], Attrs::none())
        }
    )*};
}

/// Reductions: an empty list of axes gives the argument itself.
macro_rules! along {
    ($($name:ident $op:ident;)*) => {$(
        fn $name(&mut self, x: NodeId, axes: &[Axis]) -> NodeId {
            if axes.is_empty() { x } else { self.apply(&$op, &[x], Attrs::axes(axes)) }
        }
    )*};
}

/// Graph building in the words of the operations.
pub trait Build {
    /// Applies an operation that is known to fit.
    fn apply(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: Attrs) -> NodeId;
    /// The type of a node with one output.
    fn type_of(&self, id: NodeId) -> ArrayTy;
    /// Output `index` of a node with several.
    fn get(&mut self, node: NodeId, index: usize) -> NodeId;
    /// The argument `index` of the graph; also enters it in `graph.inputs` (call it in order).
    fn input(&mut self, index: usize, name: &str, ty: &ArrayTy) -> NodeId;

    maps! {
        neg NEG (x); add ADD (a, b); sub SUB (a, b); mul MUL (a, b); div DIV (a, b); pow POW (a, b);
        modulo MOD (a, b); zmul ZMUL (g, d); zdiv ZDIV (a, b);
        exp EXP (x); log LOG (x); log1p LOG1P (x); expm1 EXPM1 (x); sqrt SQRT (x); abs ABS (x); sign SIGN (x);
        sin SIN (x); cos COS (x); tan TAN (x); asin ASIN (x); acos ACOS (x); atan ATAN (x); atan2 ATAN2 (y, x);
        sinh SINH (x); cosh COSH (x); tanh TANH (x); sigmoid SIGMOID (x); softplus SOFTPLUS (x);
        log1mexp LOG1MEXP (x); logaddexp LOGADDEXP (a, b); xlogy XLOGY (x, y);
        erf ERF (x); erfc ERFC (x); erfinv ERFINV (x); lgamma LGAMMA (x); digamma DIGAMMA (x);
        floor FLOOR (x); ceil CEIL (x); round ROUND (x); maximum MAXIMUM (a, b); minimum MINIMUM (a, b);
        eq EQ (a, b); ne NE (a, b); lt LT (a, b); le LE (a, b); gt GT (a, b); ge GE (a, b);
        and AND (a, b); or OR (a, b); not NOT (x); select SELECT (mask, a, b);
        stop STOP (x); is_finite IS_FINITE (x);
    }

    along! {
        sum SUM; prod PROD; max MAX; min MIN; any ANY_OF; all ALL_OF; count COUNT;
        logsumexp LOGSUMEXP; norm NORM; softmax SOFTMAX; log_softmax LOG_SOFTMAX; prod_others PROD_OTHERS;
    }

    fn real(&mut self, value: f64) -> NodeId {
        let attrs = Attrs { elem: Some(Elem::Real), reals: vec![Bits::new(value)], ..Attrs::none() };
        self.apply(&CONST, &[], attrs)
    }

    fn int(&mut self, value: i64) -> NodeId {
        self.integer(value, Elem::Int)
    }

    fn boolean(&mut self, value: bool) -> NodeId {
        self.integer(value as i64, Elem::Bool)
    }

    /// A scalar of an element type stored as an integer: int, label or bool (0 or 1).
    fn integer(&mut self, value: i64, elem: Elem) -> NodeId {
        self.apply(&CONST, &[], Attrs { elem: Some(elem), ..Attrs::ints([value]) })
    }

    /// A constant array; reals are given as `F64` at any precision.
    fn literal(&mut self, data: Tensor, elem: Elem, dims: &[Dim]) -> NodeId {
        let attrs = Attrs { elem: Some(elem), data: Some(Data(Arc::new(data))), ..Attrs::dims(dims) };
        self.apply(&LITERAL, &[], attrs)
    }

    /// The element type changed; the node itself if it has it.
    fn cast(&mut self, x: NodeId, elem: Elem) -> NodeId {
        if self.type_of(x).elem == elem {
            return x;
        }
        self.apply(&CAST, &[x], Attrs { elem: Some(elem), ..Attrs::none() })
    }

    /// As reals; the node itself if it is real.
    fn cast_real(&mut self, x: NodeId) -> NodeId {
        self.cast(x, Elem::Real)
    }

    /// `x ^ n` with a constant exponent.
    fn powi(&mut self, x: NodeId, n: f64) -> NodeId {
        let n = self.real(n);
        self.pow(x, n)
    }

    /// `1 / x`.
    fn recip(&mut self, x: NodeId) -> NodeId {
        let one = self.real(1.0);
        self.div(one, x)
    }

    /// `1 - x`.
    fn one_minus(&mut self, x: NodeId) -> NodeId {
        let one = self.real(1.0);
        self.sub(one, x)
    }

    /// `factor * x`.
    fn scale(&mut self, factor: f64, x: NodeId) -> NodeId {
        let factor = self.real(factor);
        self.mul(factor, x)
    }

    /// `expm1(x) / x`, and the higher functions of its family: see [`EXPREL`].
    fn exprel(&mut self, x: NodeId, order: i64) -> NodeId {
        let attrs = if order == 1 { Attrs::none() } else { Attrs::ints([order]) };
        self.apply(&EXPREL, &[x], attrs)
    }

    /// `sum / size` over the axes.
    fn mean(&mut self, x: NodeId, axes: &[Axis]) -> NodeId {
        let ty = self.type_of(x);
        let mut total = self.sum(x, axes);
        let mut count: Option<NodeId> = None;
        for dim in ty.dims.iter().filter(|d| axes.contains(&d.axis)) {
            let size = self.size(dim);
            let size = self.cast_real(size);
            count = Some(match count {
                Some(c) => self.mul(c, size),
                None => size,
            });
        }
        if let Some(count) = count {
            total = self.div(total, count);
        }
        total
    }

    /// The coordinate of the largest element along one axis, a `label axis`; the first of several.
    fn argmax(&mut self, x: NodeId, axis: &Axis) -> NodeId {
        self.apply(&ARGMAX, &[x], Attrs::axes([axis.clone()]))
    }

    fn argmin(&mut self, x: NodeId, axis: &Axis) -> NodeId {
        self.apply(&ARGMIN, &[x], Attrs::axes([axis.clone()]))
    }

    /// The product summed over `axes`; plain multiplication where there are none.
    fn contract(&mut self, a: NodeId, b: NodeId, axes: &[Axis]) -> NodeId {
        if axes.is_empty() { self.mul(a, b) } else { self.apply(&CONTRACT, &[a, b], Attrs::axes(axes)) }
    }

    /// Repeats `x` along those of `dims` that it lacks.
    fn broadcast(&mut self, x: NodeId, dims: &[Dim]) -> NodeId {
        let ty = self.type_of(x);
        let missing: Vec<Dim> = dims.iter().filter(|d| !ty.has(&d.axis)).cloned().collect();
        if missing.is_empty() { x } else { self.apply(&BROADCAST, &[x], Attrs::dims(missing)) }
    }

    /// Repeats `x` along the axes of `ty` that it lacks.
    fn broadcast_like(&mut self, x: NodeId, ty: &ArrayTy) -> NodeId {
        self.broadcast(x, &ty.dims)
    }

    /// Turns the gradient of an elementwise result into that of one operand: sums over the axes of the result that the
    /// operand lacks. Further axes of `g` (a batch of cotangents) stay.
    fn unbroadcast(&mut self, g: NodeId, node_ty: &ArrayTy, input_ty: &ArrayTy) -> NodeId {
        let extra: Vec<Dim> = node_ty.dims.iter().filter(|d| !input_ty.has(&d.axis)).cloned().collect();
        let g = self.broadcast(g, &extra);
        let axes: Vec<Axis> = extra.into_iter().map(|d| d.axis).collect();
        self.sum(g, &axes)
    }

    /// The coordinates along an axis: `label axis [axis]`.
    fn iota(&mut self, dim: &Dim) -> NodeId {
        self.apply(&IOTA, &[], Attrs::dims([dim.clone()]))
    }

    /// The extent of an axis, an int.
    fn size(&mut self, dim: &Dim) -> NodeId {
        self.apply(&SIZE, &[], Attrs::dims([dim.clone()]))
    }

    /// A real constant repeated over `dims`.
    fn full(&mut self, value: f64, dims: &[Dim]) -> NodeId {
        let value = self.real(value);
        self.broadcast(value, dims)
    }

    fn zeros(&mut self, dims: &[Dim]) -> NodeId {
        self.full(0.0, dims)
    }

    /// The same array with one axis under another name (and size variable).
    fn rename(&mut self, x: NodeId, from: &Axis, to: &Dim) -> NodeId {
        self.rename_all(x, std::slice::from_ref(from), std::slice::from_ref(to))
    }

    /// Several axes renamed at once.
    fn rename_all(&mut self, x: NodeId, from: &[Axis], to: &[Dim]) -> NodeId {
        if from.iter().zip(to).all(|(a, d)| *a == d.axis) {
            return x;
        }
        self.apply(&RENAME, &[x], Attrs::axes(from).with_dims(to))
    }

    /// `z[axis = index]`.
    fn pick(&mut self, z: NodeId, axis: &Axis, index: NodeId) -> NodeId {
        self.apply(&PICK, &[z, index], Attrs::axes([axis.clone()]))
    }

    /// Adds `g` into zeros along `dim` at `index`: the transpose of [`Build::pick`].
    fn scatter_add(&mut self, g: NodeId, dim: &Dim, index: NodeId) -> NodeId {
        let attrs = Attrs::axes([dim.axis.clone()]).with_dims([dim.clone()]);
        self.apply(&SCATTER_ADD, &[g, index], attrs)
    }

    /// 1 where the coordinate along `dim` equals `index`, else 0, as reals.
    fn onehot(&mut self, dim: &Dim, index: NodeId) -> NodeId {
        let coordinates = self.iota(dim);
        let hit = self.eq(coordinates, index);
        self.cast_real(hit)
    }
}

impl Build for Builder {
    fn apply(&mut self, op: &'static OpDef, inputs: &[NodeId], attrs: Attrs) -> NodeId {
        self.mk(op, inputs, attrs)
    }

    fn type_of(&self, id: NodeId) -> ArrayTy {
        self.ty(id)
    }

    fn get(&mut self, node: NodeId, index: usize) -> NodeId {
        self.mk(&GET, &[node], Attrs::ints([index as i64]))
    }

    fn input(&mut self, index: usize, name: &str, ty: &ArrayTy) -> NodeId {
        let attrs = Attrs::ints([index as i64]).with_name(name).with_dims(ty.dims.clone());
        let id = self.mk(&INPUT, &[], Attrs { elem: Some(ty.elem.clone()), ..attrs });
        if self.graph.inputs.len() == index {
            self.graph.inputs.push(id);
        }
        id
    }
}

/// What one input of a node receives, or nothing where its gradient is zero.
pub type InputGrad = Option<NodeId>;

impl VjpCtx<'_> {
    /// The type of an input.
    pub fn input_ty(&self, i: usize) -> ArrayTy {
        self.b.ty(self.inputs[i])
    }

    /// The type of the (only) output.
    pub fn output_ty(&self) -> ArrayTy {
        self.b.ty(self.outputs[0])
    }

    /// The gradient of the first output, if there is one.
    pub fn grad(&self) -> Option<NodeId> {
        self.grads.first().copied().flatten()
    }

    /// The rule of a function of one argument: the gradient times the derivative `d(b, x, y)`.
    pub fn chain(&mut self, d: impl FnOnce(&mut Builder, NodeId, NodeId) -> NodeId) -> Vec<InputGrad> {
        let Some(g) = self.grad() else { return vec![None] };
        let d = d(self.b, self.inputs[0], self.outputs[0]);
        vec![Some(self.mul(g, d))]
    }

    /// A gradient shaped like the output, summed to the axes of input `i`.
    pub fn shrink(&mut self, g: NodeId, i: usize) -> InputGrad {
        let (node, input) = (self.output_ty(), self.input_ty(i));
        Some(self.b.unbroadcast(g, &node, &input))
    }

    /// The gradient times the derivative `d(b)`, summed to the axes of input `i`; nothing if `i` needs none.
    pub fn partial(&mut self, i: usize, d: impl FnOnce(&mut Builder) -> NodeId) -> InputGrad {
        let g = self.grad()?;
        if !self.needs[i] {
            return None;
        }
        let d = d(self.b);
        let g = self.mul(g, d);
        self.shrink(g, i)
    }
}
