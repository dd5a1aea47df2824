//! NumPy's `.npy` files: bytes and a declaration in, one named array out; and back. The header is checked here, strictly
//! and within bounds, before the `ndarray-npy` crate reads the values, so that no header makes it allocate or recurse.
//! Integers are read as reals where the program declares `real`; nothing else is converted.

use super::labels::Classes;
use super::spec::Extents;
use super::{DataFault, Field, FieldData, FieldElem, LoadSpec, Loaded, LoadedField, excerpt};
use crate::diag::codes::data as codes;
use crate::each_tensor;
use crate::tensor::Tensor;
use ndarray::ArrayD;
use ndarray_npy::{ReadNpyExt, ReadableElement, WriteNpyExt};

/// The longest header accepted, in bytes. NumPy itself warns above 10,000.
const HEADER_LIMIT: usize = 16_384;
/// The highest rank accepted: NumPy's own bound.
const RANK_LIMIT: usize = 64;

/// What the header says.
#[derive(Debug)]
struct Prelude {
    /// Kind and bytes per element, such as `('f', 8)`.
    kind: char,
    width: usize,
    /// As the file writes it, such as `<f8`.
    descr: String,
    shape: Vec<usize>,
}

/// Reads the one array of an `.npy` file. Its axes are the declared ones, in storage order (C or Fortran order alike:
/// the first declared axis is the array's first index).
pub fn read(file: &str, bytes: &[u8], spec: &LoadSpec) -> Result<Loaded, Box<DataFault>> {
    let [field] = &spec.fields[..] else {
        let message = format!("an .npy file holds one array, the call declares {}", spec.fields.len());
        let help = "declare one field with all its axes: `load(\"x.npy\", x: real[n, d])`";
        return Err(DataFault::new(&codes::E0617, file, message).help(help));
    };
    let prelude = prelude(file, bytes)?;
    let mut extents = Extents::of(spec, file)?;
    check_axes(file, field, &prelude, &mut extents)?;
    let array = values(file, bytes, &prelude)?;
    let data = convert(file, field, &prelude, array, spec)?;
    let (data, names) = match &field.elem {
        FieldElem::Label(axis) => {
            let mut classes = Classes::new(axis.name.clone());
            let values: &[i64] = data.slice();
            let ids: Vec<u32> = values.iter().map(|&v| classes.number(v)).collect();
            let numbering = classes.number_all(&mut extents, file)?;
            extents.settle(&axis.name, numbering.size, "the file's labels", file)?;
            let labels: Vec<i64> = ids.iter().map(|&id| numbering.labels[id as usize]).collect();
            let names = numbering.names.map(|names| (axis.name.clone(), names));
            (Tensor::from_vec(data.shape(), labels), names.into_iter().collect())
        }
        _ => (data, Vec::new()),
    };
    let loaded = LoadedField {
        name: field.name.clone(),
        elem: field.elem.loaded(),
        axes: field.axes.iter().map(|a| a.name.clone()).collect(),
        data: FieldData::Array(data),
    };
    Ok(Loaded { fields: vec![loaded], sizes: extents.finish(), names })
}

/// Reads and checks everything in front of the values.
fn prelude(file: &str, bytes: &[u8]) -> Result<Prelude, Box<DataFault>> {
    let damaged =
        |what: &str| DataFault::new(&codes::E0613, file, format!("the file is not a whole .npy file: {what}"));
    let again = "write it again with `numpy.save`, or copy it again";
    let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") else {
        return Err(damaged("it does not begin with the mark of .npy files").help(again));
    };
    let (version, rest) = match rest {
        [major, _, rest @ ..] => (*major, rest),
        _ => return Err(damaged("it ends inside its header").help(again)),
    };
    let (length, rest) = match (version, rest) {
        (1, [a, b, rest @ ..]) => (u16::from_le_bytes([*a, *b]) as usize, rest),
        (2 | 3, [a, b, c, d, rest @ ..]) => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, rest),
        (1..=3, _) => return Err(damaged("it ends inside its header").help(again)),
        _ => return Err(damaged(&format!("format version {version} is unknown")).help(again)),
    };
    if length > HEADER_LIMIT {
        let message = format!("the header claims to be {length} bytes long, at most {HEADER_LIMIT} are read");
        return Err(DataFault::new(&codes::E0615, file, message).help(again));
    }
    let Some(header) = rest.get(..length) else {
        return Err(damaged("it ends inside its header").help(again));
    };
    let header = std::str::from_utf8(header).ok().filter(|h| h.is_ascii());
    let Some(header) = header else { return Err(damaged("its header is not text").help(again)) };
    let (descr, shape) =
        dictionary(header).ok_or_else(|| damaged("its header cannot be read").text(header).help(again))?;
    let (kind, width) = element(&descr).ok_or_else(|| {
        let message = format!("elements of type `{}` cannot be read", excerpt(&descr));
        let help = "convert before saving, as in `x.astype(\"float64\")`";
        DataFault::new(&codes::E0612, file, message).help(help)
    })?;
    check_length(file, rest.len() - length, width, &shape)?;
    Ok(Prelude { kind, width, descr, shape })
}

