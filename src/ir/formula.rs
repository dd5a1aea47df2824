//! Formulas as trees: what `show` and `latex` print. Operations say how they are written ([`super::Notation`]); the
//! `formula` stage builds the tree of a graph and prints it as text or LaTeX.

/// How tightly a formula binds; a part is put in parentheses where it binds less tightly than its place asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Precedence {
    /// `if c then a else b`, `x where m`
    Choice,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Negate,
    Power,
    /// Calls, names, numbers, brackets.
    Atom,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Formula {
    /// A variable or axis in the program's own spelling.
    Name(String),
    Number(f64),
    /// `softmax[k](z)`: function, axes in brackets, arguments. `latex` overrides the function's LaTeX name.
    Call {
        function: String,
        latex: Option<String>,
        axes: Vec<String>,
        args: Vec<Formula>,
    },
    /// `a + b`, `x @[d] w`
    Infix {
        symbol: String,
        latex: String,
        precedence: Precedence,
        left: Box<Formula>,
        right: Box<Formula>,
    },
    Negate(Box<Formula>),
    Not(Box<Formula>),
    Fraction(Box<Formula>, Box<Formula>),
    Power(Box<Formula>, Box<Formula>),
    /// `sum[k](x)`, written with a big operator in LaTeX.
    Reduce {
        function: String,
        latex: String,
        axes: Vec<String>,
        body: Box<Formula>,
    },
    /// `z[k = y]`, `z[n -> m]`: the text inside the bracket as parts, with LaTeX as a subscript.
    Index {
        base: Box<Formula>,
        entries: Vec<(String, IndexPart)>,
    },
    If {
        condition: Box<Formula>,
        then: Box<Formula>,
        otherwise: Box<Formula>,
    },
    /// Anything else, already in Loss syntax: `iterate x = ... { ... }`.
    Text(String),
}

/// What stands behind an axis in a bracket.
#[derive(Clone, PartialEq, Debug)]
pub enum IndexPart {
    At(Formula),
    Range(Formula, Formula),
    Rename(String),
    Size(Formula),
}
