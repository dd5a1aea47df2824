//! Codes of the reader: E01xx.
super::codes! {
    E0101 Error "unexpected text" r##"## What it means
The reader met something that cannot stand at this place, and knows no more likely mistake. The label says what would
have fitted.

## Example
```loss
let a = abs(-1;)
```

## Instead
```loss
let a = abs(-1)
```
"##
    E0102 Error "unexpected character" r##"## What it means
This character means nothing in Loss. Signs of printed mathematics have a written form: `<=` for ≤, `!=` for ≠, `->`
for an arrow, `^2` for a raised 2. Letters of any script may be used in names.

## Example
```loss
let x = 0.5
let inside = x ≤ 1
```

## Instead
```loss
let x = 0.5
let inside = x <= 1
```
"##
    E0103 Error "bracket without its end" r##"## What it means
A bracket is opened and never closed. Where several are open, the innermost is shown: that is nearly always the one
that was forgotten.

## Example
```loss
let a = abs(exp(1)
let b = 2
```

## Instead
```loss
let a = abs(exp(1))
let b = 2
```
"##
    E0104 Error "closing bracket without its start" r##"## What it means
A bracket is closed that was never opened.

## Example
```loss
let a = exp(1))
```

## Instead
```loss
let a = exp(1)
```
"##
    E0105 Error "brackets that do not match" r##"## What it means
A bracket is closed by one of another kind.

## Example
```loss
let a = exp(1]
```

## Instead
```loss
let a = exp(1)
```
"##
    E0106 Error "text without its end" r##"## What it means
A text starts with `"` and ends with `"` on the same line.

## Example
```loss
print "accuracy
```

## Instead
```loss
print "accuracy"
```
"##
    E0107 Error "unknown escape" r##"## What it means
Inside a text a backslash starts an escape: `\n` is a new line, `\t` a tab, `\"` a quotation mark and `\\` a
backslash. There are no others.

## Example
```loss
print "50\%"
```

## Instead
```loss
print "50%"
```
"##
    E0108 Error "malformed number" r##"## What it means
A number is written with digits, at most one decimal point with digits on both sides, and at most one exponent:
`1`, `0.5`, `1e-9`, `1_000_000`.

## Example
```loss
let lr = .5
```

## Instead
```loss
let lr = 0.5
```
"##
    E0109 Error "number too large" r##"## What it means
An integer is beyond 9223372036854775807, or a real beyond about 1.8e308.

## Example
```loss
let n = 10000000000000000000
```

## Instead
```loss
let n = 10000000000000000000.0
```
"##
    E0110 Error "unknown statement" r##"## What it means
A statement starts with one of the words `let`, `def`, `loss`, `query`, `grid`, `experiment`, `expect`, `print`,
`show`, `latex`, `plot`, `table`, `use` or `precision`, or it is an expression. Nothing is ever assigned: `x = 1` alone
is no statement.

## Example
```loss
lets tau = 0.5
```

## Instead
```loss
let tau = 0.5
```
"##
    E0111 Error "`=` and `==` confused" r##"## What it means
`=` gives a value a name, in `let`, in parameters and in arguments. `==` compares two values.

## Example
```loss
let x = 3
expect x = 3
```

## Instead
```loss
let x = 3
expect x == 3
```
"##
    E0112 Error "missing comma" r##"## What it means
The parts of a list, the arguments of a call, the axes of a bracket and the fields of a record are separated by
commas. Nothing is multiplied by standing next to each other.

## Example
```loss
let a = [1 2]
```

## Instead
```loss
let a = [1, 2]
```
"##
    E0113 Error "reserved word as a name" r##"## What it means
The words that hold statements and expressions together cannot be names: `let`, `def`, `if`, `then`, `else`, `and`,
`or`, `not`, `for`, `forall`, `where`, `with`, `true`, `false`, `iterate`, `scan`, `exact`, `run`, `expect`, `print`,
`show`, `latex`, `plot`, `table`, `minimize`, `maximize`, `use`. Behind a dot and as the key of a record they are free.

## Example
```loss
let table = 1
```

## Instead
```loss
let table_1 = 1
```
"##
    E0114 Error "operator without an operand" r##"## What it means
An operator, a `=` or a word such as `then` stands where a value should follow, or an operator has nothing before
it. A line that ends in an operator goes on with the next one.

## Example
```loss
let a = 1 +
let b = 2
```

## Instead
```loss
let a = 1 + 1
let b = 2
```
"##
    E0115 Error "chained comparison" r##"## What it means
A comparison gives a truth value, which cannot be compared with a number again. Write the two comparisons and join
them with `and`.

## Example
```loss
let x = 0.5
let inside = 0 < x < 1
```

## Instead
```loss
let x = 0.5
let inside = 0 < x and x < 1
```
"##
    E0116 Error "incomplete choice" r##"## What it means
A choice is a value, so it has both sides: `if condition then a else b`. The condition comes first.

## Example
```loss
let x = 3
let a = if x > 0 then x
```

## Instead
```loss
let x = 3
let a = if x > 0 then x else 0
```
"##
    E0117 Error "block without a value" r##"## What it means
A block stands for the value of its last line, which must therefore be an expression.

## Example
```loss
def f(x) = {
    let y = x + 1
}
```

## Instead
```loss
def f(x) = {
    let y = x + 1
    y
}
```
"##
    E0118 Error "nesting too deep" r##"## What it means
More than 200 brackets, choices or functions stand inside each other, or more than 500 operators stand in one
expression. Programs that people write stay far below; programs that are generated can name their parts.

## Example
```loss
let a = (((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
```

## Instead
```loss
let parts = [1, 1, 1] : real[n]
let a = sum(parts)
```
"##
    E0119 Error "missing `=`" r##"## What it means
A definition is a name, `=`, and what it stands for. The body of a function follows its parameters after `=`, also
when it is a block in braces.

## Example
```loss
def f(x): x + 1
```

## Instead
```loss
def f(x) = x + 1
```
"##
    E0120 Error "notation of another language" r##"## What it means
This sign or word belongs to another language. Powers are written `^`, logic `and`, `or`, `not`, functions without a
name `x -> x + 1`, and the value of a block is its last line.

## Example
```loss
let x = 3
let a = x ** 2
```

## Instead
```loss
let x = 3
let a = x^2
```
"##
    E0121 Error "statement in the wrong place" r##"## What it means
`param`, `minimize`, `report`, `track`, `stop` and `step` describe a training run and stand in an experiment. `use`,
`precision` and `experiment` stand at the top level of a file.

## Example
```loss
def f(x) = {
    precision f32
    x
}
```

## Instead
```loss
precision f32

def f(x) = x
```
"##
    E0122 Error "malformed type" r##"## What it means
A type is `real`, `int`, `bool`, `text` or `label k`, each with the axes it has in brackets, a record of types
`{w: real[d], b: real}`, a function `(real[k]) -> real`, or one of `loss`, `grid`, `query`, `experiment`, `runs`,
`plot`.

## Example
```loss
def f(x: float[n]) = x
```

## Instead
```loss
def f(x: real[n]) = x
```
"##
    E0123 Error "two statements on one line" r##"## What it means
An expression or a statement is finished, and something else follows on the same line. Either an operator is missing
between the two, or a new line or `;`.

## Example
```loss
let a = 1 let b = 2
```

## Instead
```loss
let a = 1
let b = 2
```
"##
    E0124 Error "function without parameters" r##"## What it means
`def`, `loss` and `query` name functions, whose parameters stand in parentheses behind the name. A value is named with
`let`.

## Example
```loss
def tau = 0.5
```

## Instead
```loss
let tau = 0.5
```
"##
    E0125 Error "index without an axis" r##"## What it means
Elements are picked by the name of their axis: `z[k = 0]`. Axes have no order, so a place alone says nothing.

## Example
```loss
let z = [3, 4] : real[k]
print z[0]
```

## Instead
```loss
let z = [3, 4] : real[k]
print z[k = 0]
```
"##
}
