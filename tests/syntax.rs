//! Reading as a whole: the programs of the language's description, broken copies of them, and long ones.

mod common;

use common::{files, read, shown};
use loss::source::SourceId;
use loss::syntax::{parse, print, tokens};
use std::time::{Duration, Instant};

/// The programs of section 5 of the language's description.
fn programs() -> Vec<(String, String)> {
    let all = files("tests/programs", &["loss"]).into_iter().map(|path| (shown(&path), read(&path)));
    all.filter(|(name, _)| name.contains("section5_")).collect()
}

#[test]
fn programs_read_without_faults_and_print_to_themselves() {
    let programs = programs();
    assert_eq!(programs.len(), 5);
    for (name, text) in programs {
        let (module, faults) = parse(SourceId(0), &text);
        assert!(faults.is_empty(), "{name}: {faults:#?}");
        let printed = print::print(&module);
        let (again, faults) = parse(SourceId(0), &printed);
        assert!(faults.is_empty(), "{name}: {faults:#?}\n{printed}");
        assert_eq!(printed, print::print(&again), "{name}");
    }
}

/// Reads a broken text: no panic, spans on character boundaries, in little time.
fn survives(text: &str) {
    let start = Instant::now();
    let (module, faults) = parse(SourceId(0), text);
    loss::syntax::is_complete(text);
    let took = start.elapsed();
    let printed = print::print(&module);
    if faults.is_empty() {
        let (again, faults) = parse(SourceId(0), &printed);
        assert!(faults.is_empty() && print::print(&again) == printed, "{text}\n---\n{printed}\n{faults:#?}");
    }
    for fault in &faults {
        for label in &fault.labels {
            assert!(text.get(label.span.range()).is_some(), "{fault:#?} in {text:?}");
        }
        assert!(!fault.message.is_empty() && !fault.labels[0].text.is_empty());
    }
    for item in &module.items {
        assert!(text.get(item.span.range()).is_some(), "{text:?}");
    }
    let limit = if common::optimised() { Duration::from_millis(500) } else { Duration::from_millis(5000) };
    assert!(took < limit, "{took:?} for {text}");
}

/// Numbers that look random and are the same everywhere (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit.max(1)
    }
}

