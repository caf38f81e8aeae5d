//! Tests over all parsers of Python.
