//! Codes of data files, of the output folder and of plots: E06xx.
super::codes! {
    E0601 Error "file cannot be read" r##"## What it means
There is no file at this path, or the system refuses to read it. Paths are looked up from the folder of the program.

## Example
```loss
let x = load("missing.csv", x: real[n, d])
print x
```

## Instead
```loss
let x = load("flowers.csv", x: real[n, d])
print x
```
"##
    E0602 Error "not UTF-8 text" r##"## What it means
A table of text must be UTF-8. Spreadsheet programs often write Latin-1 or UTF-16; `iconv -f LATIN1 -t UTF-8` converts.

## Example
```loss
let {x, y} = load("latin1.csv", x: real[n, d], y: label k [n])
print x, y
```

## Instead
```loss
let {x, y} = load("utf8.csv", x: real[n, d], y: label k [n])
print x, y
```
"##
    E0603 Error "no data" r##"## What it means
The file is empty, or has a header and nothing below it.

## Example
```loss
let x = load("empty.csv", x: real[n, d])
print x
```

## Instead
```loss
let x = load("flowers.csv", x: real[n, d])
print x
```
"##
    E0604 Error "ragged row" r##"## What it means
A line has more or fewer cells than the first line. Usually a separator stands inside a text without quotes, a cell was lost, or the file was cut off.

## Example
```loss
let x = load("ragged.csv", x: real[n, d])
print x
```

## Instead
```loss
let x = load("flowers.csv", x: real[n, d])
print x
```
"##
    E0605 Error "missing value" r##"## What it means
A cell is empty or says that its value is not known (`NA`, `?`, `nan`, `null`). Nothing is filled in silently: what stands for a missing value is a decision of the study.

## Example
```loss
let x = load("gaps.csv", x: real[n, d])
print x
```

## Instead
```loss
let x = load("filled.csv", x: real[n, d])
print x
```
"##
    E0606 Error "not a number" r##"## What it means
A cell of a numeric column does not hold a number: a word, a unit, a decimal comma, or a fraction in a column declared as `int`.

## Example
```loss
let x = load("words.csv", x: real[n, d])
print x
```

## Instead
```loss
let {x, colour} = load("words.csv", x: real[n, d], colour: label k [n])
print x, colour
```
"##
    E0607 Error "label out of range" r##"## What it means
A label is an index into an axis. Where the size of that axis is declared, whole numbers must lie from 0 to below it; a label is never a fraction. Without a declared size the distinct values of the column are numbered in sorted order.

## Example
```loss
let {y, p} = load("classes.csv", y: label k [n], p: real[n, k])
print y
```

## Instead
```loss
let {y, p} = load("classes.csv", y: label c [n], p: real[n, k])
print y
```
"##
    E0608 Error "column missing" r##"## What it means
The declaration asks for a column that the file does not have: a name that is not in the header, or more columns than there are.

## Example
```loss
let {a, b, c} = load("flowers.csv", a: real[n], b: real[n], c: real[n])
print a, b, c
```

## Instead
```loss
let {a, b} = load("flowers.csv", a: real[n], b: real[n])
print a, b
```
"##
    E0609 Error "columns left over" r##"## What it means
The fields declared take some of the columns from left to right, and others remain. Columns are left out silently only where every field is found by its name in the header.

## Example
```loss
let {a, b} = load("three.csv", a: real[n], b: real[n])
print a, b
```

## Instead
```loss
let {a, b} = load("three.csv", a: real[n], b: real[n, d])
print a, b
```
"##
    E0610 Error "column named twice" r##"## What it means
Two columns of the header have the same name, so a name does not say which column is meant.

## Example
```loss
let mass = load("twins.csv", mass: real[n])
print mass
```

## Instead
```loss
let x = load("flowers.csv", x: real[n, d])
print x
```
"##
    E0611 Error "rank of the array differs" r##"## What it means
The array in the .npy file has more or fewer axes than the declaration names. Axes are declared in storage order: the first index first.

## Example
```loss
let x = load("square.npy", x: real[n])
print x
```

## Instead
```loss
let x = load("square.npy", x: real[n, d])
print x
```
"##
    E0612 Error "element type differs" r##"## What it means
The array in the .npy file holds another type of element than declared. Integers may be read as `real`; nothing else is converted silently.

## Example
```loss
let y = load("square.npy", y: int[n, d])
print y
```

## Instead
```loss
let y = load("square.npy", y: real[n, d])
print y
```
"##
    E0613 Error "damaged or truncated file" r##"## What it means
The file breaks off, or its header or compression is damaged. It was probably not copied whole.

## Example
```loss
let x = load("cut.npy", x: real[n, d])
print x
```

## Instead
```loss
let x = load("square.npy", x: real[n, d])
print x
```
"##
    E0614 Error "declared size differs from the file" r##"## What it means
The program states the size of an axis, or two parts of the declaration settle it, and the file has another.

## Example
```loss
let x = load("square.npy", x: real[n, d: 64])
print x
```

## Instead
```loss
let x = load("square.npy", x: real[n, d])
print x
```
"##
    E0615 Error "file too large" r##"## What it means
The header claims, or the compressed file unfolds to, more than is read. A damaged header does this as well as a file that is really too large.

## Example
```loss
let x = load("huge.npy", x: real[n, d])
print x
```

## Instead
```loss
let x = load("square.npy", x: real[n, d])
print x
```
"##
    E0616 Error "unknown file format" r##"## What it means
The name of the file does not end in a format that can be read: `.csv`, `.tsv`, `.txt`, `.dat` (tables of text) or `.npy`, each also with `.gz` behind it.

## Example
```loss
let x = load("table.xlsx", x: real[n, d])
print x
```

## Instead
```loss
let x = load("flowers.csv", x: real[n, d])
print x
```
"##
    E0617 Error "declaration of a file cannot be met" r##"## What it means
The fields declared contradict each other, whatever the file holds: two of them take all columns that are left, the rows have different axes, or an .npy file is to hold several arrays.

## Example
```loss
let {x, y} = load("flowers.csv", x: real[n, d], y: real[n, e])
print x, y
```

## Instead
```loss
let {x, y} = load("flowers.csv", x: real[n, d: 1], y: real[n, e])
print x, y
```
"##
    E0618 Error "output folder belongs to someone else" r##"## What it means
The folder for results exists and holds no manifest of an earlier run, so it is not replaced: nothing that was not written by a run is ever deleted.

## Example
A run with `--out results`, where `results` already holds your own files.

## Instead
Give another folder, as in `--out results/run1`, or move the files away.
"##
    E0619 Error "results cannot be written" r##"## What it means
The system refused to create or rename a file of the output folder: a full disk, a missing permission, or two results of one name.

## Example
```loss
let x = [t: 10] => 1.0 * t
plot x over t to "curve"
plot x over t to "curve"
```

## Instead
```loss
let x = [t: 10] => 1.0 * t
plot x over t to "curve"
plot 2 * x over t to "line"
```
"##
    E0620 Error "plot cannot be drawn" r##"## What it means
A plot needs at least one point with finite coordinates, and on a logarithmic axis a positive one: series that are
empty, or all NaN or infinite, show nothing. Single points that are not finite leave a gap and are no error.

## Example
```loss
let x = [t: 10] => log(-1.0 - t)
plot x over t
```

## Instead
```loss
let x = [t: 10] => log(1.0 + t)
plot x over t
```
"##
    E0622 Error "plot not understood" r##"## What it means
What `plot` is given cannot be drawn as it stands: too many axes for lines, an option with another value than it takes,
or a split that does not label the points.

## Example
```loss
let x = zeros[a: 2, b: 3, c: 4]
plot x over a
```

## Instead
```loss
let x = zeros[a: 2, b: 3, c: 4]
plot mean[c](x) over a by b
```
"##
}