fn mutant(text: &str, dice: &mut Dice) -> String {
    let tokens = tokens::scan(text).tokens;
    let (a, b) = (tokens[dice.below(tokens.len())], tokens[dice.below(tokens.len())]);
    let (a, b) = if a.start <= b.start { (a, b) } else { (b, a) };
    let (before, one, between) = (&text[..a.start], &text[a.start..a.end], text.get(a.end..b.start).unwrap_or(""));
    let (two, behind) = (&text[b.start..b.end], &text[b.end..]);
    match dice.below(6) {
        0 => format!("{before}{}", &text[a.end..]),
        1 => format!("{before}{one} {one}{}", &text[a.end..]),
        2 => format!("{before}{two}{between}{one}{behind}"),
        3 => format!("{before}{two}{}", &text[a.end..]),
        4 => text[..b.start].to_string(),
        _ => {
            let mut bytes = text.as_bytes().to_vec();
            let at = dice.below(bytes.len());
            bytes[at] ^= 1 << dice.below(8);
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

#[test]
fn broken_programs_are_survived() {
    let mut dice = Dice(1);
    for (_, text) in programs() {
        for _ in 0..400 {
            let mut broken = mutant(&text, &mut dice);
            survives(&broken);
            if dice.below(2) == 0 && tokens::scan(&broken).tokens.len() > 1 {
                broken = mutant(&broken, &mut dice);
                survives(&broken);
            }
        }
    }
}

#[test]
fn every_prefix_is_survived() {
    for (_, text) in programs() {
        for (end, _) in text.char_indices().step_by(3) {
            survives(&text[..end]);
        }
    }
}

#[test]
fn long_programs_are_read_quickly() {
    // Megabytes take half a second on a quiet machine, unoptimised tenths of them a few: the limits are for busy ones,
    // and far below what anything but linear time would take.
    let scale = if common::optimised() { 10 } else { 1 };
    let limit = Duration::from_secs(20);
    let many: String = programs().iter().map(|(_, text)| text.as_str()).collect::<String>().repeat(35 * scale);
    let sum = format!("let a = f(\n{})\n", "  0.5 * x[k = 1] + y,\n".repeat(5_000 * scale));
    let text = format!("let a = \"{}\"\n", "word ".repeat(20_000 * scale));
    for long in [many, sum, text] {
        assert!(long.len() > 100_000 * scale);
        let start = Instant::now();
        let (_, faults) = parse(SourceId(0), &long);
        assert!(faults.is_empty(), "{:?}", faults.first());
        let took = start.elapsed();
        eprintln!("{} kB in {took:?}", long.len() / 1000);
        assert!(took < limit, "{took:?}");
    }
}

#[test]
fn long_broken_programs_are_refused_quickly() {
    let many = if common::optimised() { 200_000 } else { 20_000 };
    let line = "  0.5 * x[k = 1] + y,\n";
    let texts = [
        "(".repeat(many) + &"]".repeat(many),
        "{".repeat(many) + &"(".repeat(many) + &"]}".repeat(many),
        format!("let a = f(\n{} 1 2)\n", line.repeat(many / 4)),
        format!("let a = f(\n{} 1 2\n", line.repeat(many / 4)),
        format!("def f(x) = {{\n{}}}\n", "let a b\n".repeat(many / 4)),
        "$ ".repeat(many),
        "1.2.3\n".repeat(many),
        "let a 1\n".repeat(many / 4),
        "let let ".repeat(many),
        "if x ".repeat(many),
        "\"\n".repeat(many),
        "[a: ".repeat(many),
        "## a\n".repeat(many) + "let",
    ];
    for text in texts {
        let start = Instant::now();
        let (module, faults) = parse(SourceId(0), &text);
        assert!(!faults.is_empty());
        loss::syntax::is_complete(&text);
        drop(module);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(20), "{took:?} for {}", &text[..40]);
        eprintln!("{took:?} {:?}", &text[..20]);
    }
}

#[test]
fn one_broken_statement_does_not_hide_others() {
    let text = "let a = 1 +\nlet b = (1\nlet c = 2\nlets d = 3\ndef f(x) = {\n  let u 1\n  let v = 2 3\n  let w = \"a\n  u\n}\nlet e = c\n";
    let (module, faults) = parse(SourceId(0), text);
    let codes: Vec<&str> = faults.iter().map(|f| f.code.id).collect();
    assert_eq!(codes, ["E0114", "E0103", "E0110", "E0119", "E0123", "E0106"]);
    // Broken declarations leave their names.
    assert_eq!(print::print(&module), "let a = ?\nlet b = ?\nlet c = 2\nlet f = ?\nlet e = c\n");
}

/// The first program under a heading of an explanation.
fn example<'t>(explanation: &'t str, heading: &str) -> &'t str {
    let section = explanation.split(heading).nth(1).unwrap_or("");
    section.split("```").nth(1).and_then(|block| block.strip_prefix("loss\n")).unwrap_or("")
}

#[test]
fn examples_of_codes_show_them() {
    for code in loss::diag::codes::all().filter(|c| c.id.starts_with("E01")) {
        let codes = |text: &str| -> Vec<&str> { parse(SourceId(0), text).1.iter().map(|f| f.code.id).collect() };
        assert_eq!(codes(example(code.explanation, "## Example")), [code.id]);
        assert_eq!(codes(example(code.explanation, "## Instead")), [""; 0], "{}", code.id);
    }
}

#[test]
fn programs_with_a_fault_show_its_code() {
    let mut wrong = Vec::new();
    for path in files("tests/errors/syntax", &["loss"]) {
        let (name, text) = (shown(&path), read(&path));
        let (_, faults) = parse(SourceId(0), &text);
        let codes: Vec<&str> = faults.iter().map(|f| f.code.id).collect();
        if !name.rsplit('/').next().is_some_and(|file| codes.first().is_some_and(|code| file.starts_with(code))) {
            wrong.push(format!("{name}: {faults:#?}"));
        }
    }
    common::report(&wrong);
}
