//! One program or entry at a time through all stages; transactional: an entry commits wholly or changes nothing.

pub mod output;

pub use output::{Event, Options, Outcome, Output, Recorder, Status};
pub struct Session; // STUB
impl Session {
    pub fn new(_: Options, _: Box<dyn crate::world::World>) -> Session {
        Session
    }
    pub fn run_file(&mut self, _: &std::path::Path, _: &mut dyn Output) -> Outcome {
        Outcome::default()
    }
    pub fn check_file(&mut self, _: &std::path::Path, _: &mut dyn Output) -> Outcome {
        Outcome::default()
    }
    pub fn entry(&mut self, _: &str, _: &mut dyn Output) -> Outcome {
        Outcome::default()
    }
    pub fn type_of(&mut self, _: &str, _: &mut dyn Output) -> Outcome {
        Outcome::default()
    }
    pub fn doc(&mut self, _: &str, _: &mut dyn Output) -> Outcome {
        Outcome::default()
    }
}
