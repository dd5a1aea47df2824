//! The gallery is a test suite: every program of `examples/` runs with seeds 0, 1 and 2, all its expectations hold, and
//! with seed 0 it prints what its `.out` file says, numbers compared with a tolerance (LAPACK differs between machines).
//! Running needs the optimised binary (`make test`); without it the programs are checked only.

mod common;

use common::{Scratch, blessing, compare, files, loss, optimised, report, shown};
use std::path::Path;

/// Relative, and absolute near zero.
const TOLERANCE: f64 = 1e-5;

#[test]
fn every_program_checks() {
    let problems: Vec<String> = files("examples", &["loss"])
        .iter()
        .map(|path| (shown(path), loss(&["check", &shown(path)])))
        .filter(|(_, ran)| ran.status != Some(0))
        .map(|(name, ran)| format!("{name}:\n{}", ran.stderr))
        .collect();
    report(&problems);
}

#[test]
fn every_expectation_holds_with_three_seeds() {
    if !optimised() {
        return;
    }
    let scratch = Scratch::new("examples");
    let mut problems = Vec::new();
    for path in files("examples", &["loss"]) {
        for seed in ["0", "1", "2"] {
            let name = shown(&path);
            let out = scratch.0.join(seed).join(path.file_stem().unwrap_or_default());
            let ran = loss(&["run", &name, "--seed", seed, "--out", &out.to_string_lossy()]);
            if ran.status != Some(0) {
                problems.push(format!("{name} with seed {seed}: {:?}\n{}{}", ran.status, ran.stdout, ran.stderr));
            } else if seed == "0" {
                let printed = ran.stdout.replace(&*out.to_string_lossy(), "OUT");
                problems.extend(compare_tolerantly(&path.with_extension("out"), &printed).err());
            }
        }
    }
    report(&problems);
}

/// As [`compare`], but numbers may differ a little.
fn compare_tolerantly(golden: &Path, actual: &str) -> Result<(), String> {
    match std::fs::read_to_string(golden) {
        Ok(expected) if !blessing() && alike(&expected, actual) => Ok(()),
        _ => compare(golden, actual),
    }
}

fn alike(expected: &str, actual: &str) -> bool {
    let (old, new) = (pieces(expected), pieces(actual));
    old.len() == new.len() && old.iter().zip(&new).all(|(a, b)| a == b || close(a, b))
}

fn close(a: &str, b: &str) -> bool {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => (x - y).abs() <= TOLERANCE * (1.0 + x.abs().max(y.abs())),
        _ => false,
    }
}

/// Numbers and the text between them; how many spaces align a column may depend on the digits.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut in_number = false;
    let mut last = ' ';
    for c in text.chars() {
        let digit = c.is_ascii_digit()
            || c == '.'
            || ((c == 'e' || c == '-') && in_number && last.is_ascii_digit() | (last == 'e'));
        let starts = c.is_ascii_digit() && !last.is_alphanumeric() && last != '_';
        let number = if in_number { digit } else { starts };
        if number != in_number {
            pieces.push(String::new());
            in_number = number;
        }
        let repeated_blank = c == ' ' && last == ' ';
        if let Some(piece) = pieces.last_mut().filter(|_| !repeated_blank) {
            piece.push(c);
        }
        last = c;
    }
    pieces
}

#[test]
fn numbers_are_compared_by_value_and_text_by_letter() {
    assert!(alike("loss = 0.1234567 at step 3", "loss = 0.1234568 at step 3"));
    assert!(!alike("loss = 0.12 at step 3", "loss = 0.13 at step 3"));
    assert!(!alike("x1 = 2", "x2 = 2"));
    assert!(alike("[1e-9,  -2.0]", "[2e-9, -2.0]"));
}
