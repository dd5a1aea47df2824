//! Data files for the elaborator: read once a session, kept while their bytes may be asked for again.

use super::library::Library;
use crate::data::{self, DeclaredAxis, Field, FieldData, FieldElem, Header, LoadSpec, Separator};
use crate::diag::Diagnostic;
use crate::elaborate::{Host, LoadField, LoadRequest, Loaded, LoadedField, Mode};
use crate::syntax::ast::ElemExpr;
use crate::types::{ArrayTy, Axis, Dim, Elem, Precision, Size, Sizes};
use crate::world::World;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was read so far, by path and declaration.
#[derive(Default)]
pub struct Files {
    folder: PathBuf,
    read: HashMap<String, Arc<data::Loaded>>,
    /// Names along axes that files gave, by axis; nothing where two files disagree.
    pub names: BTreeMap<String, Option<Arc<[String]>>>,
    /// Names and hashes of the files read, in order, for the manifest.
    pub hashes: Vec<(String, String)>,
}

impl Files {
    pub fn folder_path(&self) -> PathBuf {
        self.folder.clone()
    }

    fn name_axis(&mut self, axis: &str, names: &[String]) {
        // Classes called 0, 1, 2 are their own names.
        if names.iter().enumerate().all(|(i, n)| n.parse() == Ok(i)) {
            return;
        }
        match self.names.get_mut(axis) {
            Some(known) if known.as_ref().is_none_or(|k| **k != *names) => *known = None,
            Some(_) => {}
            None => {
                self.names.insert(axis.to_string(), Some(names.into()));
            }
        }
    }

    /// Relative paths are looked up beside the program.
    pub fn beside(&mut self, folder: &Path) {
        self.folder = folder.to_path_buf();
    }
}

pub struct SessionHost<'a> {
    pub world: &'a dyn World,
    pub files: &'a mut Files,
    pub library: &'a Library,
    pub precision: Precision,
}

impl Host for SessionHost<'_> {
    fn load(&mut self, request: &LoadRequest, _mode: Mode, _sizes: &mut Sizes) -> Result<Loaded, Diagnostic> {
        let loaded = self.read(request).map_err(|fault| fault.diagnostic(request.span))?;
        for (axis, names) in axis_names(request, &loaded) {
            self.files.name_axis(&axis, names);
        }
        Ok(arrange(request, &loaded))
    }

    fn module_of(&self, name: &str) -> Option<String> {
        self.library.module_of(name)
    }
}

impl SessionHost<'_> {
    fn read(&mut self, request: &LoadRequest) -> Result<Arc<data::Loaded>, Box<data::DataFault>> {
        let key = format!(
            "{:?} {} {:?} {:?} {:?} {:?}",
            self.precision,
            request.path,
            self.files.folder,
            declaration(&request.fields),
            request.header,
            request.separator
        );
        if let Some(found) = self.files.read.get(&key) {
            return Ok(found.clone());
        }
        let loaded = if request.bundled {
            let missing = || {
                let names: Vec<String> = data::bundled_names().map(str::to_string).collect();
                data::unreadable(&request.path, None, &names)
            };
            data::bundled(&request.path, self.precision).ok_or_else(missing)??
        } else {
            self.read_file(request)?
        };
        let loaded = Arc::new(loaded);
        self.files.read.insert(key, loaded.clone());
        Ok(loaded)
    }

    fn read_file(&mut self, request: &LoadRequest) -> Result<data::Loaded, Box<data::DataFault>> {
        let fields = request.fields.iter().map(field).collect();
        let mut spec = LoadSpec::new(fields).precision(self.precision);
        spec.header = request.header.map_or(Header::Auto, |yes| if yes { Header::Yes } else { Header::No });
        spec.separator = request.separator.map_or(Separator::Auto, Separator::Byte);
        let (loaded, bytes) = data::load_file(self.world, &self.files.folder, &request.path, &spec)?;
        let hash = (request.path.to_string(), crate::out::sha256(&bytes));
        if !self.files.hashes.contains(&hash) {
            self.files.hashes.push(hash);
        }
        Ok(loaded)
    }
}

fn declaration(fields: &[LoadField]) -> Vec<String> {
    fields.iter().map(|f| format!("{} {} {:?}", f.name, field(f).elem.show(), f.axes)).collect()
}

fn field(f: &LoadField) -> Field {
    let elem = match &f.elem {
        ElemExpr::Real => FieldElem::Real,
        ElemExpr::Int => FieldElem::Int,
        ElemExpr::Bool => FieldElem::Bool,
        ElemExpr::Text => FieldElem::Text,
        ElemExpr::Label(k) => FieldElem::Label(DeclaredAxis::open(k.name.clone())),
    };
    let axes = f.axes.iter().map(|(name, size)| DeclaredAxis { name: name.clone(), size: *size }).collect();
    Field::new(f.name.clone(), elem, axes)
}

/// Names along the axes of a file, by the program's names of those axes.
fn axis_names<'a>(request: &LoadRequest, loaded: &'a data::Loaded) -> Vec<(Arc<str>, &'a [String])> {
    let mut out = Vec::new();
    for (i, f) in request.fields.iter().enumerate() {
        let found = if request.bundled { loaded.field(&f.name) } else { loaded.fields.get(i) };
        let Some(found) = found else { continue };
        let label = match (&f.elem, &found.elem) {
            (ElemExpr::Label(k), data::LoadedElem::Label(own)) => Some((k.name.clone(), own)),
            _ => None,
        };
        let axes = f.axes.iter().map(|a| a.0.clone()).zip(&found.axes);
        out.extend(axes.chain(label).filter_map(|(here, own)| Some((here, loaded.names_of(own)?))));
    }
    out
}

/// What was read in the program's own axes: those of the declaration.
fn arrange(request: &LoadRequest, loaded: &data::Loaded) -> Loaded {
    let mut out = Loaded::default();
    for (i, f) in request.fields.iter().enumerate() {
        let found = if request.bundled { loaded.field(&f.name) } else { loaded.fields.get(i) };
        let Some(found) = found else { continue };
        let tensor = match &found.data {
            FieldData::Array(tensor) => tensor,
            FieldData::Texts(texts) => {
                let (name, ty, texts) = (f.name.clone(), ArrayTy::scalar(Elem::Real), Some(texts.clone()));
                out.fields.push(LoadedField { name, ty, data: None, texts });
                continue;
            }
        };
        let axis = |at: usize| f.axes.get(at).map(|a| a.0.clone()).or(found.axes.get(at).cloned());
        let dims: Vec<Dim> = tensor
            .shape()
            .iter()
            .enumerate()
            .filter_map(|(at, n)| axis(at).map(|name| Dim::new(Axis::global(name), Size::Known(*n))))
            .collect();
        let elem = match (&f.elem, &found.elem) {
            (ElemExpr::Label(k), data::LoadedElem::Label(own)) => {
                if let Some(n) = loaded.size(own) {
                    out.label_sizes.push((k.name.clone(), Size::Known(n)));
                }
                Elem::Label(Axis::global(k.name.clone()))
            }
            (_, data::LoadedElem::Int) => Elem::Int,
            (_, data::LoadedElem::Bool) => Elem::Bool,
            _ => Elem::Real,
        };
        let (name, ty, data) = (f.name.clone(), ArrayTy::new(elem, dims), Some(tensor.clone()));
        out.fields.push(LoadedField { name, ty, data, texts: None });
    }
    out
}
