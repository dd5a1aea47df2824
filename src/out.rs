//! The folder of results: files and the facts of a run enter; a folder with a manifest leaves, written whole or not at
//! all. Replaces only what an earlier run wrote. The manifest holds no time and no number of threads, so that the same
//! program makes the same folder, byte for byte.

use crate::diag::codes::data as codes;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::types::Precision;
use crate::world::{Failure, World};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file that tells our folders from others.
pub const MANIFEST: &str = "manifest.json";

/// What operating systems leave in folders that people look at.
const JUNK: &[&str] = &[".DS_Store", "Thumbs.db", "desktop.ini"];

/// How a result came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// The program's file name, and the SHA-256 of its text as hexadecimal (see [`sha256`]).
    pub program: String,
    pub program_sha256: String,
    pub seed: u64,
    pub precision: Precision,
    /// Configuration and kernel name of the BLAS in use, if any: linear algebra is the same bits only on the same ones.
    pub blas: Option<(String, String)>,
    /// Modules and data files that were read, with their SHA-256, in the order they were read.
    pub inputs: Vec<(String, String)>,
}

/// Results collected in memory until the run is over.
#[derive(Clone, Debug, Default)]
pub struct OutFolder {
    files: BTreeMap<String, Vec<u8>>,
}

/// Why results cannot be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct OutFault {
    pub code: &'static Code,
    pub message: String,
    pub help: String,
}

impl OutFault {
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        Diagnostic::new(self.code, span, self.message.clone(), "results of this").help(self.help.clone())
    }

    fn foreign(message: String) -> OutFault {
        let help = "give another folder with `--out`, or move these files away".to_string();
        OutFault { code: &codes::E0618, message, help }
    }

    fn failed(failure: &Failure) -> OutFault {
        let message = format!("the results cannot be written: {failure}");
        let help = "give another folder with `--out`; what an earlier run wrote is still there".to_string();
        OutFault { code: &codes::E0619, message, help }
    }
}

