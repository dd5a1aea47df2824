//! Codes of data files: E06xx.
super::codes! {
    E0601 Error "file cannot be read" ""
}
