//! Class labels: the cells of label columns enter, indexes into a label axis and class names leave. One table serves
//! all fields that share a label axis.

use super::spec::Extents;
use super::{DataFault, excerpt};
use crate::diag::codes::data as codes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Distinct cells of one label axis. Whole numbers are one class however they are written (`3`, `3.0`, `3e0`).
pub(super) struct Classes {
    pub axis: Arc<str>,
    ids: BTreeMap<Key, u32>,
    /// By id.
    seen: Vec<Seen>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Key {
    Whole(i64),
    Text(String),
}

/// Where a class was met first.
struct Seen {
    key: Key,
    fractional: bool,
    line: Option<usize>,
    column: Option<(usize, Option<String>)>,
}

/// What the classes turned out to be.
pub(super) struct Numbering {
    /// The label of each id.
    pub labels: Vec<i64>,
    /// In order of labels; `None` where the file's numbers are the labels themselves.
    pub names: Option<Vec<String>>,
    pub size: usize,
}

impl Classes {
    pub fn new(axis: Arc<str>) -> Classes {
        Classes { axis, ids: BTreeMap::new(), seen: Vec::new() }
    }

    /// The id of a cell's class, in order of first appearance.
    pub fn cell(&mut self, cell: &str, line: usize, column: usize, name: Option<&str>) -> u32 {
        let number = cell.parse::<f64>().ok();
        let whole = number.filter(|v| v.fract() == 0.0 && v.abs() < 1e15);
        let key = match whole {
            Some(v) => Key::Whole(v as i64),
            None => Key::Text(cell.to_string()),
        };
        let place = || (Some(line), Some((column, name.map(str::to_string))));
        self.key(key, number.is_some() && whole.is_none(), place)
    }

    pub fn number(&mut self, value: i64) -> u32 {
        self.key(Key::Whole(value), false, || (None, None))
    }

    fn key(
        &mut self,
        key: Key,
        fractional: bool,
        place: impl FnOnce() -> (Option<usize>, Option<(usize, Option<String>)>),
    ) -> u32 {
        if let Some(&id) = self.ids.get(&key) {
            return id;
        }
        let id = self.seen.len() as u32;
        let (line, column) = place();
        self.ids.insert(key.clone(), id);
        self.seen.push(Seen { key, fractional, line, column });
        id
    }

    /// Numbers the classes. With a known size, whole numbers are the labels themselves and must lie below it, and
    /// names must be as many. Without, the distinct cells in sorted order are the classes.
    pub fn number_all(&self, extents: &mut Extents, file: &str) -> Result<Numbering, Box<DataFault>> {
        let numeric = self.seen.iter().all(|s| matches!(s.key, Key::Whole(_)) || s.fractional);
        if numeric && let Some(odd) = self.seen.iter().find(|s| s.fractional) {
            let Key::Text(text) = &odd.key else { return Err(DataFault::new(&codes::E0607, file, "odd label")) };
            let message = format!("{} is not a label: classes are whole numbers or names", excerpt(text));
            let help = "declare a measured column as `real`, not as a label";
            return Err(self.place(DataFault::new(&codes::E0607, file, message), odd).help(help));
        }
        let sorted: Vec<(&Key, u32)> = self.ids.iter().map(|(key, &id)| (key, id)).collect();
        if numeric && let Some(size) = extents.get(&self.axis) {
            return self.indexes(size, file);
        }
        let identity = numeric && sorted.iter().enumerate().all(|(i, (key, _))| **key == Key::Whole(i as i64));
        let mut labels = vec![0; sorted.len()];
        for (label, &(_, id)) in sorted.iter().enumerate() {
            labels[id as usize] = label as i64;
        }
        let size = sorted.len();
        extents.settle(&self.axis, size, &format!("the file's labels have {size} distinct values"), file)?;
        let names = (!identity).then(|| sorted.iter().map(|(key, _)| key.show()).collect());
        Ok(Numbering { labels, names, size })
    }

    /// Whole numbers taken as indexes below `size`.
    fn indexes(&self, size: usize, file: &str) -> Result<Numbering, Box<DataFault>> {
        let value = |seen: &Seen| if let Key::Whole(v) = seen.key { v } else { -1 };
        let outside = |seen: &&Seen| value(seen) < 0 || value(seen) as u64 >= size as u64;
        if let Some(seen) = self.seen.iter().find(outside) {
            let message = format!("label {} is outside axis {}, which has size {size}", value(seen), self.axis);
            let allowed = match size {
                0 => "no label fits an axis of size 0".to_string(),
                _ => format!("labels of an axis of known size count from 0 to {}", size - 1),
            };
            let fault = self.place(DataFault::new(&codes::E0607, file, message), seen);
            let help = format!("leave the size of {} out to number the distinct labels of the file", self.axis);
            return Err(fault.note(allowed).help(help));
        }
        Ok(Numbering { labels: self.seen.iter().map(value).collect(), names: None, size })
    }

    fn place(&self, fault: Box<DataFault>, seen: &Seen) -> Box<DataFault> {
        let fault = match seen.line {
            Some(line) => fault.at_line(line),
            None => fault,
        };
        match &seen.column {
            Some((column, name)) => fault.at_column(*column, name.as_deref()),
            None => fault,
        }
    }
}

impl Key {
    fn show(&self) -> String {
        match self {
            Key::Whole(v) => v.to_string(),
            Key::Text(text) => text.clone(),
        }
    }
}
