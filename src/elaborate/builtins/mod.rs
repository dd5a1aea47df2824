//! Forms that are called like functions but are more than one operation, or take brackets of their own kind:
//! reductions with masks and groups, new arrays, reshaping, random draws, data.

mod create;
mod reduce;
mod shape;

use super::Elaborator;
use super::call::Argument;
use super::value::Value;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::ast::{Arg, BracketEntry};

/// A built-in form with its documentation.
#[derive(Debug)]
pub struct Builtin {
    pub name: &'static str,
    pub signature: &'static str,
    pub doc: &'static str,
    /// An expression that is true.
    pub example: &'static str,
    /// May stand without arguments: `zeros[n: 3]`.
    pub bare: bool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Reduce,
    Create,
    Shape,
    Draw,
    Data,
    /// Written with the function's own syntax elsewhere (`grad`); here for its documentation.
    Special,
}

macro_rules! builtins {
    ($($name:literal $kind:ident $bare:literal $signature:literal $doc:literal $example:literal)*) => {
        static ALL: &[Builtin] = &[$(Builtin {
            name: $name, signature: $signature, doc: $doc, example: $example, bare: $bare, kind: Kind::$kind,
        }),*];
    };
}

builtins! {
    "sum" Reduce false "sum[k](x) -> x without k" "The sum along axes; with no bracket, over all. `sum[k](x where m)` leaves entries out, `sum[n by y](x)` sums within each class of `y`. Of `bool`, the count of true." "sum([1, 2, 3] : real[k]) == 6"
    "mean" Reduce false "mean[k](x) -> x without k" "The mean along axes; masks and groups as for `sum`." "mean([1, 2, 3] : real[k]) == 2"
    "prod" Reduce false "prod[k](x) -> x without k" "The product along axes." "prod([1, 2, 3] : real[k]) == 6"
    "max" Reduce false "max[k](x), max(a, b)" "The largest entry along axes; of two arguments, the larger element by element (at a tie the gradient goes to the second). The gradient goes to the first largest entry." "max(-1, 0) == 0"
    "min" Reduce false "min[k](x), min(a, b)" "The smallest entry along axes, or the smaller of two arguments." "min([3, 1, 2] : real[k]) == 1"
    "any" Reduce false "any[k](m) -> bool" "True where any entry along the axes is." "any([true, false] : bool[k])"
    "all" Reduce false "all[k](m) -> bool" "True where every entry along the axes is." "not all([true, false] : bool[k])"
    "count" Reduce false "count[k](m) -> int" "How many entries are true; `count[n by y]` counts the members of each class." "count([true, false, true] : bool[k]) == 2"
    "logsumexp" Reduce false "logsumexp[k](x) -> x without k" "log(sum[k](exp(x))) without overflow; -inf of nothing." "logsumexp([1000, 1000] : real[k]) ~= 1000 + log(2)"
    "norm" Reduce false "norm[k](x) -> x without k" "The Euclidean norm along axes; its gradient at 0 is 0." "norm([3, 4] : real[k]) == 5"
    "var" Reduce false "var[k](x) -> x without k" "The variance along axes: the mean squared distance from the mean (divided by the size)." "var([1, 3] : real[k]) == 1"
    "std" Reduce false "std[k](x) -> x without k" "The standard deviation along axes: the root of `var`." "std([1, 3] : real[k]) == 1"
    "median" Reduce false "median[k](x) -> x without k" "The middle entry along an axis; the mean of the two middle ones." "median([3, 1, 2] : real[k]) == 2"
    "quantile" Reduce false "quantile[k](x, q) -> x without k" "The q-quantile along an axis, with linear interpolation between entries (NumPy's default)." "quantile([0, 10] : real[k], 0.25) == 2.5"
    "zeros" Create true "zeros[n: 3, d] -> real[n, d]" "Zeros over the axes in the bracket; a size may be left out where the axis is known." "sum(zeros[n: 3]) == 0"
    "ones" Create true "ones[n: 3, d] -> real[n, d]" "Ones over the axes in the bracket." "sum(ones[n: 3]) == 3"
    "full" Create false "full[n: 3](v) -> v over n" "A value repeated over new axes." "sum(full[n: 3](2)) == 6"
    "eye" Create true "eye[d: 3, e: 3] -> real[d, e]" "The identity matrix." "sum(eye[d: 3, e: 3]) == 3"
    "onehot" Create false "onehot[k](y) -> real[k]" "1 where the coordinate along `k` is the label, else 0." "(onehot[k: 3](1))[k = 1] == 1"
    "size" Special false "size(k), size(x, k) -> int" "The extent of an axis: of the scope's axis of that name, or of an array's." "size([1, 2, 3] : real[k], k) == 3"
    "int" Create false "int(x) -> int" "Cut to a whole number, towards zero; the number of a label." "int(2.7) == 2"
    "float" Create false "float(x) -> real" "A whole number, a label or a bool as a real." "float(true) == 1"
    "where" Create false "where(m, a, b)" "`a` where the mask holds, else `b`. The branch not taken can poison neither value nor gradient." "where(1 > 2, 1, 5) == 5"
    "outer" Special false "outer(e)" "Says that combining every pair is meant: no lint about axes that only one side has." "sum(outer(([1, 2] : real[n]) * ([1, 2] : real[m]))) == 9"
    "merge" Shape false "merge[h, w -> p](x)" "Joins axes into one, the last of them running fastest." "size(merge[h, w -> p](zeros[h: 2, w: 3]), p) == 6"
    "split" Shape false "split[p -> h: 8, w: 8](x)" "Takes an axis apart; the sizes multiply to its own." "size(split[p -> h: 2, w: 3](zeros[p: 6]), w) == 3"
    "window" Shape false "window[h -> h, dh: 3](x), window[...](x, stride)" "Sliding windows: position along the first axis, offset within the window along the second." "size(window[t -> t, dt: 3](zeros[t: 5]), t) == 3"
    "pad" Shape false "pad[h](x, before, after)" "Zeros around an axis (or several)." "size(pad[h](ones[h: 3], 1, 1), h) == 5"
    "concat" Shape false "concat[n](a, b, ...)" "Puts arrays one behind the other along an axis." "size(concat[n](ones[n: 2], zeros[n: 3]), n) == 5"
    "stack" Shape false "stack[s](a, b, ...)" "Puts arrays side by side along a new axis." "size(stack[s](1, 2, 3), s) == 3"
    "conv" Shape false "conv[h, w](x, kernel), conv[h, w](x, kernel, stride, padding)" "Slides a kernel along axes (cross-correlation); other axes that both have are summed." "sum(conv[t](ones[t: 5], ones[t: 3])) == 9"
    "topk" Shape false "topk[k](x, m)" "The m largest entries along an axis, largest first." "max(topk[k]([3, 1, 2] : real[k], 2)) == 3"
    "argtopk" Shape false "argtopk[k](x, m) -> label k [k]" "Where the m largest entries along an axis stand, that of the largest first." "(argtopk[k]([3, 1, 2] : real[k], 2))[k = 1] == 2"
    "reverse" Shape false "reverse[k](x)" "The entries along an axis in reverse order." "(reverse[k]([1, 2, 3] : real[k]))[k = 0] == 3"
    "sort" Shape false "sort[k](x)" "The entries along an axis in ascending order." "(sort[k]([3, 1, 2] : real[k]))[k = 0] == 1"
    "argsort" Shape false "argsort[k](x) -> label k [k]" "The labels that sort an axis in ascending order; ties keep their order." "(argsort[k]([3, 1, 2] : real[k]))[k = 0] == 1"
    "normal" Draw true "normal[n: 100](mean, sd) -> real[n]" "Draws from a normal distribution; (0, 1) where left out. Draws depend on the seed, the declaration and the loop counters alone." "size(normal[n: 5](0, 1), n) == 5"
    "uniform" Draw true "uniform[n: 100](lo, hi) -> real[n]" "Draws between two bounds; (0, 1) where left out." "max(uniform[n: 5](0, 1)) < 1"
    "bernoulli" Draw false "bernoulli[n: 100](p) -> bool[n]" "True with probability p." "all(bernoulli[n: 5](1))"
    "exponential" Draw false "exponential[n: 100](rate) -> real[n]" "Draws from an exponential distribution." "min(exponential[n: 5](1)) >= 0"
    "laplace" Draw false "laplace[n: 100](mean, scale) -> real[n]" "Draws from a Laplace distribution." "size(laplace[n: 5](0, 1), n) == 5"
    "integers" Draw false "integers[n: 100](lo, hi) -> int[n]" "Whole numbers from lo up to but not including hi." "max(integers[n: 5](0, 3)) < 3"
    "categorical" Draw false "categorical[k](p), categorical[k, n: 100](p) -> label k [n]" "Labels along `k` with probabilities p (they need not sum to 1)." "categorical[k]([0, 1] : real[k]) == 1"
    "permutation" Draw true "permutation[n: 100] -> label n [n]" "A random order of an axis." "sum(int(permutation[n: 4])) == 6"
    "load" Data false "load(\"file.csv\", x: real[n, d], y: label k [n])" "Reads a CSV or NPY file as declared: fields take columns from left to right. Several fields make a record." ""
    "bundled" Data false "bundled(\"digits\", x: real[n, d], y: label k [n])" "Reads a data set that comes with the language." ""
    "grad" Special false "grad(e, w), grad(f, x)" "The gradient of a number with respect to a variable (or a record of them); of a function with respect to a parameter, as a function." "grad(x -> x^2, x)(3) == 6"
    "value_and_grad" Special false "value_and_grad(e, w)" "The value and the gradient as a pair." ""
    "jacobian" Special false "jacobian[d -> d2](e, x)" "All derivatives of an array; the bracket renames the variable's axes in the result." ""
    "hessian" Special false "hessian[d -> d2](e, x)" "All second derivatives of a number." ""
    "hvp" Special false "hvp(e, x, v)" "The product of the Hessian with a direction, without the Hessian." ""
    "len" Special false "len(list) -> int" "The number of entries of a list." "len([1, 2, 3]) == 3"
}

