//! One program or entry at a time through all stages; transactional: an entry commits wholly or changes nothing.

pub mod json;
pub mod output;

pub use output::{Event, Options, Outcome, Output, Recorder, Status};
