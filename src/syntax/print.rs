//! Tree → text, in one style: what is read back is the same tree up to places. Used by tests and by the formatter.
//! Comments other than `##` are not in the tree and are not printed. Never fails; what could not be read prints as `?`.

use super::ast::*;
use super::words::is_reserved;
use std::fmt::Write;

/// How tightly a form holds together, loosest first; a looser one inside a tighter place gets parentheses.
mod level {
    pub const FOR: u8 = 0;
    pub const WHERE: u8 = 1;
    pub const ASCRIBE: u8 = 2;
    pub const ARM: u8 = 3;
    pub const OR: u8 = 4;
    pub const AND: u8 = 5;
    pub const NOT: u8 = 6;
    pub const COMPARE: u8 = 7;
    pub const RANGE: u8 = 8;
    pub const ADD: u8 = 9;
    pub const MUL: u8 = 10;
    pub const NEG: u8 = 11;
    pub const POW: u8 = 12;
    pub const TERM: u8 = 13;
    /// What calls, brackets and fields may be put behind.
    pub const BASE: u8 = 14;
}

/// The text of a module, with a line end at the end of each item.
pub fn print(module: &Module) -> String {
    let mut printer = Printer::default();
    if let Some(doc) = &module.doc {
        printer.doc(doc);
        printer.line();
    }
    printer.items(module.items.iter().map(|item| &**item));
    let mut text = printer.out;
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The text of one statement.
pub fn item(item: &Item) -> String {
    let mut printer = Printer::default();
    printer.item(item);
    printer.out
}

/// The text of one expression.
pub fn expr(expr: &Expr) -> String {
    let mut printer = Printer::default();
    printer.expr(expr, level::FOR);
    printer.out
}

/// The text of a type.
pub fn type_expr(ty: &TypeExpr) -> String {
    let mut printer = Printer::default();
    printer.ty(ty);
    printer.out
}

#[derive(Default)]
pub(super) struct Printer {
    pub(super) out: String,
    indent: usize,
}

impl Printer {
    pub(super) fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
    }

    pub(super) fn doc(&mut self, doc: &str) {
        for line in doc.split('\n') {
            self.put(if line.is_empty() { "##" } else { "## " });
            self.put(line);
            self.line();
        }
    }

    /// Items on lines of their own. One that would read as going on with the line before is set off by `;`.
    fn items<'a>(&mut self, items: impl Iterator<Item = &'a Item>) {
        for (i, item) in items.enumerate() {
            let mut inner = Printer { out: String::new(), indent: self.indent };
            inner.item(item);
            if i > 0 {
                if inner.out.starts_with(['-', '.']) {
                    self.put(";");
                }
                self.line();
            }
            self.put(&inner.out);
        }
    }

    pub(super) fn list<T>(&mut self, items: &[T], mut print: impl FnMut(&mut Printer, &T)) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.put(", ");
            }
            print(self, item);
        }
    }

    pub(super) fn names(&mut self, names: &[Ident]) {
        self.list(names, |p, name| p.put(&name.name));
    }

    pub(super) fn body<'a>(&mut self, items: impl Iterator<Item = &'a Item>) {
        self.put("{");
        self.indent += 1;
        self.line();
        let start = self.out.len();
        self.items(items);
        // `{ x : real }` would be a record: parentheses keep the block.
        let first = self.out.get(start..).unwrap_or("");
        let word = first.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        if word.len() < first.len() && word.trim_start_matches(' ').starts_with(':') {
            let end = first.find('\n').map_or(self.out.len(), |at| start + at);
            self.out.insert(end, ')');
            self.out.insert(start, '(');
        }
        self.indent -= 1;
        self.line();
        self.put("}");
    }

    pub(super) fn block(&mut self, block: &Block) {
        let value = Item { kind: ItemKind::Expr((*block.value).clone()), span: block.value.span, doc: None };
        self.body(block.items.iter().map(|item| &**item).chain([&value]));
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Name(name) => self.put(&name.name),
            Pattern::Tuple(parts, _) => {
                self.put("(");
                self.list(parts, Printer::pattern);
                self.put(")");
            }
            Pattern::Record(names, _) => {
                self.put("{");
                self.names(names);
                self.put("}");
            }
        }
    }

    /// An expression in a place that takes forms of `least` or tighter without parentheses.
    pub(super) fn expr(&mut self, expr: &Expr, least: u8) {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            if tightness(expr) < least {
                self.put("(");
                self.bare(expr);
                self.put(")");
            } else {
                self.bare(expr);
            }
        });
    }

    fn bare(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Real(x) => {
                let _ = write!(self.out, "{x:?}");
            }
            ExprKind::Int(n) => {
                let _ = write!(self.out, "{n}");
            }
            ExprKind::Bool(b) => self.put(if *b { "true" } else { "false" }),
            ExprKind::Text(text) => self.text(&text.value),
            ExprKind::Name(name) => self.put(&name.name),
            ExprKind::Hole | ExprKind::Broken => self.put("?"),
            ExprKind::List(values) => {
                self.put("[");
                self.list(values, |p, e| p.expr(e, level::FOR));
                self.put("]");
            }
            ExprKind::Tuple(values) => {
                self.put("(");
                self.list(values, |p, e| p.expr(e, level::FOR));
                self.put(if values.len() == 1 { ",)" } else { ")" });
            }
            ExprKind::Record(fields) => self.record(fields),
            ExprKind::Block(block) => self.block(block),
            ExprKind::Unary { op: UnaryOp::Neg, value, .. } => {
                self.put("-");
                self.expr(value, level::NEG);
            }
            ExprKind::Unary { op: UnaryOp::Not, value, .. } => {
                self.put("not ");
                self.expr(value, level::NOT);
            }
            ExprKind::Binary { op, left, right, .. } => self.binary(*op, left, right),
            ExprKind::Contract { left, axes, right, .. } => {
                self.expr(left, level::MUL);
                self.put(" @[");
                self.names(axes);
                self.put("] ");
                self.expr(right, level::NEG);
            }
            ExprKind::Range { from, to } => {
                self.expr(from, level::ADD);
                self.put("..");
                self.expr(to, level::ADD);
            }
            _ => self.form(expr),
        }
    }

    /// Forms made of words and brackets.
    fn form(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call { function, args } => {
                self.expr(function, level::BASE);
                self.put("(");
                self.list(args, |p, arg| {
                    if let Some(name) = &arg.name {
                        p.put(&name.name);
                        p.put(" = ");
                    }
                    p.expr(&arg.value, level::FOR);
                });
                self.put(")");
            }
            ExprKind::Bracket { base, entries } => {
                self.expr(base, level::BASE);
                self.bracket(entries);
            }
            ExprKind::Field { base, field } => {
                self.expr(base, level::BASE);
                self.put(".");
                self.put(&field.name);
            }
            ExprKind::Build { dims, body } => {
                self.put("[");
                self.list(dims, |p, (axis, size)| p.pair(&axis.name, size));
                self.put("] => ");
                self.expr(body, level::ARM);
            }
            ExprKind::Lambda { params, body } => {
                match params.as_slice() {
                    [one] => self.put(&one.name),
                    many => {
                        self.put("(");
                        self.names(many);
                        self.put(")");
                    }
                }
                self.put(" -> ");
                self.expr(body, level::ARM);
            }
            ExprKind::If { condition, then, otherwise } => {
                self.put("if ");
                self.expr(condition, level::FOR);
                self.put(" then ");
                self.expr(then, level::FOR);
                self.put(" else ");
                self.expr(otherwise, level::ARM);
            }
            ExprKind::Update { base, entries, add, value } => {
                self.expr(base, level::ASCRIBE);
                self.put(" with ");
                self.bracket(entries);
                self.put(if *add { " += " } else { " = " });
                self.expr(value, level::ARM);
            }
            ExprKind::With { base, path, value } => {
                self.expr(base, level::ASCRIBE);
                self.put(" with ");
                self.path(path);
                self.put(" = ");
                self.expr(value, level::ARM);
            }
            ExprKind::Where { value, mask } => {
                self.expr(value, level::WHERE);
                self.put(" where ");
                self.expr(mask, level::ASCRIBE);
            }
            ExprKind::For { body, clauses } => {
                // `run e for c in l` runs all of `e for c in l`.
                let least = if matches!(body.kind, ExprKind::Run(_)) { level::WHERE } else { level::FOR };
                self.expr(body, least);
                self.for_clauses(clauses);
            }
            ExprKind::Ascribe { value, ty } => {
                self.expr(value, level::ASCRIBE);
                self.put(" : ");
                self.ty(ty);
            }
            ExprKind::Loop(looping) => self.looping(looping),
            ExprKind::Exact(block) => {
                self.put("exact ");
                self.block(block);
            }
            ExprKind::Run(value) => {
                self.put("run ");
                self.expr(value, level::FOR);
            }
            _ => {}
        }
    }

    fn looping(&mut self, looping: &Loop) {
        self.put(if looping.scan { "scan" } else { "iterate" });
        if let Some(axis) = &looping.axis {
            self.put("[");
            self.put(&axis.name);
            self.put("]");
        }
        self.put(" ");
        self.pattern(&looping.state);
        self.put(" = ");
        self.expr(&looping.start, level::WHERE);
        self.put(" for ");
        self.put(&looping.counter.name);
        self.put(" in ");
        self.expr(&looping.range, level::WHERE);
        if let Some(until) = &looping.until {
            self.put(" until ");
            self.expr(until, level::WHERE);
        }
        self.put(" ");
        self.block(&looping.body);
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr) {
        let (sign, left_least, right_least) = match op {
            BinaryOp::Or => (" or ", level::OR, level::AND),
            BinaryOp::And => (" and ", level::AND, level::NOT),
            BinaryOp::Eq => (" == ", level::RANGE, level::RANGE),
            BinaryOp::Ne => (" != ", level::RANGE, level::RANGE),
            BinaryOp::Lt => (" < ", level::RANGE, level::RANGE),
            BinaryOp::Le => (" <= ", level::RANGE, level::RANGE),
            BinaryOp::Gt => (" > ", level::RANGE, level::RANGE),
            BinaryOp::Ge => (" >= ", level::RANGE, level::RANGE),
            BinaryOp::Close => (" ~= ", level::RANGE, level::RANGE),
            BinaryOp::Add => (" + ", level::ADD, level::MUL),
            BinaryOp::Sub => (" - ", level::ADD, level::MUL),
            BinaryOp::Mul => (" * ", level::MUL, level::NEG),
            BinaryOp::Div => (" / ", level::MUL, level::NEG),
            BinaryOp::Pow => ("^", level::TERM, level::POW),
        };
        self.expr(left, left_least);
        self.put(sign);
        match &right.kind {
            // `2^-1`: a sign in an exponent needs no parentheses.
            ExprKind::Unary { op: UnaryOp::Neg, value, .. }
                if op == BinaryOp::Pow && tightness(value) >= level::TERM =>
            {
                self.bare(right);
            }
            _ => self.expr(right, right_least),
        }
    }

    fn record(&mut self, fields: &[(Ident, Expr)]) {
        self.put("{");
        self.list(fields, |p, (name, value)| match &value.kind {
            ExprKind::Name(same) if same.name == name.name && fields.len() > 1 && !is_reserved(&name.name) => {
                p.put(&name.name);
            }
            _ => p.pair(&name.name, value),
        });
        self.put("}");
    }

    fn pair(&mut self, name: &str, value: &Expr) {
        self.put(name);
        self.put(": ");
        self.expr(value, level::FOR);
    }

    pub(super) fn for_clauses(&mut self, clauses: &[ForClause]) {
        self.put(" for ");
        self.list(clauses, |p, clause| {
            p.pattern(&clause.pattern);
            p.put(" in ");
            p.expr(&clause.list, level::WHERE);
        });
    }

    pub(super) fn path(&mut self, path: &[Ident]) {
        for (i, name) in path.iter().enumerate() {
            if i > 0 {
                self.put(".");
            }
            self.put(&name.name);
        }
    }

    fn bracket(&mut self, entries: &[BracketEntry]) {
        self.put("[");
        self.list(entries, |p, entry| match &entry.kind {
            BracketKind::Axis(axis) => p.put(&axis.name),
            BracketKind::At(axis, value) => {
                p.put(&axis.name);
                p.put(" = ");
                p.expr(value, level::FOR);
            }
            BracketKind::Size(axis, size) => p.pair(&axis.name, size),
            BracketKind::Arrow { from, to } => {
                p.names(from);
                p.put(" -> ");
                p.list(to, |p, (axis, size)| match size {
                    Some(size) => p.pair(&axis.name, size),
                    None => p.put(&axis.name),
                });
            }
            BracketKind::By(axis, groups) => {
                p.put(&axis.name);
                p.put(" by ");
                p.expr(groups, level::FOR);
            }
        });
        self.put("]");
    }

    pub(super) fn text(&mut self, value: &str) {
        self.put("\"");
        for c in value.chars() {
            match c {
                '\n' => self.put("\\n"),
                '\t' => self.put("\\t"),
                '"' => self.put("\\\""),
                '\\' => self.put("\\\\"),
                c => self.out.push(c),
            }
        }
        self.put("\"");
    }

    pub(super) fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Array { elem, dims } => {
                match elem {
                    ElemExpr::Real => self.put("real"),
                    ElemExpr::Int => self.put("int"),
                    ElemExpr::Bool => self.put("bool"),
                    ElemExpr::Text => self.put("text"),
                    ElemExpr::Label(axis) => {
                        self.put("label ");
                        self.put(&axis.name);
                    }
                }
                if !dims.is_empty() {
                    self.put(if matches!(elem, ElemExpr::Label(_)) { " [" } else { "[" });
                    self.list(dims, |p, (axis, size)| {
                        p.put(&axis.name);
                        if let Some(size) = size {
                            p.put(": ");
                            p.expr(size, level::ARM);
                        }
                    });
                    self.put("]");
                }
            }
            TypeExprKind::Record(fields) => {
                self.put("{");
                self.list(fields, |p, (name, ty)| {
                    p.put(&name.name);
                    p.put(": ");
                    p.ty(ty);
                });
                self.put("}");
            }
            TypeExprKind::Named(name) => self.put(&name.name),
            TypeExprKind::Function { params, result } => {
                self.put("(");
                self.list(params, Printer::ty);
                self.put(") -> ");
                self.ty(result);
            }
        }
    }
}

