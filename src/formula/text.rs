//! Formulas as text, in Loss syntax: what `show` prints can be pasted into a program. Parentheses only where the
//! grammar needs them.

use crate::ir::{Formula, IndexPart, Precedence};

/// The formula in one line.
pub fn to_text(formula: &Formula) -> String {
    let mut out = String::new();
    write(formula, &mut out);
    out
}

/// A number as a person would write it: the shortest digits that give the same value back.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e16).contains(&size) { format!("{value:e}") } else { format!("{value}") }
}

pub(super) fn precedence(formula: &Formula) -> Precedence {
    match formula {
        Formula::Name(_) | Formula::Call { .. } | Formula::Reduce { .. } | Formula::Index { .. } => Precedence::Atom,
        Formula::Number(x) if x.is_sign_negative() && *x != 0.0 => Precedence::Negate,
        Formula::Number(_) => Precedence::Atom,
        Formula::Infix { precedence, .. } => *precedence,
        Formula::Negate(_) => Precedence::Negate,
        Formula::Not(_) => Precedence::Not,
        Formula::Fraction(..) => Precedence::Product,
        Formula::Power(..) => Precedence::Power,
        Formula::If { .. } => Precedence::Choice,
        // Already in Loss syntax; parts of it are put in parentheses unless it is plainly closed.
        Formula::Text(text) => {
            if text.ends_with(['}', ']', ')', '"']) && !text.contains(" where ") {
                Precedence::Atom
            } else {
                Precedence::Choice
            }
        }
    }
}

/// True for operators whose chains mean the same however they are grouped: `a + (b + c)`.
fn associative(symbol: &str) -> bool {
    matches!(symbol, "+" | "*" | "and" | "or")
}

fn group(formula: &Formula, least: Precedence, out: &mut String) {
    if precedence(formula) < least {
        out.push('(');
        write(formula, out);
        out.push(')');
    } else {
        write(formula, out);
    }
}

/// The next tighter level: what the right side of a left-associative operator needs.
pub(super) fn tighter(p: Precedence) -> Precedence {
    use Precedence::*;
    match p {
        Choice => Or,
        Or => And,
        And => Not,
        Not => Compare,
        Compare => Sum,
        Sum => Product,
        Product => Negate,
        Negate => Power,
        Power | Atom => Atom,
    }
}

fn list(items: &[Formula], out: &mut String) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
}

fn bracket(axes: &[String], out: &mut String) {
    if !axes.is_empty() {
        out.push('[');
        out.push_str(&axes.join(", "));
        out.push(']');
    }
}

fn write(formula: &Formula, out: &mut String) {
    match formula {
        Formula::Name(name) => out.push_str(name),
        Formula::Number(x) => out.push_str(&number(*x)),
        Formula::Text(text) => out.push_str(text),
        Formula::Call { function, axes, args, .. } => {
            out.push_str(function);
            bracket(axes, out);
            out.push('(');
            list(args, out);
            out.push(')');
        }
        Formula::Reduce { function, axes, body, .. } => {
            out.push_str(function);
            bracket(axes, out);
            out.push('(');
            write(body, out);
            out.push(')');
        }
        Formula::Infix { symbol, precedence: p, left, right, .. } => {
            let compare = *p == Precedence::Compare;
            group(left, if compare { tighter(*p) } else { *p }, out);
            out.push(' ');
            out.push_str(symbol);
            out.push(' ');
            let same = matches!(&**right, Formula::Infix { symbol: s, .. } if s == symbol) && associative(symbol);
            group(right, if same { *p } else { tighter(*p) }, out);
        }
        Formula::Fraction(above, below) => {
            group(above, Precedence::Product, out);
            out.push_str(" / ");
            group(below, tighter(Precedence::Product), out);
        }
        Formula::Negate(body) => {
            out.push('-');
            // `-a * b` and `-(a * b)` are the same number; the first is how people write it.
            group(body, Precedence::Product, out);
        }
        Formula::Not(body) => {
            out.push_str("not ");
            group(body, Precedence::Compare, out);
        }
        Formula::Power(base, exponent) => {
            group(base, Precedence::Atom, out);
            out.push('^');
            group(exponent, Precedence::Atom, out);
        }
        Formula::Index { base, entries } => {
            group(base, Precedence::Atom, out);
            out.push('[');
            for (i, (axis, part)) in entries.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                index(axis, part, out);
            }
            out.push(']');
        }
        Formula::If { condition, then, otherwise } => {
            out.push_str("if ");
            group(condition, Precedence::Or, out);
            out.push_str(" then ");
            group(then, Precedence::Or, out);
            out.push_str(" else ");
            write(otherwise, out);
        }
    }
}

fn index(axis: &str, part: &IndexPart, out: &mut String) {
    out.push_str(axis);
    match part {
        IndexPart::At(at) => {
            out.push_str(" = ");
            write(at, out);
        }
        IndexPart::Range(from, to) => {
            out.push_str(" = ");
            group(from, Precedence::Sum, out);
            out.push_str("..");
            group(to, Precedence::Sum, out);
        }
        IndexPart::Rename(name) => {
            out.push_str(" -> ");
            out.push_str(name);
        }
        IndexPart::Size(size) => {
            out.push_str(": ");
            write(size, out);
        }
    }
}
