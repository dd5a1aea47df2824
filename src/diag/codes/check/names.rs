//! Codes of names: E02xx, and their lints W02xx.
super::super::codes! {
    E0201 Error "unknown name" r##"## What it means
A name is used that nothing declares: no `let`, `def` or `loss` above this line, no parameter, no name that `use` brings
in, and nothing built in. Programs are read from top to bottom, so a name must be declared before it is used.

## Example
```loss
let weights = [1, 2, 3] : real[d]
print wieghts
```

## Instead
```loss
let weights = [1, 2, 3] : real[d]
print weights
```
"##
    E0202 Error "no such parameter" r##"## What it means
A call gives an argument by a name that the function does not have. Built-in functions take their arguments by position
only.

## Example
```loss
def scaled(x, factor = 2) = factor * x
print scaled(3, scale = 5)
```

## Instead
```loss
def scaled(x, factor = 2) = factor * x
print scaled(3, factor = 5)
```
"##
    E0203 Error "no such field" r##"## What it means
A record is asked for a field it does not have. Fields are fixed where the record is written.

## Example
```loss
let model = {w: 2, b: 1}
print model.bias
```

## Instead
```loss
let model = {w: 2, b: 1}
print model.b
```
"##
    E0204 Error "no fields" r##"## What it means
Only records have fields. An array has axes, and its parts are picked by `x[k = 0]`.

## Example
```loss
let w = [1, 2, 3] : real[d]
print w.first
```

## Instead
```loss
let w = [1, 2, 3] : real[d]
print w[d = 0]
```
"##
    E0205 Error "named twice" r##"## What it means
One name stands twice where each may stand once: a field of a record, a parameter, or an axis in a bracket.

## Example
```loss
let model = {w: 1, w: 2}
```

## Instead
```loss
let model = {w: 1, v: 2}
print model
```
"##
    E0206 Error "hole" r##"## What it means
`?` asks the checker a question: what belongs here? The report says which type and axes are expected and what in scope
fits. A program with a hole is not run.

## Example
```loss
let x = [1, 2] : real[d]
let y = x + ?
```

## Instead
```loss
let x = [1, 2] : real[d]
let y = x + 1
print y
```
"##
    E0207 Error "module not found" r##"## What it means
`use` names a module that is not there, or asks a module for a name it does not declare. Modules of the standard library
begin with `std.`; a text is the path of a file, taken from the folder of the program.

## Example
```loss
use std.dta (digits)
```

## Instead
```loss
use std.data (digits)
print size(digits.x, n)
```
"##
    W0201 Warning "value not used" r##"## What it means
A line inside a block computes a value that nothing takes. The value of a block is its last line; the others are there
to name things.

## Example
```loss
let x = {
    1 + 1
    2
}
print x
```

## Instead
```loss
let x = {
    let two = 1 + 1
    two
}
print x
```
"##
}
