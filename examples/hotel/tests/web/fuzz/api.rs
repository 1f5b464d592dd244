use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What the OpenAPI document says.
pub(super) struct Api {
    pub(super) document: Value,
    pub(super) operations: Vec<Operation>,
}

/// One thing that can be asked for.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// With the names of its parameters in braces.
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    /// The schema of each content type that it takes.
    pub(super) bodies: BTreeMap<String, Value>,
    /// By status.
    pub(super) responses: BTreeMap<String, Value>,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `path`, `query` or `header`.
    pub(super) place: String,
    pub(super) required: bool,
    /// With the parameter's example.
    pub(super) schema: Value,
}

/// Where a path leads, by the document.
pub(super) enum Route<'a> {
    To(&'a Operation),
    /// The path knows these methods only.
    WrongMethod(BTreeSet<String>),
    Nowhere,
}

impl Api {
    pub(super) fn new(document: Value) -> Self {
        let operations = entries(&document["paths"]).flat_map(|(path, methods)| {
            entries(methods).map(move |(method, operation)| Operation::new(method, path, operation))
        });
        Self { operations: operations.collect(), document }
    }

    /// The operation that a request is for.
    pub(super) fn route(&self, method: &str, path: &str) -> Route<'_> {
        let path = path.split('?').next().unwrap_or_default();
        let mut here: Vec<&Operation> = self.operations.iter().filter(|it| it.is_at(path)).collect();
        // A path that is written out goes before one that has parameters.
        let fewest = here.iter().map(|it| it.path.matches('{').count()).min();
        here.retain(|it| Some(it.path.matches('{').count()) == fewest);
        let asked = if method == "HEAD" { "GET" } else { method };
        match here.iter().find(|it| it.method == asked) {
            Some(operation) => Route::To(operation),
            None if here.is_empty() => Route::Nowhere,
            None => Route::WrongMethod(here.iter().map(|it| it.method.clone()).collect()),
        }
    }

    /// Every text that the document gives as an example.
    pub(super) fn examples(&self) -> Vec<String> {
        let mut found = BTreeSet::new();
        collect_examples(&self.document, &mut found);
        found.into_iter().collect()
    }
}

impl Operation {
    fn new(method: &str, path: &str, operation: &Value) -> Self {
        let contents = |value: &Value| entries(&value["content"]).map(owned).collect();
        Self {
            id: operation["operationId"].as_str().expect("every operation has an id").into(),
            method: method.to_uppercase(),
            path: path.into(),
            parameters: operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(Parameter::new)
                .collect(),
            bodies: contents(&operation["requestBody"]),
            responses: entries(&operation["responses"]).map(owned).collect(),
        }
    }

    /// A parameter may be empty, but not at the end of a path.
    fn is_at(&self, path: &str) -> bool {
        let (mine, theirs) = (self.path.split('/'), path.split('/'));
        let is_same = |(mine, theirs): (&str, &str)| mine.starts_with('{') || mine == theirs;
        let ends_empty = path.ends_with('/') && self.path.ends_with('}');
        mine.clone().count() == theirs.clone().count() && !ends_empty && mine.zip(theirs).all(is_same)
    }

    /// The value of a parameter in a path, as it is written there.
    pub(super) fn path_value<'a>(&self, name: &str, path: &'a str) -> Option<&'a str> {
        let path = path.split('?').next().unwrap_or_default();
        let wanted = format!("{{{name}}}");
        self.path.split('/').zip(path.split('/')).find(|it| it.0 == wanted).map(|it| it.1)
    }
}

impl Parameter {
    fn new(parameter: &Value) -> Self {
        let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
        let mut schema = parameter["schema"].clone();
        if let (Some(schema), Some(example)) = (schema.as_object_mut(), parameter.get("example")) {
            schema.insert("example".into(), example.clone());
        }
        Self { name: text("name"), place: text("in"), required: parameter["required"] == true, schema }
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn owned((name, content): (&String, &Value)) -> (String, Value) {
    let schema = if content.get("schema").is_some() && content.get("content").is_none() {
        content["schema"].clone()
    } else {
        content.clone()
    };
    (name.clone(), schema)
}

fn collect_examples(value: &Value, found: &mut BTreeSet<String>) {
    for (name, inner) in entries(value) {
        if name == "example" {
            let texts = inner.as_array().map_or_else(|| vec![inner], |it| it.iter().collect());
            found.extend(texts.into_iter().filter_map(Value::as_str).map(str::to_owned));
        }
        collect_examples(inner, found);
    }
    value.as_array().into_iter().flatten().for_each(|it| collect_examples(it, found));
}
