//! A process explained from the log: its messages layer by layer, each layer caused by the one before.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::log::{Position, Recorded};

/// Messages at the same distance from the message that began the process.
#[derive(Debug, Clone, Serialize)]
pub struct Layer<'a> {
    /// How many causes lie between these messages and the first one.
    pub depth: usize,
    /// The messages, in log order.
    pub messages: Vec<&'a Recorded>,
}

/// The messages of one process, in log order, as layers: command, event, command, event, and so on.
#[must_use]
pub fn layers(history: &[Recorded]) -> Vec<Layer<'_>> {
    let mut depths: BTreeMap<Position, usize> = BTreeMap::new();
    let mut layers: BTreeMap<usize, Vec<&Recorded>> = BTreeMap::new();
    for message in history {
        let cause = message.causation.and_then(|cause| depths.get(&cause));
        let depth = cause.map_or(0, |depth| depth + 1);
        depths.insert(message.position, depth);
        layers.entry(depth).or_default().push(message);
    }
    layers.into_iter().map(|(depth, messages)| Layer { depth, messages }).collect()
}

/// A message as a person would write it: `GuestCheckedOut { guest_stay: "7", at: "2026-11-23T10:00:00Z" }`.
#[must_use]
pub fn written(name: &str, payload: &str) -> String {
    match serde_json::from_str(payload) {
        Ok(Value::Object(fields)) if fields.is_empty() => name.into(),
        Ok(Value::Object(fields)) => format!("{name} {}", Value::Object(fields).written()),
        Ok(Value::Null) => name.into(),
        Ok(value) => format!("{name}({})", value.written()),
        Err(_) => format!("{name} (unreadable: {payload})"),
    }
}

trait Written {
    fn written(&self) -> String;
}

impl Written for Value {
    fn written(&self) -> String {
        match self {
            Self::Null => "none".into(),
            Self::Bool(_) | Self::Number(_) | Self::String(_) => self.to_string(),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(Written::written).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Object(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name}: {}", value.written())).collect();
                format!("{{ {} }}", fields.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn messages_are_written_as_a_person_would() {
        let payload = r#"{"stay":"7","amounts":[1,2],"group":null,"paid":{"by":"card"}}"#;
        let expected = r#"Paid { amounts: [1, 2], group: none, paid: { by: "card" }, stay: "7" }"#;
        assert_eq!(written("Paid", payload), expected);
        assert_eq!(written("Opened", "{}"), "Opened");
        assert_eq!(written("Opened", "null"), "Opened");
    }
}
