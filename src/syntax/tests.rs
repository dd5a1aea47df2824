//! Every form of the language: read, printed, read again.

use super::{ast, is_complete, parse, print};
use crate::source::SourceId;

/// The module of a text that must be sound.
fn read(text: &str) -> ast::Module {
    let (module, faults) = parse(SourceId(0), text);
    let shown: Vec<String> =
        faults.iter().map(|f| format!("{} {} {:?}", f.code.id, f.message, f.span().range())).collect();
    assert!(faults.is_empty(), "{text}\n{shown:#?}");
    module
}

/// The tree as text without places.
fn shape(module: &ast::Module) -> String {
    let debug = format!("{:?} {:?}", module.doc, module.items);
    let mut parts = debug.split("Span { source: SourceId(0), start: ");
    let mut out = parts.next().unwrap_or("").to_string();
    for part in parts {
        out.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

/// Reads, prints, reads again: the same tree, and the same text from then on.
fn round(text: &str) -> String {
    let module = read(text);
    let printed = print::print(&module);
    let again = read(&printed);
    assert_eq!(shape(&module), shape(&again), "{text}\n---\n{printed}");
    assert_eq!(printed, print::print(&again));
    printed.trim_end().to_string()
}

/// Sources with their printed form.
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(round(text), *expected, "{text}");
    }
}

/// Sources that are printed as they stand.
fn same(cases: &[&str]) {
    for text in cases {
        assert_eq!(round(text), *text);
    }
}

#[test]
fn operators_bind_as_stated() {
    check(&[
        ("-x^2", "-x^2"),
        ("(-x)^2", "(-x)^2"),
        ("2^-1", "2^-1"),
        ("2^3^4", "2^3^4"),
        ("(2^3)^4", "(2^3)^4"),
        ("2 ^ -x * y", "2^-x * y"),
        ("a - (b - c) - d", "a - (b - c) - d"),
        ("a/(b*c)", "a / (b * c)"),
        ("(a*b)/c", "a * b / c"),
        ("not a == b and c or d", "not a == b and c or d"),
        ("not (a and b)", "not (a and b)"),
        ("(a < b) == c", "(a < b) == c"),
        ("a+1..b*2", "a + 1..b * 2"),
        ("a @[d] b * c", "a @[d] b * c"),
        ("a * (b @ [d, e,] c)", "a * (b @[d, e] c)"),
        ("-a * b", "-a * b"),
        ("-(a * b)", "-(a * b)"),
        ("a - -b", "a - -b"),
        ("a --b", "a - -b"),
        ("x ~= y + 1", "x ~= y + 1"),
        ("(x) + ((y))", "x + y"),
    ]);
}

#[test]
fn clauses_bind_as_stated() {
    check(&[
        ("f(c) where m for c in l", "f(c) where m for c in l"),
        ("f(c) where (m for c in l)", "f(c) where (m for c in l)"),
        ("e for a in x for b in y", "e for a in x for b in y"),
        ("e for a in x, (b, c) in y where a", "e for a in x, (b, c) in y where a"),
        ("[1, 2] : real[k] where m", "[1, 2] : real[k] where m"),
        ("x -> x + 1 : real", "x -> x + 1 : real"),
        ("w with [v = y] += dw with [n = rows] = x", "w with [v = y] += dw with [n = rows] = x"),
        ("model with layer.w = q", "model with layer.w = q"),
        ("(x where a) + (if c then 1 else 2) * (x -> x)", "(x where a) + (if c then 1 else 2) * (x -> x)"),
        ("if c then a else b + 1", "if c then a else b + 1"),
        ("(if c then a else b) + 1", "(if c then a else b) + 1"),
        (
            "if a then if b then 1 else 2 else if c then 3 else 4",
            "if a then if b then 1 else 2 else if c then 3 else 4",
        ),
        ("run e for a in [0, 1], seed in 0..5", "run e for a in [0, 1], seed in 0..5"),
        ("(run e) for a in l", "(run e) for a in l"),
        ("exp(s\n  where same and n != m)", "exp(s where same and n != m)"),
        ("x where (a or b)", "x where a or b"),
        ("where(m, a, b) where c", "where(m, a, b) where c"),
    ]);
}

