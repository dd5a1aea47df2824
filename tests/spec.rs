//! The programs by which the language is defined. Those in `tests/spec/check/` check without an error; those in
//! `tests/spec/parse/` use forms that are read but not yet checked, and are read without an error. And the example in
//! every operation's definition is true.

mod common;

use common::{Scratch, each, files, loss, report, shown};

#[test]
fn defining_programs_check() {
    let results = each(&files("tests/spec/check", &["loss"]), |path| {
        let ran = loss(&["check", &shown(path)]);
        if ran.status == Some(0) { Ok(()) } else { Err(format!("{}: {:?}\n{}", shown(path), ran.status, ran.stderr)) }
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
}

#[test]
fn defining_programs_are_read() {
    let results = each(&files("tests/spec/parse", &["loss"]), |path| {
        let ran = loss(&["check", &shown(path)]);
        let misread = ran.codes().iter().any(|c| c.starts_with("E01")) || !ran.is_orderly();
        if misread { Err(format!("{}:\n{}", shown(path), ran.stderr)) } else { Ok(()) }
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
}

#[test]
fn the_program_of_the_readme_runs() {
    let scratch = Scratch::new("readme");
    let readme = common::read(&common::root().join("README.md"));
    let programs: Vec<&str> = readme.split("```loss\n").skip(1).filter_map(|part| part.split("```").next()).collect();
    assert!(!programs.is_empty());
    for (number, program) in programs.iter().enumerate() {
        let ran = loss(&["run", &scratch.file(&format!("readme{number}.loss"), program).to_string_lossy()]);
        assert_eq!(ran.status, Some(0), "{program}\n{}", ran.stderr);
    }
}

#[test]
fn the_example_of_every_operation_is_true() {
    let scratch = Scratch::new("examples-of-operations");
    let with_example: Vec<_> = loss::ops::all().filter(|op| !op.example.is_empty()).enumerate().collect();
    let results = each(&with_example, |(number, op)| {
        let file = scratch.file(&format!("op{number}.loss"), &format!("expect {}\n", op.example));
        let ran = loss(&["run", &file.to_string_lossy()]);
        if ran.status == Some(0) { Ok(()) } else { Err(format!("{}: {}\n{}", op.name, op.example, ran.stderr)) }
    });
    report(&results.into_iter().filter_map(Result::err).collect::<Vec<_>>());
}
