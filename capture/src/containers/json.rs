//! JSON of engines: bytes enter, a value leaves, unless it is of too many parts. A text of empty objects becomes a hundred times
//! its length in memory, so that a limit of its bytes alone says little.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Map, Value};

/// Values in one text, those of lists and objects included. A container's description has some hundreds.
const MOST: usize = 1 << 16;

/// Reads a text.
pub(super) fn parse(text: &[u8]) -> Result<Value, Error> {
    let mut left = MOST;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Bounded(&mut left).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads one value while there is room for further ones.
struct Bounded<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.checked_sub(1).ok_or_else(|| D::Error::custom("too many values"))?;
        *self.0 = left;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut found = Vec::new();
        while let Some(value) = list.next_element_seed(Bounded(&mut *self.0))? {
            found.push(value);
        }
        Ok(Value::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut found = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            found.insert(key, object.next_value_seed(Bounded(&mut *self.0))?);
        }
        Ok(Value::Object(found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_mean_what_they_mean() {
        for text in [
            "null",
            r#"{"a":[1,-2,3.5,true,"x\u0041"],"b":{"c":null},"a":7}"#,
            "[[],{},18446744073709551615,1e400]",
            "[1] 2",
            "{\"a\":",
            "",
        ] {
            let (found, expected) = (parse(text.as_bytes()), serde_json::from_str::<Value>(text));
            assert_eq!(found.ok(), expected.ok(), "{text}");
        }
    }

    #[test]
    fn texts_of_too_many_parts_are_refused() {
        for (name, text) in [
            ("objects", format!("[{}]", vec!["{}"; MOST].join(","))),
            ("numbers", format!("[{}]", vec!["0"; MOST].join(","))),
            ("keys", format!("{{{}}}", vec!["\"\":0"; MOST].join(","))),
            ("nested", "[".repeat(200_000)),
            ("nested objects", "{\"a\":".repeat(200_000)),
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{name}");
        }
        let most = format!("[{}]", vec!["0"; MOST - 1].join(","));
        assert!(parse(most.as_bytes()).is_ok());
    }
}
