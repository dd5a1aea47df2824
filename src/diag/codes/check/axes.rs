//! Codes of axes, sizes and indexes: E03xx, and their lints W03xx.
super::super::codes! {
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

A gradient is taken by real arguments. This argument holds labels or truth values, which cannot change a little. (Whole
numbers can: a variable of a gradient is real.)

## Example

```loss
let on = true
let g = grad(2.0 * float(on), on)
```

## Instead

```loss
let x = 1.0
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
    W0302 Warning "dependence not followed" r##"## What it means
A gradient follows what is computed inside the expression it is taken of. A value that an earlier statement computed
from the variable is a plain number by then: its dependence on the variable is not part of the gradient.

## Example
```loss
let w = 2.0
let z = 3 * w
print grad(z * w, w)
```

## Instead
```loss
let w = 2.0
def z(w) = 3 * w
print grad(z(w) * w, w)
```
"##
}
