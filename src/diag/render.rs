//! Diagnostics as ariadne reports, as one compact line each, and as JSON.
