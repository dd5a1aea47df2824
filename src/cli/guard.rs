//! The safety net: a panic anywhere below becomes an E0901 report instead of a trace. Work enters, its result or a
//! diagnostic leaves.

use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// What the last panic said, and where; kept by the hook, since the payload does not know its place.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Programs may be nested deeply and are walked by recursion; the parser's limit on depth fits this stack many times
/// over. Only touched pages cost memory.
const STACK: usize = 512 << 20;

/// Replaces the trace that a panic prints by a note kept for [`guard`].
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        *LAST.lock().unwrap_or_else(|p| p.into_inner()) = Some(format!("{text}{place}"));
    }));
}

/// Runs `work`; a panic in it becomes a diagnostic at `span`.
pub fn guard<T>(span: Span, work: impl FnOnce() -> T) -> Result<T, Box<Diagnostic>> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let said = LAST.lock().unwrap_or_else(|p| p.into_inner()).take();
        let detail = said.unwrap_or_else(|| "no message".to_string());
        Box::new(
            Diagnostic::new(
                &codes::run::E0901,
                span,
                "internal error: the fault is in Loss, not in your program",
                "here",
            )
            .help("please report it, with the program that caused it")
            .note(detail),
        )
    })
}

/// Runs `work` on a thread with a deep stack and hands its result on.
pub fn with_deep_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    std::thread::Builder::new().stack_size(STACK).spawn(work).ok()?.join().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_report() {
        let diagnostic = guard(Span::default(), || std::hint::black_box(Vec::<u8>::new())[3]).expect_err("panics");
        assert_eq!(diagnostic.code.id, "E0901");
        assert_eq!(guard(Span::default(), || 1).ok(), Some(1));
        assert_eq!(with_deep_stack(|| 2), Some(2));
    }
}
