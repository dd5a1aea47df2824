//! The only door to files and clocks. Paths and bytes enter and leave; what goes wrong leaves as a [`Failure`] in a
//! user's words. Never prints, never reads standard input.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Why a file could not be read or written.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub path: PathBuf,
    pub reason: Reason,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    Missing,
    IsDirectory,
    NotDirectory,
    Denied,
    /// Not UTF-8: the offset of the first bad byte.
    NotText(usize),
    /// Longer than a text may be, in bytes.
    TooLong(usize),
    Other(String),
}

pub type Result<T> = std::result::Result<T, Failure>;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Reason::Missing => f.write_str("there is no such file"),
            Reason::IsDirectory => f.write_str("it is a folder, not a file"),
            Reason::NotDirectory => f.write_str("a part of its path is a file, not a folder"),
            Reason::Denied => f.write_str("permission is denied"),
            Reason::NotText(at) => write!(f, "it is not UTF-8 text (byte {at})"),
            Reason::TooLong(len) => write!(f, "it is too long for a text ({len} bytes)"),
            Reason::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    fn new(path: &Path, error: &io::Error) -> Failure {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => Reason::Missing,
            io::ErrorKind::IsADirectory => Reason::IsDirectory,
            io::ErrorKind::NotADirectory => Reason::NotDirectory,
            io::ErrorKind::PermissionDenied => Reason::Denied,
            _ => Reason::Other(error.to_string()),
        };
        Failure { path: path.to_path_buf(), reason }
    }
}

/// Texts are addressed by 32-bit offsets; the limit leaves room for spans past the end.
const MAX_TEXT: usize = 1 << 30;

/// What a program may ask of the machine it runs on.
pub trait World: Send + Sync {
    fn read(&self, path: &Path) -> Result<Vec<u8>>;

    /// Writes a file whole or not at all: whoever reads the path sees the old content or the new, never a part.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()>;

    /// Makes a folder and those above it.
    fn create_dirs(&self, path: &Path) -> Result<()>;

    fn exists(&self, path: &Path) -> bool;

    /// Names of what a folder holds, sorted; those of folders end in `/`.
    fn list(&self, path: &Path) -> Result<Vec<String>>;

    /// Gives a file or folder another name on the same file system. What `to` names must not exist.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;

    /// Deletes a folder and all it holds.
    fn remove_tree(&self, path: &Path) -> Result<()>;

    /// Wall-clock time, for manifests only.
    fn now(&self) -> SystemTime;

    /// Time since some fixed moment, never running backwards; for `timed`.
    fn elapsed(&self) -> Duration;

    /// Reads UTF-8 text; a byte order mark at its start is dropped.
    fn read_text(&self, path: &Path) -> Result<String> {
        let bytes = self.read(path)?;
        let fail = |reason| Failure { path: path.to_path_buf(), reason };
        if bytes.len() > MAX_TEXT {
            return Err(fail(Reason::TooLong(bytes.len())));
        }
        let text = String::from_utf8(bytes).map_err(|e| fail(Reason::NotText(e.utf8_error().valid_up_to())))?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
    }
}

/// The machine itself.
pub struct RealWorld {
    start: Instant,
}

impl RealWorld {
    pub fn new() -> RealWorld {
        RealWorld { start: Instant::now() }
    }
}

impl Default for RealWorld {
    fn default() -> RealWorld {
        RealWorld::new()
    }
}