pub fn all() -> impl Iterator<Item = &'static Builtin> {
    ALL.iter()
}

pub fn find(name: &str) -> Option<&'static Builtin> {
    ALL.iter().find(|b| b.name == name)
}

impl Elaborator<'_> {
    /// A built-in form as written: some look at the text of their arguments.
    pub(super) fn call_builtin(
        &mut self,
        b: &'static Builtin,
        entries: &[BracketEntry],
        args: &[Arg],
        span: Span,
    ) -> Value {
        match (b.kind, b.name) {
            (Kind::Data, _) => self.load(b.name == "bundled", args, span),
            (Kind::Special, "size") => self.size_call(args, span),
            (Kind::Special, "outer") => {
                self.outer_allowed += 1;
                let values = self.arguments(args, None);
                self.outer_allowed -= 1;
                if !self.op_arity("outer", 1, &values, span, b.signature) {
                    return Value::Unknown;
                }
                values.into_iter().next().map_or(Value::Unknown, |v| v.value)
            }
            _ => {
                let values = self.arguments(args, None);
                self.apply_builtin(b, entries, values, span)
            }
        }
    }

    /// A built-in form with values.
    pub(super) fn apply_builtin(
        &mut self,
        b: &'static Builtin,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        if args.iter().any(|a| a.value.is_unknown()) {
            return Value::Unknown;
        }
        if let Some(named) = args.iter().find_map(|a| a.name.as_ref()) {
            let d = Diagnostic::new(
                &codes::check::E0202,
                named.span,
                format!("`{}` takes its arguments by position", b.name),
                "given by name",
            )
            .help(format!("leave `{} =` out", named.name))
            .note(format!("it is `{}`", b.signature));
            self.report(d);
            return Value::Unknown;
        }
        match b.kind {
            Kind::Reduce => self.reduce_call(b, entries, args, span),
            Kind::Create => self.create_call(b, entries, args, span),
            Kind::Shape => self.shape_call(b, entries, args, span),
            Kind::Draw => self.draw(b.name, usize::MAX, entries, args, span),
            Kind::Special if b.name == "len" => self.len_call(b, args, span),
            Kind::Special if b.name == "outer" => args.into_iter().next().map_or(Value::Unknown, |a| a.value),
            Kind::Special | Kind::Data => {
                let d = Diagnostic::new(
                    &codes::check::E0404,
                    span,
                    format!("`{}` must be called where it is written", b.name),
                    "cannot be passed on as a value",
                )
                .note(format!("it is `{}`", b.signature));
                self.report(d);
                Value::Unknown
            }
        }
    }

    fn len_call(&mut self, b: &'static Builtin, args: Vec<Argument>, span: Span) -> Value {
        if !self.op_arity("len", 1, &args, span, b.signature) {
            return Value::Unknown;
        }
        match self.items(args[0].value.clone(), args[0].span) {
            Some(items) => Value::Array(self.int_const(items.len() as i64)),
            None => Value::Unknown,
        }
    }
}
