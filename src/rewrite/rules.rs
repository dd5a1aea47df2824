//! The stability rules by name: identity, when it holds, and whether it may hide a NaN.

/// One stability rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    pub name: &'static str,
    /// Both sides, in Loss.
    pub identity: &'static str,
    /// When it holds, and why it is made.
    pub condition: &'static str,
    /// True if the left side can be NaN (through `inf - inf`, `inf / inf`, `0 * inf`) where the right side is a number.
    pub may_hide_nan: bool,
}

/// Every stability rule that a journal can name.
pub fn rules() -> &'static [Rule] {
    RULES
}

const fn rule(name: &'static str, identity: &'static str, condition: &'static str, may_hide_nan: bool) -> Rule {
    Rule { name, identity, condition, may_hide_nan }
}

static RULES: &[Rule] = &[
    rule("log-exp", "log(exp(x)) == x", "always; the left side overflows above 709 and underflows below -745", false),
    rule(
        "log-sum-exp",
        "log(sum[k](exp(x))) == logsumexp[k](x)",
        "always, also along an empty axis (-inf); also c + logsumexp[k](x - c), and sums of products of exponentials",
        true,
    ),
    rule("log-add-exp", "log(exp(a) + exp(b)) == logaddexp(a, b)", "always", false),
    rule("softplus", "log(1 + exp(x)) == softplus(x)", "always; also softplus(x) - x == softplus(-x)", true),
    rule("log-sigmoid", "log(sigmoid(x)) == -softplus(-x)", "always", false),
    rule(
        "log-softmax",
        "log(softmax[k](x)) == log_softmax[k](x)",
        "always; also x - logsumexp[k](x), and x[k = y] - logsumexp[k](x)",
        true,
    ),
    rule("log-cosh", "log(cosh(x)) == logaddexp(x, -x) - log(2)", "always", false),
    rule("log1mexp", "log(1 - exp(x)) == log1mexp(x)", "x <= 0, else both are NaN", false),
    rule("log-diff-exp", "log(exp(a) - exp(b)) == a + log1mexp(b - a)", "a >= b, else both are NaN", true),
    rule("log-product", "log(exp(a) * y) == a + log(y)", "y of any sign: negative y gives NaN on both sides", true),
    rule("log-power", "log(exp(a)^p) == p * a", "always: exponentials are positive", true),
    rule("log-prod", "log(prod[k](exp(x))) == sum[k](x)", "always", true),
    rule("log-where", "log(where(m, exp(a), 0)) == where(m, a, -inf)", "always", false),
    rule("log-max", "log(maximum(exp(a), exp(b))) == maximum(a, b)", "always: exp is increasing", false),
    rule("log1p", "log(1 + x) == log1p(x)", "always; keeps the digits of a small x", false),
    rule("expm1", "exp(x) - 1 == expm1(x)", "always; also of sums and powers of exponentials through their log", false),
    rule("one-minus-sigmoid", "1 - sigmoid(x) == sigmoid(-x)", "always", false),
    rule("one-minus-tanh-squared", "1 - tanh(x)^2 == (1 / cosh(x))^2", "always", false),
    rule("sinh", "exp(x) - exp(-x) == 2 * sinh(x)", "always", false),
    rule("cosh", "exp(x) + exp(-x) == 2 * cosh(x)", "always", false),
    rule("tanh", "(exp(a) - exp(b)) / (exp(a) + exp(b)) == tanh((a - b) / 2)", "always", true),
    rule("softmax", "exp(x) / sum[k](exp(x)) == softmax[k](x)", "always", true),
    rule("sigmoid", "1 / (1 + exp(-x)) == sigmoid(x)", "always; also exp(a) / (exp(a) + exp(b))", true),
    rule("exp-quotient", "x / exp(a) == x * exp(-a)", "always; the exponential moves into sums above the line", true),
    rule("exp-product", "exp(a) * exp(b) == exp(a + b)", "where one of the factors may overflow", true),
    rule("exp-power", "sum[k](exp(x))^p == exp(p * logsumexp[k](x))", "powers that are not small whole numbers", true),
    rule("exprel", "(exp(a * b) - 1) / b == a * exprel(a * b)", "always; at b = 0 the limit a", true),
    rule("norm", "sqrt(sum[k](x^2)) == norm[k](x)", "always; gradient 0 at 0, no overflow of squares", false),
    rule("abs", "sqrt(x^2) == abs(x)", "always; gradient 0 at 0, no overflow of the square", false),
    rule(
        "xlogy",
        "x * log(x) == xlogy(x, x)",
        "also x * log(x * c), and (1 + x) * log(1 + x) as xlog1py; 0 where the factor is 0",
        true,
    ),
];