/// The values must be there before anything is allocated for them.
fn check_length(file: &str, found: usize, width: usize, shape: &[usize]) -> Result<(), Box<DataFault>> {
    // An empty array may claim any other extents; bound their product all the same, as ndarray does.
    let bound = shape.iter().filter(|&&n| n > 0).try_fold(1usize, |p, &n| p.checked_mul(n));
    let bound = bound.and_then(|count| count.checked_mul(width)).filter(|&bytes| bytes <= isize::MAX as usize);
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    let extents = extents.join(" x ");
    let Some(bound) = bound else {
        let message = format!("the header claims an array of {extents} elements, more than memory can hold");
        let help = "the header is damaged: write the file again with `numpy.save`, or copy it again";
        return Err(DataFault::new(&codes::E0615, file, message).help(help));
    };
    let needed = if shape.contains(&0) { 0 } else { bound };
    if needed == found {
        return Ok(());
    }
    let comparison = if found < needed { "stops early" } else { "has bytes left over" };
    let message = format!("the file {comparison}: {extents} elements need {needed} bytes, it has {found}");
    Err(DataFault::new(&codes::E0613, file, message).help("write it again with `numpy.save`, or copy it again"))
}

/// `descr` and `shape` of a header such as `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`. Anything
/// but these three keys with values of this form is refused.
fn dictionary(header: &str) -> Option<(String, Vec<usize>)> {
    let mut rest = header.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let (mut descr, mut order, mut shape) = (None, None, None);
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let (key, after) = rest[1..].split_once(quote)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let after = match key {
            "descr" => {
                let quote = value.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
                let (text, after) = value[1..].split_once(quote)?;
                let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "<>|=".contains(c));
                (plain && descr.replace(text.to_string()).is_none()).then_some(after)?
            }
            "fortran_order" => {
                let after = value.strip_prefix("True").or_else(|| value.strip_prefix("False"))?;
                order.replace(()).is_none().then_some(after)?
            }
            "shape" => {
                let (list, after) = value.strip_prefix('(')?.split_once(')')?;
                shape.replace(extents(list)?).is_none().then_some(after)?
            }
            _ => return None,
        };
        rest = after.trim_start();
        rest = match rest.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if rest.is_empty() => rest,
            None => return None,
        };
    }
    order?;
    Some((descr?, shape?))
}

/// `3, 4` or `3,` or nothing.
fn extents(list: &str) -> Option<Vec<usize>> {
    let list = list.trim();
    if list.is_empty() {
        return Some(Vec::new());
    }
    let list = list.strip_suffix(',').unwrap_or(list);
    let sizes: Vec<usize> = list.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
    (sizes.len() <= RANK_LIMIT).then_some(sizes)
}

/// Kind and bytes of an element type that can be read.
fn element(descr: &str) -> Option<(char, usize)> {
    let plain = descr.trim_start_matches(['<', '>', '|', '=']);
    Some(match plain {
        "f8" => ('f', 8),
        "f4" => ('f', 4),
        "i8" => ('i', 8),
        "i4" => ('i', 4),
        "i2" => ('i', 2),
        "i1" => ('i', 1),
        "u8" => ('u', 8),
        "u4" => ('u', 4),
        "u2" => ('u', 2),
        "u1" => ('u', 1),
        "b1" => ('b', 1),
        _ => return None,
    })
}

fn check_axes(file: &str, field: &Field, prelude: &Prelude, extents: &mut Extents) -> Result<(), Box<DataFault>> {
    let shape: Vec<String> = prelude.shape.iter().map(usize::to_string).collect();
    let shape = shape.join(", ");
    if field.axes.len() != prelude.shape.len() {
        let declared: Vec<&str> = field.axes.iter().map(|a| &*a.name).collect();
        let message = format!(
            "`{}` declares {} [{}], the array has {} of shape ({shape})",
            field.name,
            axes_word(declared.len()),
            declared.join(", "),
            axes_word(prelude.shape.len()),
        );
        let help = "name every axis of the array, in storage order";
        return Err(DataFault::new(&codes::E0611, file, message).help(help));
    }
    for (i, (axis, &size)) in field.axes.iter().zip(&prelude.shape).enumerate() {
        if field.axes[..i].iter().any(|a| a.name == axis.name) {
            let message = format!("`{}` names the axis {} twice", field.name, axis.name);
            return Err(DataFault::new(&codes::E0617, file, message));
        }
        let why = format!("the array in the file has shape ({shape}), its {} axis is {}", ordinal(i + 1), axis.name);
        extents.settle(&axis.name, size, &why, file)?;
    }
    Ok(())
}

