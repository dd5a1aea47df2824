//! What runs share: the worker threads, and the flag that asks them to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Worker threads of our own (never rayon's global pool) and a cancel flag. Cloning shares both.
#[derive(Clone)]
pub struct Context {
    pool: Arc<rayon::ThreadPool>,
    cancel: Arc<AtomicBool>,
}

/// Bodies of loops within loops recurse on a worker's stack; memory is only used where they do.
const WORKER_STACK: usize = 64 << 20;

impl Context {
    /// With that many worker threads; 0 means one per core. Fails only where the system gives no threads.
    pub fn new(threads: usize) -> Result<Context, String> {
        crate::kernels::blas::single_thread();
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(WORKER_STACK);
        let pool = builder.thread_name(|i| format!("loss-{i}")).build();
        let pool = pool.map_err(|e| format!("cannot start worker threads: {e}"))?;
        Ok(Context { pool: Arc::new(pool), cancel: Arc::default() })
    }

    /// The same workers, stopped by a flag of the caller's.
    pub fn with_cancel(self, cancel: Arc<AtomicBool>) -> Context {
        Context { cancel, ..self }
    }

    /// The flag that stops every run of this context: for a Ctrl-C handler.
    pub fn cancel_flag(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
    }

    /// Makes runs possible again after a stop.
    pub fn reset(&self) {
        self.cancel.store(false, Ordering::Relaxed);
    }

    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    pub(super) fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }

    /// Runs `f` on a worker. Many runs in a row are cheaper inside one `install`, since each hands over to a worker.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match rayon::current_thread_index() {
            Some(_) => f(),
            None => self.pool.install(f),
        }
    }
}
