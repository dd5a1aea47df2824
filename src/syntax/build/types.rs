//! Types.

use super::{Builder, next, only};
use crate::diag::{Diagnostic, codes::syntax as codes};
use crate::syntax::ast::*;
use crate::syntax::grammar::Rule;
use pest::iterators::Pair;

impl Builder<'_> {
    pub(super) fn type_expr(&mut self, pair: Pair<'_, Rule>) -> TypeExpr {
        let span = self.span(&pair);
        let kind = self.nested(span, 0, |b| b.type_kind(only(pair)));
        let nothing = || TypeExprKind::Record(Vec::new());
        TypeExpr { kind: kind.unwrap_or_else(nothing), span }
    }

    fn type_kind(&mut self, pair: Pair<'_, Rule>) -> TypeExprKind {
        match pair.as_rule() {
            Rule::function_type => {
                let mut params: Vec<TypeExpr> = pair.clone().into_inner().map(|ty| self.type_expr(ty)).collect();
                let result = params.pop().expect("internal: a function type has a result");
                TypeExprKind::Function { params, result: Box::new(result) }
            }
            Rule::record_type => {
                let field = |field: Pair<'_, Rule>| {
                    let mut inner = field.into_inner();
                    (self.ident(&next(&mut inner)), self.type_expr(next(&mut inner)))
                };
                TypeExprKind::Record(pair.into_inner().map(field).collect())
            }
            Rule::label_type => {
                let mut inner = pair.into_inner();
                let of = self.ident(&next(&mut inner));
                let dims = inner.next().map(|dims| self.dims(dims)).unwrap_or_default();
                TypeExprKind::Array { elem: ElemExpr::Label(of), dims }
            }
            _ => self.plain_type(pair),
        }
    }

    fn plain_type(&mut self, pair: Pair<'_, Rule>) -> TypeExprKind {
        let span = self.span(&pair);
        let mut inner = pair.into_inner();
        let name = self.ident(&next(&mut inner));
        let dims = inner.next();
        let elem = match &*name.name {
            "real" => Some(ElemExpr::Real),
            "int" => Some(ElemExpr::Int),
            "bool" => Some(ElemExpr::Bool),
            "text" => Some(ElemExpr::Text),
            _ => None,
        };
        if let Some(elem) = elem {
            return TypeExprKind::Array { elem, dims: dims.map(|dims| self.dims(dims)).unwrap_or_default() };
        }
        if &*name.name == "label" {
            let report = Diagnostic::new(&codes::E0122, span, "a label needs its axis", "labels of which axis?");
            self.faults.push(report.help("write `label k`, and `label k [n]` for one label per element of `n`"));
        } else if dims.is_some() {
            let message = format!("`{}` is no element type", name.name);
            let report = Diagnostic::new(&codes::E0122, span, message, "only element types have axes");
            let meant = match &*name.name {
                "float" | "f32" | "f64" | "double" | "float32" | "float64" | "number" => "real",
                "integer" | "i32" | "i64" | "int32" | "int64" | "long" => "int",
                "boolean" => "bool",
                "string" | "str" => "text",
                _ => "",
            };
            self.faults.push(if meant.is_empty() {
                report.help("the element types are `real`, `int`, `bool`, `text` and `label k`")
            } else {
                report.help(format!("write `{meant}`"))
            });
        }
        TypeExprKind::Named(name)
    }

    fn dims(&mut self, pair: Pair<'_, Rule>) -> Vec<(Ident, Option<Expr>)> {
        let dim = |dim: Pair<'_, Rule>| {
            let mut inner = dim.into_inner();
            (self.ident(&next(&mut inner)), inner.next().map(|size| self.expr(size)))
        };
        pair.into_inner().map(dim).collect()
    }
}
