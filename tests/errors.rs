//! Every diagnostic code has a program that raises it, with its report as a golden file, and an explanation whose
//! example raises it and whose remedy does not; and no program raises a code it does not name.

mod common;

use common::{Ran, Scratch, compare, each, files, loss, report, shown};
use loss::diag::codes;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Codes that no program can raise by itself, and where they are tested.
const NO_PROGRAM: &[&str] = &[
    "E0901", // cli::guard
    "E0902", // tests/cli.rs
];

/// The code in a file's name: `E0301_outer.loss`.
fn named_code(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    stem.split('_').next().unwrap_or("").to_string()
}

fn run(path: &str, out: &Scratch) -> Ran {
    // A program about the folder of results brings that folder along.
    if loss::out::default_folder(Path::new(path)).exists() {
        return loss(&["run", path]);
    }
    let folder = out.0.join(path.replace(['/', '\\'], "_"));
    loss(&["run", path, "--out", &folder.to_string_lossy()])
}

fn programs() -> Vec<PathBuf> {
    files("tests/errors", &["loss"])
}

#[test]
fn every_program_gives_its_report() {
    let scratch = Scratch::new("errors");
    let programs = programs();
    let results = each(&programs, |path| {
        let (name, code) = (shown(path), named_code(path));
        let ran = run(&name, &scratch);
        if !ran.is_orderly() {
            return Err(format!("{name} ended with {:?}:\n{}", ran.status, ran.stderr));
        }
        if !ran.codes().contains(&code) {
            return Err(format!("{name} does not raise {code}:\n{}", ran.stderr));
        }
        let strict = code.starts_with('E');
        if strict == (ran.status == Some(0)) {
            return Err(format!("{name} ended with status {:?}", ran.status));
        }
        compare(&path.with_extension("out"), &ran.stderr)
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
}

#[test]
fn codes_programs_and_explanations_are_the_same_set() {
    let mut problems = Vec::new();
    let with_program: BTreeSet<String> = programs().iter().map(|p| named_code(p)).collect();
    let known: BTreeSet<String> = codes::all().map(|c| c.id.to_string()).collect();
    if known.len() != codes::all().count() {
        problems.push("two codes have the same id".to_string());
    }
    for id in known.difference(&with_program).filter(|id| !NO_PROGRAM.contains(&id.as_str())) {
        problems.push(format!("{id} has no program in tests/errors/"));
    }
    for id in with_program.difference(&known) {
        problems.push(format!("a program is named after {id}, which is no code"));
    }
    for golden in files("tests/errors", &["out"]) {
        if !golden.with_extension("loss").exists() {
            problems.push(format!("{} belongs to no program", shown(&golden)));
        }
    }
    report(&problems);
}

/// The sections of an explanation by heading.
fn sections(explanation: &str) -> BTreeMap<String, String> {
    let mut sections = BTreeMap::new();
    let mut heading = String::new();
    let mut fenced = false;
    for line in explanation.lines() {
        fenced ^= line.starts_with("```");
        match line.strip_prefix("## ").filter(|_| !fenced) {
            Some(title) => heading = title.trim().to_string(),
            None => *sections.entry(heading.clone()).or_insert_with(String::new) += &format!("{line}\n"),
        }
    }
    sections
}

/// The blocks fenced as ```` ```loss ````: whole programs. Parts that need a data file are fenced as text.
fn blocks(section: &str) -> Vec<String> {
    let program = |part: &str| part.strip_prefix("loss\n").map(str::to_string);
    section.split("```").skip(1).step_by(2).filter_map(program).collect()
}

#[test]
fn explanations_are_true() {
    let scratch = Scratch::new("explanations");
    // Examples about data files find those of the minimal programs beside them.
    for data in files("tests/errors/data", &["csv", "npy", "gz", "txt", "xlsx"]) {
        let _ = std::fs::copy(&data, scratch.0.join(data.file_name().unwrap_or_default()));
    }
    let all: Vec<_> = codes::all().collect();
    let results = each(&all, |code| {
        let sections = sections(code.explanation);
        let mut problems = Vec::new();
        for heading in ["What it means", "Example", "Instead"] {
            if sections.get(heading).is_none_or(|s| s.trim().is_empty()) {
                problems.push(format!("the explanation of {} lacks `## {heading}`", code.id));
            }
        }
        for (heading, raises) in [("Example", true), ("Instead", false)] {
            let blocks = sections.get(heading).map(|s| blocks(s)).unwrap_or_default();
            for (number, block) in blocks.iter().enumerate() {
                let file = scratch.file(&format!("{}_{heading}_{number}.loss", code.id), block);
                let ran = run(&file.to_string_lossy(), &scratch);
                let raised = ran.codes().iter().any(|c| c == code.id);
                let clean = raises || !ran.codes().iter().any(|c| c.starts_with('E'));
                if raised != raises || !clean || !ran.is_orderly() {
                    let must = if raises { "must raise it" } else { "must run" };
                    problems.push(format!("{}: the block under `{heading}` {must}:\n{block}\n{}", code.id, ran.stderr));
                }
            }
        }
        problems
    });
    report(&results.concat());
}
