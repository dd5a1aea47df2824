//! The tree of a program as written: owned, spanned, with doc comments. No names are resolved here.

use crate::source::{SourceId, Span};
use std::sync::Arc;

/// A name with its place.
#[derive(Clone, Debug)]
pub struct Ident {
    pub name: Arc<str>,
    pub span: Span,
}

/// What one file or one REPL entry holds.
#[derive(Clone, Debug)]
pub struct Module {
    pub source: SourceId,
    /// The `##` lines at the very top when an empty line separates them from the first item.
    pub doc: Option<String>,
    pub items: Vec<Arc<Item>>,
}

/// A top-level statement, or a statement inside a block or an experiment.
#[derive(Clone, Debug)]
pub struct Item {
    pub kind: ItemKind,
    pub span: Span,
    /// The `##` comment right above it.
    pub doc: Option<String>,
}

#[derive(Clone, Debug)]
pub enum ItemKind {
    /// `precision f32`, at the top of a file.
    Precision(Ident),
    Use(Use),
    Let {
        pattern: Pattern,
        ty: Option<TypeExpr>,
        value: Expr,
    },
    Def(Arc<Def>),
    /// `grid name = value`
    Grid {
        name: Ident,
        value: Expr,
    },
    Experiment(Arc<Experiment>),
    Expect(Expect),
    Print(Vec<Expr>),
    Show(Show),
    Plot(Plot),
    /// `table value by keys`
    Table {
        value: Expr,
        by: Vec<Expr>,
    },
    /// An expression on its own: a REPL entry, or the value of a block.
    Expr(Expr),
    // The rest stand inside an experiment only.
    Param(Param),
    Minimize(Minimize),
    /// `report name = value`
    Report {
        name: Ident,
        value: Expr,
    },
    /// `track name = value every n`; the name may be left out for a plain name.
    Track {
        name: Ident,
        value: Expr,
        every: Option<Expr>,
    },
    /// `stop when condition`
    StopWhen(Expr),
    /// `step { ... }`
    Step(Block),
}

/// `use std.data (digits, split)`, `use std.losses`, `use "my_losses.loss" (focal)`.
#[derive(Clone, Debug)]
pub struct Use {
    pub path: UsePath,
    /// Empty: everything that the module declares.
    pub names: Vec<Ident>,
}

#[derive(Clone, Debug)]
pub enum UsePath {
    Dotted(Vec<Ident>),
    File(Text),
}

/// The left side of `let`: a name, `(a, b)`, or `{w, b}`.
#[derive(Clone, Debug)]
pub enum Pattern {
    Name(Ident),
    Tuple(Vec<Pattern>, Span),
    Record(Vec<Ident>, Span),
}

