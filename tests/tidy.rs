//! The tree is as ARCHITECTURE.md says: imports point down its table, files open with `//!`, stay short, hold no
//! stubs, touch the machine only through `world`; links in Markdown lead somewhere.

mod common;

use common::{files, read, report, root, shown};
use std::collections::BTreeMap;
use std::path::Path;

const MAX_LINES: usize = 700;

/// Files longer than that, with the length they may not exceed. The list may shrink, never grow.
const LONG: &[(&str, usize)] = &[];

/// Modules that may touch files, clocks, the environment or the terminal.
const EDGES: &[&str] = &["src/world.rs", "src/main.rs", "src/cli/", "src/repl/"];

/// Stages of ARCHITECTURE.md's table: module name → row.
fn stages() -> BTreeMap<String, usize> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let mut stages = BTreeMap::new();
    for (row, line) in text.lines().filter(|l| l.starts_with("| ")).enumerate() {
        let Some(folders) = line.split('|').nth(2) else { continue };
        for name in folders.split('`').skip(1).step_by(2) {
            let module = name.trim_end_matches('/').trim_end_matches(".rs");
            stages.insert(module.to_string(), row);
        }
    }
    stages
}

/// A source file without its unit tests; nothing of a file that holds only those.
fn without_tests(path: &Path) -> String {
    let text = read(path);
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let only_tests = path.ends_with("tests.rs") || path.components().any(|c| c.as_os_str() == "tests");
    if only_tests { String::new() } else { text[..end].to_string() }
}

/// Modules named after `crate::`, with `crate::{a, b::c}` taken apart, and the line.
fn imports(text: &str) -> Vec<(usize, String)> {
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        if text[..at].ends_with('$') || text[..at].rsplit('\n').next().is_some_and(|l| l.trim_start().starts_with("//"))
        {
            continue;
        }
        let line = text[..at].matches('\n').count() + 1;
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.push((line, word(rest))),
            Some(group) => {
                let (mut depth, mut item) = (1, true);
                for (i, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => item = true,
                        c if c.is_alphanumeric() && item => {
                            found.push((line, word(&group[i..])));
                            item = false;
                        }
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
    }
    found
}

#[test]
fn imports_point_down_the_table() {
    let stages = stages();
    let mut problems = Vec::new();
    for path in files("src", &["rs"]) {
        let name = shown(&path);
        let module =
            name.trim_start_matches("src/").split('/').next().unwrap_or("").trim_end_matches(".rs").to_string();
        if module == "lib" {
            continue;
        }
        let Some(&own) = stages.get(&module) else {
            problems.push(format!("{name}: `{module}` is in no row of ARCHITECTURE.md"));
            continue;
        };
        for (line, used) in imports(&without_tests(&path)) {
            match stages.get(&used) {
                Some(&row) if row > own => problems.push(format!("{name}:{line}: `{used}` comes after `{module}`")),
                _ => {}
            }
        }
    }
    report(&problems);
}

#[test]
fn files_open_with_what_they_do_and_stay_short() {
    let mut problems = Vec::new();
    for path in [files("src", &["rs"]), files("tests", &["rs"])].concat() {
        let (name, text) = (shown(&path), read(&path));
        if !text.starts_with("//! ") {
            problems.push(format!("{name} does not open with `//!`"));
        }
        let (lines, limit) = (text.lines().count(), LONG.iter().find(|(n, _)| *n == name));
        if lines > limit.map_or(MAX_LINES, |(_, l)| *l) {
            problems.push(format!("{name} has {lines} lines"));
        }
        if limit.is_some() && lines <= MAX_LINES {
            problems.push(format!("{name} is short enough now: take it off the list"));
        }
    }
    for path in [files("stdlib", &["loss"]), files("examples", &["loss"])].concat() {
        if !read(&path).starts_with("## ") {
            problems.push(format!("{} does not open with `##`", shown(&path)));
        }
    }
    report(&problems);
}

#[test]
fn no_stubs_are_left() {
    // Written apart, so that this file does not find itself.
    let stubs = ["todo", "dbg", "unimplemented"].map(|word| format!("{word}!("));
    let mut problems = Vec::new();
    for path in [files("src", &["rs"]), files("tests", &["rs"])].concat() {
        for (number, line) in read(&path).lines().enumerate() {
            if stubs.iter().any(|s| line.contains(s.as_str())) {
                problems.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    report(&problems);
}

#[test]
fn only_the_edges_touch_the_machine() {
    let doors = ["std::fs", "std::env", "Instant::now", "SystemTime::now", "println!", "print!", "std::io::std"];
    let mut problems = Vec::new();
    for path in files("src", &["rs"]) {
        let name = shown(&path);
        if EDGES.iter().any(|edge| name.starts_with(edge)) {
            continue;
        }
        for (number, line) in without_tests(&path).lines().enumerate() {
            let code = line.trim_start();
            if !code.starts_with("//") && doors.iter().any(|door| code.contains(door)) {
                problems.push(format!("{name}:{}: {code}", number + 1));
            }
        }
    }
    report(&problems);
}

/// Markdown without its code, fenced or between backticks.
fn prose(text: &str) -> String {
    let fenced: String = text.split("```").step_by(2).collect();
    fenced.lines().map(|line| line.split('`').step_by(2).collect::<String>() + "\n").collect()
}

#[test]
fn links_in_markdown_lead_somewhere() {
    let mut problems = Vec::new();
    for path in files("", &["md"]) {
        let text = prose(&read(&path));
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', ' ', '#']).next().unwrap_or("");
            let outside = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            if !outside && !path.parent().is_some_and(|folder| folder.join(target).exists()) {
                problems.push(format!("{}: {target}", shown(&path)));
            }
        }
    }
    report(&problems);
}
