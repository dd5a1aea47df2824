//! Programs of `tests/golden/` print exactly what their `.out` file says and end with status 0.

mod common;

use common::{Scratch, compare, each, files, loss, report, shown};

#[test]
fn golden_programs_print_what_they_printed() {
    let scratch = Scratch::new("golden");
    let results = each(&files("tests/golden", &["loss"]), |path| {
        let name = shown(path);
        let out = scratch.0.join(path.file_stem().unwrap_or_default());
        let ran = loss(&["run", &name, "--out", &out.to_string_lossy()]);
        if ran.status != Some(0) {
            return Err(format!("{name} ended with {:?}:\n{}{}", ran.status, ran.stdout, ran.stderr));
        }
        compare(&path.with_extension("out"), &ran.stdout)
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
}
