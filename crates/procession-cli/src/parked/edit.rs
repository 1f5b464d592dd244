use clap::Args;
use procession::Operation;
use serde_json::Value;

use super::show::Named;
use crate::{
    ask::{Asking, Change},
    error::CliError,
    look,
    program::{Done, Shared},
};

#[derive(Args)]
#[command(after_help = "\
Example:
  procession parked show 42
  procession parked edit 42 --payload '{\"room\":7}' --why 'the room has moved'
  procession parked retry 42 --why 'edited'")]
pub(crate) struct Edit {
    #[command(flatten)]
    named: Named,
    /// The other payload: JSON of the same type.
    #[arg(long, value_name = "JSON")]
    payload: String,
    #[command(flatten)]
    asking: Asking,
}

impl Edit {
    pub(super) async fn edit(self, shared: &Shared) -> Done {
        let payload: Value = serde_json::from_str(&self.payload).map_err(|error| {
            CliError::usage(format!("the payload is no JSON: {error}")).hint(
                "`procession parked show` shows the payload as it is; put the other one in single quotes",
            )
        })?;
        let (row, entry) = self.named.find(&*shared.read().await?).await?;
        let position = row.position;
        let what = format!("edit {} #{position} of {} for {}", entry.entry.name, row.stream, row.handler);
        let mut then = differences(&entry.entry.payload, &payload, row.stream.id());
        then.push(format!(
            "whether the handler can read it is known when it is tried: \
            procession parked retry {position} --why 'the reason'"
        ));
        let operation = Operation::EditParked { message: row.delivery(), payload: self.payload.into() };
        self.asking.ask(vec![Change { then, ..Change::of(what, operation) }], shared).await
    }
}

/// What looks like a slip. Only the application's code can tell what its messages may look like, so that nothing is refused.
fn differences(logged: &str, payload: &Value, id: &str) -> Vec<String> {
    let (logged, payload) = match (serde_json::from_str(logged), payload) {
        (Ok(Value::Object(logged)), Value::Object(payload)) => (logged, payload),
        (Ok(logged), payload) if kind(&logged) != kind(payload) => {
            return vec![format!(
                "look again: it is {}, and the message is {}",
                kind(payload),
                kind(&logged)
            )];
        }
        _ => return Vec::new(),
    };
    let missing = logged.keys().filter(|it| !payload.contains_key(*it));
    let mut found: Vec<_> =
        missing.map(|it| format!("look again: `{it}` is missing, which the message has")).collect();
    for (name, value) in payload {
        let slip = match logged.get(name) {
            None => "is not in the message".to_owned(),
            Some(before) if is_id(before, id) && !is_id(value, id) => {
                format!("may name another instance; it stays a message of {id}")
            }
            Some(Value::Null) => continue,
            Some(before) if !value.is_null() && kind(before) != kind(value) => {
                format!("is {}, and was {}", kind(value), kind(before))
            }
            Some(_) => continue,
        };
        found.push(format!("look again: `{}` {slip}", look::harmless(name)));
    }
    found
}

fn is_id(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text == id,
        Value::Number(number) => number.to_string() == id,
        _ => false,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOGGED: &str = r#"{"room":7,"guest":"ada","until":null}"#;

    #[test]
    fn a_payload_of_the_same_shape_is_nothing_to_look_at_again() {
        assert!(differences(LOGGED, &json!({"room": 7, "guest": "bob", "until": "noon"}), "7").is_empty());
    }

    #[test]
    fn slips_are_told() {
        let slips = [
            (json!({"room": 7, "guest": "ada"}), "`until` is missing, which the message has"),
            (json!({"room": 7, "guest": 1, "until": null}), "`guest` is a number, and was a text"),
            (
                json!({"room": 8, "guest": "ada", "until": null}),
                "`room` may name another instance; it stays a message of 7",
            ),
            (json!({"room": 7, "guest": "ada", "until": null, "x": 1}), "`x` is not in the message"),
            (json!([7]), "it is a list, and the message is an object"),
        ];
        for (payload, slip) in slips {
            let found = differences(LOGGED, &payload, "7");
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].ends_with(slip), "{found:?}");
        }
    }
}
