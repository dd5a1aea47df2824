//! The door to BLAS: one thread inside the library, so that its results depend on nothing but its arguments.

// Links the library: `lax` names it.
use lax as _;
use std::sync::Once;

unsafe extern "C" {
    fn openblas_set_num_threads(threads: std::ffi::c_int);
    fn openblas_get_config() -> *const std::ffi::c_char;
    fn openblas_get_corename() -> *const std::ffi::c_char;
}

/// Makes OpenBLAS work on one thread per call. Call before any use of BLAS or LAPACK; only the first call does anything.
pub fn single_thread() {
    static ONCE: Once = Once::new();
    // Sound: the function takes a plain int and may be called at any time before other BLAS calls.
    ONCE.call_once(|| unsafe { openblas_set_num_threads(1) });
}

/// Build configuration (with the version) and the processor kernel that OpenBLAS chose: results of linear algebra are
/// the same bits only where both agree.
pub fn version() -> (String, String) {
    let text = |pointer: *const std::ffi::c_char| {
        if pointer.is_null() {
            return String::new();
        }
        // Sound: both functions return static, zero-terminated texts.
        unsafe { std::ffi::CStr::from_ptr(pointer) }.to_string_lossy().trim().to_string()
    };
    // Sound: the functions take no argument and only read what was set when the library was loaded.
    unsafe { (text(openblas_get_config()), text(openblas_get_corename())) }
}