#[test]
fn literals_and_primaries() {
    same(&[
        "1",
        "1.5",
        "1e-9",
        "0.5",
        "true",
        "?",
        "\"a\\n\\t\\\"\\\\b\"",
        "[]",
        "[1, 2.0, x]",
        "(a, b)",
        "(a,)",
        "()",
    ]);
    same(&["{}", "{w: 1, b}", "{table: 1, if: 2}", "τ + λ_1", "x.if.table.w", "f(g)(h)[k = 1].w(2)"]);
    same(&["[n: 100, d: 3] => sin(1.3 * n + 0.7 * d)", "x -> sign(x) * abs(x)^0.6", "(x, y) -> x"]);
    check(&[
        ("1_000_000", "1000000"),
        ("1_0.5E+3", "10500.0"),
        ("{ x }", "{\n    x\n}"),
        ("{w: 1,}", "{w: 1}"),
        ("f (x) [k]", "f(x)[k]"),
        ("f(a, b = c, d == e,)", "f(a, b = c, d == e)"),
        ("[a : real[k], b]", "[a : real[k], b]"),
        ("a\n  .b", "a.b"),
        ("{ (x : real) }", "{\n    (x : real)\n}"),
    ]);
}

#[test]
fn brackets_mean_what_stands_in_them() {
    same(&["sum[k](x)", "mean[n, m](x)", "z[k = y]", "z[n = 10..20, k = 0]", "e[n -> m]", "mean[n by y](x)"]);
    same(&["normal[n: 100, d: 3](0, 1)", "merge[h, w -> p](x)", "split[p -> h: 8, w: 8](x)", "window[h -> h, dh: 3]"]);
    same(&["conv[h, w](x, kernel)", "comp_sum[k = classes](z, y)", "topk[k](x, 5)", "e[n -> m, k -> j]"]);
    let module = read("merge[h, w -> p](x)");
    let pairs =
        "Arrow { from: [Ident { name: \"h\", span:  }, Ident { name: \"w\", span:  }], to: [(Ident { name: \"p\"";
    assert!(shape(&module).contains(pairs), "{}", shape(&module));
}

#[test]
fn statements() {
    same(&[
        "precision f32\nuse std.data (digits, split)\nuse std.losses\nuse \"my.loss\" (focal)",
        "let (train, (a, b)) = split(digits, 0.8)\nlet {w, b} = model\nlet x: real[k: 5] = y",
        "def f() = 1\ndef mean[axes](x) = x\ndef f(x: real[k], y: label k [n] = z, t = 1) -> real = x + y",
        "loss l(z: real[k], y: label k) = log(sum[k](exp(z)))\nquery q(x: real[d], c: real[k, d]) = min[k](x)",
        "def sign_ste(x) = sign(x) with grad(x, g) = g * (abs(x) <= 1)",
        "def f(x, t) = x * t with grad({x, t}, g) = {x: g * t, t: g * x}",
        "def apply(f: (real[k], {w: real, b: int}) -> real, x) = f(x)",
        "expect a ~= b within 1e-9\nexpect f(x) == 1 for x in [1, 2]",
        "expect forall z: real[k: 5] ~ normal(0, 10), y: label k, c ~ uniform(-9, 9): f(z + c, y) ~= f(z, y)",
        "print a, b + 1\nshow grad(f, z)\nshow graph f\nshow why f\nshow plan f\nshow type f(x)\nlatex grad(f, z)",
        "show graph\nshow (graph - 1)\nprint (a, b)",
        "plot runs.loss over step by tau\nplot a, b over x by s, t for m in ms, s in ss as line log y titled \"t\" to \"n\"",
        "plot histogram(off) by method for method in [auto, uniform_sampling, sensitivity] width 300 smooth",
        "table runs.accuracy by tau\ntable {method: m, p: f(w)} for (m, w) in q",
        "grid nf4 = levels(normal_quantiles(16), scale = per(absmax, group(in, 64)))",
        "let step = loss + batch\nlet grid = query.experiment",
    ]);
    check(&[
        ("plot levels of [int4, nf4] over histogram(w)", "plot levels([int4, nf4]) over histogram(w)"),
        (
            "grid g = u(symmetric, scale = absmax per row and column)",
            "grid g = u(symmetric, scale = per(absmax, row, column))",
        ),
        ("let a = 1; let b = 2;; a", "let a = 1\nlet b = 2\na"),
        ("let a = b; -c", "let a = b;\n-c"),
        ("def f(x) -> real = {\n\n  let y = x # note\n\n  y }", "def f(x) -> real = {\n    let y = x\n    y\n}"),
    ]);
}

