//! Formulas as LaTeX (needs `amsmath`): Greek letters for Greek names, fractions, big operators, subscripts for picks.

use super::text::{number, precedence as text_precedence, tighter};
use crate::ir::{Formula, IndexPart, Precedence};

/// The formula as LaTeX for math mode.
pub fn to_latex(formula: &Formula) -> String {
    match formula {
        Formula::Name(name) => self::name(name),
        Formula::Number(x) => latex_number(*x),
        Formula::Text(text) => format!("\\text{{{}}}", escape(text)),
        Formula::Call { function, latex, axes, args } => call(function, latex.as_deref(), axes, args),
        Formula::Reduce { latex, axes, body, .. } => {
            let below = if axes.is_empty() { String::new() } else { format!("_{{{}}}", axis_list(axes)) };
            format!("{latex}{below} {}", group(body, Precedence::Product))
        }
        Formula::Infix { latex, precedence: p, left, right, symbol } => {
            let same = matches!(&**right, Formula::Infix { symbol: s, .. } if s == symbol)
                && matches!(symbol.as_str(), "+" | "*" | "and" | "or");
            let left_level = if *p == Precedence::Compare { tighter(*p) } else { *p };
            // A big operator reaches as far right as it can, so as a left factor it is put in parentheses.
            let left = match &**left {
                Formula::Reduce { .. } if *p == Precedence::Product => paren(&to_latex(left)),
                _ => group(left, left_level),
            };
            let right = group(right, if same { *p } else { tighter(*p) });
            if latex.is_empty() { format!("{left} {right}") } else { format!("{left} {latex} {right}") }
        }
        Formula::Fraction(above, below) => format!("\\frac{{{}}}{{{}}}", to_latex(above), to_latex(below)),
        Formula::Negate(body) => format!("-{}", group(body, Precedence::Product)),
        Formula::Not(body) => format!("\\lnot {}", group(body, Precedence::Compare)),
        Formula::Power(base, exponent) => {
            let base = match &**base {
                // A subscript already stands where the reader looks for the exponent's base.
                Formula::Index { .. } | Formula::Name(_) | Formula::Call { .. } => to_latex(base),
                _ => group(base, Precedence::Atom),
            };
            format!("{base}^{{{}}}", to_latex(exponent))
        }
        Formula::Index { base, entries } => {
            let parts: Vec<String> = entries.iter().map(|(axis, part)| index(axis, part)).collect();
            match &**base {
                Formula::Name(_) => format!("{}_{{{}}}", subscriptable(base), parts.join(", ")),
                Formula::Call { .. } => format!("{{{}}}_{{{}}}", to_latex(base), parts.join(", ")),
                _ => format!("{}_{{{}}}", paren(&to_latex(base)), parts.join(", ")),
            }
        }
        Formula::If { condition, then, otherwise } => cases(condition, then, otherwise),
    }
}

fn cases(condition: &Formula, then: &Formula, otherwise: &Formula) -> String {
    format!(
        "\\begin{{cases}} {} & \\text{{if }} {} \\\\ {} & \\text{{otherwise}} \\end{{cases}}",
        to_latex(then),
        to_latex(condition),
        to_latex(otherwise)
    )
}

fn call(function: &str, latex: Option<&str>, axes: &[String], args: &[Formula]) -> String {
    let below = if axes.is_empty() { String::new() } else { format!("_{{{}}}", axis_list(axes)) };
    match (function, args) {
        ("sqrt", [x]) => return format!("\\sqrt{{{}}}", to_latex(x)),
        ("abs", [x]) => return format!("\\left|{}\\right|", to_latex(x)),
        ("norm", [x]) => return format!("\\left\\lVert {} \\right\\rVert{below}", to_latex(x)),
        ("floor", [x]) => return format!("\\left\\lfloor {} \\right\\rfloor", to_latex(x)),
        ("ceil", [x]) => return format!("\\left\\lceil {} \\right\\rceil", to_latex(x)),
        ("where", [mask, a, b]) => return cases(mask, a, b),
        ("size", [x]) => return format!("\\left|{}\\right|", to_latex(x)),
        _ => {}
    }
    let function = match latex {
        Some(latex) if !latex.is_empty() => latex.to_string(),
        _ => format!("\\operatorname{{{}}}", escape(function)),
    };
    let args: Vec<String> = args.iter().map(to_latex).collect();
    let tall = args
        .iter()
        .any(|a| a.contains("\\frac") || a.contains("\\sum") || a.contains("\\begin") || a.contains("\\left"));
    let inside = args.join(", ");
    if tall { format!("{function}{below}\\left({inside}\\right)") } else { format!("{function}{below}({inside})") }
}

fn index(axis: &str, part: &IndexPart) -> String {
    match part {
        IndexPart::At(at) => to_latex(at),
        IndexPart::Range(from, to) => format!("{} = {} .. {}", name(axis), to_latex(from), to_latex(to)),
        IndexPart::Rename(to) => format!("{} \\to {}", name(axis), name(to)),
        IndexPart::Size(size) => format!("{} : {}", name(axis), to_latex(size)),
    }
}

