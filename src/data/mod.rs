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
#[cfg(test)]
mod tests;

pub use bundled::{Bundled, bundled, bundled_names, describe};
pub use fault::{DataFault, excerpt};
pub use spec::{
    Columns, DeclaredAxis, Field, FieldData, FieldElem, Header, LoadSpec, Loaded, LoadedElem, LoadedField, Separator,
};

use crate::diag::codes::data as codes;
use crate::diag::suggest::nearest;
use crate::tensor::Tensor;
use crate::types::Precision;
use crate::world::{Reason, World};
use std::path::Path;

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

/// Reads a file named by a program that lies in `folder`: what it holds and its bytes, for the manifest's digest.
pub fn load_file(
    world: &dyn World,
    folder: &Path,
    file: &str,
    spec: &LoadSpec,
) -> Result<(Loaded, Vec<u8>), Box<DataFault>> {
    let format = Format::of_name(file)?;
    let path = folder.join(file);
    let bytes = world.read(&path).map_err(|failure| {
        let siblings = world.list(path.parent().unwrap_or(folder)).unwrap_or_default();
        match failure.reason {
            Reason::Missing => unreadable(file, None, &siblings),
            reason => unreadable(file, Some(&reason.to_string()), &[]),
        }
    })?;
    Ok((load(file, &bytes, format, spec)?, bytes))
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
    match nearest(name, siblings.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("did you mean `{}`?", sibling_path(file, near))),
        _ => fault.help("paths are looked up from the folder of the program"),
    }
}

fn sibling_path(file: &str, sibling: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{sibling}"),
        None => sibling.to_string(),
    }
}

/// A real tensor of the program's precision.
fn reals(shape: &[usize], values: Vec<f64>, precision: Precision) -> Tensor {
    match precision {
        Precision::F64 => Tensor::from_vec(shape, values),
        Precision::F32 => Tensor::from_vec(shape, values.into_iter().map(|v| v as f32).collect::<Vec<f32>>()),
    }
}
