//! The command's promises: exit statuses, results on standard output and reports on standard error, JSON lines, clear
//! words for files that cannot be read or written, a prompt that works on a pipe, Ctrl-C.

mod common;

use common::{Scratch, loss, loss_with_input, optimised};
use std::time::{Duration, Instant};

fn text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn exit_statuses() {
    let dir = Scratch::new("status");
    let cases = [
        ("held", "expect 1 + 1 == 2\n", 0),
        ("failed", "expect 1 + 1 == 3\n", 1),
        ("syntax", "let x = (1 +\n", 2),
        ("names", "print nothing_of_this_name\n", 2),
    ];
    for (name, program, status) in cases {
        let file = text(&dir.file(&format!("{name}.loss"), program));
        assert_eq!(loss(&["run", &file]).status, Some(status), "{name}");
    }
    let held = text(&dir.0.join("held.loss"));
    let failed = text(&dir.0.join("failed.loss"));
    assert_eq!(loss(&["run", &held, &failed]).status, Some(1));
    assert_eq!(loss(&["check", &failed]).status, Some(0));
    assert_eq!(loss(&["check", &text(&dir.0.join("names.loss"))]).status, Some(2));
    assert_eq!(loss(&["walk"]).status, Some(2));
    assert_eq!(loss(&["run", &held, "--threads", "0"]).status, Some(2));
    assert_eq!(loss(&["explain", "E9999"]).status, Some(2));
    assert_eq!(loss(&["--version"]).status, Some(0));
    assert_eq!(loss(&["explain", "E0901"]).status, Some(0));
}

#[test]
fn a_fault_while_running_is_status_three() {
    let dir = Scratch::new("running");
    let file = text(&dir.file("gone.loss", "let x = load(\"gone.csv\", x: real[n])\nprint x\n"));
    let ran = loss(&["run", &file]);
    assert!(matches!(ran.status, Some(2 | 3)) && ran.stderr.contains("gone.csv"), "{ran:?}");
}

#[test]
fn results_and_reports_go_separate_ways() {
    let dir = Scratch::new("streams");
    let file = text(&dir.file("a.loss", "print 6 * 7\nexpect 1 == 2\n"));
    let ran = loss(&["run", &file]);
    assert!(ran.stdout.contains("42") && !ran.stderr.contains("42"), "{ran:?}");
    assert!(ran.stderr.contains("[E08") && !ran.stdout.contains("[E08"), "{ran:?}");
}

#[test]
fn json_lines_hold_everything_with_full_precision() {
    let dir = Scratch::new("json");
    let program = "let x = 1 / 3\nprint x\nprint [1, 2, 3]\nprint log(0)\nexpect x ~= 1 / 3\nexpect x == 2\n";
    let file = text(&dir.file("a.loss", program));
    let ran = loss(&["run", "--json", &file]);
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect();
    let of = |kind: &str| lines.iter().filter(|l| l["type"] == kind).cloned().collect::<Vec<_>>();
    assert_eq!(of("value")[0]["value"].as_f64().map(f64::to_bits), Some((1.0f64 / 3.0).to_bits()));
    assert_eq!(of("value")[2]["value"], "-inf");
    let held: Vec<bool> = of("expectation").iter().filter_map(|e| e["held"].as_bool()).collect();
    assert_eq!(held, [true, false]);
    assert_eq!(of("end")[0]["status"], 1);
    assert_eq!(ran.stderr, "");
    let broken = text(&dir.file("b.loss", "let x = (1 +\n"));
    let ran = loss(&["check", "--json", &broken]);
    let line: serde_json::Value = serde_json::from_str(ran.stdout.lines().next().unwrap_or("")).expect("JSON");
    assert!(line["type"] == "diagnostic" && line["places"][0]["line"] == 1, "{line}");
}

#[test]
fn unreadable_files_are_named() {
    let dir = Scratch::new("unreadable");
    let bytes = dir.0.join("bytes.loss");
    std::fs::write(&bytes, b"let x = 1 # \xff\xfe\n").expect("written");
    let cases = [(dir.0.join("none.loss"), "no such file"), (dir.0.clone(), "folder"), (bytes, "UTF-8")];
    for (path, word) in cases {
        for command in ["run", "check"] {
            let ran = loss(&[command, &text(&path)]);
            assert!(ran.status == Some(2) && ran.stderr.contains(word), "{command} {}: {ran:?}", path.display());
            assert!(ran.stderr.contains(&text(&path)) && ran.stdout.is_empty(), "{ran:?}");
        }
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = Scratch::new("unwritable");
    let blocked = text(&dir.file("blocked", "a file where the folder should be"));
    let file = text(&dir.file("p.loss", "let x = [n: 5] => 2 * n\nplot x over n\n"));
    let ran = loss(&["run", &file, "--out", &blocked]);
    assert!(ran.status == Some(3) && ran.stderr.contains("blocked"), "{ran:?}");
    let fine = dir.0.join("fine");
    let ran = loss(&["run", &file, "--out", &text(&fine)]);
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(std::fs::read_dir(&fine).is_ok_and(|d| d.count() > 0), "nothing was written");
}

#[test]
fn the_prompt_works_on_a_pipe_and_a_failed_entry_changes_nothing() {
    let entries = "let x = 20\nlet y = {\n    x + 1\n}\nlet x = undefined_name\nx + y + 1\n:quit\nprint 7777\n";
    let ran = loss_with_input(&[], entries);
    assert!(ran.stdout.contains("42") && !ran.stdout.contains("7777"), "{ran:?}");
    assert!(ran.stderr.contains("undefined_name"), "{ran:?}");
}

#[test]
fn ctrl_c_stops_a_run() {
    use std::process::{Command, Stdio};
    let dir = Scratch::new("interrupt");
    let program = "let x = iterate x = 1.0 for t in 1..2000000000 { sin(x) }\nprint x\n";
    let file = dir.file("long.loss", program);
    let mut child = Command::new(common::binary())
        .args(["run", &text(&file)])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    std::thread::sleep(Duration::from_millis(700));
    let start = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    while start.elapsed() < Duration::from_secs(5) && child.try_wait().expect("a child").is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let output = child.wait_with_output().expect("ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(3) && stderr.contains("[E0902]"), "{:?}\n{stderr}", output.status);
}

/// Checking takes time in proportion to the program: no absolute times, machines differ.
#[test]
fn checking_scales_with_the_program() {
    if !optimised() {
        return;
    }
    let dir = Scratch::new("scaling");
    let program = |n: usize| {
        let unit = |i: usize| {
            format!("def f{i}(x: real[k]) = log(sum[k](exp(x * {i})))\nlet v{i} = f{i}([1, 2, {i}] : real[k])\n")
        };
        (0..n).map(unit).collect::<String>()
    };
    let time = |n: usize| {
        let file = text(&dir.file(&format!("p{n}.loss"), &program(n)));
        let once = || {
            let start = Instant::now();
            assert_eq!(loss(&["check", &file]).status, Some(0));
            start.elapsed().as_secs_f64()
        };
        (0..5).map(|_| once()).fold(f64::INFINITY, f64::min)
    };
    let (base, small, large) = (time(1), time(100), time(800));
    // Eight times the work may take at most forty times as long, start-up aside.
    assert!(large - base < 40.0 * (small - base).max(2e-3), "{base} {small} {large}");
}
