//! The `table` statement: a list of records becomes an aligned table, printed and kept as CSV among the results.

use super::present::{Results, open_type};
use super::{Event, Output, Session};
use crate::diag::{Diagnostic, codes};
use crate::display::{self, Cell, Column, Table};
use crate::elaborate::value::Value;
use crate::source::Span;
use crate::tensor::Tensor;
use crate::types::Elem;

impl Session {
    pub(super) fn table(
        &mut self,
        value: &Value,
        span: Span,
        results: &Results,
        output: &mut dyn Output,
    ) -> Result<(), Box<Diagnostic>> {
        let shown = self.displayed(value, results);
        let Some(table) = as_table(&shown) else {
            let d = Diagnostic::new(
                &codes::data::E0622,
                span,
                "a table is made of records with the same fields, or of one record of arrays over one axis",
                "not a table",
            )
            .help("as in `table {tau: t, accuracy: a} for (t, a) in results`");
            return Err(Box::new(d));
        };
        let stem = self.results.free_stem("table", &["csv"]);
        self.results.add(&format!("{stem}.csv"), table.to_csv()).map_err(|f| Box::new(f.diagnostic(span)))?;
        let json = if self.options.json { display::to_json(&shown) } else { serde_json::Value::Null };
        let event = Event::Value {
            name: self.sources.snippet(span).to_string(),
            ty: open_type(value, results.graph),
            text: table.to_text(),
            json,
        };
        output.event(event, &self.sources);
        Ok(())
    }
}

/// Rows from a list of records with the same fields; columns from a record of arrays of equal length.
fn as_table(value: &display::Value) -> Option<Table> {
    match value {
        display::Value::List(rows) => {
            let mut columns: Vec<Column> = Vec::new();
            for (i, row) in rows.iter().enumerate() {
                let display::Value::Record(fields) = row else { return None };
                if i == 0 {
                    columns = fields.iter().map(|(n, _)| Column::new(n.clone(), Vec::new())).collect();
                }
                if fields.len() != columns.len() || fields.iter().zip(&columns).any(|(f, c)| f.0 != c.name) {
                    return None;
                }
                for ((_, v), column) in fields.iter().zip(&mut columns) {
                    column.cells.push(cell(v));
                }
            }
            (!columns.is_empty()).then(|| Table::new(columns))
        }
        display::Value::Record(fields) => {
            let mut columns = Vec::new();
            for (name, v) in fields {
                let cells = column(v)?;
                if columns.first().is_some_and(|c: &Column| c.cells.len() != cells.len()) {
                    return None;
                }
                columns.push(Column::new(name.clone(), cells));
            }
            (!columns.is_empty()).then(|| Table::new(columns))
        }
        _ => None,
    }
}

fn column(value: &display::Value) -> Option<Vec<Cell>> {
    match value {
        display::Value::Array(a) if a.ty.dims.len() <= 1 => {
            let n = a.data.shape().first().copied().unwrap_or(1);
            Some((0..n).map(|i| element(a, i)).collect())
        }
        display::Value::List(items) => Some(items.iter().map(cell).collect()),
        _ => None,
    }
}

fn cell(value: &display::Value) -> Cell {
    match value {
        display::Value::Array(a) if a.ty.is_scalar() => element(a, 0),
        other => Cell::Text(display::to_text(other, 48)),
    }
}

fn element(a: &display::ArrayValue, at: usize) -> Cell {
    let number = a.data.to_f64().get(at).copied().unwrap_or(f64::NAN);
    match (&a.data, &a.ty.elem) {
        (Tensor::F64(_) | Tensor::F32(_), _) => Cell::Real(number),
        (Tensor::Bool(_), _) => Cell::Bool(number != 0.0),
        (Tensor::I64(_), Elem::Label(axis)) => {
            let names = a.names.iter().find(|(x, _)| x == axis).map(|(_, names)| names);
            match names.and_then(|n| n.get(number as usize)) {
                Some(name) => Cell::Text(name.clone()),
                None => Cell::Int(number as i64),
            }
        }
        (Tensor::I64(_), _) => Cell::Int(number as i64),
    }
}
