//! The command `loss`.

fn main() {}
