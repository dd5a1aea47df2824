//! Did-you-mean: the nearest known name to one that was not found.
