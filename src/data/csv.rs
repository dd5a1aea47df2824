//! Tables of text: bytes and a declaration in, named arrays out. Every fault names line, column and what stands there.
//! Cells are trimmed; empty lines are skipped; a byte order mark is ignored. Never guesses a missing value.

use super::labels::{Classes, Numbering};
use super::layout::{Layout, lay_out};
use super::spec::Extents;
use super::{DataFault, FieldData, FieldElem, Header, LoadSpec, Loaded, LoadedElem, LoadedField, Separator, excerpt};
use crate::diag::codes::data as codes;
use crate::tensor::Tensor;
use crate::types::Precision;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows looked at to find separator and header.
const HEAD: usize = 20;

/// Reads a table. Shapes: a field `real[n, d]` of a file with `n` rows takes `d` columns; `y: label k [n]` takes one.
pub fn read(file: &str, bytes: &[u8], spec: &LoadSpec) -> Result<Loaded, Box<DataFault>> {
    let text = decode(file, bytes)?;
    let separator = match spec.separator {
        Separator::Auto => sniff(text),
        given => given,
    };
    let mut head: Vec<(usize, Vec<String>)> = Vec::new();
    rows(text, separator, &mut |line, cells| {
        head.push((line, cells.iter().map(|c| c.to_string()).collect()));
        if head.len() < HEAD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let Some((first_line, first)) = head.first() else {
        return Err(DataFault::new(&codes::E0603, file, "the file is empty"));
    };
    let header = has_header(spec, &head).then_some(first.as_slice());
    if let Some(names) = header {
        check_names(file, *first_line, names)?;
    }
    let mut extents = Extents::of(spec, file)?;
    let layout = lay_out(file, spec, first.len(), header, &mut extents)?;
    let mut reading = Reading::new(file, spec, &layout, header, first.len());
    let mut skip = header.is_some();
    rows(text, separator, &mut |line, cells| {
        if !std::mem::take(&mut skip) {
            reading.row(line, cells);
        }
        ControlFlow::Continue(())
    });
    reading.finish(extents)
}

fn decode<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, Box<DataFault>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let fault = DataFault::new(&codes::E0602, file, "the file is UTF-16, not UTF-8");
        return Err(fault.help("save it as UTF-8 (`iconv -f UTF-16 -t UTF-8`)"));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let byte = bytes.get(error.valid_up_to()).copied().unwrap_or(0);
        let message = format!("line {line} is not UTF-8 text (byte 0x{byte:02x})");
        DataFault::new(&codes::E0602, file, message).at_line(line).help("save the file as UTF-8")
    })
}

/// Calls `each` with line number and trimmed cells of every row that is not empty.
fn rows(text: &str, separator: Separator, each: &mut dyn FnMut(usize, &[&str]) -> ControlFlow<()>) {
    if separator == Separator::Blanks {
        for (i, line) in text.lines().enumerate() {
            let cells: Vec<&str> = line.split_whitespace().collect();
            if !cells.is_empty() && each(i + 1, &cells).is_break() {
                return;
            }
        }
        return;
    }
    let delimiter = if let Separator::Byte(byte) = separator { byte } else { b',' };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    while let Ok(true) = reader.read_record(&mut record) {
        let line = record.position().map_or(0, |p| line_of(text, p.byte(), p.line()));
        let cells: Vec<&str> = record.iter().map(str::trim).collect();
        if cells.iter().all(|c| c.is_empty()) && cells.len() == 1 {
            continue;
        }
        if each(line, &cells).is_break() {
            return;
        }
    }
}

/// The reader counts a record from the end of the one before; empty lines in between belong to neither.
fn line_of(text: &str, byte: u64, line: u64) -> usize {
    let skipped = text.as_bytes().iter().skip(byte as usize).take_while(|b| matches!(b, b'\n' | b'\r'));
    line as usize + skipped.filter(|&&b| b == b'\n').count()
}