impl World for RealWorld {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(|e| Failure::new(path, &e))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        if path.is_dir() {
            return Err(Failure { path: path.to_path_buf(), reason: Reason::IsDirectory });
        }
        let temporary = temporary_beside(path);
        let written = write_synced(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
        if let Err(error) = written {
            // Best effort: the failure reported is the first one.
            let _ = std::fs::remove_file(&temporary);
            return Err(Failure::new(path, &error));
        }
        // The rename is durable once the folder is; some file systems cannot sync a folder, which loses nothing else.
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            let _ = std::fs::File::open(folder).and_then(|f| f.sync_all());
        }
        Ok(())
    }

    fn create_dirs(&self, path: &Path) -> Result<()> {
        std::fs::create_dir_all(path).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => Failure { path: path.to_path_buf(), reason: Reason::NotDirectory },
            _ => Failure::new(path, &e),
        })
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn list(&self, path: &Path) -> Result<Vec<String>> {
        let fail = |e: io::Error| Failure::new(path, &e);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let folder = if entry.file_type().map_err(fail)?.is_dir() { "/" } else { "" };
            names.push(format!("{}{folder}", entry.file_name().to_string_lossy()));
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        if to.exists() {
            return Err(Failure { path: to.to_path_buf(), reason: Reason::Other("it exists already".into()) });
        }
        std::fs::rename(from, to).map_err(|e| Failure::new(from, &e))
    }

    fn remove_tree(&self, path: &Path) -> Result<()> {
        std::fs::remove_dir_all(path).map_err(|e| Failure::new(path, &e))
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A name in the same folder (a rename across file systems would copy) that no other writer uses.
fn temporary_beside(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let unique = COUNTER.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{unique}.tmp", std::process::id()))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A world in memory, for tests: files are what was written, time stands still.
#[derive(Default)]
pub struct MemoryWorld {
    state: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
    folders: BTreeSet<PathBuf>,
}

impl MemoryWorld {
    pub fn new() -> MemoryWorld {
        MemoryWorld::default()
    }

    /// Adds a file and the folders above it, for chaining.
    pub fn with(self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> MemoryWorld {
        let path = path.into();
        let above = path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).map(Path::to_path_buf);
        self.lock().folders.extend(above.collect::<Vec<PathBuf>>());
        self.lock().files.insert(path, bytes.into());
        self
    }

    /// Paths of all files, sorted.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.lock().files.keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl World for MemoryWorld {
    fn read(&self, path: &Path) -> Result<Vec<u8>> {
        let memory = self.lock();
        let reason = if memory.folders.contains(path) { Reason::IsDirectory } else { Reason::Missing };
        memory.files.get(path).cloned().ok_or(Failure { path: path.to_path_buf(), reason })
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut memory = self.lock();
        if memory.folders.contains(path) {
            return Err(Failure { path: path.to_path_buf(), reason: Reason::IsDirectory });
        }
        memory.files.insert(path.to_path_buf(), bytes.to_vec());
        Ok(())
    }

    fn create_dirs(&self, path: &Path) -> Result<()> {
        let mut memory = self.lock();
        for folder in path.ancestors() {
            if memory.files.contains_key(folder) {
                return Err(Failure { path: path.to_path_buf(), reason: Reason::NotDirectory });
            }
            memory.folders.insert(folder.to_path_buf());
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> bool {
        let memory = self.lock();
        memory.files.contains_key(path) || memory.folders.contains(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<String>> {
        let memory = self.lock();
        // A folder is there when it was made or when something lies in it.
        let inside: BTreeSet<String> = memory
            .files
            .keys()
            .map(|p| (p, false))
            .chain(memory.folders.iter().map(|p| (p, true)))
            .filter_map(|(p, folder)| {
                let rest = p.strip_prefix(path).ok()?;
                let mut parts = rest.components();
                let name = parts.next()?.as_os_str().to_string_lossy().into_owned();
                Some(if folder || parts.next().is_some() { name + "/" } else { name })
            })
            .collect();
        if inside.is_empty() && !memory.folders.contains(path) {
            let reason = if memory.files.contains_key(path) { Reason::NotDirectory } else { Reason::Missing };
            return Err(Failure { path: path.to_path_buf(), reason });
        }
        Ok(inside.into_iter().collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        if self.exists(to) {
            return Err(Failure { path: to.to_path_buf(), reason: Reason::Other("it exists already".into()) });
        }
        let mut memory = self.lock();
        let moved = |p: &PathBuf| match p.strip_prefix(from) {
            Ok(rest) if rest.as_os_str().is_empty() => to.to_path_buf(),
            Ok(rest) => to.join(rest),
            Err(_) => p.clone(),
        };
        memory.files = std::mem::take(&mut memory.files).into_iter().map(|(p, b)| (moved(&p), b)).collect();
        memory.folders = std::mem::take(&mut memory.folders).iter().map(moved).collect();
        Ok(())
    }

    fn remove_tree(&self, path: &Path) -> Result<()> {
        let mut memory = self.lock();
        memory.files.retain(|p, _| !p.starts_with(path));
        memory.folders.retain(|p| !p.starts_with(path));
        Ok(())
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("loss-world-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_written_file_is_whole_and_leaves_nothing_beside_it() {
        let (world, dir) = (RealWorld::new(), folder("write"));
        world.create_dirs(&dir.join("a/b")).expect("folder");
        let file = dir.join("a/b/x.csv");
        world.write(&file, b"one").expect("write");
        world.write(&file, b"two").expect("overwrite");
        assert_eq!(world.read(&file), Ok(b"two".to_vec()));
        assert_eq!(std::fs::read_dir(dir.join("a/b")).expect("list").count(), 1);
        let _ = std::fs::remove_dir_all(&dir);
    }

    #[test]
    fn failures_are_named() {
        let (world, dir) = (RealWorld::new(), folder("fail"));
        world.create_dirs(&dir).expect("folder");
        let reason = |r: Result<()>| r.expect_err("must fail").reason;
        assert_eq!(reason(world.read(&dir.join("no")).map(|_| ())), Reason::Missing);
        assert_eq!(reason(world.read(&dir).map(|_| ())), Reason::IsDirectory);
        assert_eq!(reason(world.write(&dir, b"")), Reason::IsDirectory);
        world.write(&dir.join("f"), b"ab\xff").expect("write");
        assert_eq!(reason(world.read_text(&dir.join("f")).map(|_| ())), Reason::NotText(2));
        assert_eq!(reason(world.create_dirs(&dir.join("f"))), Reason::NotDirectory);
        assert_eq!(reason(world.write(&dir.join("f/g"), b"")), Reason::NotDirectory);
        let _ = std::fs::remove_dir_all(&dir);
    }

    #[test]
    fn memory_behaves_like_the_machine() {
        let world = MemoryWorld::new().with("d/x", "\u{feff}hi");
        assert_eq!(world.read_text(Path::new("d/x")), Ok("hi".to_string()));
        world.create_dirs(Path::new("out/p")).expect("folder");
        assert_eq!(world.write(Path::new("out/p"), b"").expect_err("folder").reason, Reason::IsDirectory);
        assert!(world.create_dirs(Path::new("d/x/y")).is_err());
        assert_eq!(world.read(Path::new("z")).expect_err("missing").reason, Reason::Missing);
    }
}