/// The loosest place in which an expression stands without parentheses.
fn tightness(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::For { .. } | ExprKind::Run(_) => level::FOR,
        ExprKind::Where { .. } => level::WHERE,
        ExprKind::Ascribe { .. } | ExprKind::Update { .. } | ExprKind::With { .. } => level::ASCRIBE,
        ExprKind::Lambda { .. } | ExprKind::If { .. } | ExprKind::Build { .. } => level::ARM,
        ExprKind::Unary { op: UnaryOp::Not, .. } => level::NOT,
        ExprKind::Unary { op: UnaryOp::Neg, .. } => level::NEG,
        ExprKind::Range { .. } => level::RANGE,
        ExprKind::Contract { .. } => level::MUL,
        ExprKind::Binary { op, .. } => match op {
            BinaryOp::Or => level::OR,
            BinaryOp::And => level::AND,
            BinaryOp::Add | BinaryOp::Sub => level::ADD,
            BinaryOp::Mul | BinaryOp::Div => level::MUL,
            BinaryOp::Pow => level::POW,
            _ => level::COMPARE,
        },
        ExprKind::Real(_) | ExprKind::Int(_) | ExprKind::Bool(_) | ExprKind::Block(_) | ExprKind::Exact(_) => {
            level::TERM
        }
        ExprKind::Loop(_) => level::TERM,
        _ => level::BASE,
    }
}

pub(super) use level::{ARM, FOR, TERM, WHERE};
