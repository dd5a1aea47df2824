//! Codes of types and calls: E04xx.
super::super::codes! {
    E0401 Error "wrong kind of element"
"## What it means

An operation was given an array whose elements it does not work on: truth values where numbers are needed, labels where
numbers are needed, and so on.

## Example

```loss
let y = [0, 2, 1] : label k [n]
let x = cumsum[n](y)
```

## Instead

```loss
let y = [0, 2, 1] : label k [n]
let x = cumsum[n](1.0 * y)
```
"
    E0402 Error "kinds of element do not go together"
"## What it means

The two sides of an operation hold different kinds of elements, and neither becomes the other by itself: a truth value
is not a number, a label is not a truth value.

## Example

```loss
let x = stack[k](1, true)
```

## Instead

Bring both to one kind first:

```loss
let x = stack[k](1, where(true, 1, 0))
```
"
    E0403 Error "value cannot be taken apart" r##"## What it means
A pattern on the left of `let` takes apart a tuple or a record, and the value is something else or has other parts.

## Example
```loss
let (a, b) = 3
```

## Instead
```loss
let (a, b) = (3, 4)
print a + b
```
"##
    E0404 Error "not a function" r##"## What it means
Something is called that is no function. A number in front of a bracket is no product: write `*`. Some built-in forms
must be called where they are written and cannot be passed on.

## Example
```loss
let x = 2
print x(3)
```

## Instead
```loss
let x = 2
print x * (3)
```
"##
    E0405 Error "label of another axis" r##"## What it means
A `label k` is an index into the axis `k`, checked when the data arrives; it cannot pick along another axis.

## Example
```loss
let y = [0, 1] : label k [n]
let x = zeros[n: 2, d: 5]
print x[d = y]
```

## Instead
```loss
let y = [0, 1] : label k [n]
let x = zeros[n: 2, k: 5]
print x[k = y]
```
"##
    E0406 Error "masked array" r##"## What it means
`x where m` is not an array but a selection: only a reduction such as `sum` or `mean` can take it.

## Example
```loss
let x = [1, 2, 3] : real[k]
let y = (x where x > 1) + 1
```

## Instead
```loss
let x = [1, 2, 3] : real[k]
let y = sum[k](x where x > 1) + 1
print y
```
"##
    E0407 Error "not a condition" r##"## What it means
A condition is needed: `if`, `where`, `and`, `or`, `not` and `expect` take truth values. Numbers are not truth values.

## Example
```loss
let x = 3
expect x
```

## Instead
```loss
let x = 3
expect x > 0
```
"##
    E0408 Error "range of something else" r##"## What it means
A range `a..b` runs over the whole numbers from `a` to just before `b`; both ends are whole numbers.

## Example
```loss
let x = [10, 20, 30] : real[k]
print x[k = 0..1.5]
```

## Instead
```loss
let x = [10, 20, 30] : real[k]
print x[k = 0..2]
```
"##
    E0409 Error "not a list" r##"## What it means
`... for x in xs` runs over a list, a range or an array of one axis.

## Example
```loss
let doubled = 2 * x for x in 3
```

## Instead
```loss
let doubled = 2 * x for x in [1, 2, 3]
print doubled
```
"##
    E0410 Error "no brackets here" r##"## What it means
Square brackets behind a value pick or rename axes of an array, or tell a function its axes. This value is neither.

## Example
```loss
let name = "w"
print name[k = 0]
```

## Instead
```loss
let w = [1, 2] : real[k]
print w[k = 0]
```
"##
    E0411 Error "bracket not understood" r##"## What it means
The bracket of a function says along which axes it works. Functions that work on every element take none, and a
function takes as many axes as it declares.

## Example
```loss
let x = [1, 2] : real[k]
print exp[k](x)
```

## Instead
```loss
let x = [1, 2] : real[k]
print exp(x)
```
"##
    E0412 Error "not an index" r##"## What it means
An axis is picked by a label, a whole number or a range; groups are made by a label. A real number is none of them.

## Example
```loss
let x = [10, 20, 30] : real[k]
print x[k = 0.5]
```

## Instead
```loss
let x = [10, 20, 30] : real[k]
print x[k = 1]
```
"##
    E0413 Error "argument missing" r##"## What it means
A call leaves out a parameter that has no default.

## Example
```loss
def affine(x, w, b = 0) = w * x + b
print affine(3)
```

## Instead
```loss
def affine(x, w, b = 0) = w * x + b
print affine(3, 2)
```
"##
    E0414 Error "argument given twice" r##"## What it means
A call gives one parameter twice: by position and by name, or by name again.

## Example
```loss
def affine(x, w) = w * x
print affine(3, 2, w = 5)
```

## Instead
```loss
def affine(x, w) = w * x
print affine(3, w = 5)
```
"##
    E0415 Error "wrong number of arguments" r##"## What it means
A call has more or fewer arguments than the function takes.

## Example
```loss
def affine(x, w) = w * x
print affine(3, 2, 1)
```

## Instead
```loss
def affine(x, w) = w * x
print affine(3, 2)
```
"##
    E0418 Error "type differs from the declared one" r##"## What it means
A type is written, and the value is of another kind: another element type, or no array at all.

## Example
```loss
let x: real[k] = {w: 1}
```

## Instead
```loss
let x: real[k] = [1, 2]
print x
```
"##
    E0419 Error "no formula" r##"## What it means
`show` prints the formula of an array or a function written in Loss. This is something else: a text, a record without
arrays, or a built-in operation, which `loss doc` describes.

## Example
```loss
show exp
```

## Instead
```loss
def f(x: real) = exp(x)
show f
```
"##
    E0421 Error "not a range" r##"## What it means
A loop runs over a range of whole numbers or over the coordinates of an axis.

## Example
```loss
let x = iterate x = 1 for t in 2.5 { x / 2 }
```

## Instead
```loss
let x = iterate x = 1.0 for t in 0..3 { x / 2 }
print x
```
"##
    E0422 Error "not a variable to differentiate by" r##"## What it means
`grad(f, x)` differentiates a function by one of its parameters, or an expression by a name it is written with. This is
neither.

## Example
```loss
def f(x) = x^2
print grad(f, y)(3)
```

## Instead
```loss
def f(x) = x^2
print grad(f, x)(3)
```
"##
    E0424 Error "no dependence" r##"## What it means
The value does not depend on what it is differentiated by, so its gradient is zero everywhere: nearly always a slip,
such as differentiating by a copy.

## Example
```loss
let w = [1, 2] : real[d]
let v = 2 * w
print grad(sum[d](v^2), w)
```

## Instead
```loss
let w = [1, 2] : real[d]
print grad(sum[d]((2 * w)^2), w)
```
"##
    E0425 Error "custom gradient of the wrong shape" r##"## What it means
A custom gradient must have the axes of the parameter it is for, since it is added to that parameter. The gradient by
several parameters is a record with a field for each.

## Example
```loss
def f(x: real[d], u: real[q]) = sum[d](x) with grad(x, g) = g * u
print grad(f, x)([1, 2] : real[d], [3, 4] : real[q])
```

## Instead
```loss
def f(x: real[d], u: real[q]) = sum[d](x) with grad(x, g) = g * sum[q](u)
print grad(f, x)([1, 2] : real[d], [3, 4] : real[q])
```
"##
    E0426 Error "file not declared" r##"## What it means
`load` is told what a file holds: its name as a text, then each field with its name, element type and axes. What is
declared is checked against the file when it is read.

## Example
```loss
let data = load("data.csv")
```

## Instead
```loss
let data = {x: [1, 2] : real[n]}
print data.x
```

With a file beside the program: `load("data.csv", x: real[n, d], y: label k [n])`.
"##
    E0427 Error "tolerance without comparison" r##"## What it means
`within` says how close the two sides of `~=` must be. With any other comparison it means nothing.

## Example
```loss
expect 1 == 1 within 1e-9
```

## Instead
```loss
expect 1 ~= 1 within 1e-9
```
"##
    E0428 Error "not an array" r##"## What it means
Arithmetic and reductions work on arrays and numbers. A list becomes an array by giving it axes; a record, a text or a
function is no array.

## Example
```loss
print sum([1, 2, 3])
print "a" + 1
```

## Instead
```loss
print sum([1, 2, 3] : real[k])
print 2 + 1
```
"##
    E0429 Error "records do not combine" r##"## What it means
Arithmetic on records works field by field, so both sides need the same fields; a single array meets every field.
Records are not compared as a whole.

## Example
```loss
let model = {w: 1.0, b: 2.0}
let step  = {w: 0.1}
print model - step
```

## Instead
```loss
let model = {w: 1.0, b: 2.0}
let step  = {w: 0.1, b: 0.2}
print model - 0.5 * step
```
"##
}
