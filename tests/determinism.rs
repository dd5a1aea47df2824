//! Same program, same bits: whatever the number of threads, every printed value (with full precision) and every file a
//! program writes is the same. Programs of the gallery need the optimised binary (`make test`).

mod common;

use common::{Scratch, files, loss, optimised, report, shown};
use std::collections::BTreeMap;
use std::path::Path;

/// What a run printed and wrote.
fn run(path: &str, threads: &str, out: &Path) -> Result<(String, BTreeMap<String, Vec<u8>>), String> {
    let shown_out = out.to_string_lossy().into_owned();
    let ran = loss(&["run", path, "--json", "--threads", threads, "--out", &shown_out]);
    if ran.status != Some(0) {
        return Err(format!("{path} with {threads} thread(s): {:?}\n{}", ran.status, ran.stderr));
    }
    let mut written = BTreeMap::new();
    collect(out, &mut written, &shown_out);
    Ok((ran.stdout.replace(&shown_out, "OUT"), written))
}

fn collect(folder: &Path, written: &mut BTreeMap<String, Vec<u8>>, root: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, written, root);
        } else {
            let name = path.to_string_lossy().replace(root, "OUT");
            written.insert(name, std::fs::read(&path).unwrap_or_default());
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let scratch = Scratch::new("determinism");
    let mut programs = files("tests/golden", &["loss"]);
    if optimised() {
        programs.extend(files("examples", &["loss"]));
    }
    let mut problems = Vec::new();
    for (number, path) in programs.iter().enumerate() {
        let name = shown(path);
        let runs: Vec<_> = ["1", "2", "3"]
            .iter()
            .map(|threads| run(&name, threads, &scratch.0.join(format!("{number}-{threads}"))))
            .collect();
        for (run, threads) in runs.iter().zip(["1", "2", "3"]) {
            match (run, &runs[0]) {
                (Err(problem), _) => problems.push(problem.clone()),
                (Ok((printed, files)), Ok((first, first_files))) => {
                    if printed != first {
                        problems.push(format!("{name} with {threads} threads: {}", common::difference(first, printed)));
                    }
                    if files.keys().ne(first_files.keys()) {
                        problems.push(format!("{name} writes other files with {threads} threads"));
                    }
                    for (file, bytes) in files.iter().filter(|(f, b)| first_files.get(*f) != Some(*b)) {
                        problems.push(format!("{name}: {file} ({} bytes) differs with {threads} threads", bytes.len()));
                    }
                }
                (Ok(_), Err(_)) => {}
            }
        }
    }
    report(&problems);
}
