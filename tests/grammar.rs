//! Every rule of the grammar has a comment and an example that it reads to its end.

mod common;

use common::{read, report, root};
use loss::syntax::grammar::{LossParser, Rule};
use pest::Parser;

/// Rules of the grammar file with their comment lines, in order.
fn rules(text: &str) -> Vec<(String, Vec<String>)> {
    let mut rules = Vec::new();
    let mut comments: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("// ").or(line.strip_prefix("//")) {
            comments.push(comment.to_string());
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| !line.starts_with([' ', '}'])) {
            if line.contains("= _{") {
                comments.push("silent".into());
            }
            rules.push((name.to_string(), std::mem::take(&mut comments)));
        } else if line.is_empty() {
            comments.clear();
        }
    }
    rules
}

#[test]
fn every_rule_has_an_example() {
    let rules = rules(&read(&root().join("grammar/loss.pest")));
    let mut problems = Vec::new();
    for rule in Rule::all_rules() {
        let name = format!("{rule:?}");
        let name = name.trim_start_matches("r#");
        if name == "EOI" {
            continue;
        }
        let Some((_, comments)) = rules.iter().find(|(n, _)| n == name) else {
            problems.push(format!("`{name}` is not in the file"));
            continue;
        };
        let example = comments.iter().find_map(|c| c.strip_prefix("example:"));
        let Some(example) = example.filter(|_| comments.len() > 1 && !comments[0].starts_with("example:")) else {
            problems.push(format!("`{name}` has no comment or no example"));
            continue;
        };
        let example = example.strip_prefix(' ').unwrap_or(example).replace('␣', " ");
        match LossParser::parse(*rule, &example) {
            // Silent rules leave no pair of their own: how much they read does not show.
            Ok(pairs) => {
                if !comments.iter().any(|c| c == "silent") && pairs.as_str() != example {
                    problems.push(format!("`{name}` reads `{}` of `{example}`", pairs.as_str()));
                }
            }
            Err(error) => problems.push(format!("`{name}` does not read `{example}`: {error}")),
        }
    }
    report(&problems);
}
