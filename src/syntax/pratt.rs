//! Which operators bind tighter: a flat row of operands and operators → a tree. Operands are read by the caller.
//! Loosest first: `or`, `and`, `not`, comparisons, `..`, `+ -`, `* / @[d]`, unary `-`, `^` (from the right).

use super::ast::{BinaryOp, Expr, ExprKind, Ident, UnaryOp};
use super::build::Base;
use super::grammar::Rule;
use pest::iterators::{Pair, Pairs};
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::LazyLock;

static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(Op::prefix(Rule::not))
        .op(left(Rule::eq)
            | left(Rule::ne)
            | left(Rule::close)
            | left(Rule::le)
            | left(Rule::lt)
            | left(Rule::ge)
            | left(Rule::gt))
        .op(left(Rule::range))
        .op(left(Rule::add) | left(Rule::sub))
        .op(left(Rule::mul) | left(Rule::div) | left(Rule::contract))
        .op(Op::prefix(Rule::neg))
        .op(Op::infix(Rule::pow, Assoc::Right))
});

/// Reads the pairs of an `arm`; `operand` reads each `term`.
pub fn climb<'t>(base: Base, pairs: Pairs<'t, Rule>, operand: impl FnMut(Pair<'t, Rule>) -> Expr) -> Expr {
    PRATT
        .map_primary(operand)
        .map_prefix(|op, value| prefix(base, &op, value))
        .map_infix(|left, op, right| infix(base, left, op, right))
        .parse(pairs)
}

/// Whether this operator compares: a chain of these is an error.
pub fn compares(rule: Rule) -> bool {
    matches!(rule, Rule::eq | Rule::ne | Rule::close | Rule::le | Rule::lt | Rule::ge | Rule::gt)
}

fn prefix(base: Base, pair: &Pair<'_, Rule>, value: Expr) -> Expr {
    let op = if pair.as_rule() == Rule::neg { UnaryOp::Neg } else { UnaryOp::Not };
    let op_span = base.span(pair);
    Expr { span: op_span.to(value.span), kind: ExprKind::Unary { op, op_span, value: Box::new(value) } }
}

fn infix(base: Base, left: Expr, pair: Pair<'_, Rule>, right: Expr) -> Expr {
    let op_span = base.span(&pair);
    let span = left.span.to(right.span);
    let (left, right) = (Box::new(left), Box::new(right));
    let op = match pair.as_rule() {
        Rule::contract => {
            let axes: Vec<Ident> = pair.into_inner().map(|axis| base.ident(&axis)).collect();
            return Expr { kind: ExprKind::Contract { left, axes, right, op_span }, span };
        }
        Rule::range => return Expr { kind: ExprKind::Range { from: left, to: right }, span },
        Rule::add => BinaryOp::Add,
        Rule::sub => BinaryOp::Sub,
        Rule::mul => BinaryOp::Mul,
        Rule::div => BinaryOp::Div,
        Rule::pow => BinaryOp::Pow,
        Rule::eq => BinaryOp::Eq,
        Rule::ne => BinaryOp::Ne,
        Rule::lt => BinaryOp::Lt,
        Rule::le => BinaryOp::Le,
        Rule::gt => BinaryOp::Gt,
        Rule::ge => BinaryOp::Ge,
        Rule::close => BinaryOp::Close,
        Rule::and => BinaryOp::And,
        _ => BinaryOp::Or,
    };
    Expr { kind: ExprKind::Binary { op, op_span, left, right }, span }
}
