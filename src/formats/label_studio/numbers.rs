//! JSON and numbers as the libraries of Label Studio's converter write them: `ujson`, and `repr` of Python.

use serde_json::Value;

/// Appends JSON as `ujson` writes it (`ensure_ascii=False`): slashes are escaped.
/// With `depth`, indented by two blanks from this depth on.
pub(super) fn write_ujson(value: &Value, depth: Option<usize>, out: &mut String) {
    let inner = depth.map(|depth| depth + 1);
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(_) => out.push_str(&number(value, 1)),
        Value::String(text) => write_text(text, out),
        Value::Array(list) if list.is_empty() => out.push_str("[]"),
        Value::Array(list) => {
            out.push('[');
            for (at, value) in list.iter().enumerate() {
                begin_item(at, inner, out);
                write_ujson(value, inner, out);
            }
            end_list(depth, out);
            out.push(']');
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                begin_item(at, inner, out);
                write_text(key, out);
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write_ujson(value, inner, out);
            }
            end_list(depth, out);
            out.push('}');
        }
    }
}

fn begin_item(at: usize, depth: Option<usize>, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
    end_list(depth, out);
}

fn end_list(depth: Option<usize>, out: &mut String) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A number as Python writes it.
pub(super) fn python_number(value: &Value) -> String {
    number(value, 2)
}

/// A number with the shortest digits; an exponent has at least this number of digits.
fn number(value: &Value, exponent_digits: usize) -> String {
    let text = value.to_string();
    let is_float = text.contains(['.', 'e', 'E']);
    let Some(number) = value.as_f64().filter(|_| is_float) else { return text };
    let shortest = format!("{number:e}");
    let Some((digits, exponent)) = shortest.split_once('e') else { return text };
    let Ok(exponent) = exponent.parse::<i32>() else { return text };
    if (-4..16).contains(&exponent) {
        let decimal = number.to_string();
        return if decimal.contains('.') { decimal } else { format!("{decimal}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:0exponent_digits$}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_numbers_are_those_of_ujson_and_python() {
        let value =
            json!({"a": [], "b": {}, "c": "\u{e9}/\"\\\u{1}\u{7f}\u{2028}\u{8}\u{c}", "d": [1, [2]], "e": null});
        let (mut short, mut long) = (String::new(), String::new());
        write_ujson(&value, None, &mut short);
        write_ujson(&value, Some(0), &mut long);
        let text = "\"\u{e9}\\/\\\"\\\\\\u0001\u{7f}\u{2028}\\b\\f\"";
        assert_eq!(short, format!("{{\"a\":[],\"b\":{{}},\"c\":{text},\"d\":[1,[2]],\"e\":null}}"));
        let nested = "\"d\": [\n    1,\n    [\n      2\n    ]\n  ],\n  \"e\": null";
        assert_eq!(long, format!("{{\n  \"a\": [],\n  \"b\": {{}},\n  \"c\": {text},\n  {nested}\n}}"));
        for (number, ujson, python) in [
            ("1.0", "1.0", "1.0"),
            ("1e22", "1e+22", "1e+22"),
            ("1e16", "1e+16", "1e+16"),
            ("123456789012345.6", "123456789012345.6", "123456789012345.6"),
            ("1e-5", "1e-5", "1e-05"),
            ("0.0001", "0.0001", "0.0001"),
            ("445.80299999999994", "445.80299999999994", "445.80299999999994"),
            ("-0.0", "-0.0", "-0.0"),
            ("12", "12", "12"),
        ] {
            let value: Value = serde_json::from_str(number).unwrap();
            assert_eq!((super::number(&value, 1), python_number(&value)), (ujson.to_owned(), python.to_owned()));
        }
    }
}
