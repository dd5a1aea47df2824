//! Evaluation of small graphs in high precision.
