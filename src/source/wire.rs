//! How JSON of services may differ from what it should be without being wrong.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// A value, or its default where there is `null`.
pub(super) fn nullable<'d, D: Deserializer<'d>, T: Deserialize<'d> + Default>(input: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

/// A number that may stand in a string, as ProtoJSON writes those of 64 bits
/// (<https://protobuf.dev/programming-guides/json/>).
pub(super) fn number<'d, D: Deserializer<'d>>(input: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    match Option::deserialize(input)? {
        Some(Written::Number(number)) => Ok(Some(number)),
        Some(Written::Text(text)) => text.parse().map(Some).map_err(D::Error::custom),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Counted {
        #[serde(deserialize_with = "number")]
        count: Option<u64>,
        #[serde(deserialize_with = "nullable")]
        names: Vec<String>,
    }

    #[test]
    fn numbers_may_be_text_and_lists_null() {
        let counted = |json: &str| serde_json::from_str::<Counted>(json).unwrap();
        assert_eq!(counted(r#"{"count":7,"names":null}"#).count, Some(7));
        assert_eq!(counted(r#"{"count":"7","names":["a"]}"#).count, Some(7));
        for none in ["{}", r#"{"count":null}"#] {
            assert_eq!(counted(none).count, None);
            assert!(counted(none).names.is_empty());
        }
        for odd in [r#"{"count":-1}"#, r#"{"count":[1]}"#, r#"{"count":"many"}"#, r#"{"names":{}}"#] {
            assert!(serde_json::from_str::<Counted>(odd).is_err(), "{odd}");
        }
    }
}