#[test]
fn experiments() {
    round(
        "experiment e(tau = 1, seed = 0) {\n  param w: real[d, k] ~ normal(0, 0.01)\n  param b: real[k] = 0\n  param c: real
  minimize mean[n](f(w)) using adam(lr), 300 steps, batch 64 of n, clip 1.0, over {w}, 2 epochs
  maximize g(w) over {b} using sgd(0.1)\n  report a = b\n  track gap = b every 10\n  track w\n  stop when gap < 1
  step { let g = 1 }\n  step { w }\n}",
    );
    round("experiment e { let a = 1 }");
}

#[test]
fn loops() {
    check(&[
        (
            "iterate (x, v) = (x0, v0) for t in 1..T until norm(v) < 1e-9 { (x - v, v) }",
            "iterate (x, v) = (x0, v0) for t in 1..T until norm(v) < 1e-9 {\n    (x - v, v)\n}",
        ),
        ("scan[s] {w, b} = model for l in layer { {w, b} }", "scan[s] {w, b} = model for l in layer {\n    {w, b}\n}"),
        ("exact { log(exp(x)) }", "exact {\n    log(exp(x))\n}"),
    ]);
}

#[test]
fn new_lines_start_statements() {
    let count = |text: &str| read(text).items.len();
    assert_eq!(count("let a = b\n(c)"), 2);
    assert_eq!(count("let a = b\n[1, 2]"), 2);
    assert_eq!(count("let a = b\n[n: 2] => n"), 2);
    assert_eq!(count("let a = b\n  + c\n  where d\nlet e = 1 +\n2"), 2);
    assert_eq!(count("plot f over x\nlog(x)"), 2);
    assert_eq!(count("# nothing\n"), 0);
    assert_eq!(count(""), 0);
    same(&["def f(x) = {\n    let u = x\n    where(u > 0, u, 0)\n}", "def f(x) = {\n    let a = b\n    (c, d)\n}"]);
    same(&["def f(x) = {\n    let a = b\n    [1, 2] : real[k]\n}"]);
    let module = read("\u{feff}let a = 1\r\n\tlet b = 2\r\n");
    assert_eq!(module.items.len(), 2);
}

#[test]
fn docs_stay_with_their_items() {
    same(&[
        "## The file.\n\n## Doc\n## of a.\nlet a = 1\n\n".trim_end(),
        "def f(x) = {\n    ## Inner.\n    let u = x\n    u\n}",
        "## The file.\n\nuse std.data",
    ]);
    let module = read("## The file.\nuse std.data\n## Of f.\nloss f(x) = x # no\n");
    assert_eq!(module.doc.as_deref(), Some("The file."));
    assert_eq!(module.items[0].doc, None);
    assert_eq!(module.items[1].doc.as_deref(), Some("Of f."));
    assert!(matches!(&module.items[1].kind, ast::ItemKind::Def(def) if def.doc.as_deref() == Some("Of f.")));
}

#[test]
fn spans_point_at_the_text() {
    let text = "let τ = 1\n\nlet y = f(τ, 2)  # end\n";
    let module = read(text);
    assert_eq!(&text[module.items[1].span.range()], "let y = f(τ, 2)");
    let ast::ItemKind::Let { value, .. } = &module.items[1].kind else { panic!() };
    assert_eq!(&text[value.span.range()], "f(τ, 2)");
}

