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

/// What a process did.
#[derive(Debug, Clone)]
pub struct Ran {
    pub stdout: String,
    pub stderr: String,
    /// The exit status; `None` when a signal ended it.
    pub status: Option<i32>,
}

impl Ran {
    /// Codes of all reports on standard error, in order, each as often as it was raised.
    pub fn codes(&self) -> Vec<String> {
        let code = |line: &str| Some(line.strip_prefix('[')?.split_once("] ")?.0.to_string());
        self.stderr.lines().filter_map(code).collect()
    }

    /// True when the program ended as a program may: by itself, with a status of the contract, without an internal error.
    pub fn is_orderly(&self) -> bool {
        matches!(self.status, Some(0..=3))
            && !self.codes().iter().any(|c| c == "E0901")
            && !self.stderr.contains("panicked")
    }
}

/// Runs the binary in the folder of the repository, with nothing on its standard input.
pub fn loss(args: &[&str]) -> Ran {
    loss_with_input(args, "")
}

pub fn loss_with_input(args: &[&str], input: &str) -> Ran {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new(binary())
        .args(args)
        .current_dir(root())
        .env_remove("LOSS_BLESS")
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_string();
    // A program that ends before reading all of it is no fault of the harness.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("the binary ends");
    let _ = writer.join();
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code(),
    }
}

/// `work` for every item on two threads; results in the order of the items.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    *results[at].lock().expect("no panic") = Some(work(item));
                }
            });
        }
    });
    results.into_iter().map(|r| r.into_inner().expect("no panic").expect("all were done")).collect()
}
