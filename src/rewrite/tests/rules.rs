//! Every stability rule, sampled.
