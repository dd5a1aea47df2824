//! No text, however broken, makes `loss` panic, abort or hang: programs of the corpus with bytes flipped and tokens
//! dropped, doubled and swapped are checked or run, each in a process of its own. `LOSS_MUTANTS=10000` for the full
//! size. What comes out does not matter here; that it ends in an orderly way, within five seconds, does. A program that
//! rightly computes longer (a mutated number of steps) is stopped by Ctrl-C and must end within five seconds of that.

mod common;

use common::{Ran, Scratch, binary, each, files, read, report, root, shown};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const DEFAULT_COUNT: usize = 1_500;
const LIMIT: Duration = Duration::from_secs(5);

/// Address space of a mutant in KiB; a program that asks for more must be told so, not be killed.
const MEMORY: usize = 8 << 20;

/// A small generator (xorshift64*): the same mutants everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n.max(1)
    }
}

/// Byte ranges of a text's tokens: words, numbers, runs of white space, single other characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = |c: char| {
            if c.is_alphanumeric() || c == '_' {
                1
            } else if c.is_whitespace() {
                2
            } else {
                3
            }
        };
        let len = match kind(first) {
            3 => first.len_utf8(),
            k => rest.find(|c| kind(c) != k).unwrap_or(rest.len()),
        };
        tokens.push(&rest[..len]);
        rest = &rest[len..];
    }
    tokens
}

/// One mutation of a text. Bytes that are no longer UTF-8 stay so: reading them is part of the test.
fn mutate(text: &[u8], other: &str, random: &mut Random) -> Vec<u8> {
    let Ok(readable) = std::str::from_utf8(text) else { return flip(text, random) };
    let mut parts = tokens(readable);
    if parts.is_empty() {
        return b"(".to_vec();
    }
    let (a, b) = (random.below(parts.len()), random.below(parts.len()));
    match random.below(16) {
        // Half of all: a token for another of its kind, which mostly still reads and gets further.
        8.. => {
            let kind = |t: &str| t.chars().next().map(|c| (c.is_alphabetic(), c.is_ascii_digit(), c.is_whitespace()));
            let twins: Vec<&str> = parts.iter().filter(|t| kind(t) == kind(parts[a])).copied().collect();
            parts[a] = twins[random.below(twins.len())];
        }
        0 => return flip(text, random),
        1 => drop(parts.remove(a)),
        2 => parts.insert(a, parts[a]),
        3 => parts.swap(a, b),
        4 => parts.truncate(a),
        5 => {
            let foreign = tokens(other);
            if !foreign.is_empty() {
                parts[a] = foreign[random.below(foreign.len())];
            }
        }
        6 => {
            let hostile = [
                "[",
                "]",
                "(",
                ")",
                "{",
                "}",
                "?",
                "\u{202e}",
                "0",
                "-1",
                "1e999",
                "=>",
                "\"",
                "\\",
                "let",
                "9999999999999999999999",
                "100000000000",
                "4294967296",
            ];
            parts[a] = hostile[random.below(hostile.len())];
        }
        _ => {
            let end = (a + 1 + random.below(12)).min(parts.len());
            let copy: Vec<&str> = parts[a..end].to_vec();
            let at = b.min(parts.len());
            parts.splice(at..at, copy);
        }
    }
    parts.concat().into_bytes()
}

fn flip(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
    bytes
}

struct Mutant {
    origin: String,
    number: usize,
    bytes: Vec<u8>,
    command: &'static str,
}

