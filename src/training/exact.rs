//! Numbers in JSON that keep every bit, for `#[serde(with = "exact")]`.
//!
//! serde_json reads about one decimal fraction in twenty as its neighbour. A resumed run could then take an equal
//! evaluation for a better one. Here a fraction is written as `{"bits": N}`, the bits of an `f64`; decimal fractions, as
//! in older checkpoints, are also read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, de::DeserializeOwned, ser};
use serde_json::{Value, json};

const BITS: &str = "bits";

pub(super) fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let mut json = serde_json::to_value(value).map_err(ser::Error::custom)?;
    to_bits(&mut json);
    json.serialize(serializer)
}

pub(super) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mut json = Value::deserialize(deserializer)?;
    from_bits(&mut json);
    serde_json::from_value(json).map_err(de::Error::custom)
}

fn to_bits(json: &mut Value) {
    match json {
        Value::Number(number) if number.is_f64() => {
            *json = json!({ BITS: number.as_f64().unwrap_or_default().to_bits() });
        }
        Value::Array(items) => items.iter_mut().for_each(to_bits),
        Value::Object(members) => members.values_mut().for_each(to_bits),
        _ => {}
    }
}

fn from_bits(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(from_bits),
        Value::Object(members) => match members.get(BITS).and_then(Value::as_u64) {
            Some(bits) => *json = json!(f64::from_bits(bits)),
            None => members.values_mut().for_each(from_bits),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Held {
        #[serde(with = "super")]
        scores: Option<(usize, [f64; 2])>,
    }

    #[test]
    fn every_bit_is_kept_and_decimal_fractions_are_read() {
        // serde_json reads the decimal form of the first as 0.15384615384615383.
        for scores in [None, Some((8, [2.0 / 13.0, 1.0]))] {
            let text = serde_json::to_string(&Held { scores }).unwrap();
            assert_eq!(serde_json::from_str::<Held>(&text).unwrap(), Held { scores });
        }
        let old: Held = serde_json::from_str(r#"{"scores":[3,[0.5,0.0]]}"#).unwrap();
        assert_eq!(old, Held { scores: Some((3, [0.5, 0.0])) });
    }
}
