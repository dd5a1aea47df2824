//! Codes of the checker: E02xx names, E03xx axes and sizes, E04xx types and calls, E05xx forms; W0xxx lints.
super::codes! {
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
    E0301 Error "sizes of an axis differ"
"## What it means

Two arrays that meet have an axis of the same name with different sizes. Arrays are aligned by axis name, and an axis
has one size: nothing is stretched or cut, not even an axis of size 1.

## Example

```loss
let a = [1, 2, 3] : real[k]
let b = [1, 2] : real[k]
let c = a + b
```

## Instead

Give one of them another axis name if they are different things, or the same size:

```loss
let a = [1, 2, 3] : real[k]
let b = [1, 2, 3] : real[k]
let c = a + b
```
"
    E0302 Error "axis not there"
"## What it means

An operation works along an axis that its argument does not have.

## Example

```loss
let a = [1, 2, 3] : real[k]
let s = sum[n](a)
```

## Instead

Name an axis that the argument has:

```loss
let a = [1, 2, 3] : real[k]
let s = sum[k](a)
```
"
    E0303 Error "axis already there"
"## What it means

An operation would give its result the same axis twice, or names one axis twice.

## Example

```loss
let a = [n: 3, k: 3] => 1.0 * n + k
let b = a[n -> k]
```

## Instead

Choose a name that is free:

```loss
let a = [n: 3, k: 3] => 1.0 * n + k
let b = a[n -> m]
```
"
    E0304 Error "wrong number of axes"
"## What it means

An operation works along a fixed number of axes and was given more or fewer.

## Example

```loss
let a = [n: 2, k: 3] => 1.0 * n + k
let best = argmax[n, k](a)
```

## Instead

```loss
let a = [n: 2, k: 3] => 1.0 * n + k
let best = argmax[k](a)
```
"
    E0312 Error "sizes do not fit together"
"## What it means

Sizes that must agree do not: the parts of a split axis must multiply to its size, joined arrays must add up to the
size declared, a renamed axis keeps its size.

## Example

```loss
let x = [p: 10] => 1.0
print split[p -> h: 3, w: 4](x)
```

## Instead

```loss
let x = [p: 12] => 1.0
print split[p -> h: 3, w: 4](x)
```
"
    E0314 Error "window does not fit"
"## What it means

A window, or the kernel of a convolution, is larger than the axis it slides along, or its stride or dilation is not
at least 1.

## Example

```loss
let x = [t: 2] => 1.0
print window[t -> t, dt: 3](x)
```

## Instead

```loss
let x = [t: 5] => 1.0
print window[t -> t, dt: 3](x)
```
"
    E0315 Error "border that cannot be"
"## What it means

A border has no negative width, and its value is one number for the whole border (it may vary along axes that are not
padded).

## Example

```loss
let x = [t: 3] => 1.0
print pad[t](x, -1, 0)
```

## Instead

```loss
let x = [t: 3] => 1.0
print x[t = 1..3]
```
"
    E0317 Error "new elements vary along the axis they replace"
"## What it means

An update replaces single coordinates of an axis, so what is written cannot itself run along the whole of it.

## Example

```loss
let w = [k: 3] => 1.0
let x = [k: 3] => 2.0
print w with [k = 0] = x
```

## Instead

```loss
let w = [k: 3] => 1.0
print w with [k = 0] = 2.0
```
"
    E0318 Error "more than there are"
"## What it means

More elements were asked for than an axis has.

## Example

```loss
let x = [k: 3] => 1.0
print topk[k](x, 5)
```

## Instead

```loss
let x = [k: 3] => 1.0
print topk[k](x, 2)
```
"
    E0319 Error "matrix is not square"
"## What it means

A determinant, an inverse, a Cholesky factor and eigenvalues exist for square matrices: both axes need the same size.

## Example

```loss
let h = [d: 2, e: 3] => 1.0
print det[d, e](h)
```

## Instead

```loss
let h = [d: 2, e: 2] => where(d == e, 2.0, 1.0)
print det[d, e](h)
```
"
    E0331 Error "value of a loop changes its type"
"## What it means

Each round of a loop hands its values to the next, so they must have the same element type and the same axes before
and after a round. Here they do not.

## Example

```loss
let x = iterate x = 0.0 for t in 0..3 { [1, 2] : real[k] }
```

## Instead

```loss
let x = iterate x = zeros[k: 2] for t in 0..3 { x + 1 }
```
"
    E0333 Error "axis of the rounds already there"
"## What it means

A `scan` stacks what each round gives along a new axis. A round's value already has an axis of that name.

## Example

```loss
let start = [1, 2] : real[t]
let xs = scan[t] x = start for i in 0..3 { 2 * x }
```

## Instead

```loss
let start = [1, 2] : real[t]
let xs = scan[i] x = start for i in 0..3 { 2 * x }
```
"
    E0334 Error "condition of `if` is not one truth value"
"## What it means

`if` computes one of two branches, so its condition must be a single true or false. Here it has axes, or is not a truth
value.

## Example

```loss
let x = [1, -2] : real[k]
let y = if x > 0 then x else 0 * x
```

## Instead

To choose element by element, write `where`:

```loss
let x = [1, -2] : real[k]
let y = where(x > 0, x, 0)
```
"
    E0335 Error "branches of `if` differ"
"## What it means

Both branches of an `if` must give the same kind of value: the same element type and the same axes.

## Example

```loss
let a = [1, 2, 3] : real[k]
let y = {
    let x = sum(normal[n: 3](0, 1))
    if x > 0 then x else argmax[k](a)
}
```

## Instead

```loss
let a = [1, 2, 3] : real[k]
let y = {
    let x = sum(normal[n: 3](0, 1))
    if x > 0 then x else max[k](a)
}
```
"
    E0336 Error "gradient of something that is no real number"
"## What it means

`grad` differentiates a function whose result is one real number. This function gives an array, or no reals.

## Example

```loss
let x = [1, 2] : real[n]
let g = grad(2 * x, x)
```

## Instead

Sum or average first, or ask for the `jacobian`:

```loss
let x = [1, 2] : real[n]
let g = grad(sum(2 * x), x)
```
"
    E0337 Error "gradient by something that is not real"
"## What it means

A gradient is taken by real arguments. This argument holds ints, labels or truth values, which cannot change a little.

## Example

```loss
let n = 3
let g = grad(2.0 * n, n)
```

## Instead

```loss
let x = 3.0
let g = grad(2 * x, x)
```
"
    E0338 Error "axis on both sides of a Jacobian"
"## What it means

A Jacobian has the axes of the result and those of the argument. An axis stands in both, so one of them needs another
name.

## Example

```loss
let x = [1, 2] : real[k]
let j = jacobian(x^2, x)
```

## Instead

```loss
let x = [1, 2] : real[k]
let j = jacobian[k -> m](x^2, x)
```
"
    E0342 Error "gradient through a loop without bound"
"## What it means

A gradient goes through a loop backwards and so keeps the values of all its rounds. How many there can be must be known
before it runs; here it depends on data.

## Example

```loss
let x = 0.5
let g = {
    let m = count[k](normal[k: 4](0, 1) > 0)
    grad(iterate y = x for t in 0..m { y * y }, x)
}
```

## Instead

Give a range that is known and leave early with `until`:

```loss
let x = 0.5
let g = grad(iterate y = x for t in 0..10 until y < 0.01 { y * y }, x)
```
"
    E0343 Error "control that differs along an axis"
"## What it means

A function was to be computed for a whole axis at once, but an `if` with several results or the length of a loop in it
would go differently at different coordinates.

## Example

```loss
def f(x: real) = x^2 with grad(x, g) = iterate y = g for t in 0..9 until y < 1 { y / 2 }
let x = 3.0
let j = jacobian(([1, 2] : real[k]) * f(x), x)
```

## Instead

```loss
def f(x: real) = x^2 with grad(x, g) = 2 * x * g
let x = 3.0
let j = jacobian(([1, 2] : real[k]) * f(x), x)
```
"
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
    E0305 Error "index out of range" r##"## What it means
Coordinates along an axis of size `n` go from 0 to `n - 1`; this index or range does not lie there.

## Example
```loss
let x = [10, 20, 30] : real[k]
print x[k = 3]
```

## Instead
```loss
let x = [10, 20, 30] : real[k]
print x[k = 2]
```
"##
    E0306 Error "size not known" r##"## What it means
An array is made along an axis whose size nothing settles, or whose size depends on what is being computed. Sizes must
be known before a statement is computed.

## Example
```loss
print zeros[fresh]
```

## Instead
```loss
print zeros[fresh: 3]
```
"##
    E0307 Error "not a size" r##"## What it means
The size of an axis is a whole number of at least 0.

## Example
```loss
print zeros[k: 2.5]
```

## Instead
```loss
print zeros[k: 2]
```
"##
    E0308 Error "argument lacks an axis" r##"## What it means
A parameter is declared with an axis that the argument does not have, and no other axis of the argument can stand for it.

## Example
```loss
def total(z: real[k]) = sum[k](z)
print total(3)
```

## Instead
```loss
def total(z: real[k]) = sum[k](z)
print total([1, 2] : real[k])
```
"##
    E0309 Error "axis not decided" r##"## What it means
A parameter is declared with an axis, the argument has no axis of that name, and more than one of its axes could be
meant. Nothing is guessed: say which.

## Example
```loss
def total(z: real[k]) = sum[k](z)
let x = zeros[a: 2, b: 3]
print total(x)
```

## Instead
```loss
def total(z: real[k]) = sum[k](z)
let x = zeros[a: 2, b: 3]
print total[k = b](x)
```
"##
    E0310 Error "surplus axis" r##"## What it means
A type is declared, and the value has more axes than the type names.

## Example
```loss
let x = zeros[n: 2, d: 3]
let y: real[d] = x
```

## Instead
```loss
let x = zeros[n: 2, d: 3]
let y: real[d] = mean[n](x)
print y
```
"##
    E0351 Error "list without a shape" r##"## What it means
A list becomes an array only if it is a full grid: no empty list, and all rows equally long.

## Example
```loss
let x = [[1, 2], [3]] : real[n, d]
```

## Instead
```loss
let x = [[1, 2], [3, 4]] : real[n, d]
print x
```
"##
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
    E0501 Error "not supported yet" r##"## What it means
The form is part of the language and is read, but this version of Loss cannot run it yet.

## Example
```loss
expect forall x: real[k: 3] ~ normal(0, 1): sum[k](x - x) == 0
```

## Instead
```loss
let x = normal[k: 3](0, 1)
expect sum[k](x - x) == 0
```
"##
    E0502 Error "statement out of place" r##"## What it means
A statement stands where it has no meaning: `param`, `minimize`, `report` and their like outside an experiment, or a
statement such as `print` inside a block, which holds `let`, `def` and its value.

## Example
```loss
let x = {
    print 1
    2
}
```

## Instead
```loss
print 1
let x = {
    let y = 1
    y + 1
}
print x
```
"##
    E0503 Error "list too long" r##"## What it means
A list is spelled out value by value. For many values use an axis, which is one array.

## Example
```loss
let xs = x^2 for x in 0..100000000
```

## Instead
```loss
let xs = [n: 100000] => n^2
print sum[n](xs)
```
"##
    E0504 Error "calls too deep" r##"## What it means
Functions call each other deeper than the checker follows. There is no recursion; a chain this long can be cut by naming
intermediate results with `let`.

## Example
A chain of more than 64 functions, each of which calls the one before:

```text
def f1(x) = f0(x) + 1
def f2(x) = f1(x) + 1
```

## Instead
```loss
def f(x) = x + 1
let a = f(f(1))
print f(a)
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
    W0301 Warning "every pair combined" r##"## What it means
Neither side has the other's axes, so every element of one meets every element of the other: an outer combination. Often
an axis was meant to be the same and is named differently.

## Example
```loss
let a = [1, 2] : real[n]
let b = [3, 4] : real[m]
let c = a - b
print c
```

## Instead
```loss
let a = [1, 2] : real[n]
let b = [3, 4] : real[n]
let c = a - b
print c
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
    E0505 Error "unknown precision" r##"## What it means
`precision` takes `f32` or `f64`.

## Example
```loss
precision f16
```

## Instead
```loss
precision f32
print 0.1
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
