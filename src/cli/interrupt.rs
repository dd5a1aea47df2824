//! Ctrl-C: the first one asks the running program to stop, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit status of a process ended by Ctrl-C, as shells count it.
const INTERRUPTED: i32 = 130;

/// Listens for Ctrl-C. The flag is set by the first one and cleared by whoever starts the next run; while it is set,
/// another Ctrl-C ends the process. Where signals cannot be had, Ctrl-C keeps its usual meaning.
pub fn listen(flag: Arc<AtomicBool>) {
    // The one failure is a handler that is already there, which is as good.
    let _ = ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(INTERRUPTED);
        }
    });
}
