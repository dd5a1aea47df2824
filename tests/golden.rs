//! Programs of `tests/golden/` print exactly what their `.out` file says and end with status 0.

mod common;

use common::{Scratch, compare, each, files, loss, report, shown};

#[test]
fn golden_programs_print_what_they_printed() {
    let scratch = Scratch::new("golden");
    // Folders below hold what the programs use: data, modules.
    let mut programs = files("tests/golden", &["loss"]);
    programs.retain(|path| path.parent().is_some_and(|folder| folder.ends_with("golden")));
    let results = each(&programs, |path| {
        let name = shown(path);
        let out = scratch.0.join(path.file_stem().unwrap_or_default());
        let ran = loss(&["run", &name, "--out", &out.to_string_lossy()]);
        if ran.status != Some(0) {
            return Err(format!("{name} ended with {:?}:\n{}{}", ran.status, ran.stdout, ran.stderr));
        }
        // Where results were written differs from run to run.
        let stdout = ran.stdout.replace(&*scratch.0.to_string_lossy(), "out");
        compare(&path.with_extension("out"), &stdout)
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
}
