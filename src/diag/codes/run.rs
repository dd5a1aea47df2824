//! Codes of a running program: E07xx, failed expectations: E08xx, the program itself: E09xx.
super::codes! {
    E0901 Error "internal error" ""
    E0902 Error "stopped" ""
}
