//! Codes of a running program: E07xx, failed expectations: E08xx, the program itself: E09xx.
super::codes! {
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
}