/// The first separator that cuts the first lines into equally many cells, more than one.
fn sniff(text: &str) -> Separator {
    let candidates = [b'\t', b';', b',', b'|'].map(Separator::Byte);
    for candidate in candidates.into_iter().chain([Separator::Blanks]) {
        let mut widths = Vec::new();
        rows(text, candidate, &mut |_, cells| {
            widths.push(cells.len());
            if widths.len() < HEAD { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if widths.first().is_some_and(|&w| w > 1 && widths.iter().all(|&v| v == w)) {
            return candidate;
        }
    }
    // Ragged or a single column: the separator that occurs at all.
    let line = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("");
    let found = [b',', b'\t', b';', b'|'].into_iter().find(|&b| line.as_bytes().contains(&b));
    match found {
        Some(byte) => Separator::Byte(byte),
        None if line.split_whitespace().nth(1).is_some() && !line.contains('"') => Separator::Blanks,
        None => Separator::Byte(b','),
    }
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}

fn has_header(spec: &LoadSpec, head: &[(usize, Vec<String>)]) -> bool {
    match spec.header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => {
            let Some((_, first)) = head.first() else { return false };
            if first.iter().any(|c| is_number(c)) || first.iter().all(|c| c.is_empty()) {
                return false;
            }
            let declared = |cell: &String| {
                let named = |f: &super::Field| match &f.columns {
                    super::Columns::Named(names) => names.iter().any(|n| **n == **cell),
                    _ => *f.name == **cell,
                };
                spec.fields.iter().any(named)
            };
            first.iter().any(declared) || head.iter().skip(1).any(|(_, row)| row.iter().any(|c| is_number(c)))
        }
    }
}

fn check_names(file: &str, line: usize, names: &[String]) -> Result<(), Box<DataFault>> {
    let mut sorted: Vec<(&String, usize)> = names.iter().zip(1..).filter(|(n, _)| !n.is_empty()).collect();
    sorted.sort();
    let twins = sorted.windows(2).filter(|pair| pair[0].0 == pair[1].0).min_by_key(|pair| pair[1].1);
    let Some(pair) = twins else { return Ok(()) };
    let message =
        format!("columns {} and {} of the header are both named `{}`", pair[0].1, pair[1].1, excerpt(pair[0].0));
    let fault = DataFault::new(&codes::E0610, file, message).at_line(line).at_column(pair[1].1, Some(pair[1].0));
    Err(fault.help("give each column its own name"))
}

/// Columns being read into the fields of a declaration.
struct Reading<'a> {
    file: &'a str,
    spec: &'a LoadSpec,
    layout: &'a Layout,
    header: Option<&'a [String]>,
    width: usize,
    rows: usize,
    columns: Vec<Buffer>,
    classes: Vec<Classes>,
    fault: Option<Box<DataFault>>,
}

enum Buffer {
    Real(Vec<f64>),
    Int(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<String>),
    /// Index into `classes`, ids.
    Label(usize, Vec<u32>),
}

impl<'a> Reading<'a> {
    fn new(
        file: &'a str,
        spec: &'a LoadSpec,
        layout: &'a Layout,
        header: Option<&'a [String]>,
        width: usize,
    ) -> Reading<'a> {
        let mut classes: Vec<Classes> = Vec::new();
        let buffer = |field: &super::Field| match &field.elem {
            FieldElem::Real => Buffer::Real(Vec::new()),
            FieldElem::Int => Buffer::Int(Vec::new()),
            FieldElem::Bool => Buffer::Bool(Vec::new()),
            FieldElem::Text => Buffer::Text(Vec::new()),
            FieldElem::Label(axis) => {
                let known = classes.iter().position(|c| c.axis == axis.name).unwrap_or_else(|| {
                    classes.push(Classes::new(axis.name.clone()));
                    classes.len() - 1
                });
                Buffer::Label(known, Vec::new())
            }
        };
        let columns = spec.fields.iter().map(buffer).collect();
        Reading { file, spec, layout, header, width, rows: 0, columns, classes, fault: None }
    }

    fn row(&mut self, line: usize, cells: &[&str]) {
        if cells.len() != self.width {
            let fault = self.ragged(line, cells);
            return self.report(fault);
        }
        self.rows += 1;
        for f in 0..self.columns.len() {
            for i in 0..self.layout.fields[f].len() {
                let column = self.layout.fields[f][i];
                if let Err(fault) = self.cell(f, line, column, cells[column]) {
                    self.report(fault);
                }
            }
        }
    }

    fn ragged(&self, line: usize, cells: &[&str]) -> Box<DataFault> {
        let (found, expected) = (cells.len(), self.width);
        let message = format!("line {line} has {found} {}, the first line has {expected}", columns_word(found));
        let mut fault = DataFault::new(&codes::E0604, self.file, message).at_line(line).text(&cells.join(","));
        if cells.iter().any(|c| c.contains('\n')) {
            fault = fault.help("a quote that opens on this line is not closed");
        } else if expected == 1 {
            fault = fault.help("if the first line is not part of the table, remove it");
        } else {
            fault =
                fault.help("every row needs the same number of cells; put quotes around text with a separator in it");
        }
        fault
    }

    fn cell(&mut self, field: usize, line: usize, column: usize, cell: &str) -> Result<(), Box<DataFault>> {
        let name = self.header.map(|h| h[column].as_str());
        let elem = &self.spec.fields[field].elem;
        let missing = match elem {
            FieldElem::Text => false,
            FieldElem::Label(_) => matches!(cell, "" | "?" | "NA" | "N/A" | "nan" | "NaN"),
            _ => is_missing(cell),
        };
        let at = |fault: Box<DataFault>| fault.at_line(line).at_column(column + 1, name);
        if missing {
            let what = if cell.is_empty() { "an empty cell".to_string() } else { format!("`{cell}`") };
            let message = format!("line {line}, column {} has no value ({what})", column + 1);
            let help = "fill the value in or remove the row; nothing is guessed";
            return Err(at(DataFault::new(&codes::E0605, self.file, message)).help(help));
        }
        let mut read = true;
        match &mut self.columns[field] {
            Buffer::Real(values) => match cell.parse() {
                Ok(v) => values.push(v),
                Err(_) => read = false,
            },
            Buffer::Int(values) => match cell.parse() {
                Ok(v) => values.push(v),
                Err(_) => read = false,
            },
            Buffer::Bool(values) => match truth(cell) {
                Some(v) => values.push(v),
                None => read = false,
            },
            Buffer::Text(values) => values.push(cell.to_string()),
            Buffer::Label(table, ids) => {
                let id = self.classes[*table].cell(cell, line, column + 1, name);
                ids.push(id);
            }
        }
        if read { Ok(()) } else { Err(at(self.unreadable_cell(field, line, column, cell))) }
    }

    fn unreadable_cell(&self, field: usize, line: usize, column: usize, cell: &str) -> Box<DataFault> {
        let elem = self.spec.fields[field].elem.show();
        let shown = excerpt(cell);
        let (wanted, help) = match elem.as_str() {
            "int" if is_number(cell) => ("a whole number", "declare the field as `real`"),
            "bool" => ("a truth value", "truth values are written true/false, yes/no or 1/0"),
            "int" => ("a whole number", "declare a column of names as a label (`y: label k [n]`)"),
            _ if is_decimal_comma(cell) => ("a number", "numbers are written with a decimal point, not a comma"),
            _ if line <= 1 => ("a number", "if the first line names the columns, say `header = true`"),
            _ => ("a number", "declare a column of names as a label (`y: label k [n]`), or correct the cell"),
        };
        let message = format!("line {line}, column {}: `{shown}` is not {wanted}", column + 1);
        let field = &self.spec.fields[field];
        DataFault::new(&codes::E0606, self.file, message)
            .note(format!("`{}` is declared as {elem}", field.name))
            .help(help)
    }

    fn report(&mut self, fault: Box<DataFault>) {
        match &mut self.fault {
            Some(first) if first.code.id == fault.code.id => first.more += 1,
            Some(_) => {}
            None => self.fault = Some(fault),
        }
    }

    fn finish(self, mut extents: Extents) -> Result<Loaded, Box<DataFault>> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.rows == 0 {
            return Err(DataFault::new(&codes::E0603, self.file, "the file has a header and no rows"));
        }
        for axis in self.spec.fields.iter().filter_map(|f| f.axes.first()) {
            extents.settle(&axis.name, self.rows, &format!("the file has {} rows", self.rows), self.file)?;
        }
        let mut numberings = Vec::new();
        for classes in &self.classes {
            numberings.push(classes.number_all(&mut extents, self.file)?);
        }
        let mut names: Vec<(Arc<str>, Vec<String>)> = Vec::new();
        for (field, columns) in self.spec.fields.iter().zip(&self.layout.fields) {
            if let (Some(header), Some(axis)) = (self.header, field.axes.get(1)) {
                note_names(&mut names, &axis.name, columns.iter().map(|&c| header[c].clone()).collect());
            }
        }
        for (classes, numbering) in self.classes.iter().zip(&numberings) {
            if let Some(found) = &numbering.names {
                names.retain(|(axis, _)| *axis != classes.axis);
                names.push((classes.axis.clone(), found.clone()));
            }
        }
        let (rows, precision) = (self.rows, self.spec.precision);
        let fields = self.spec.fields.iter().zip(self.columns).zip(&self.layout.fields);
        let fields = fields.map(|((field, buffer), columns)| {
            let shape: Vec<usize> = [rows, columns.len()][..field.axes.len().min(2)].to_vec();
            LoadedField {
                name: field.name.clone(),
                elem: field.elem.loaded(),
                axes: field.axes.iter().map(|a| a.name.clone()).collect(),
                data: buffer.finish(&shape, precision, &numberings),
            }
        });
        Ok(Loaded { fields: fields.collect(), sizes: extents.finish(), names })
    }
}

