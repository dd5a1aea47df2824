//! Tables, as the `table` statement makes them: columns enter, aligned text or CSV leaves.

use super::number::{align, exponent};
use super::{integer, real};

/// Columns of equal length; a shorter one is filled with [`Cell::Missing`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Table {
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Real(f64),
    Int(i64),
    Bool(bool),
    Text(String),
    /// Mean and standard deviation over what the table does not name.
    Spread {
        mean: f64,
        std: f64,
    },
    Missing,
}

/// Significant digits of a cell.
const DIGITS: usize = 5;
/// Texts longer than this are cut in the text form.
const WIDEST: usize = 48;

impl Column {
    pub fn new(name: impl Into<String>, cells: Vec<Cell>) -> Column {
        Column { name: name.into(), cells }
    }

    fn numeric(&self) -> bool {
        self.cells.iter().all(|c| matches!(c, Cell::Real(_) | Cell::Int(_) | Cell::Missing | Cell::Spread { .. }))
    }

    /// Cells as text. A mean is rounded where its deviation begins to say something: at its second digit.
    fn texts(&self, rows: usize) -> Vec<String> {
        let texts: Vec<String> = (0..rows).map(|i| self.cells.get(i).map_or("–".into(), Cell::show)).collect();
        if !self.cells.iter().any(|c| matches!(c, Cell::Spread { .. })) {
            return align(&texts, self.numeric());
        }
        let split = |t: &String| t.split_once(" ± ").map_or((t.clone(), String::new()), |(a, b)| (a.into(), b.into()));
        let (means, stds): (Vec<String>, Vec<String>) = texts.iter().map(split).unzip();
        let pairs = align(&means, true).into_iter().zip(align(&stds, true));
        pairs.map(|(mean, std)| if std.trim().is_empty() { mean } else { format!("{mean} ± {std}") }).collect()
    }
}

impl Cell {
    fn show(&self) -> String {
        match self {
            Cell::Real(v) => real(*v, DIGITS),
            Cell::Int(v) => integer(*v),
            Cell::Bool(v) => v.to_string(),
            Cell::Text(text) if text.chars().count() > WIDEST => text.chars().take(WIDEST - 1).chain(['…']).collect(),
            Cell::Text(text) => text.replace(['\n', '\r', '\t'], " "),
            Cell::Missing => "–".into(),
            Cell::Spread { mean, std } => spread(*mean, *std),
        }
    }

    /// In full precision, for CSV.
    fn full(&self) -> String {
        match self {
            Cell::Real(v) => full(*v),
            Cell::Int(v) => integer(*v),
            Cell::Bool(v) => v.to_string(),
            Cell::Text(text) => text.clone(),
            Cell::Missing => String::new(),
            Cell::Spread { mean, .. } => full(*mean),
        }
    }
}

/// The fewest digits that read back exactly.
fn full(value: f64) -> String {
    if value.is_nan() { "nan".into() } else { format!("{value}") }
}

fn spread(mean: f64, std: f64) -> String {
    if !(std.is_finite() && std > 0.0 && mean.is_finite()) {
        return format!("{} ± {}", real(mean, DIGITS), real(std, 2));
    }
    // Decimals up to the second significant digit of the deviation, within reason.
    let decimals = (1 - exponent(std)).clamp(0, 12) as usize;
    if mean.abs() >= 1e9 || std < 1e-9 {
        return format!("{} ± {}", real(mean, DIGITS), real(std, 2));
    }
    format!("{mean:.decimals$} ± {std:.decimals$}")
}

impl Table {
    pub fn new(columns: Vec<Column>) -> Table {
        Table { columns }
    }

    pub fn rows(&self) -> usize {
        self.columns.iter().map(|c| c.cells.len()).max().unwrap_or(0)
    }

    /// A header, a rule, and one line per row; numbers meet at their points. No newline at the end.
    pub fn to_text(&self) -> String {
        let rows = self.rows();
        let mut columns: Vec<Vec<String>> = Vec::new();
        for column in &self.columns {
            let cells = column.texts(rows);
            let widest = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0).max(column.name.chars().count());
            let pad = |text: &str| {
                if column.numeric() { format!("{text:>widest$}") } else { format!("{text:<widest$}") }
            };
            let mut lines = vec![pad(&column.name), "─".repeat(widest)];
            lines.extend(cells.iter().map(|c| pad(c)));
            columns.push(lines);
        }
        let line = |i: usize| {
            let cells: Vec<&str> = columns.iter().map(|c| c[i].as_str()).collect();
            cells.join("  ").trim_end().to_string()
        };
        (0..rows + 2).map(line).collect::<Vec<String>>().join("\n")
    }

    /// CSV with full precision; a column of means and deviations becomes `name_mean` and `name_std`.
    pub fn to_csv(&self) -> Vec<u8> {
        let rows = self.rows();
        let mut columns: Vec<(String, Vec<String>)> = Vec::new();
        for column in &self.columns {
            let at = |i: usize| column.cells.get(i).unwrap_or(&Cell::Missing);
            let values = (0..rows).map(|i| at(i).full()).collect();
            if column.cells.iter().any(|c| matches!(c, Cell::Spread { .. })) {
                let std = |i: usize| if let Cell::Spread { std, .. } = at(i) { full(*std) } else { String::new() };
                columns.push((format!("{}_mean", column.name), values));
                columns.push((format!("{}_std", column.name), (0..rows).map(std).collect()));
            } else {
                columns.push((column.name.clone(), values));
            }
        }
        crate::data::csv::write(&columns)
    }
}
