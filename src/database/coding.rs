//! Writing and reading the parts of an entry: numbers as LEB128, texts and lists with their length before them.

/// Appends encoded values.
#[derive(Debug, Default)]
pub(super) struct Encoder(pub(super) Vec<u8>);

impl Encoder {
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            // The mask leaves seven bits.
            self.0.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
            value >>= 7;
        }
        self.0.push(u8::try_from(value).unwrap_or_default());
    }

    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(super) fn optional(&mut self, value: Option<&[u8]>) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            self.bytes(value);
        }
    }

    pub(super) fn texts<T: AsRef<str>>(&mut self, values: &[T]) {
        self.number(values.len() as u64);
        for value in values {
            self.text(value.as_ref());
        }
    }

    /// Seconds since 1970; numbers near zero on both sides stay short.
    pub(super) fn seconds(&mut self, value: Option<i64>) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            self.number(((value << 1) ^ (value >> 63)).cast_unsigned());
        }
    }
}

/// Reads encoded values; `None` where they end too early or make no sense.
#[derive(Debug)]
pub(super) struct Decoder<'d>(pub(super) &'d [u8]);

impl<'d> Decoder<'d> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn bytes(&mut self) -> Option<&'d [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }

    pub(super) fn text(&mut self) -> Option<&'d str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn optional(&mut self) -> Option<Option<&'d [u8]>> {
        match self.byte()? {
            0 => Some(None),
            1 => Some(Some(self.bytes()?)),
            _ => None,
        }
    }

    /// A list; its length is checked against what is left, so that a wrong one allocates nothing.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = usize::try_from(self.number()?).ok().filter(|&length| length <= self.0.len())?;
        (0..length).map(|_| item(self)).collect()
    }

    pub(super) fn texts(&mut self) -> Option<Vec<String>> {
        self.list(|decoder| decoder.text().map(str::to_owned))
    }

    pub(super) fn seconds(&mut self) -> Option<Option<i64>> {
        match self.byte()? {
            0 => Some(None),
            1 => {
                let value = self.number()?;
                Some(Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed()))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u64, text in ".*", seconds: Option<i64>, bytes: Option<Vec<u8>>) {
            let mut encoder = Encoder::default();
            encoder.number(number);
            encoder.text(&text);
            encoder.seconds(seconds);
            encoder.optional(bytes.as_deref());
            encoder.texts(&[&text, "x"]);
            let mut decoder = Decoder(&encoder.0);
            prop_assert_eq!(decoder.number(), Some(number));
            prop_assert_eq!(decoder.text(), Some(text.as_str()));
            prop_assert_eq!(decoder.seconds(), Some(seconds));
            prop_assert_eq!(decoder.optional(), Some(bytes.as_deref()));
            prop_assert_eq!(decoder.texts(), Some(vec![text, "x".to_owned()]));
            prop_assert!(decoder.0.is_empty());
        }

        #[test]
        fn nonsense_is_none(bytes: Vec<u8>) {
            let mut decoder = Decoder(&bytes);
            while decoder.texts().is_some() && decoder.seconds().is_some() {}
        }
    }
}
