//! What the test harnesses share: finding files, comparing with golden files, the binary under test.
#![allow(dead_code, reason = "each harness uses its part")]

use std::path::{Path, PathBuf};

/// The folder of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` (relative to the repository) with one of the extensions, sorted; no build or output
/// folders.
pub fn files(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join(folder), extensions, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | "out" | ".git") {
                collect(&path, extensions, found);
            }
        } else if path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
            found.push(path);
        }
    }
}

/// A path as messages show it: relative to the repository, with forward slashes.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", shown(path)))
}

/// True when golden files are to be rewritten; never in CI.
pub fn blessing() -> bool {
    std::env::var_os("LOSS_BLESS").is_some_and(|v| v != "0") && std::env::var_os("CI").is_none()
}

/// Compares a text with its golden file, or rewrites the file when blessing. `Err` describes the difference.
pub fn compare(golden: &Path, actual: &str) -> Result<(), String> {
    let expected = std::fs::read_to_string(golden).ok();
    if expected.as_deref() == Some(actual) {
        return Ok(());
    }
    if blessing() {
        std::fs::write(golden, actual).unwrap_or_else(|e| panic!("{}: {e}", shown(golden)));
        return Ok(());
    }
    match expected {
        None => Err(format!("{} is missing (LOSS_BLESS=1 writes it); it would read:\n{actual}", shown(golden))),
        Some(expected) => Err(format!("{} differs:\n{}", shown(golden), difference(&expected, actual))),
    }
}

/// The first lines in which two texts differ.
pub fn difference(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let first = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let mut out = format!("from line {}:\n", first + 1);
    for (sign, lines) in [('-', &old), ('+', &new)] {
        for line in lines.iter().skip(first).take(12) {
            out += &format!("{sign} {line}\n");
        }
    }
    out
}

/// Fails with all collected problems at once.
pub fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{} problem(s):\n\n{}", problems.len(), problems.join("\n\n"));
}

/// The binary under test: the optimised one where `LOSS_BIN` names it (as `make test` does), else that of this build.
pub fn binary() -> PathBuf {
    std::env::var_os("LOSS_BIN").map(PathBuf::from).unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_loss")))
}

/// True when the optimised binary is at hand; timing and gallery tests need it.
pub fn optimised() -> bool {
    std::env::var_os("LOSS_BIN").is_some() || !cfg!(debug_assertions)
}

/// A fresh folder of this test, removed when dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("loss-test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a scratch folder");
        Scratch(path)
    }

    /// Writes a file into the folder and returns its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a scratch file");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
