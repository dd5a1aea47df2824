//! Execution: a graph whose sizes are known becomes a [`Plan`] once, and the plan runs as often as wanted: arrays in,
//! arrays out. Results have the same bits for any number of threads. Knows nothing of programs, files or sessions.

mod context;
mod plan;
mod room;
mod run;
#[cfg(test)]
mod tests;

pub use crate::ops::fold::evaluate_constant;
pub use context::Context;
pub use plan::Plan;
