//! The door to BLAS: one thread inside the library, so that its results depend on nothing but its arguments.

use std::sync::Once;

unsafe extern "C" {
    fn openblas_set_num_threads(threads: std::ffi::c_int);
}

/// Makes OpenBLAS work on one thread per call. Call before any use of BLAS or LAPACK; only the first call does anything.
pub fn single_thread() {
    static ONCE: Once = Once::new();
    // Sound: the function takes a plain int and may be called at any time before other BLAS calls.
    ONCE.call_once(|| unsafe { openblas_set_num_threads(1) });
}