/// `def`, `loss` and `query`: a named function.
#[derive(Clone, Debug)]
pub struct Def {
    pub kind: DefKind,
    pub name: Ident,
    /// `def mean[axes](x) = ...`: each name stands for the set of axes given in brackets at the call; with no bracket
    /// at the call, for all axes of the arguments.
    pub axes: Vec<Ident>,
    pub params: Vec<Parameter>,
    pub result: Option<TypeExpr>,
    pub body: Arc<Expr>,
    pub gradient: Option<CustomGradient>,
    pub doc: Option<String>,
    pub span: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefKind {
    Def,
    Loss,
    Query,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: Ident,
    pub ty: Option<TypeExpr>,
    pub default: Option<Expr>,
    pub span: Span,
}

/// `with grad(x, g) = g * cos(x)`: the gradient with respect to parameter `x`, given the gradient `g` of the result.
/// Several parameters: `with grad({x, t}, g) = {x: ..., t: ...}`.
#[derive(Clone, Debug)]
pub struct CustomGradient {
    pub wrt: Vec<Ident>,
    pub given: Ident,
    pub body: Arc<Expr>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Experiment {
    pub name: Ident,
    pub params: Vec<Parameter>,
    pub body: Vec<Arc<Item>>,
    pub doc: Option<String>,
    pub span: Span,
}

/// `param w: real[d, k] ~ normal(0, 0.01)` or `param b: real[k] = 0`.
#[derive(Clone, Debug)]
pub struct Param {
    pub name: Ident,
    pub ty: TypeExpr,
    pub init: Option<Expr>,
    /// True for `~`.
    pub drawn: bool,
}

/// `minimize objective using optimizer, 300 steps, batch 64 of n`.
#[derive(Clone, Debug)]
pub struct Minimize {
    pub maximize: bool,
    pub objective: Expr,
    pub using: Option<Expr>,
    pub clauses: Vec<MinimizeClause>,
}

#[derive(Clone, Debug)]
pub enum MinimizeClause {
    Steps(Expr),
    Epochs(Expr),
    Batch {
        size: Expr,
        axis: Ident,
    },
    /// `over {w, b}`: the parameters this objective trains.
    Over(Expr),
    /// Any other `name value` clause, such as `clip 1.0` or `decay 0.01`.
    Option {
        name: Ident,
        value: Expr,
    },
}

/// `expect condition within tolerance`, `expect forall draws: condition`.
#[derive(Clone, Debug)]
pub struct Expect {
    pub draws: Vec<Draw>,
    pub condition: Expr,
    pub within: Option<Expr>,
}

/// `z: real[k: 5] ~ normal(0, 10)`, `y: label k`, `c ~ uniform(-9, 9)` in `forall`.
#[derive(Clone, Debug)]
pub struct Draw {
    pub name: Ident,
    pub ty: Option<TypeExpr>,
    pub distribution: Option<Expr>,
}

/// `show e`, `show graph f`, `show why f`, `show plan f`, `show type e`, `latex e`.
#[derive(Clone, Debug)]
pub struct Show {
    pub what: ShowWhat,
    pub value: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ShowWhat {
    Formula,
    Latex,
    Graph,
    Why,
    Plan,
    Type,
}

/// `plot value over x by series for m in ms as line log x titled "..." to "name"`.
#[derive(Clone, Debug)]
pub struct Plot {
    /// More than one when separated by commas: series of one picture.
    pub values: Vec<Expr>,
    pub over: Option<Expr>,
    pub by: Vec<Expr>,
    /// `for m in ms`: the names it binds are visible in `values`, `over` and `by` alike.
    pub each: Vec<ForClause>,
    pub clauses: Vec<PlotClause>,
}

/// `as scatter`, `titled "loss"`, `to "curve"`, `log x`, `log y`: a word and, where the word takes one, its value.
#[derive(Clone, Debug)]
pub struct PlotClause {
    pub word: Ident,
    pub value: Option<Expr>,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A literal with a point or an exponent.
    Real(f64),
    /// A literal without; the text is kept because it may exceed i64 (then it is reported).
    Int(i64),
    Bool(bool),
    Text(Text),
    /// A variable, an axis used as its coordinates, or a function.
    Name(Ident),
    /// `?`
    Hole,
    /// `[1, 2, 3]`
    List(Vec<Expr>),
    /// `(a, b)`
    Tuple(Vec<Expr>),
    /// `{w: e, b: e}`; `{w, b}` stands for `{w: w, b: b}`.
    Record(Vec<(Ident, Expr)>),
    Block(Block),
    Unary {
        op: UnaryOp,
        op_span: Span,
        value: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `x @[d] w`
    Contract {
        left: Box<Expr>,
        axes: Vec<Ident>,
        right: Box<Expr>,
        op_span: Span,
    },
    /// `lo .. hi`, `hi` excluded.
    Range {
        from: Box<Expr>,
        to: Box<Expr>,
    },
    /// `f(a, b, name = c)`
    Call {
        function: Box<Expr>,
        args: Vec<Arg>,
    },
    /// Anything in brackets behind an expression: `sum[k]`, `z[k = y]`, `e[n -> m]`, `normal[n: 100]`, `mean[n by y]`.
    Bracket {
        base: Box<Expr>,
        entries: Vec<BracketEntry>,
    },
    /// `layer.w`
    Field {
        base: Box<Expr>,
        field: Ident,
    },
    /// `[n: 100, d: 3] => e`
    Build {
        dims: Vec<(Ident, Expr)>,
        body: Box<Expr>,
    },
    /// `x -> e`, `(x, y) -> e`
    Lambda {
        params: Vec<Ident>,
        body: Arc<Expr>,
    },
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// `w with [v = y] += dw`, `w with [n = rows] = x`
    Update {
        base: Box<Expr>,
        entries: Vec<BracketEntry>,
        add: bool,
        value: Box<Expr>,
    },
    /// `model with layer.w = q`
    With {
        base: Box<Expr>,
        path: Vec<Ident>,
        value: Box<Expr>,
    },
    /// `e where mask`
    Where {
        value: Box<Expr>,
        mask: Box<Expr>,
    },
    /// `e for c in list, d in list`
    For {
        body: Box<Expr>,
        clauses: Vec<ForClause>,
    },
    /// `[1, 2, 3] : real[k]`
    Ascribe {
        value: Box<Expr>,
        ty: TypeExpr,
    },
    /// `iterate x = x0 for t in 1..T until c { ... }` and `scan`
    Loop(Box<Loop>),
    /// `exact { ... }`: no stability rewriting inside.
    Exact(Block),
    /// `run e for a in xs`
    Run(Box<Expr>),
    /// What could not be read; already reported. A broken top-level `let f = ...` or `def f...` leaves
    /// `let f = Broken`, so that its users are not reported too.
    Broken,
}

/// `{ let a = 1 ... value }`: `items` are the statements before the value. In `step { ... }` the value may be missing
/// and is an empty record then.
#[derive(Clone, Debug)]
pub struct Block {
    pub items: Vec<Arc<Item>>,
    pub value: Box<Expr>,
    pub span: Span,
}

/// A text literal with escapes already resolved; the span covers the quotes.
#[derive(Clone, Debug)]
pub struct Text {
    pub value: Arc<str>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Arg {
    /// `name = value`
    pub name: Option<Ident>,
    pub value: Expr,
}

/// One entry of a bracket behind an expression. What it means is decided by what stands before the bracket.
#[derive(Clone, Debug)]
pub struct BracketEntry {
    pub kind: BracketKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum BracketKind {
    /// `k`
    Axis(Ident),
    /// `k = e`
    At(Ident, Expr),
    /// `n: 100`
    Size(Ident, Expr),
    /// `n -> m`; `h, w -> p` (merge); `p -> h: 8, w: 8` (split); `h -> h, dh: 3` (window). In `a, b -> c` the left
    /// list holds all axes before the arrow back to the start of the bracket.
    Arrow { from: Vec<Ident>, to: Vec<(Ident, Option<Expr>)> },
    /// `n by y`
    By(Ident, Expr),
}

#[derive(Clone, Debug)]
pub struct ForClause {
    pub pattern: Pattern,
    pub list: Expr,
}

#[derive(Clone, Debug)]
pub struct Loop {
    pub scan: bool,
    /// `scan[t]`: the new axis along which all values are kept; without it the loop variable's name.
    pub axis: Option<Ident>,
    /// `x = x0`, or `(x, v) = (x0, v0)`, or `{w, b} = model`.
    pub state: Pattern,
    pub start: Expr,
    pub counter: Ident,
    /// A range, or the name of an axis.
    pub range: Expr,
    pub until: Option<Expr>,
    pub body: Block,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    Neg,
    Not,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// `~=`
    Close,
    And,
    Or,
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    pub kind: TypeExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum TypeExprKind {
    /// `real[n, k: 5]`, `label k [n]`, `int`, `text`, `bool`
    Array { elem: ElemExpr, dims: Vec<(Ident, Option<Expr>)> },
    /// `{w: real[d, k], b: real[k]}`
    Record(Vec<(Ident, TypeExpr)>),
    /// `loss`, `grid`, `query`, `experiment`, `runs`, `plot`, and `list`
    Named(Ident),
    /// `(real[k], real) -> real`
    Function { params: Vec<TypeExpr>, result: Box<TypeExpr> },
}

#[derive(Clone, Debug)]
pub enum ElemExpr {
    Real,
    Int,
    Bool,
    Text,
    Label(Ident),
}
