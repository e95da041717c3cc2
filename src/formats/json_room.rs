//! Values of JSON in memory, within a room that depends on the length of their text: `[[],[],[]` may take fifty times its bytes.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map::Entry};

/// Memory of a parsed value besides ten times its bytes.
const ALLOWANCE: usize = 48 << 20;

/// Keys that an object has twice: their number, and the first of them.
#[derive(Default)]
pub(super) struct Repeated {
    pub(super) count: usize,
    pub(super) first: Option<String>,
}

impl Repeated {
    fn add(&mut self, key: &str) {
        self.count += 1;
        self.first.get_or_insert_with(|| key.to_owned());
    }
}

/// Values of the lists and entries of the objects that are being read. What is complete gets exactly the memory that it needs:
/// a file may have millions of objects with one entry each.
#[derive(Default)]
struct Incomplete {
    values: Vec<Value>,
    entries: Vec<(String, Value)>,
}

/// Parses JSON within the room that its length allows.
///
/// # Errors
/// It has a fault, or takes too much memory.
pub(super) fn parse(json: &[u8], repeated: &mut Repeated) -> Result<Value, serde_json::Error> {
    let mut input = serde_json::Deserializer::from_slice(json);
    let value = build(&mut input, json.len(), repeated)?;
    input.end()?;
    Ok(value)
}

fn build<'de, D: de::Deserializer<'de>>(input: D, size: usize, repeated: &mut Repeated) -> Result<Value, D::Error> {
    let mut room = size.saturating_mul(10).saturating_add(ALLOWANCE);
    Build { room: &mut room, repeated, incomplete: &mut Incomplete::default() }.deserialize(input)
}

/// Reads an object of another encoding, of `size` bytes, within the room that a value of JSON has.
///
/// # Errors
/// It has a fault, is no object, or takes too much memory.
pub(super) fn object_in_room<'de, D: de::Deserializer<'de>>(
    input: D,
    size: usize,
) -> Result<Map<String, Value>, D::Error> {
    match build(input, size, &mut Repeated::default())? {
        Value::Object(object) => Ok(object),
        _ => Err(de::Error::custom("not an object")),
    }
}

/// Builds a value within its room in memory, and lists keys that an object has twice.
struct Build<'b> {
    room: &'b mut usize,
    repeated: &'b mut Repeated,
    incomplete: &'b mut Incomplete,
}

impl Build<'_> {
    /// Memory of an element of a list, and of the list while it grows.
    const ELEMENT: usize = 3 * size_of::<Value>();
    /// Memory of an entry of an object besides its key.
    const ENTRY: usize = 2 * size_of::<Value>();
    /// Entries whose keys are compared one by one.
    const FEW: usize = 8;

    fn take<E: de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        *self.room = self.room.checked_sub(bytes).ok_or_else(|| E::custom("too many values for one document"))?;
        Ok(())
    }

    fn again(&mut self) -> Build<'_> {
        Build { room: self.room, repeated: self.repeated, incomplete: self.incomplete }
    }

    /// Adds an entry to an object whose first entries are the incomplete ones from `first` on. Of a repeated key the last value
    /// counts.
    fn put(&mut self, first: usize, object: &mut Map<String, Value>, key: String, value: Value) {
        let entries = &mut self.incomplete.entries;
        if object.is_empty() && entries.len() - first < Self::FEW {
            let mut own = entries.iter_mut().skip(first);
            match own.find(|(other, _)| *other == key) {
                Some((_, old)) => {
                    self.repeated.add(&key);
                    *old = value;
                }
                None => entries.push((key, value)),
            }
            return;
        }
        object.extend(entries.drain(first..));
        match object.entry(key) {
            Entry::Vacant(place) => _ = place.insert(value),
            Entry::Occupied(mut place) => {
                self.repeated.add(place.key());
                place.insert(value);
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, input: D) -> Result<Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
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

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut input: A) -> Result<Value, A::Error> {
        let first = self.incomplete.values.len();
        while let Some(value) = input.next_element_seed(self.again())? {
            self.take(Self::ELEMENT)?;
            self.incomplete.values.push(value);
        }
        Ok(Value::Array(self.incomplete.values.drain(first..).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut input: A) -> Result<Value, A::Error> {
        let first = self.incomplete.entries.len();
        let mut object = Map::new();
        while let Some(key) = input.next_key::<String>()? {
            self.take(Self::ENTRY + key.len())?;
            let value = input.next_value_seed(self.again())?;
            self.put(first, &mut object, key, value);
        }
        if object.is_empty() {
            object = self.incomplete.entries.drain(first..).collect();
        }
        Ok(Value::Object(object))
    }
}
