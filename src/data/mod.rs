//! Data files and arrays: bytes of CSV and NPY files enter with what the program declares about them, named arrays
//! leave, or one [`DataFault`] that says where the file differs from the declaration. Also the bundled data sets.
//! Never opens a file (`world` does) and never allocates more than a small multiple of the bytes it was given.

mod bundled;
pub mod csv;
mod fault;
mod gzip;
mod labels;
mod layout;
pub mod npy;
mod spec;

pub use bundled::{Bundled, bundled, bundled_names, describe};
pub use fault::{DataFault, excerpt};
pub use spec::{
    Columns, DeclaredAxis, Field, FieldData, FieldElem, Header, LoadSpec, Loaded, LoadedElem, LoadedField, Separator,
};

use crate::diag::codes::data as codes;
use crate::tensor::Tensor;
use crate::types::Precision;

/// How the bytes of a file are laid out; a `.gz` is recognised by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Csv,
    Npy,
}

impl Format {
    /// By the file's name: `.csv`, `.tsv`, `.txt`, `.dat`, `.data` are tables of text, `.npy` is NumPy's, and each may
    /// be compressed with `.gz` behind it. E0616 for any other name.
    pub fn of_name(file: &str) -> Result<Format, Box<DataFault>> {
        let lower = file.to_lowercase();
        let stem = lower.strip_suffix(".gz").unwrap_or(&lower);
        let name = stem.rsplit(['/', '\\']).next().unwrap_or(stem);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("csv" | "tsv" | "txt" | "dat" | "data") => Ok(Format::Csv),
            Some("npy") => Ok(Format::Npy),
            Some("npz") => Err(unknown_format(file).help("save its arrays one by one with `numpy.save(\"x.npy\", x)`")),
            _ => Err(unknown_format(file)),
        }
    }
}

fn unknown_format(file: &str) -> Box<DataFault> {
    DataFault::new(&codes::E0616, file, "the name does not say which format the file has")
        .help("files that can be read: .csv, .tsv, .txt, .dat (tables of text) and .npy, each also with .gz behind it")
}

/// Reads a file's bytes as the program declares them. `file` is the name shown in messages.
pub fn load(file: &str, bytes: &[u8], format: Format, spec: &LoadSpec) -> Result<Loaded, Box<DataFault>> {
    let plain = gzip::inflate(file, bytes, gzip::LIMIT)?;
    match format {
        Format::Csv => csv::read(file, &plain, spec),
        Format::Npy => npy::read(file, &plain, spec),
    }
}

/// E0601: the file is not there or cannot be read. `why` is the system's reason (`None`: no such file), `siblings` the
/// names of the files beside it.
pub fn unreadable(file: &str, why: Option<&str>, siblings: &[String]) -> Box<DataFault> {
    let message = match why {
        None => "there is no such file".to_string(),
        Some(why) => format!("the file cannot be read: {why}"),
    };
    let fault = DataFault::new(&codes::E0601, file, message);
    let name = file.rsplit('/').next().unwrap_or(file);
    let near = nearest(name, siblings.iter().map(String::as_str));
    match near {
        Some(near) if near != name => fault.help(format!("did you mean `{}`?", sibling_path(file, near))),
        _ => fault.help("paths are looked up from the folder of the program"),
    }
}

fn sibling_path(file: &str, sibling: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{sibling}"),
        None => sibling.to_string(),
    }
}

/// The candidate closest to `name`, if one is close: at most a third of its characters differ, or it begins alike.
pub(crate) fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let scored = candidates.filter_map(|candidate| {
        let other = candidate.to_lowercase();
        let distance = edits(&lower, &other);
        let longest = lower.chars().count().max(other.chars().count());
        let prefix = lower.chars().count() >= 3 && other.starts_with(&lower);
        (distance * 3 <= longest.max(3) || prefix).then_some((distance, candidate))
    });
    scored.min().map(|(_, candidate)| candidate)
}

/// Edits (insert, delete, replace) between two short texts.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(100).enumerate() {
        let mut previous = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = previous + usize::from(ca != *cb);
            previous = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(previous + 1);
        }
    }
    row[b.len()]
}

/// A real tensor of the program's precision.
fn reals(shape: &[usize], values: Vec<f64>, precision: Precision) -> Tensor {
    match precision {
        Precision::F64 => Tensor::from_vec(shape, values),
        Precision::F32 => Tensor::from_vec(shape, values.into_iter().map(|v| v as f32).collect::<Vec<f32>>()),
    }
}