fn mutants(count: usize) -> Vec<Mutant> {
    let gallery = files("examples", &["loss"]);
    let corpus: Vec<_> = [gallery.clone(), files("tests", &["loss"]), files("stdlib", &["loss"])].concat();
    let texts: Vec<String> = corpus.iter().map(|p| read(p)).collect();
    let sound: Vec<usize> = (0..corpus.len()).filter(|&i| !shown(&corpus[i]).starts_with("tests/errors/")).collect();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    if texts.is_empty() {
        return Vec::new();
    }
    (0..count)
        .map(|number| {
            // Most of the corpus are error programs; every other mutant is made of one that is sound.
            let sound = (number % 2 == 0 && !sound.is_empty()).then(|| sound[number / 2 % sound.len()]);
            let (at, other) = (sound.unwrap_or(number % texts.len()), random.below(texts.len()));
            let mut bytes = texts[at].clone().into_bytes();
            for _ in 0..=random.below(6).saturating_sub(3) {
                bytes = mutate(&bytes, &texts[other], &mut random);
            }
            // Programs of the gallery compute for seconds: most of their mutants are checked, few are run.
            let heavy = gallery.contains(&corpus[at]) && random.below(8) != 0;
            Mutant { origin: shown(&corpus[at]), number, bytes, command: if heavy { "check" } else { "run" } }
        })
        .collect()
}

/// Runs one mutant under the limits. `Err` when it cannot be made to end.
fn run(file: &Path, command: &str, out: &Path) -> Result<Ran, String> {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"")])
        .arg(binary())
        .args([command, &file.to_string_lossy(), "--threads", "1", "--out", &out.to_string_lossy()])
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut pipe = child.stderr.take().ok_or("no pipe")?;
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut status = wait(&mut child, LIMIT);
    if status.is_none() {
        if command == "check" {
            let _ = child.kill();
            let _ = child.wait();
            return Err("checking took more than five seconds".to_string());
        }
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        status = wait(&mut child, LIMIT);
    }
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
        return Err("it does not stop at Ctrl-C within five seconds".to_string());
    }
    let stderr = reader.join().unwrap_or_default();
    Ok(Ran { stdout: String::new(), stderr, status: status.flatten() })
}

/// The exit status, `Some(None)` after a signal, `None` when it has not ended in time.
fn wait(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code()),
            Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(2)),
            _ => return None,
        }
    }
}

#[test]
fn mutated_programs_end_in_order() {
    let count = std::env::var("LOSS_MUTANTS").ok().and_then(|n| n.parse().ok()).unwrap_or(DEFAULT_COUNT);
    let scratch = Scratch::new("mutants");
    // Data files of the corpus are found beside the mutants.
    for data in [files("examples", &["csv", "npy", "gz"]), files("tests", &["csv", "npy", "gz", "txt"])].concat() {
        let _ = std::fs::copy(&data, scratch.0.join(data.file_name().unwrap_or_default()));
    }
    let (refused, accepted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = each(&mutants(count), |mutant| {
        let file = scratch.0.join(format!("m{}.loss", mutant.number));
        std::fs::write(&file, &mutant.bytes).map_err(|e| e.to_string())?;
        let out = scratch.0.join(format!("out{}", mutant.number));
        let problem = match run(&file, mutant.command, &out) {
            Ok(ran) if ran.is_orderly() => {
                if ran.status == Some(2) { &refused } else { &accepted }.fetch_add(1, Ordering::Relaxed);
                None
            }
            Ok(ran) => Some(format!("status {:?}\n{}", ran.status, ran.stderr.chars().take(2000).collect::<String>())),
            Err(problem) => Some(problem),
        };
        let _ = std::fs::remove_file(&file);
        let _ = std::fs::remove_dir_all(&out);
        match problem {
            None => Ok(()),
            Some(problem) => {
                let kept = std::env::temp_dir().join(format!("loss-mutant-{}.loss", mutant.number));
                let _ = std::fs::write(&kept, &mutant.bytes);
                Err(format!("{} of {}: {problem}\nkept as {}", mutant.command, mutant.origin, kept.display()))
            }
        }
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
    // Mutants that are all refused, or none, would test one half of the house only.
    let (refused, accepted) = (refused.into_inner(), accepted.into_inner());
    println!("{refused} refused, {accepted} accepted");
    assert!(refused > count / 10 && accepted > count / 50, "{refused} refused, {accepted} accepted");
}
