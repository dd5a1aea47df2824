//! Codes of a running program: E07xx, failed expectations: E08xx, the program itself: E09xx.
super::codes! {
    E0701 Error "integer arithmetic has no result"
"## What it means

A sum, product or other result of ints left the range of 64-bit integers, or an int was divided by zero. Integers never
wrap around.

## Example

```loss
let n = 9000000000000000000
print n + n
```

## Instead

Use reals, which have a far larger range:

```loss
let n = 9e18
print n + n
```
"
    E0702 Error "no elements to choose from"
"## What it means

A maximum, minimum or the place of one was asked for along an axis of size 0, where there is none.

## Example

```loss
let a = [k: 0] => 1.0
print max[k](a)
```

## Instead

```loss
let a = [k: 3] => 1.0
print max[k](a)
```
"
    E0703 Error "not a coordinate of the axis"
"## What it means

A number became a label of an axis but is not one of its coordinates 0, 1, ..., size - 1.

## Example

```loss
let z = [1, 2, 3] : real[k]
let y = [n: 2] => 3 * n
print z[k = y]
```

## Instead

```loss
let z = [1, 2, 3] : real[k]
let y = [n: 2] => 2 * n
print z[k = y]
```
"
    E0704 Error "not enough memory"
"## What it means

An array is about to be made that is larger than the memory the system can give. Most often two arrays with different
axes were combined, so that every element of one meets every element of the other.

## Example

```loss
let x = [n: 10000000] => n * 1.0
print sum(x * x[n -> m])
```

## Instead

Reduce each side before they meet:

```loss
let x = [n: 10000000] => n * 1.0
print sum(x) * sum(x)
```
"
    E0711 Error "matrix has no such factorisation"
"## What it means

A Cholesky factor exists only for positive definite matrices. Rounding can also spoil one that barely is: add a small
multiple of the identity. Eigenvalues and singular values exist always, but the iteration for them may fail to converge
where entries differ wildly in magnitude.

## Example

```loss
let h = [d: 2, e: 2] => 1.0 + d + e
print cholesky[d, e](h)
```

## Instead

```loss
let h = [d: 2, e: 2] => where(d == e, 2.0, 1.0)
print cholesky[d, e](h)
```
"
    E0712 Error "matrix is singular"
"## What it means

A system with this matrix has no unique solution: a pivot is exactly zero, so some rows depend on others. For a solution
in the sense of least squares use `lstsq`.

## Example

```loss
let a = [d: 2, e: 2] => 1.0
let b = [d: 2] => 1.0
print solve[d, e](a, b)
```

## Instead

```loss
let a = [d: 2, e: 2] => where(d == e, 2.0, 1.0)
let b = [d: 2] => 1.0
print solve[d, e](a, b)
```
"
    E0713 Error "not a distribution"
"## What it means

Weights of `categorical` are at least 0, finite, and not all 0.

## Example

```loss
let p = [0.5, -0.5, 1] : real[k]
print categorical[k, n: 3](p)
```

## Instead

```loss
let p = [0.5, 0.25, 1] : real[k]
print categorical[k, n: 3](p)
```
"
    E0732 Error "loop too long to keep"
"## What it means

A loop keeps a value of every round (a `scan`, or an `iterate` whose gradient is taken) and there is not enough memory
for all of them.

## Example

```loss
let xs = scan x = 0.0 for t in 0..1000000000000 { x + 1 }
```

## Instead

Keep only the last value, or take fewer rounds:

```loss
let x = iterate x = 0.0 for t in 0..1000 { x + 1 }
```
"
    E0901 Error "internal error" "
## What it means
Loss met a state it believed impossible. The fault is in Loss, not in the program; nothing the program computed since
its last complete statement is kept. Please report it with the program and the text below the report.

## Example
No program is meant to raise this.

## Instead
Often another spelling of the same statement works: name intermediate values with `let`.
"
    E0902 Error "stopped" "
## What it means
The program was asked to stop, by Ctrl-C or by a limit, and did so. Files are written whole or not at all, so none is
left half written. At the prompt, names bound before the stopped entry keep their values.

## Example
Press Ctrl-C while a program runs.

## Instead
Run fewer iterations or a smaller sample first; `loss check FILE` finds mistakes without running anything.
"
    E0801 Error "expectation does not hold" r##"## What it means
An `expect` is false. The report shows both sides of a comparison and how far they are apart. The program goes on, and
its exit status is 1.

## Example
```loss
expect sum([1, 2, 3] : real[k]) == 7
```

## Instead
```loss
expect sum([1, 2, 3] : real[k]) == 6
```
"##
}
