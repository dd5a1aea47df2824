//! The stable text form of a graph: one node a line.
