//! Codes of the reader: E01xx.
super::codes! {
    E0101 Error "unexpected text" ""
}
