//! Which columns of a table each declared field takes. Faults here are between the declaration and the first line.

use super::csv::columns_word;
use super::spec::Extents;
use super::{Columns, DataFault, Field, FieldElem, LoadSpec};
use crate::diag::codes::data as codes;
use crate::diag::suggest::nearest;

/// For each field, its columns, counted from 0.
pub(super) struct Layout {
    pub fields: Vec<Vec<usize>>,
}

/// Gives every field its columns: first those asked for by name, then the others from left to right.
pub(super) fn lay_out(
    file: &str,
    spec: &LoadSpec,
    width: usize,
    header: Option<&[String]>,
    extents: &mut Extents,
) -> Result<Layout, Box<DataFault>> {
    check_declaration(file, spec)?;
    let mut fields: Vec<Option<Vec<usize>>> = Vec::new();
    for field in &spec.fields {
        fields.push(by_name(file, field, header)?);
    }
    let taken: Vec<usize> = fields.iter().flatten().flatten().copied().collect();
    let mut free = (0..width).filter(|c| !taken.contains(c));
    let free_count = free.clone().count();
    // How many each of the others wants; `None` for the one that takes what is left.
    let wants: Vec<Option<usize>> = spec.fields.iter().map(|f| wanted(f, extents)).collect();
    let positional: Vec<usize> = (0..fields.len()).filter(|&f| fields[f].is_none()).collect();
    let fixed = positional.iter().fold(0usize, |sum, &f| sum.saturating_add(wants[f].unwrap_or(0)));
    let greedy: Vec<usize> = positional.iter().copied().filter(|&f| wants[f].is_none()).collect();
    if let [a, b, ..] = greedy[..] {
        let (a, b) = (&spec.fields[a], &spec.fields[b]);
        let message = format!("both `{}` and `{}` take all columns that are left", a.name, b.name);
        let axis = a.axes.get(1).map_or("d", |x| &x.name);
        let help = format!("state how many columns `{}` takes, as in `[{axis}: 3]`", a.name);
        return Err(DataFault::new(&codes::E0617, file, message).help(help));
    }
    if !positional.is_empty() && (fixed > free_count || (greedy.is_empty() && fixed < free_count)) {
        // Some fields were found by name: those that were not are missing rather than too many.
        let by_name = positional.len() < spec.fields.len();
        if let (true, true, Some(&f)) = (by_name, fixed > free_count, positional.get(free_count)) {
            return Err(no_column(file, &spec.fields[f].name, header));
        }
        return Err(misfit(file, spec, &positional, extents, fixed, free_count));
    }
    if !greedy.is_empty() && fixed == free_count {
        let name = &spec.fields[greedy[0]].name;
        let message = format!("no columns are left for `{name}`: the other fields take all {width}");
        return Err(DataFault::new(&codes::E0608, file, message));
    }
    for &f in &positional {
        let count = wants[f].unwrap_or(free_count - fixed);
        fields[f] = Some(free.by_ref().take(count).collect());
    }
    let fields: Vec<Vec<usize>> = fields.into_iter().map(Option::unwrap_or_default).collect();
    for (field, columns) in spec.fields.iter().zip(&fields) {
        if field.axes.len() == 1 && columns.len() != 1 {
            let message = format!("`{}` has a row axis alone and takes {} columns", field.name, columns.len());
            let help = format!("give it a column axis: `{}: {}[n, d]`", field.name, field.elem.show());
            return Err(DataFault::new(&codes::E0617, file, message).help(help));
        }
        if let Some(axis) = field.axes.get(1) {
            let why = format!("`{}` takes {} {} of the file", field.name, columns.len(), columns_word(columns.len()));
            extents.settle(&axis.name, columns.len(), &why, file)?;
        }
    }
    Ok(Layout { fields })
}