fn note_names(names: &mut Vec<(Arc<str>, Vec<String>)>, axis: &Arc<str>, found: Vec<String>) {
    if !names.iter().any(|(known, _)| known == axis) {
        names.push((axis.clone(), found));
    }
}

impl Buffer {
    fn finish(self, shape: &[usize], precision: Precision, numberings: &[Numbering]) -> FieldData {
        FieldData::Array(match self {
            Buffer::Real(values) => super::reals(shape, values, precision),
            Buffer::Int(values) => Tensor::from_vec(shape, values),
            Buffer::Bool(values) => Tensor::from_vec(shape, values),
            Buffer::Label(table, ids) => {
                let labels = &numberings[table].labels;
                Tensor::from_vec(shape, ids.iter().map(|&id| labels[id as usize]).collect::<Vec<i64>>())
            }
            Buffer::Text(values) => return FieldData::Texts(values),
        })
    }
}

impl FieldElem {
    pub(super) fn loaded(&self) -> LoadedElem {
        match self {
            FieldElem::Real => LoadedElem::Real,
            FieldElem::Int => LoadedElem::Int,
            FieldElem::Bool => LoadedElem::Bool,
            FieldElem::Text => LoadedElem::Text,
            FieldElem::Label(axis) => LoadedElem::Label(axis.name.clone()),
        }
    }
}

