//! Arrays as text: one line for scalars and short vectors, else type, axis names and a grid with `…` where it is cut.

use super::number::align;
use super::{ArrayValue, DIGITS};
use crate::types::{Axis, Elem};

/// Significant digits inside a grid.
const GRID_DIGITS: usize = 5;
/// Vectors up to this length are printed on one line if they fit.
const INLINE: usize = 32;
/// Grids shown of an array of three or more axes.
const SLICES: usize = 2;

/// A scalar, or a short vector as the language writes it: `[1, 2, 3] : real[k: 3]`.
pub fn inline(array: &ArrayValue) -> Option<String> {
    match array.data.shape() {
        [] => Some(array.element(0, DIGITS)),
        [n] if *n > 0 && *n <= INLINE => {
            let items: Vec<String> = (0..*n).map(|i| array.element(i, GRID_DIGITS)).collect();
            Some(format!("[{}] : {}", items.join(", "), array.header()))
        }
        _ => None,
    }
}

pub fn lines(array: &ArrayValue, width: usize, rows: usize) -> Vec<String> {
    let mut lines = vec![array.header()];
    let shape = array.data.shape();
    if array.data.is_empty() {
        lines[0].push_str("  (empty)");
        return lines;
    }
    match shape {
        [] => lines = vec![array.element(0, DIGITS)],
        [n] => {
            let columns = Coordinates::fitting(*n, usize::MAX);
            lines.extend(grid(array, 0, None, &columns, width));
        }
        [outer @ .., n, _] => {
            let inner = shape[shape.len() - 2] * shape[shape.len() - 1];
            let slices: usize = outer.iter().product();
            for slice in 0..slices.min(if outer.is_empty() { 1 } else { SLICES }) {
                if !outer.is_empty() {
                    lines.push(format!("  {}", position(array, outer, slice)));
                }
                let rows = Coordinates::fitting(*n, rows);
                let columns = Coordinates::fitting(shape[shape.len() - 1], usize::MAX);
                lines.extend(grid(array, slice * inner, Some(&rows), &columns, width));
            }
            if slices > SLICES && !outer.is_empty() {
                let s = if slices - SLICES == 1 { "" } else { "s" };
                lines.push(format!("  … {} more grid{s}", slices - SLICES));
            }
        }
    }
    lines
}

/// `n = 0, c = 1`: which part of the outer axes a grid shows.
fn position(array: &ArrayValue, outer: &[usize], slice: usize) -> String {
    let mut rest = slice;
    let mut parts = Vec::new();
    for (dim, &size) in array.ty.dims.iter().zip(outer).rev() {
        parts.push(format!("{} = {}", dim.axis, coordinate(array, &dim.axis, rest % size)));
        rest /= size;
    }
    parts.reverse();
    parts.join(", ")
}

fn coordinate(array: &ArrayValue, axis: &Axis, at: usize) -> String {
    array.name(axis, at).map_or_else(|| at.to_string(), |name| short(name, 16))
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.into() } else { text.chars().take(most - 1).chain(['…']).collect() }
}

/// The coordinates of an axis that are shown: all, or the first and last few.
struct Coordinates {
    size: usize,
    first: usize,
    last: usize,
}

impl Coordinates {
    fn fitting(size: usize, most: usize) -> Coordinates {
        if size <= most {
            return Coordinates { size, first: size, last: 0 };
        }
        let last = (most / 3).max(1);
        Coordinates { size, first: most.saturating_sub(last + 1).max(1), last }
    }

    /// `None` stands for the gap.
    fn list(&self) -> Vec<Option<usize>> {
        let mut list: Vec<Option<usize>> = (0..self.first).map(Some).collect();
        if self.first + self.last < self.size {
            list.push(None);
        }
        list.extend((self.size - self.last..self.size).map(Some));
        list
    }
}

/// Lines of one grid whose elements start at `base`; columns are dropped from the middle until it fits `width`.
fn grid(
    array: &ArrayValue,
    base: usize,
    rows: Option<&Coordinates>,
    columns: &Coordinates,
    width: usize,
) -> Vec<String> {
    // No line holds more than one column for every two characters.
    let mut most = columns.size.min(width / 2);
    loop {
        let lines = grid_of(array, base, rows, &Coordinates::fitting(columns.size, most));
        let widest = lines.iter().map(|l| l.trim_end().chars().count()).max().unwrap_or(0);
        if widest <= width || most <= 3 {
            return lines.iter().map(|l| l.trim_end().to_string()).collect();
        }
        // Never past what fits: estimated from the widest line, corrected by the next round.
        most = (most * width / widest).min(most - 1).max(3);
    }
}

fn grid_of(array: &ArrayValue, base: usize, rows: Option<&Coordinates>, columns: &Coordinates) -> Vec<String> {
    let column_axis = array.ty.dims.last().map(|d| &d.axis);
    let row_axis = array.ty.dims.len().checked_sub(2).and_then(|i| array.ty.dims.get(i)).map(|d| &d.axis);
    let numeric = !matches!(&array.ty.elem, Elem::Bool)
        && !matches!(&array.ty.elem, Elem::Label(axis) if array.name(axis, 0).is_some());
    let row_list = rows.map_or(vec![Some(0)], Coordinates::list);
    let mut table: Vec<Vec<String>> = Vec::new();
    if let (Some(row), Some(column), Some(_)) = (row_axis, column_axis, rows) {
        let name = |at: &Option<usize>| at.map_or("…".to_string(), |at| coordinate(array, row, at));
        let mut names = vec![format!("{row} \\ {column}")];
        names.extend(row_list.iter().map(name));
        let widest = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        table.push(names.iter().map(|n| format!("{n:>widest$}")).collect());
    } else {
        let names = vec![column_axis.map_or(String::new(), Axis::to_string), String::new()];
        table.push(align(&names, false));
    }
    for at in columns.list() {
        let Some(at) = at else {
            let gap = vec!["…".to_string(); row_list.len() + 1];
            table.push(gap);
            continue;
        };
        let cell = |row: &Option<usize>| match row {
            Some(row) => array.element(base + row * columns.size + at, GRID_DIGITS),
            None => "…".to_string(),
        };
        let cells = align(&row_list.iter().map(cell).collect::<Vec<String>>(), numeric);
        let head = column_axis.map_or(String::new(), |axis| coordinate(array, axis, at));
        let widest = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0).max(head.chars().count());
        let mut column = vec![format!("{head:>widest$}")];
        column.extend(cells.iter().map(|c| if numeric { format!("{c:>widest$}") } else { format!("{c:<widest$}") }));
        if !numeric {
            column[0] = format!("{head:<widest$}");
        }
        table.push(column);
    }
    let line = |i: usize| {
        let cells: Vec<&str> = table.iter().map(|column| column[i].as_str()).collect();
        format!("  {}", cells.join("  "))
    };
    (0..=row_list.len()).map(line).collect()
}