fn check_declaration(file: &str, spec: &LoadSpec) -> Result<(), Box<DataFault>> {
    let fault = |message: String| DataFault::new(&codes::E0617, file, message);
    let Some(first) = spec.fields.first() else {
        let help = "declare what the file holds: `load(\"data.csv\", x: real[n, d], y: label k [n])`";
        return Err(fault("the call declares no fields".into()).help(help));
    };
    for field in &spec.fields {
        let Some(row) = field.axes.first() else {
            let help = format!("give it the axis of the rows: `{}: {}[n]`", field.name, field.elem.show());
            return Err(fault(format!("`{}` has no axis, and a table has rows", field.name)).help(help));
        };
        if field.axes.len() > 2 {
            let message = format!("`{}` has {} axes, and a table has rows and columns", field.name, field.axes.len());
            return Err(fault(message).help("load the columns as one axis and `split` it, or use an .npy file"));
        }
        if matches!(field.elem, FieldElem::Text) && field.axes.len() != 1 {
            return Err(fault(format!("`{}` is text, which takes one column", field.name)));
        }
        if field.axes.get(1).is_some_and(|column| column.name == row.name) {
            return Err(fault(format!("`{}` names the axis {} twice", field.name, row.name)));
        }
        if let Some(row_of_first) = first.axes.first()
            && row_of_first.name != row.name
        {
            let message = format!(
                "the rows of the file are axis {} in `{}` and axis {} in `{}`",
                row_of_first.name, first.name, row.name, field.name
            );
            return Err(fault(message).help("the first axis of every field is that of the rows"));
        }
    }
    Ok(())
}

/// The columns of a field that goes by names; `None` if it goes by position.
fn by_name(file: &str, field: &Field, header: Option<&[String]>) -> Result<Option<Vec<usize>>, Box<DataFault>> {
    let find = |name: &str| header.and_then(|h| h.iter().position(|c| c == name));
    match &field.columns {
        Columns::Auto if field.axes.len() == 1 => Ok(find(&field.name).map(|c| vec![c])),
        Columns::Auto | Columns::Count(_) => Ok(None),
        Columns::Named(names) => {
            let find = |name: &std::sync::Arc<str>| find(name).ok_or_else(|| no_column(file, name, header));
            names.iter().map(find).collect::<Result<Vec<usize>, _>>().map(Some)
        }
    }
}

fn no_column(file: &str, name: &str, header: Option<&[String]>) -> Box<DataFault> {
    let Some(header) = header else {
        let message = format!("there is no column `{name}`: the first line of the file is not a header");
        let help = "say `header = true` if it is one, or take columns by position";
        return DataFault::new(&codes::E0608, file, message).help(help);
    };
    let fault = DataFault::new(&codes::E0608, file, format!("there is no column `{name}`"));
    let listed: Vec<&str> = header.iter().take(12).map(String::as_str).collect();
    let more = if header.len() > 12 { ", …" } else { "" };
    let fault = fault.note(format!("the header has: {}{more}", listed.join(", ")));
    match nearest(name, header.iter().map(String::as_str)) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None => fault,
    }
}

fn wanted(field: &Field, extents: &Extents) -> Option<usize> {
    match &field.columns {
        Columns::Count(count) => Some(*count),
        Columns::Named(names) => Some(names.len()),
        Columns::Auto => match field.axes.get(1) {
            None => Some(1),
            Some(axis) => extents.get(&axis.name),
        },
    }
}

/// The fields want more or fewer columns than there are.
fn misfit(
    file: &str,
    spec: &LoadSpec,
    positional: &[usize],
    extents: &Extents,
    fixed: usize,
    free: usize,
) -> Box<DataFault> {
    let sized: Vec<&Field> = positional.iter().map(|&f| &spec.fields[f]).filter(|f| f.axes.len() == 2).collect();
    if let [field] = sized[..]
        && let Some(axis) = field.axes.get(1)
        && let Some(size) = extents.get(&axis.name)
        && fixed - size < free
    {
        let found = free - (fixed - size);
        let message = format!(
            "`{}` declares axis {} with size {size}, the file has {found} {} for it",
            field.name,
            axis.name,
            columns_word(found)
        );
        let help = format!("write `[…, {}]` to take the size from the file", axis.name);
        return DataFault::new(&codes::E0614, file, message).help(help);
    }
    if fixed > free {
        let message = format!("the declaration takes {fixed} {}, the file has {free}", columns_word(fixed));
        return DataFault::new(&codes::E0608, file, message).help("declare fewer fields, or check the separator");
    }
    let message = format!("the declaration takes {fixed} of the file's {free} columns");
    DataFault::new(&codes::E0609, file, message)
        .help("a field with a column axis (`x: real[n, d]`) takes all columns that are left")
        .note("columns are left out only where every field is found by name in the header")
}