pub(super) fn columns_word(count: usize) -> &'static str {
    if count == 1 { "column" } else { "columns" }
}

fn is_missing(cell: &str) -> bool {
    let known = ["", "?", "-", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "missing"];
    cell.len() <= 7 && known.contains(&cell.to_ascii_lowercase().as_str())
}

fn truth(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "t" | "y" => Some(true),
        "false" | "no" | "0" | "f" | "n" => Some(false),
        _ => None,
    }
}

fn is_decimal_comma(cell: &str) -> bool {
    cell.matches(',').count() == 1 && is_number(&cell.replace(',', "."))
}

/// A table as CSV text: a header line, then one line per row; reals with the fewest digits that read back exactly.
/// Columns must be of equal length; a shorter one leaves empty cells.
pub fn write(columns: &[(String, Vec<String>)]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let rows = columns.iter().map(|(_, cells)| cells.len()).max().unwrap_or(0);
    let mut ok = writer.write_record(columns.iter().map(|(name, _)| name.as_str())).is_ok();
    for row in 0..rows {
        let cells = columns.iter().map(|(_, cells)| cells.get(row).map_or("", String::as_str));
        ok &= writer.write_record(cells).is_ok();
    }
    debug_assert!(ok, "writing to memory does not fail");
    writer.into_inner().unwrap_or_default()
}
