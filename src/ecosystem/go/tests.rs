//! Tests over all parsers of Go.
