//! Codes of forms and statements: E05xx.
super::super::codes! {
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
}
