//! Checks of a graph's invariants, run after every pass in debug builds.
