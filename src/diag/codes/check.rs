//! Codes of the checker: E02xx names, E03xx axes and sizes, E04xx types and calls, E05xx forms; W0xxx lints.
super::codes! {
    E0201 Error "unknown name" ""
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
let a = [1, 2, 3] : real[k]
let s = sum[k, k](a)
```

## Instead

Name each axis once; where two arrays have unrelated axes of one name, rename one with `x[old -> new]`:

```loss
let a = [1, 2, 3] : real[k]
let s = sum[k](a)
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
    E0401 Error "wrong kind of element"
"## What it means

An operation was given an array whose elements it does not work on: truth values where numbers are needed, labels where
reals are needed, and so on.

## Example

```loss
let x = exp(true)
```

## Instead

```loss
let x = exp(1)
```
"
    E0402 Error "kinds of element do not go together"
"## What it means

The two sides of an operation hold different kinds of elements, and neither becomes the other by itself: a truth value
is not a number, a label is not a truth value.

## Example

```loss
let x = 1 + true
```

## Instead

Say what is meant with `where` (or compare first):

```loss
let x = 1 + where(true, 1, 0)
```
"
}