fn precedence(formula: &Formula) -> Precedence {
    match formula {
        Formula::Reduce { .. } => Precedence::Product,
        // A fraction bar groups by itself.
        Formula::Fraction(..) => Precedence::Negate,
        _ => text_precedence(formula),
    }
}

fn group(formula: &Formula, least: Precedence) -> String {
    let inner = to_latex(formula);
    if precedence(formula) < least { paren(&inner) } else { inner }
}

fn paren(inner: &str) -> String {
    format!("\\left({inner}\\right)")
}

fn latex_number(x: f64) -> String {
    if x.is_infinite() {
        return if x > 0.0 { "\\infty".into() } else { "-\\infty".into() };
    }
    let text = number(x);
    match text.split_once('e') {
        Some(("1", exponent)) => format!("10^{{{exponent}}}"),
        Some((digits, exponent)) => format!("{digits} \\cdot 10^{{{exponent}}}"),
        None => text,
    }
}

fn axis_list(axes: &[String]) -> String {
    axes.iter().map(|a| name(a)).collect::<Vec<_>>().join(", ")
}

/// The base of a further subscript: a name that has one already is put in braces.
fn subscriptable(base: &Formula) -> String {
    let inner = to_latex(base);
    if inner.contains("_{") { format!("{{{inner}}}") } else { inner }
}

/// A program's name: `alpha` → `\alpha`, `w_max` → `w_{\mathrm{max}}`, `x2` → `x_{2}`, `layer.w` → `\mathrm{layer}.w`.
pub fn name(name: &str) -> String {
    if name.contains('.') {
        return name.split('.').map(self::name).collect::<Vec<_>>().join(".");
    }
    if let Some((head, tail)) = name.split_once('_')
        && !head.is_empty()
        && !tail.is_empty()
    {
        return format!("{}_{{{}}}", word(head), tail.split('_').map(word).collect::<Vec<_>>().join(", "));
    }
    let head = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let tail = name.get(head.len()..).unwrap_or("");
    if head.is_empty() || tail.is_empty() {
        return word(name);
    }
    format!("{}_{{{tail}}}", word(head))
}

fn word(word: &str) -> String {
    if let Some(greek) = greek(word) {
        return greek.to_string();
    }
    let mut chars = word.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => greek_letter(c).map(str::to_string).unwrap_or_else(|| escape(word)),
        _ if word.chars().all(|c| c.is_ascii_digit()) => word.to_string(),
        _ if word.chars().any(|c| greek_letter(c).is_some()) => {
            word.chars().map(|c| greek_letter(c).map_or_else(|| c.to_string(), |g| format!("{g} "))).collect()
        }
        _ => format!("\\mathrm{{{}}}", escape(word)),
    }
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\\' => out.push_str("\\backslash "),
            '^' => out.push_str("\\^{}"),
            '~' => out.push_str("\\~{}"),
            _ => out.push(c),
        }
    }
    out
}

fn greek(word: &str) -> Option<&'static str> {
    let at = GREEK.iter().position(|(name, ..)| *name == word)?;
    Some(GREEK[at].2)
}

fn greek_letter(c: char) -> Option<&'static str> {
    let at = GREEK.iter().position(|(_, letter, _)| *letter == c)?;
    Some(GREEK[at].2)
}

/// Names, letters and commands of the Greek alphabet.
const GREEK: &[(&str, char, &str)] = &[
    ("alpha", 'α', "\\alpha"),
    ("beta", 'β', "\\beta"),
    ("gamma", 'γ', "\\gamma"),
    ("delta", 'δ', "\\delta"),
    ("epsilon", 'ε', "\\varepsilon"),
    ("eps", 'ϵ', "\\epsilon"),
    ("zeta", 'ζ', "\\zeta"),
    ("eta", 'η', "\\eta"),
    ("theta", 'θ', "\\theta"),
    ("iota", 'ι', "\\iota"),
    ("kappa", 'κ', "\\kappa"),
    ("lambda", 'λ', "\\lambda"),
    ("lam", 'λ', "\\lambda"),
    ("mu", 'μ', "\\mu"),
    ("nu", 'ν', "\\nu"),
    ("xi", 'ξ', "\\xi"),
    ("pi", 'π', "\\pi"),
    ("rho", 'ρ', "\\rho"),
    ("sigma", 'σ', "\\sigma"),
    ("tau", 'τ', "\\tau"),
    ("upsilon", 'υ', "\\upsilon"),
    ("phi", 'φ', "\\varphi"),
    ("chi", 'χ', "\\chi"),
    ("psi", 'ψ', "\\psi"),
    ("omega", 'ω', "\\omega"),
    ("Gamma", 'Γ', "\\Gamma"),
    ("Delta", 'Δ', "\\Delta"),
    ("Theta", 'Θ', "\\Theta"),
    ("Lambda", 'Λ', "\\Lambda"),
    ("Xi", 'Ξ', "\\Xi"),
    ("Pi", 'Π', "\\Pi"),
    ("Sigma", 'Σ', "\\Sigma"),
    ("Phi", 'Φ', "\\Phi"),
    ("Psi", 'Ψ', "\\Psi"),
    ("Omega", 'Ω', "\\Omega"),
];