#[test]
fn entries_wait_for_what_is_missing() {
    let incomplete = [
        "let x =",
        "let x",
        "let",
        "f(1,",
        "f(",
        "{",
        "a +",
        "a and",
        "if c",
        "if c then a",
        "if c then a else",
        "def f(x)",
        "def f(x) = {\nlet u = 1",
        "x ->",
        "iterate x = 0 for t in 1..5",
        "experiment e(a = 1)",
        "let x: real[k]",
        "print",
        "expect forall x ~ normal(0, 1):",
        "use",
        "a where",
        "## doc",
        "x @[d]",
        "not",
    ];
    for text in incomplete {
        assert!(!is_complete(text), "{text}");
    }
    let complete = [
        "",
        "  ",
        "# note",
        "let x = 1",
        "f(1)",
        "f(1]",
        ")",
        "\"abc",
        "let let x",
        "a + * b",
        "let x =\n\n",
        "def f(x) = x",
        "1.2.3",
        "if c then a else b",
        "print x",
        "let x 3",
        "run e for a in [1]",
        "def f(x) = {\nlet u = 1\nu\n}",
        "?",
    ];
    for text in complete {
        assert!(is_complete(text), "{text}");
    }
}

#[test]
fn nesting_costs_no_time_and_no_stack() {
    for depth in [10, 50, 100, 199] {
        for (open, inner, close) in [
            ("(", "x", ")"),
            ("[", "x", "]"),
            ("f(", "x", ")"),
            ("x[k = ", "1", "]"),
            ("{", "x", "}"),
            ("{a: ", "x", "}"),
            ("[n: 3] => [", "1", "]"),
            ("[a: ", "1", "] => 2"),
            ("(a, ", "b", ")"),
            ("(x) -> (", "1", ")"),
            ("g[a, ", "b", "]"),
            ("[a : real[n: ", "1", "]]"),
            ("{ minimize x, batch ", "1", "}"),
            ("{ loss f(x) = ", "1", "}"),
        ] {
            let text = format!("let a = {}{inner}{}", open.repeat(depth), close.repeat(depth));
            let (module, _) = parse(SourceId(0), &text);
            print::print(&module);
            let broken = format!("let a = {}{inner}{}", open.repeat(depth), close.repeat(depth - 1));
            parse(SourceId(0), &broken);
        }
    }
    read(&format!("let a = {}x{}", "f(".repeat(199), ")".repeat(199)));
    let repeated =
        ["(", "f(", "[", "{", "-", "not ", "x -> ", "if a then b else ", "a ^ ", "run ", "x.", "1 + ", "{ let a = "];
    for piece in repeated {
        for count in [600, 20_000] {
            let text = format!("let a = {}x", piece.repeat(count));
            let (module, faults) = parse(SourceId(0), &text);
            assert!(!faults.is_empty(), "{piece}");
            assert!(is_complete(&text) || piece.trim_end().ends_with(['(', '[', '{', '=']), "{piece}");
            drop(module);
        }
    }
    let deep = |piece: &str| parse(SourceId(0), &format!("let a = {}x", piece.repeat(3000))).1[0].code.id;
    assert_eq!(["-", "x -> ", "a ^ ", "1 + ", "not "].map(deep), ["E0118"; 5]);
}

#[test]
fn reserved_words_are_those_of_the_grammar() {
    use super::grammar::{LossParser, Rule};
    use pest::Parser;
    let grammar = include_str!("../../grammar/loss.pest");
    let rule = grammar.split("\nreserved = @{").nth(1).and_then(|rest| rest.split('}').next()).unwrap();
    let words: Vec<&str> = rule.split('"').skip(1).step_by(2).collect();
    assert_eq!(words, super::words::RESERVED);
    for word in words {
        assert!(LossParser::parse(Rule::ident, word).is_err(), "{word}");
        assert!(LossParser::parse(Rule::ident, &format!("{word}_1")).is_ok(), "{word}");
    }
}
