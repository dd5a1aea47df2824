//! Names of programs as names of mathematics: `alpha_1` → α₁, `R^2` → R², `10^-3` → 10⁻³. Plain text in, Unicode out.

const GREEK: &[(&str, char)] = &[
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("eps", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("iota", 'ι'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("lam", 'λ'),
    ("mu", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("pi", 'π'),
    ("rho", 'ρ'),
    ("sigma", 'σ'),
    ("tau", 'τ'),
    ("phi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("Gamma", 'Γ'),
    ("Delta", 'Δ'),
    ("Theta", 'Θ'),
    ("Lambda", 'Λ'),
    ("Sigma", 'Σ'),
    ("Phi", 'Φ'),
    ("Psi", 'Ψ'),
    ("Omega", 'Ω'),
];

const SUBSCRIPTS: (&str, &str) = ("0123456789+-aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ");
const SUPERSCRIPTS: (&str, &str) = ("0123456789+-ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ");

/// A name of a program, an axis label or a legend entry.
pub fn pretty(text: &str) -> String {
    words(text, true)
}

/// A title the user wrote as prose: a Greek letter is only taken where an index or a power follows it.
pub fn pretty_title(text: &str) -> String {
    words(text, false)
}

/// An integer as superscript.
pub fn superscript(value: i32) -> String {
    convert(&value.to_string(), SUPERSCRIPTS).unwrap_or_else(|| format!("^{value}"))
}

fn convert(text: &str, (plain, raised): (&str, &str)) -> Option<String> {
    let one = |c: char| plain.chars().position(|p| p == c).and_then(|i| raised.chars().nth(i));
    if text.is_empty() { None } else { text.chars().map(one).collect() }
}

fn greek(word: &str) -> Option<char> {
    GREEK.iter().find(|(name, _)| *name == word).map(|&(_, letter)| letter)
}

fn words(text: &str, every_greek: bool) -> String {
    let text = text.replace("->", "→").replace("<=", "≤").replace(">=", "≥");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        if !first.is_alphanumeric() {
            out.push(first);
            // A power may stand behind a bracket as well as behind a word.
            let closes = matches!(first, ')' | ']' | '}' | '|' | '‖');
            let after = &rest[first.len_utf8()..];
            let (power, after) = if closes { exponent(after) } else { (String::new(), after) };
            out.push_str(&power);
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let (power, after) = exponent(after);
        out.push_str(&with_index(word, every_greek || !power.is_empty()));
        out.push_str(&power);
        rest = after;
    }
    out
}

/// The superscript that a `^2`, `^-3` or `^n` right here becomes, and what follows.
fn exponent(text: &str) -> (String, &str) {
    let Some(body) = text.strip_prefix('^') else { return (String::new(), text) };
    let sign = usize::from(body.starts_with(['-', '+']));
    let end = body[sign..].find(|c: char| !c.is_alphanumeric()).map_or(body.len(), |i| i + sign);
    match convert(&body[..end], SUPERSCRIPTS) {
        Some(raised) if end > sign => (raised, &body[end..]),
        _ => (String::new(), text),
    }
}

/// `alpha_1` → α₁. An index is a number, or one or two letters behind a single letter.
fn with_index(word: &str, every_greek: bool) -> String {
    let letter = |base: &str| greek(base).map_or_else(|| base.to_string(), String::from);
    let Some((base, index)) = word.split_once('_') else {
        return if every_greek { letter(word) } else { word.to_string() };
    };
    let single = base.chars().count() == 1 || greek(base).is_some();
    let numeric = !index.is_empty() && index.chars().all(|c| c.is_ascii_digit());
    let lowered = if numeric || (single && index.chars().count() <= 2) { convert(index, SUBSCRIPTS) } else { None };
    match (base.is_empty(), lowered) {
        (false, Some(lowered)) => letter(base) + &lowered,
        _ => word.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_mathematics() {
        let expected = [
            ("alpha_1", "α₁"),
            ("R^2", "R²"),
            ("x_ij", "xᵢⱼ"),
            ("tau", "τ"),
            ("batch_size", "batch_size"),
            ("layer_12", "layer₁₂"),
            ("lr_max", "lr_max"),
            ("10^-3", "10⁻³"),
            ("||w||^2", "||w||²"),
            ("e^x", "e^x"),
            ("loss (tau = 1)", "loss (τ = 1)"),
            ("a -> b", "a → b"),
            ("_x", "_x"),
            ("^", "^"),
            ("x^", "x^"),
            ("x^-", "x^-"),
            ("метрика_2", "метрика₂"),
        ];
        for (plain, shown) in expected {
            assert_eq!(pretty(plain), shown, "{plain}");
        }
        assert_eq!(pretty_title("alpha decay of beta_2"), "alpha decay of β₂");
    }
}
