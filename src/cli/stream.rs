//! Standard output with its faults remembered. A reader who leaves early (`loss run x | head`) is no fault: the program
//! goes on in silence, so that its files are written and its exit status is true.

use std::io::{self, BufWriter, Stdout, Write};

/// Buffered standard output.
pub struct Stream {
    out: Box<dyn Write + Send>,
    state: State,
}

enum State {
    Open,
    /// The reader left.
    Closed,
    Failed(io::Error),
}

impl Stream {
    pub fn stdout() -> Stream {
        Stream::new(Box::new(BufWriter::<Stdout>::new(io::stdout())))
    }

    pub fn new(out: Box<dyn Write + Send>) -> Stream {
        Stream { out, state: State::Open }
    }

    /// Writes a text and a line break.
    pub fn line(&mut self, text: &str) {
        self.attempt(|out| writeln!(out, "{text}"));
    }

    pub fn flush(&mut self) {
        self.attempt(|out| out.flush());
    }

    /// The first fault other than a reader who left.
    pub fn fault(&self) -> Option<&io::Error> {
        match &self.state {
            State::Failed(error) => Some(error),
            State::Open | State::Closed => None,
        }
    }

    fn attempt(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if !matches!(self.state, State::Open) {
            return;
        }
        match write(&mut self.out) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.state = State::Closed,
            Err(error) => self.state = State::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_left_is_quiet_and_a_full_disk_is_not() {
        let mut stream = Stream::new(Box::new(Broken(io::ErrorKind::BrokenPipe)));
        stream.line("x");
        assert!(stream.fault().is_none());
        let mut stream = Stream::new(Box::new(Broken(io::ErrorKind::StorageFull)));
        stream.line("x");
        stream.line("y");
        assert_eq!(stream.fault().map(io::Error::kind), Some(io::ErrorKind::StorageFull));
    }
}
