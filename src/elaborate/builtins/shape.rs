//! Reshaping and ordering.

use super::super::Elaborator;
use super::super::call::Argument;
use super::super::value::{Array, Value};
use super::Builtin;
use crate::diag::{Diagnostic, codes};
use crate::ir::Attrs;
use crate::ops;
use crate::source::Span;
use crate::syntax::ast::{BracketEntry, BracketKind, Expr, Ident};
use crate::types::{Axis, Dim, Size};

type Arrow<'e> = (&'e [Ident], &'e [(Ident, Option<Expr>)]);

impl Elaborator<'_> {
    pub(super) fn shape_call(
        &mut self,
        b: &'static Builtin,
        entries: &[BracketEntry],
        args: Vec<Argument>,
        span: Span,
    ) -> Value {
        match b.name {
            "concat" => return self.concat(entries, &args, span),
            "stack" => return self.stack(entries, &args, span),
            _ => {}
        }
        let (least, most) = match b.name {
            "window" => (1, 3),
            "pad" => (2, 4),
            "conv" => (2, 4),
            "topk" | "argtopk" => (2, 2),
            _ => (1, 1),
        };
        if args.len() < least || args.len() > most {
            self.op_arity(b.name, least, &args, span, b.signature);
            return Value::Unknown;
        }
        let Some(x) = self.want_array(args[0].value.clone(), args[0].span, &format!("the argument of `{}`", b.name))
        else {
            return Value::Unknown;
        };
        match b.name {
            "merge" => self.merge(&x, entries, &args, span),
            "split" => self.split(&x, entries, &args, span),
            "window" => self.window(&x, entries, &args, span),
            "pad" => self.pad(&x, entries, &args, span),
            "conv" => self.conv(&x, entries, &args, span),
            "topk" => self.topk(&x, entries, &args, 0, span),
            "argtopk" => self.topk(&x, entries, &args, 1, span),
            _ => self.ordered(b.name, &x, entries, &args, span),
        }
    }

    fn arrow<'e>(&mut self, name: &str, entries: &'e [BracketEntry], example: &str, span: Span) -> Option<Arrow<'e>> {
        if let [BracketEntry { kind: BracketKind::Arrow { from, to }, .. }] = entries {
            return Some((from, to));
        }
        let d = Diagnostic::new(
            &codes::check::E0411,
            entries.first().map_or(span, |e| e.span),
            format!("the bracket of `{name}` says what becomes of which axes"),
            "an arrow is expected",
        )
        .help(format!("as in `{example}`"));
        self.report(d);
        None
    }

    fn argument_axis(&mut self, x: &Array, arg: &Argument, ident: &Ident) -> Option<Axis> {
        let axis = self.axis_named(&ident.name);
        if self.ty(x).has(&axis) {
            return Some(axis);
        }
        if !self.demand_axis(x, &ident.name) {
            self.missing_axis(x, arg.span, &ident.name, ident.span);
        }
        None
    }

    fn known_argument(&mut self, arg: Option<&Argument>, default: i64) -> Option<i64> {
        let Some(arg) = arg else { return Some(default) };
        let array = self.want_array(arg.value.clone(), arg.span, "this argument")?;
        let known = self.known_int(&array);
        if known.is_none() {
            if self.probing_any() || self.is_checking() {
                return Some(default);
            }
            let d = Diagnostic::new(
                &codes::check::E0306,
                arg.span,
                "a whole number that is known before the computation starts is needed",
                "not known here",
            );
            self.report(d);
        }
        known
    }

    fn merge(&mut self, x: &Array, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some((from, [(to, None)])) = self.arrow("merge", entries, "merge[h, w -> p](x)", span) else {
            return Value::Unknown;
        };
        let mut axes = Vec::new();
        for ident in from {
            match self.argument_axis(x, &args[0], ident) {
                Some(axis) => axes.push(axis),
                None => return Value::Unknown,
            }
        }
        let ty = self.ty(x);
        let sizes: Option<Vec<usize>> = axes.iter().map(|a| ty.dim(a).and_then(|d| d.size.known())).collect();
        let size = match sizes.and_then(|s| s.iter().try_fold(1usize, |p, n| p.checked_mul(*n))) {
            Some(size) => Size::Known(size),
            None => self.b().sizes.fresh(),
        };
        let target = self.axis_named(&to.name);
        self.see_axis(&to.name, size, to.span);
        let attrs = Attrs::axes(axes).with_dims(vec![Dim::new(target, size)]);
        self.apply(&ops::MERGE, &[(x.clone(), args[0].span)], attrs, span)
    }

    fn split(&mut self, x: &Array, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some(([from], to)) = self.arrow("split", entries, "split[p -> h: 8, w: 8](x)", span) else {
            return Value::Unknown;
        };
        let Some(axis) = self.argument_axis(x, &args[0], from) else { return Value::Unknown };
        let whole = self.ty(x).dim(&axis).and_then(|d| d.size.known());
        let mut dims: Vec<Dim> = Vec::new();
        for (ident, size) in to {
            let size = match size {
                Some(e) => self.size_expr(e),
                None => self.b().sizes.fresh(),
            };
            dims.push(Dim::new(self.axis_named(&ident.name), size));
        }
        // One size may be left open: what remains.
        let open: Vec<usize> = (0..dims.len()).filter(|&i| to[i].1.is_none()).collect();
        let mut given = (0..dims.len()).filter(|i| !open.contains(i)).map(|i| dims[i].size.known());
        let known: Option<usize> = given.try_fold(1usize, |product: usize, n| product.checked_mul(n?));
        if let ([i], Some(whole), Some(known)) = (&open[..], whole, known)
            && known > 0
            && whole % known == 0
        {
            dims[*i].size = Size::Known(whole / known);
        }
        for ((ident, _), dim) in to.iter().zip(&dims) {
            self.see_axis(&ident.name, dim.size, ident.span);
        }
        let attrs = Attrs::axes(vec![axis]).with_dims(dims);
        self.apply(&ops::SPLIT, &[(x.clone(), args[0].span)], attrs, span)
    }

    fn window(&mut self, x: &Array, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some(([from], [(position, None), (offset, Some(width))])) =
            self.arrow("window", entries, "window[h -> h, dh: 3](x)", span)
        else {
            return Value::Unknown;
        };
        let Some(axis) = self.argument_axis(x, &args[0], from) else { return Value::Unknown };
        let width = self.size_expr(width);
        let (Some(stride), Some(dilation)) = (self.known_argument(args.get(1), 1), self.known_argument(args.get(2), 1))
        else {
            return Value::Unknown;
        };
        let size = self.ty(x).dim(&axis).and_then(|d| d.size.known());
        let places = match (size, width.known()) {
            (Some(n), Some(w)) if stride > 0 && dilation > 0 => {
                let reach = (w.max(1) - 1) * dilation as usize + 1;
                Size::Known(if n >= reach { (n - reach) / stride as usize + 1 } else { 0 })
            }
            _ => self.b().sizes.fresh(),
        };
        let dims =
            vec![Dim::new(self.axis_named(&position.name), places), Dim::new(self.axis_named(&offset.name), width)];
        self.see_axis(&offset.name, width, offset.span);
        self.see_axis(&position.name, places, position.span);
        let attrs = Attrs::axes(vec![axis]).with_dims(dims).with_ints(vec![stride, dilation]);
        self.apply(&ops::WINDOW, &[(x.clone(), args[0].span)], attrs, span)
    }

    fn pad(&mut self, x: &Array, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some(axes) = self.plain_axes("pad", entries, x, args[0].span) else { return Value::Unknown };
        let Some(before) = self.known_argument(args.get(1), 0) else { return Value::Unknown };
        let Some(after) = self.known_argument(args.get(2), before) else { return Value::Unknown };
        let value = match args.get(3) {
            Some(arg) => match self.want_array(arg.value.clone(), arg.span, "the padding") {
                Some(v) => v,
                None => return Value::Unknown,
            },
            None => self.real_const(0.0),
        };
        let elem = self.ty(x).elem;
        let value =
            if elem == crate::types::Elem::Real { self.to_real(&value, span) } else { self.to_int(&value, span) };
        let mut dims = Vec::new();
        let mut ints = Vec::new();
        for axis in &axes {
            let size = match self.ty(x).dim(axis).and_then(|d| d.size.known()) {
                Some(n) => Size::Known((n as i64 + before + after).max(0) as usize),
                None => self.b().sizes.fresh(),
            };
            dims.push(Dim::new(axis.clone(), size));
            ints.extend([before, after]);
        }
        let attrs = Attrs::axes(axes).with_dims(dims).with_ints(ints);
        self.apply(&ops::PAD, &[(x.clone(), args[0].span), (value, span)], attrs, span)
    }

    fn conv(&mut self, x: &Array, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some(kernel) = self.want_array(args[1].value.clone(), args[1].span, "the kernel") else {
            return Value::Unknown;
        };
        let Some(axes) = self.plain_axes("conv", entries, x, args[0].span) else { return Value::Unknown };
        let (x, kernel) = (self.to_real(x, args[0].span), self.to_real(&kernel, args[1].span));
        let (Some(stride), Some(padding)) = (self.known_argument(args.get(2), 1), self.known_argument(args.get(3), 0))
        else {
            return Value::Unknown;
        };
        let (tx, tk) = (self.ty(&x), self.ty(&kernel));
        let mut dims = Vec::new();
        for axis in &axes {
            if !tk.has(axis) {
                self.missing_axis(&kernel, args[1].span, axis.name(), span);
                return Value::Unknown;
            }
            let sizes = (tx.dim(axis).and_then(|d| d.size.known()), tk.dim(axis).and_then(|d| d.size.known()));
            let size = match sizes {
                (Some(n), Some(k)) if stride > 0 => {
                    let n = n as i64 + 2 * padding;
                    Size::Known(if n >= k as i64 { ((n - k as i64) / stride + 1) as usize } else { 0 })
                }
                _ => self.b().sizes.fresh(),
            };
            dims.push(Dim::new(axis.clone(), size));
        }
        let mut ints = vec![stride];
        ints.extend(axes.iter().map(|_| padding));
        let attrs = Attrs::axes(axes).with_dims(dims).with_ints(ints);
        let Some(op) = ops::find("conv") else { return Value::Unknown };
        self.apply(op, &[(x, args[0].span), (kernel, args[1].span)], attrs, span)
    }

    /// The values (`which` 0) or the places (1) of the largest entries.
    fn topk(&mut self, x: &Array, entries: &[BracketEntry], args: &[Argument], which: usize, span: Span) -> Value {
        let Some(axes) = self.plain_axes("topk", entries, x, args[0].span) else { return Value::Unknown };
        let [axis] = &axes[..] else {
            return self.wants_axes(span, "`topk` works along one axis", "as in `topk[k](x, 5)`");
        };
        let Some(m) = self.known_argument(args.get(1), 1) else { return Value::Unknown };
        let dim = Dim::new(axis.clone(), Size::Known(m.max(0) as usize));
        let attrs = Attrs::axes(vec![axis.clone()]).with_dims(vec![dim]);
        let x = self.to_real(x, args[0].span);
        match self.apply(&ops::TOPK, &[(x, args[0].span)], attrs, span) {
            Value::Array(both) => {
                let id = self.node(&both);
                Value::Array(self.get_outputs(id, 2)[which].clone())
            }
            _ => Value::Unknown,
        }
    }

    fn ordered(&mut self, name: &str, x: &Array, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let ty = self.ty(x);
        let visible: Vec<Axis> = self.visible(&ty).into_iter().map(|d| d.axis).collect();
        let axes = if entries.is_empty() && visible.len() == 1 {
            visible
        } else {
            match self.plain_axes(name, entries, x, args[0].span) {
                Some(axes) => axes,
                None => return Value::Unknown,
            }
        };
        if axes.len() != 1 && name != "reverse" {
            let found = self.describe(&Value::Array(x.clone()));
            let d = Diagnostic::new(
                &codes::check::E0304,
                args[0].span,
                format!("`{name}` works along one axis"),
                format!("this is {found}"),
            )
            .help(match self.visible(&ty).first() {
                Some(dim) => format!("name it, as in `{name}[{}](x)`", dim.axis),
                None => "a single number has no axes".to_string(),
            });
            self.report(d);
            return Value::Unknown;
        }
        let op = match name {
            "reverse" => &ops::REVERSE,
            "sort" => &ops::SORT,
            _ => &ops::ARGSORT,
        };
        let attrs = if name == "reverse" { Attrs::axes(axes) } else { Attrs::axes(axes).with_ints(vec![0]) };
        self.apply(op, &[(x.clone(), args[0].span)], attrs, span)
    }

    /// The arrays among arguments, lists among them spread out.
    fn parts(&mut self, name: &str, args: &[Argument]) -> Option<Vec<(Array, Span)>> {
        let mut parts = Vec::new();
        for arg in args {
            match &arg.value {
                Value::List(items) | Value::Tuple(items) => {
                    for item in items.iter() {
                        parts.push((
                            self.want_array(item.clone(), arg.span, &format!("an argument of `{name}`"))?,
                            arg.span,
                        ));
                    }
                }
                other => parts
                    .push((self.want_array(other.clone(), arg.span, &format!("an argument of `{name}`"))?, arg.span)),
            }
        }
        if parts.iter().any(|(a, _)| self.ty(a).elem == crate::types::Elem::Real) {
            parts = parts.into_iter().map(|(a, s)| (self.to_real(&a, s), s)).collect();
        }
        Some(parts)
    }

    fn concat(&mut self, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some(parts) = self.parts("concat", args) else { return Value::Unknown };
        let ([BracketEntry { kind: BracketKind::Axis(ident), .. }], false) = (entries, parts.is_empty()) else {
            return self.wants_axes(
                span,
                "`concat` needs an axis in its bracket, and arrays",
                "as in `concat[n](a, b)`",
            );
        };
        let axis = self.axis_named(&ident.name);
        let mut total = Some(0);
        for (i, (part, place)) in parts.iter().enumerate() {
            let ty = self.ty(part);
            let Some(dim) = ty.dim(&axis) else {
                let arg = args.get(i).cloned().unwrap_or(Argument { name: None, value: Value::Unknown, span: *place });
                self.argument_axis(part, &arg, ident);
                return Value::Unknown;
            };
            total = total.zip(dim.size.known()).map(|(a, b): (usize, usize)| a + b);
        }
        let size = match total {
            Some(n) => Size::Known(n),
            None => self.b().sizes.fresh(),
        };
        let attrs = Attrs::axes(vec![axis.clone()]).with_dims(vec![Dim::new(axis, size)]);
        self.apply(&ops::CONCAT, &parts, attrs, span)
    }

    fn stack(&mut self, entries: &[BracketEntry], args: &[Argument], span: Span) -> Value {
        let Some(parts) = self.parts("stack", args) else { return Value::Unknown };
        let ([BracketEntry { kind: BracketKind::Axis(ident), .. }], false) = (entries, parts.is_empty()) else {
            return self.wants_axes(
                span,
                "`stack` needs a new axis in its bracket, and arrays",
                "as in `stack[s](a, b)`",
            );
        };
        let dim = Dim::new(self.axis_named(&ident.name), Size::Known(parts.len()));
        self.see_axis(&ident.name, dim.size, ident.span);
        self.apply(&ops::STACK, &parts, Attrs::dims(vec![dim]), span)
    }
}
