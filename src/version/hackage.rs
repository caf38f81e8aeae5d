//! Versions of Haskell packages (<https://pvp.haskell.org/>): numbers between dots, of which the longer list is
//! greater (`Data.Version`).

use super::push_numbers;

/// The order-preserving key of a version.
pub(super) fn key(version: &str) -> Option<Vec<u8>> {
    push_numbers(version.trim().split('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_haskell() {
        let order = ["0", "0.1.26", "0.1.26.0", "0.11.3", "1", "1.0", "1.0.0", "9.2.20210824"];
        for pair in order.windows(2) {
            assert!(key(pair[0]).unwrap() < key(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!([key(""), key("1-2"), key("1.x"), key("1.")], [None, None, None, None]);
    }
}
