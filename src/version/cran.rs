//! Versions of R packages (<https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file>):
//! numbers between `.` and `-`, of which the longer list is greater (`package_version` in R).

use super::push_numbers;

/// The order-preserving key of a version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    push_numbers(version.trim().split(['.', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_r() {
        let order = ["0.9", "0.10-1", "1.0", "1.0.0", "1.0-1", "1.2", "2024.1"];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(key("1.0-1"), key("1.00.1"));
        assert_eq!([key(""), key("1..2"), key("1.0a"), key("*")], [None, None, None, None]);
    }
}