fn axes_word(count: usize) -> String {
    if count == 1 { "1 axis".into() } else { format!("{count} axes") }
}

fn ordinal(n: usize) -> String {
    match n {
        1 => "first".into(),
        2 => "second".into(),
        3 => "third".into(),
        _ => format!("{n}th"),
    }
}

/// The values as they are stored, in row-major order.
enum Stored {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
}

fn values(file: &str, bytes: &[u8], prelude: &Prelude) -> Result<Stored, Box<DataFault>> {
    fn ints<T: ReadableElement + Copy + Into<i64>>(file: &str, bytes: &[u8]) -> Result<Stored, Box<DataFault>> {
        Ok(Stored::I64(row_major::<T>(file, bytes)?.into_iter().map(Into::into).collect()))
    }
    match (prelude.kind, prelude.width) {
        ('f', 8) => row_major(file, bytes).map(Stored::F64),
        ('f', _) => row_major(file, bytes).map(Stored::F32),
        ('i', 8) => row_major(file, bytes).map(Stored::I64),
        ('i', 4) => ints::<i32>(file, bytes),
        ('i', 2) => ints::<i16>(file, bytes),
        ('i', _) => ints::<i8>(file, bytes),
        ('u', 8) => {
            let large =
                || DataFault::new(&codes::E0612, file, "an element exceeds the largest int, 9223372036854775807");
            let values = row_major::<u64>(file, bytes)?.into_iter().map(|v| i64::try_from(v).ok());
            values.collect::<Option<Vec<i64>>>().map(Stored::I64).ok_or_else(large)
        }
        ('u', 4) => ints::<u32>(file, bytes),
        ('u', 2) => ints::<u16>(file, bytes),
        ('u', _) => ints::<u8>(file, bytes),
        _ => row_major(file, bytes).map(Stored::Bool),
    }
}

fn row_major<T: ReadableElement + Copy>(file: &str, bytes: &[u8]) -> Result<Vec<T>, Box<DataFault>> {
    let array = ArrayD::<T>::read_npy(bytes).map_err(|error| {
        let message = format!("the file cannot be read: {error}");
        DataFault::new(&codes::E0613, file, message)
    })?;
    if array.is_standard_layout() {
        let (values, offset) = array.into_raw_vec_and_offset();
        if offset.unwrap_or(0) == 0 {
            return Ok(values);
        }
        return Err(DataFault::new(&codes::E0613, file, "the values do not start where they should"));
    }
    Ok(array.iter().copied().collect())
}

/// The values as declared: integers may be read as reals, everything else must match.
fn convert(
    file: &str,
    field: &Field,
    prelude: &Prelude,
    stored: Stored,
    spec: &LoadSpec,
) -> Result<Tensor, Box<DataFault>> {
    let shape = &prelude.shape;
    let tensor = match (&field.elem, stored) {
        (FieldElem::Real, Stored::F64(values)) => super::reals(shape, values, spec.precision),
        (FieldElem::Real, Stored::F32(values)) => {
            super::reals(shape, values.into_iter().map(f64::from).collect(), spec.precision)
        }
        (FieldElem::Real, Stored::I64(values)) => {
            if let Some(large) = values.iter().find(|v| v.unsigned_abs() > 1 << 53) {
                let message = format!("the element {large} has no exact value as a real");
                return Err(DataFault::new(&codes::E0612, file, message).help("declare the array as `int`"));
            }
            super::reals(shape, values.into_iter().map(|v| v as f64).collect(), spec.precision)
        }
        (FieldElem::Int | FieldElem::Label(_), Stored::I64(values)) => Tensor::from_vec(shape, values),
        (FieldElem::Bool, Stored::Bool(values)) => Tensor::from_vec(shape, values),
        (declared, _) => {
            let found = match prelude.kind {
                'f' => "reals",
                'b' => "bools",
                _ => "integers",
            };
            let message = format!(
                "`{}` is declared as {}, the array holds {found} (`{}`)",
                field.name,
                declared.show(),
                prelude.descr
            );
            let help = match (declared, prelude.kind) {
                (FieldElem::Text, _) => "texts are read from tables (.csv)",
                (_, 'f') => "declare it as `real`, or save it as integers (`x.astype(\"int64\")`)",
                (_, 'b') => "declare it as `bool`",
                _ => "declare it as `real`, `int` or a label",
            };
            return Err(DataFault::new(&codes::E0612, file, message).help(help));
        }
    };
    Ok(tensor)
}

/// A tensor as the bytes of an `.npy` file (C order, little-endian on this machine's terms as NumPy writes it).
pub fn write(tensor: &Tensor) -> Vec<u8> {
    let mut out = Vec::new();
    let done = each_tensor!(tensor, array => array.write_npy(&mut out));
    debug_assert!(done.is_ok(), "writing to memory does not fail");
    out
}
