//! What a report's types are made of, as JSON. What none of them has is refused.

use std::fmt::Display;
use std::io::{self, Write as _};

use serde::ser::{Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer};

use super::Lines;

/// Why a value cannot be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct Failed(#[from] pub(super) io::Error);

impl serde::ser::Error for Failed {
    fn custom<T: Display>(message: T) -> Self {
        Self(io::Error::other(message.to_string()))
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        Self(error.into())
    }
}

/// Whether JSON writes a text as it is.
fn is_plain(text: &[u8]) -> bool {
    // Without a branch for each byte, so that the compiler can look at many at once.
    let odd = |byte: u8| u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    text.iter().fold(0, |any, &byte| any | odd(byte)) == 0
}

fn refused<T>(what: &str) -> Result<T, Failed> {
    Err(serde::ser::Error::custom(format!("a report has no {what}")))
}

/// Numbers that are shorter than those of which there is a way to write them.
macro_rules! shorter {
    ($($name:ident: $number:ty => $to:ident),*) => {
        $(fn $name(self, value: $number) -> Result<(), Failed> { self.$to(value.into()) })*
    };
}

impl Serializer for &mut Lines<'_> {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Impossible<(), Failed>;
    type SerializeTupleVariant = Impossible<(), Failed>;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Impossible<(), Failed>;

    shorter!(serialize_i8: i8 => serialize_i64, serialize_i16: i16 => serialize_i64, serialize_i32: i32 => serialize_i64);
    shorter!(serialize_u8: u8 => serialize_u64, serialize_u16: u16 => serialize_u64, serialize_u32: u32 => serialize_u64);
    shorter!(serialize_f32: f32 => serialize_f64);

    fn serialize_bool(self, value: bool) -> Result<(), Failed> {
        self.word(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Failed> {
        if value < 0 {
            self.text.push(b'-');
        }
        self.digits(value.unsigned_abs());
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Failed> {
        self.digits(value);
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Failed> {
        Ok(serde_json::to_writer(&mut self.text, &value)?)
    }

    fn serialize_char(self, value: char) -> Result<(), Failed> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Failed> {
        if !is_plain(value.as_bytes()) {
            return Ok(serde_json::to_writer(&mut self.text, value)?);
        }
        self.text.push(b'"');
        self.word(value);
        self.text.push(b'"');
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Failed> {
        let start = self.text.len();
        write!(self.text, "\"{value}")?;
        if is_plain(&self.text[start + 1..]) {
            self.text.push(b'"');
            return Ok(());
        }
        self.text.truncate(start);
        self.serialize_str(&value.to_string())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Failed> {
        refused("bytes")
    }

    fn serialize_none(self) -> Result<(), Failed> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        self.word("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failed> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Failed> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Failed> {
        refused("variant with a tag")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Failed> {
        self.open(b'[');
        Ok(self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Failed> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Failed>, Failed> {
        refused("struct without names")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Failed>, Failed> {
        refused("variant with a tag")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Failed> {
        self.open(b'{');
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        self.open(b'{');
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Failed>, Failed> {
        refused("variant with a tag")
    }
}

impl SerializeSeq for &mut Lines<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.element()?;
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Failed> {
        self.close(b']');
        Ok(())
    }
}

impl SerializeTuple for &mut Lines<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), Failed> {
        SerializeSeq::end(self)
    }
}

impl SerializeMap for &mut Lines<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Failed> {
        self.element()?;
        let start = self.text.len();
        key.serialize(&mut **self)?;
        if self.text.get(start) == Some(&b'"') { Ok(()) } else { refused("key that is no text") }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Failed> {
        self.word(": ");
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Failed> {
        self.close(b'}');
        Ok(())
    }
}

impl SerializeStruct for &mut Lines<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Failed> {
        debug_assert!(is_plain(key.as_bytes()), "the names of fields are written as they are");
        self.element()?;
        self.text.push(b'"');
        self.word(key);
        self.word("\": ");
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Failed> {
        self.close(b'}');
        Ok(())
    }
}
