//! Codes of the checker: E02xx names, E03xx axes and sizes, E04xx types and calls, E05xx forms; W0xxx lints.
super::codes! {
    E0201 Error "unknown name" ""
}
