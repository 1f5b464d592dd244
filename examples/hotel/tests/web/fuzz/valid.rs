//! Requests that the document allows.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    strategy::{Union, ValueTree},
    string::string_regex,
    test_runner::TestRunner,
};
use regex_lite::Regex;
use serde_json::Value;

use super::{
    api::{Api, Operation},
    request::{Body, Request},
    schema::types,
};

/// A request in its parts, before it is written down.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) operation: Operation,
    pub(super) path: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    /// The fields of the body, each with its value as JSON.
    pub(super) body: Option<Vec<(String, String)>>,
}

/// Values for the schemas of a document.
pub(super) struct Values<'a> {
    api: &'a Api,
    /// Texts that the document has as examples: some of them name what exists.
    examples: Vec<String>,
}

impl<'a> Values<'a> {
    pub(super) fn new(api: &'a Api) -> Self {
        Self { api, examples: api.examples() }
    }

    pub(super) fn draft(&self, operation: &Operation) -> BoxedStrategy<Draft> {
        let of_place = |place: &str| {
            let parameters = operation.parameters.iter().filter(|it| it.place == place);
            let values: Vec<_> = parameters
                .map(|it| {
                    let name = it.name.clone();
                    let value =
                        self.of(&it.schema).prop_filter("a parameter has a value", |it| !it.is_null());
                    perhaps(it.required, value.prop_map(move |it| (name.clone(), plain(&it))))
                })
                .collect();
            values.prop_map(|it| it.into_iter().flatten().collect::<Vec<_>>())
        };
        let body = match operation.bodies.get("application/json") {
            Some(schema) => self.of(schema).prop_map(|it| Some(fields(&it))).boxed(),
            None => Just(None).boxed(),
        };
        let operation = operation.clone();
        (of_place("path"), of_place("query"), of_place("header"), body)
            .prop_map(move |(path, query, headers, body)| {
                let operation = operation.clone();
                Draft { operation, path, query, headers, body }
            })
            .boxed()
    }

    /// Values that fit a schema.
    fn of(&self, schema: &Value) -> BoxedStrategy<Value> {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.of(self
                .api
                .document
                .pointer(&reference[1..])
                .expect("references are checked elsewhere"));
        }
        let of_types = types(schema).into_iter().map(|kind| match kind {
            "null" => Just(Value::Null).boxed(),
            "integer" => integers(schema),
            "string" => self.texts(schema).prop_map(Value::String).boxed(),
            "array" => self.lists(schema),
            "object" => self.objects(schema),
            other => panic!("no values are known for the type {other}"),
        });
        Union::new(of_types).boxed()
    }

    fn texts(&self, schema: &Value) -> BoxedStrategy<String> {
        let pattern = schema["pattern"].as_str();
        let (least, most) = (schema["minLength"].as_u64().unwrap_or(0), schema["maxLength"].as_u64());
        let fits = |it: &String| {
            let length = it.chars().count() as u64;
            length >= least
                && most.is_none_or(|most| length <= most)
                && pattern.is_none_or(|it_| Regex::new(it_).expect("a pattern").is_match(it))
        };
        let known: Vec<String> = self.examples.iter().filter(|it| fits(it)).cloned().collect();
        let random = match pattern {
            // Some that come again and again, so that requests are about the same things.
            Some(pattern) => {
                let random = string_regex(pattern.trim_start_matches('^').trim_end_matches('$')).unwrap();
                prop_oneof![2 => select(samples(&random)), 1 => random].boxed()
            }
            None => {
                let most = most.unwrap_or(40).min(200) as usize;
                vec(any::<char>(), least as usize..=most).prop_map(String::from_iter).boxed()
            }
        };
        let own = schema["example"].as_str().map(str::to_owned);
        let own = own.map_or_else(|| random.clone(), |it| Just(it).boxed());
        if known.is_empty() {
            return prop_oneof![3 => own, 1 => random].boxed();
        }
        prop_oneof![4 => own, 2 => select(known), 2 => random].boxed()
    }

    fn lists(&self, schema: &Value) -> BoxedStrategy<Value> {
        let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
        let own: Vec<Value> = schema["example"].as_array().cloned().unwrap_or_default();
        let items = self.of(&schema["items"]);
        let items = if own.is_empty() { items } else { prop_oneof![4 => select(own), 1 => items].boxed() };
        vec(items, least..=least + 3).prop_map(Value::Array).boxed()
    }

    fn objects(&self, schema: &Value) -> BoxedStrategy<Value> {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields: Vec<_> = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, field)| {
                let required = required.contains(&name.as_str());
                perhaps(required, (Just(name.clone()), self.of(field)))
            })
            .collect();
        fields.prop_map(|it| Value::Object(it.into_iter().flatten().collect())).boxed()
    }
}

fn integers(schema: &Value) -> BoxedStrategy<Value> {
    let (least, most) = (schema["minimum"].as_u64().unwrap_or(0), schema["maximum"].as_u64());
    let most = most.unwrap_or(u64::MAX);
    let example = schema["example"].as_u64().unwrap_or(least);
    let near = least..=most.min(300);
    prop_oneof![3 => Just(example), 3 => near, 1 => least..=most, 1 => Just(least), 1 => Just(most)]
        .prop_map(Value::from)
        .boxed()
}

fn perhaps<S: Strategy + 'static>(required: bool, values: S) -> BoxedStrategy<Option<S::Value>> {
    if required { values.prop_map(Some).boxed() } else { proptest::option::of(values).boxed() }
}

fn samples(texts: &impl Strategy<Value = String>) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    (0..3).map(|_| texts.new_tree(&mut runner).unwrap().current()).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn fields(value: &Value) -> Vec<(String, String)> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, value)| (name.clone(), value.to_string())).collect()
}

impl Draft {
    /// The body as it is written.
    pub(super) fn json(&self) -> Option<String> {
        let fields = self.body.as_ref()?.iter();
        let fields: Vec<String> =
            fields.map(|(name, value)| format!("{}:{value}", Value::from(&**name))).collect();
        Some(format!("{{{}}}", fields.join(",")))
    }

    pub(super) fn written(&self) -> Request {
        let path = self.path.iter().fold(self.operation.path.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &escaped(value))
        });
        let query: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let path = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
        let json = self.json();
        let kind = json.iter().map(|_| ("content-type".into(), "application/json".into()));
        Request {
            method: self.operation.method.clone(),
            path,
            headers: self.headers.iter().cloned().chain(kind).collect(),
            body: Body::Text(json.unwrap_or_default()),
        }
    }
}

fn escaped(text: &str) -> String {
    const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    utf8_percent_encode(text, &PLAIN).to_string()
}