/// Where the results of a program go when nothing else is said: `out/NAME` beside it.
pub fn default_folder(program: &Path) -> PathBuf {
    let name = program.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if name.is_empty() { "program".to_string() } else { name };
    program.parent().unwrap_or(Path::new("")).join("out").join(name)
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file name (without extension) from a title or name a program gives: letters, digits, `-`, `_` and `.` stay.
pub fn file_stem(title: &str) -> String {
    let keep = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let stem: String = title.trim().chars().take(80).map(keep).collect();
    let stem = stem.trim_matches(['.', '_']).to_string();
    if stem.is_empty() { "result".into() } else { stem }
}

impl OutFolder {
    pub fn new() -> OutFolder {
        OutFolder::default()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// `stem`, or `stem-2`, `stem-3`, … if a file `stem.extension` is there for any of the extensions: for results
    /// that the program gave no name.
    pub fn free_stem(&self, stem: &str, extensions: &[&str]) -> String {
        let taken = |s: &str| extensions.iter().any(|e| self.files.contains_key(&format!("{s}.{e}")));
        let numbered = (2u32..).map(|i| format!("{stem}-{i}"));
        std::iter::once(stem.to_string()).chain(numbered).find(|s| !taken(s)).unwrap_or_default()
    }

    /// Adds a file. E0619 if the name is no plain file name or is taken.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), OutFault> {
        let plain = !name.is_empty()
            && !name.starts_with('.')
            && name.len() <= 200
            && !name.contains(['/', '\\', '\0', ':', '\n', '\r']);
        let fault = |message: String, help: &str| OutFault { code: &codes::E0619, message, help: help.into() };
        if !plain || name == MANIFEST {
            let help = "use letters, digits, `-` and `_`: results lie in one folder";
            return Err(fault(format!("`{name}` cannot be the name of a result"), help));
        }
        // Some file systems take names that differ in case for the same.
        if self.files.keys().any(|k| k.to_lowercase() == name.to_lowercase()) {
            return Err(fault(format!("two results are named `{name}`"), "give one of them another name with `to`"));
        }
        self.files.insert(name.to_string(), bytes);
        Ok(())
    }

    /// The manifest as the bytes of its file: the same for the same run.
    pub fn manifest_bytes(&self, manifest: &Manifest) -> Vec<u8> {
        let files: serde_json::Map<String, Value> =
            self.files.iter().map(|(n, b)| (n.clone(), json!({ "bytes": b.len(), "sha256": sha256(b) }))).collect();
        let inputs: serde_json::Map<String, Value> =
            manifest.inputs.iter().map(|(n, h)| (n.clone(), Value::String(h.clone()))).collect();
        let blas = manifest.blas.as_ref().map(|(config, core)| json!({ "config": config.trim(), "core": core }));
        let value = json!({
            "made_by": "loss",
            "loss": env!("CARGO_PKG_VERSION"),
            "program": manifest.program,
            "program_sha256": manifest.program_sha256,
            "seed": manifest.seed,
            "precision": match manifest.precision { Precision::F32 => "f32", Precision::F64 => "f64" },
            "blas": blas,
            "inputs": inputs,
            "files": files,
        });
        let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
        text.push('\n');
        text.into_bytes()
    }

    /// Writes all files and the manifest into `folder`, replacing what an earlier run left there: first into a folder
    /// beside it, which then takes its place by renaming. Returns the paths written, the manifest last. E0618 if the
    /// folder holds anything that no run wrote; E0619 if the system refuses, and then the old folder is as it was.
    pub fn commit(&self, world: &dyn World, folder: &Path, manifest: &Manifest) -> Result<Vec<PathBuf>, OutFault> {
        let replaces = replaceable(world, folder)?;
        let fresh = beside(world, folder, "new");
        let written = self.write_into(world, &fresh, manifest);
        let placed = written.and_then(|()| place(world, &fresh, folder, replaces));
        if let Err(failure) = placed {
            // Best effort: the failure reported is the first one.
            let _ = world.remove_tree(&fresh);
            return Err(OutFault::failed(&failure));
        }
        Ok(self.files.keys().map(String::as_str).chain([MANIFEST]).map(|n| folder.join(n)).collect())
    }

    fn write_into(&self, world: &dyn World, folder: &Path, manifest: &Manifest) -> Result<(), Failure> {
        world.create_dirs(folder)?;
        for (name, bytes) in &self.files {
            world.write(&folder.join(name), bytes)?;
        }
        world.write(&folder.join(MANIFEST), &self.manifest_bytes(manifest))
    }
}

/// Whether there is a folder to be replaced; E0618 if it is not ours alone.
fn replaceable(world: &dyn World, folder: &Path) -> Result<bool, OutFault> {
    if !world.exists(folder) {
        return Ok(false);
    }
    let shown = folder.display();
    let Ok(names) = world.list(folder) else {
        return Err(OutFault::foreign(format!("`{shown}` is where the results go, and it is no folder")));
    };
    let names: Vec<&String> = names.iter().filter(|n| !JUNK.contains(&n.as_str())).collect();
    if names.is_empty() {
        return Ok(true);
    }
    let manifest = world.read(&folder.join(MANIFEST)).ok().and_then(|b| serde_json::from_slice::<Value>(&b).ok());
    let ours = manifest.filter(|m| m["made_by"] == "loss");
    let Some(files) = ours.as_ref().and_then(|m| m["files"].as_object()) else {
        let message = format!("`{shown}` holds files that no run wrote, such as `{}`", names[0]);
        return Err(OutFault::foreign(message));
    };
    match names.iter().find(|n| n.as_str() != MANIFEST && !files.contains_key(n.as_str())) {
        None => Ok(true),
        Some(foreign) => {
            Err(OutFault::foreign(format!("`{shown}` holds `{foreign}`, which the run before did not write")))
        }
    }
}

/// Renames the fresh folder to its place; puts the old one back if that fails.
fn place(world: &dyn World, fresh: &Path, folder: &Path, replaces: bool) -> Result<(), Failure> {
    if !replaces {
        return world.rename(fresh, folder);
    }
    let old = beside(world, folder, "old");
    world.rename(folder, &old)?;
    if let Err(failure) = world.rename(fresh, folder) {
        let _ = world.rename(&old, folder);
        return Err(failure);
    }
    // The new results are in place; leftovers of the old ones are untidy, not wrong.
    let _ = world.remove_tree(&old);
    Ok(())
}

/// A free name in the same parent: a rename across file systems would not be whole or nothing.
fn beside(world: &dyn World, folder: &Path, role: &str) -> PathBuf {
    let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_else(|| "results".into());
    let process = std::process::id();
    let candidates = (0u32..).map(|i| folder.with_file_name(format!(".{name}.{process}-{i}.{role}")));
    candidates.into_iter().find(|p| !world.exists(p)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{MemoryWorld, RealWorld};

    fn filled(text: &str) -> OutFolder {
        let mut out = OutFolder::new();
        out.add("curve.svg", text.as_bytes().to_vec()).expect("added");
        out.add("table.csv", b"a\n1\n".to_vec()).expect("added");
        out
    }

    fn manifest() -> Manifest {
        Manifest { program: "p.loss".into(), program_sha256: sha256(b"let x = 1"), seed: 3, ..Manifest::default() }
    }

    #[test]
    fn results_replace_those_of_the_run_before() {
        let dir = std::env::temp_dir().join(format!("loss-out-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        let worlds: [(Box<dyn World>, PathBuf); 2] =
            [(Box::new(RealWorld::new()), dir.clone()), (Box::new(MemoryWorld::new()), PathBuf::from("w"))];
        for (world, root) in worlds {
            let folder = default_folder(&root.join("p.loss"));
            assert_eq!(folder, root.join("out/p"));
            let paths = filled("one").commit(&*world, &folder, &manifest()).expect("written");
            assert_eq!(paths.len(), 3);
            let first = world.read(&folder.join(MANIFEST)).expect("manifest");
            let mut second = filled("two");
            second.add("more.csv", Vec::new()).expect("added");
            second.commit(&*world, &folder, &manifest()).expect("replaced");
            assert_eq!(world.read(&folder.join("curve.svg")), Ok(b"two".to_vec()));
            filled("one").commit(&*world, &folder, &manifest()).expect("replaced");
            assert_eq!(world.read(&folder.join(MANIFEST)).expect("manifest"), first);
            assert_eq!(world.list(&folder).expect("list"), ["curve.svg", "manifest.json", "table.csv"]);
            assert_eq!(world.list(&root.join("out")).expect("list"), ["p/"]);
        }
        let _ = std::fs::remove_dir_all(&dir);
    }

    #[test]
    fn foreign_files_are_never_touched() {
        let refuse = |world: &MemoryWorld| {
            let fault = filled("x").commit(world, Path::new("o"), &manifest()).expect_err("refused");
            assert_eq!(fault.code.id, "E0618", "{fault:?}");
            assert_eq!(world.list(Path::new("")).expect("list").len(), 1, "nothing is left behind");
        };
        refuse(&MemoryWorld::new().with("o/thesis.tex", "mine"));
        refuse(&MemoryWorld::new().with("o", "a file"));
        refuse(&MemoryWorld::new().with("o/manifest.json", "{\"made_by\": \"someone\"}"));
        let world = MemoryWorld::new();
        filled("x").commit(&world, Path::new("o"), &manifest()).expect("written");
        world.write(Path::new("o/.DS_Store"), b"").expect("written");
        filled("x").commit(&world, Path::new("o"), &manifest()).expect("junk does not count");
        world.write(Path::new("o/notes.txt"), b"mine").expect("written");
        refuse(&world);
    }

    #[test]
    fn names_are_plain_and_single() {
        let mut out = filled("x");
        for name in ["", "../x", "a/b", ".hidden", "manifest.json", "Curve.SVG", "c:x"] {
            assert_eq!(out.add(name, Vec::new()).expect_err("refused").code.id, "E0619", "{name}");
        }
        assert_eq!(out.free_stem("curve", &["svg", "png"]), "curve-2");
        assert_eq!(file_stem("loss over step (τ = 1)"), "loss_over_step__τ___1");
        assert_eq!(file_stem("../.."), "result");
    }
}
