//! Whether a value has the shape that a schema says, and nothing beside it.

use regex_lite::Regex;
use serde_json::Value;

/// All that is understood. A schema that says more must not be taken for one that says less.
const KEYWORDS: [&str; 19] = [
    "$ref",
    "additionalProperties",
    "default",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];

/// Says what does not fit, and where.
pub(crate) fn conforms(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let fails = |why: String| Err(format!("{at} is {value}, and {why}"));
    let Some(keywords) = schema.as_object() else { return Ok(()) };
    if let Some(unknown) = keywords.keys().find(|it| !KEYWORDS.contains(&it.as_str())) {
        return fails(format!("the schema's `{unknown}` is not understood"));
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(&reference[1..]).ok_or(format!("{reference} is missing"))?;
        return conforms(document, schema, value, at);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = choices.iter().filter(|it| conforms(document, it, value, at).is_ok()).count();
        return if fits == 1 { Ok(()) } else { fails(format!("fits {fits} of {choices:?}")) };
    }
    let types = types(schema);
    if !types.is_empty() && !types.iter().any(|it| is(value, it)) {
        return fails(format!("should be {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|it| !it.contains(value)) {
        return fails(format!("should be one of {}", schema["enum"]));
    }
    match value {
        Value::String(text) => text_conforms(schema, text).or_else(fails),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            let is_below = schema["minimum"].as_f64().is_some_and(|it| number < it);
            let is_above = schema["maximum"].as_f64().is_some_and(|it| number > it);
            if is_below || is_above { fails("is out of bounds".into()) } else { Ok(()) }
        }
        Value::Array(items) => {
            if schema["minItems"].as_u64().is_some_and(|it| (items.len() as u64) < it) {
                return fails("has too few items".into());
            }
            items.iter().try_for_each(|it| conforms(document, &schema["items"], it, at))
        }
        Value::Object(fields) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !fields.contains_key(name) {
                    return fails(format!("has no {name}"));
                }
            }
            let Some(known) = schema["properties"].as_object() else { return Ok(()) };
            fields.iter().try_for_each(|(name, field)| {
                let schema = known.get(name).ok_or_else(|| format!("{at} has the unknown field {name}"))?;
                conforms(document, schema, field, &format!("{at}.{name}"))
            })
        }
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

/// The types that a schema allows; none if it allows all.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn text_conforms(schema: &Value, text: &str) -> Result<(), String> {
    let length = text.chars().count() as u64;
    let is_short = schema["minLength"].as_u64().is_some_and(|it| length < it);
    if is_short || schema["maxLength"].as_u64().is_some_and(|it| length > it) {
        return Err(format!("has {length} characters"));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && !Regex::new(pattern).map_err(|error| error.to_string())?.is_match(text)
    {
        return Err(format!("should match {pattern}"));
    }
    match schema["format"].as_str() {
        Some("date-time") if text.parse::<jiff::Timestamp>().is_err() => Err("should be a time".into()),
        _ => Ok(()),
    }
}
