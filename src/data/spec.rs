//! What a program declares about a file, and what reading it gives. Axes are names here; the caller gives them scopes.

use super::DataFault;
use crate::diag::codes::data as codes;
use crate::tensor::Tensor;
use crate::types::Precision;
use std::sync::Arc;

/// How files are to be read, from the call `load("file.csv", x: real[n, d], y: label k [n])`.
#[derive(Clone, Debug)]
pub struct LoadSpec {
    /// In the order written: they take the file's columns from left to right.
    pub fields: Vec<Field>,
    pub header: Header,
    pub separator: Separator,
    pub precision: Precision,
}

/// One declared array of a file.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Arc<str>,
    pub elem: FieldElem,
    /// CSV: the row axis, then at most a column axis. NPY: all axes in storage order.
    pub axes: Vec<DeclaredAxis>,
    pub columns: Columns,
}

/// An axis as declared; `size` where the program knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeclaredAxis {
    pub name: Arc<str>,
    pub size: Option<usize>,
}

#[derive(Clone, Debug)]
pub enum FieldElem {
    Real,
    Int,
    Bool,
    Text,
    /// A class of this axis. With a known size the cells are indexes (or as many names as classes); without, the
    /// distinct cells become the classes, sorted.
    Label(DeclaredAxis),
}

/// Which columns of a CSV file a field takes.
#[derive(Clone, Debug)]
pub enum Columns {
    /// A field with a row axis alone takes the column of its own name if the header has one, else the next column; a
    /// field with a column axis takes as many as that axis is long, else all that no other field takes.
    Auto,
    /// These, by their names in the header.
    Named(Vec<Arc<str>>),
    /// The next so many.
    Count(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Header {
    /// The first line is a header if none of its cells is a number and a column below holds numbers, or a declared
    /// name stands in it.
    #[default]
    Auto,
    Yes,
    No,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Separator {
    /// Tab, `;`, `,`, `|` or blanks: the first that cuts the first lines into equally many cells.
    #[default]
    Auto,
    Byte(u8),
    /// Runs of blanks.
    Blanks,
}

impl LoadSpec {
    pub fn new(fields: Vec<Field>) -> LoadSpec {
        LoadSpec { fields, header: Header::default(), separator: Separator::default(), precision: Precision::default() }
    }

    pub fn precision(mut self, precision: Precision) -> LoadSpec {
        self.precision = precision;
        self
    }
}

impl Field {
    pub fn new(name: impl Into<Arc<str>>, elem: FieldElem, axes: Vec<DeclaredAxis>) -> Field {
        Field { name: name.into(), elem, axes, columns: Columns::Auto }
    }
}

impl DeclaredAxis {
    pub fn open(name: impl Into<Arc<str>>) -> DeclaredAxis {
        DeclaredAxis { name: name.into(), size: None }
    }

    pub fn sized(name: impl Into<Arc<str>>, size: usize) -> DeclaredAxis {
        DeclaredAxis { name: name.into(), size: Some(size) }
    }
}

impl FieldElem {
    /// The type as a program writes it.
    pub fn show(&self) -> String {
        match self {
            FieldElem::Real => "real".into(),
            FieldElem::Int => "int".into(),
            FieldElem::Bool => "bool".into(),
            FieldElem::Text => "text".into(),
            FieldElem::Label(axis) => format!("label {}", axis.name),
        }
    }
}

/// What a file holds, arranged as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub fields: Vec<LoadedField>,
    /// The extent of every axis that the declaration names, in order of first appearance.
    pub sizes: Vec<(Arc<str>, usize)>,
    /// Names along an axis: classes of a label axis, header names of a column axis.
    pub names: Vec<(Arc<str>, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LoadedField {
    pub name: Arc<str>,
    pub elem: LoadedElem,
    /// Axis names in storage order.
    pub axes: Vec<Arc<str>>,
    pub data: FieldData,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LoadedElem {
    Real,
    Int,
    Bool,
    Text,
    Label(Arc<str>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum FieldData {
    Array(Tensor),
    /// One per row.
    Texts(Vec<String>),
}

impl Loaded {
    pub fn size(&self, axis: &str) -> Option<usize> {
        self.sizes.iter().find(|(name, _)| &**name == axis).map(|&(_, size)| size)
    }

    /// Names along an axis, where the file has them.
    pub fn names_of(&self, axis: &str) -> Option<&[String]> {
        self.names.iter().find(|(name, _)| &**name == axis).map(|(_, names)| names.as_slice())
    }

    pub fn field(&self, name: &str) -> Option<&LoadedField> {
        self.fields.iter().find(|f| &*f.name == name)
    }

    pub fn array(&self, name: &str) -> Option<&Tensor> {
        match &self.field(name)?.data {
            FieldData::Array(tensor) => Some(tensor),
            FieldData::Texts(_) => None,
        }
    }
}

/// Extents as they become known, with what settled each, so that a conflict can name both sides.
#[derive(Default)]
pub(super) struct Extents {
    known: Vec<(Arc<str>, usize, String)>,
}

impl Extents {
    /// All sizes that the declaration itself states.
    pub fn of(spec: &LoadSpec, file: &str) -> Result<Extents, Box<DataFault>> {
        let mut extents = Extents::default();
        for field in &spec.fields {
            let label = if let FieldElem::Label(axis) = &field.elem { Some(axis) } else { None };
            for axis in field.axes.iter().chain(label) {
                if let Some(size) = axis.size {
                    extents.settle(
                        &axis.name,
                        size,
                        &format!("`{}` declares {}: {size}", field.name, axis.name),
                        file,
                    )?;
                }
            }
        }
        Ok(extents)
    }

    pub fn get(&self, axis: &str) -> Option<usize> {
        self.known.iter().find(|(name, ..)| &**name == axis).map(|&(_, size, _)| size)
    }

    /// Records that `axis` has `size` because of `why`; E0614 if it is known to have another.
    pub fn settle(&mut self, axis: &Arc<str>, size: usize, why: &str, file: &str) -> Result<(), Box<DataFault>> {
        let Some((_, known, first)) = self.known.iter().find(|(name, ..)| name == axis) else {
            self.known.push((axis.clone(), size, why.to_string()));
            return Ok(());
        };
        if *known == size {
            return Ok(());
        }
        let message = format!("axis {axis} has size {known} and {size}");
        Err(DataFault::new(&codes::E0614, file, message)
            .note(first.clone())
            .note(why.to_string())
            .help(format!("leave the size out (`[{axis}]`) to take it from the file, or load the file that was meant")))
    }

    pub fn finish(self) -> Vec<(Arc<str>, usize)> {
        self.known.into_iter().map(|(name, size, _)| (name, size)).collect()
    }
}
