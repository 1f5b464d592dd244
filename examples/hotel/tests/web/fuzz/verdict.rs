//! Whether an answer is one that the document declares for the request.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    api::{Api, Operation, Parameter, Route},
    request::{Answer, Request},
    schema::{conforms, types},
};

/// A larger body may be refused; the document has no word for it.
const LARGEST_BODY_BYTES: usize = 1024 * 1024;

/// Says of which kind the answer is, or what is wrong with it.
pub(super) fn judge(api: &Api, request: &Request, answer: &Answer) -> Result<String, String> {
    if answer.status >= 500 {
        return Err("the hotel has failed".into());
    }
    let has_body = request.method != "HEAD";
    let to = match api.route(&request.method, &request.path) {
        Route::To(operation) => {
            declared(api, operation, answer, has_body)?;
            deserved(api, operation, request, answer)?;
            &operation.id
        }
        Route::WrongMethod(methods) => {
            refused(api, answer, 405, has_body)?;
            let allowed = answer.header("allow");
            if !methods.iter().all(|it| allowed.split(',').any(|allowed| allowed.trim() == it)) {
                return Err(format!("Allow is {allowed:?}, but the path knows {methods:?}"));
            }
            "wrong method"
        }
        Route::Nowhere => {
            refused(api, answer, 404, has_body)?;
            "nowhere"
        }
    };
    let problem = answer.json().and_then(|it| Some(it["type"].as_str()?.rsplit('#').next()?.to_owned()));
    let problem = problem.filter(|_| answer.status >= 400).unwrap_or_default();
    Ok(format!("{to} {} {problem}", answer.status).trim_end().to_owned())
}

fn refused(api: &Api, answer: &Answer, status: u16, has_body: bool) -> Result<(), String> {
    // What comes from another site is refused before anything is looked up.
    if ![status, 403].contains(&answer.status) {
        return Err(format!("should be {status}"));
    }
    if has_body { problem(api, answer) } else { Ok(()) }
}

fn problem(api: &Api, answer: &Answer) -> Result<(), String> {
    let document = answer.json().ok_or("is no JSON")?;
    let schema = &api.document["components"]["schemas"]["Problem"];
    conforms(&api.document, schema, &document, "the problem")?;
    if document["status"] != answer.status || answer.content_type() != "application/problem+json" {
        return Err("is no problem document for its status".into());
    }
    Ok(())
}

/// The answer has a status, headers, a content type and a body that the document knows.
fn declared(api: &Api, operation: &Operation, answer: &Answer, has_body: bool) -> Result<(), String> {
    let response = operation.responses.get(&answer.status.to_string());
    let response = response.ok_or_else(|| format!("{} does not declare this status", operation.id))?;
    for name in response["headers"].as_object().into_iter().flatten().map(|it| it.0) {
        if answer.header(name).is_empty() {
            return Err(format!("the header {name} is missing"));
        }
    }
    if !has_body {
        return if answer.text.is_empty() { Ok(()) } else { Err("HEAD has no body".into()) };
    }
    let content = &response["content"][answer.content_type()];
    match answer.content_type().as_str() {
        kind if !content.is_object() => Err(format!("the content type {kind:?} is not declared")),
        "application/problem+json" => problem(api, answer),
        "application/json" => {
            let body = answer.json().ok_or("is no JSON")?;
            conforms(&api.document, &content["schema"], &body, "the answer")
        }
        "text/event-stream" => messages(answer).try_for_each(|it| {
            let message = serde_json::from_str(it).map_err(|error| format!("{error} in {it}"))?;
            conforms(&api.document, &content["schema"], &message, "a message")
        }),
        _ => Ok(()),
    }
}

/// The data of the messages in a stream of events.
fn messages(answer: &Answer) -> impl Iterator<Item = &str> {
    let blocks = answer.text.split("\n\n").filter(|it| it.lines().any(|it| it == "event: message"));
    blocks.filter_map(|it| it.lines().find_map(|it| it.strip_prefix("data: ")))
}

/// What the document allows is understood, and what it forbids is not done.
fn deserved(api: &Api, operation: &Operation, request: &Request, answer: &Answer) -> Result<(), String> {
    // The document has no words for a header that comes twice: it may be a list, or a mistake.
    if operation.parameters.iter().any(|it| it.place == "header" && request.header(&it.name).count() > 1) {
        return Ok(());
    }
    let is_too_large = request.body.bytes().len() > LARGEST_BODY_BYTES;
    let fault = unfit_body(api, operation, request)
        .or_else(|| operation.parameters.iter().find_map(|it| unfit(api, operation, it, request)));
    match (answer.status, fault) {
        (200..=299, Some(fault)) => Err(format!("{fault}, and was taken all the same")),
        (400 | 415, None) => Err("nothing is wrong with the request by the document".into()),
        (413, _) if !is_too_large => Err("the body is not too large".into()),
        _ => Ok(()),
    }
}

fn unfit_body(api: &Api, operation: &Operation, request: &Request) -> Option<String> {
    if operation.bodies.is_empty() {
        return None;
    }
    let kind = request.header("content-type").next().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    // A content type with JSON in it is JSON (RFC 6839).
    let kind = if kind.ends_with("+json") { "application/json" } else { kind };
    let Some(schema) = operation.bodies.get(kind) else {
        return Some(format!("{kind:?} is no content type"));
    };
    let Ok(body) = serde_json::from_slice::<Value>(&request.body.bytes()) else {
        return Some("the body is no JSON".into());
    };
    conforms(&api.document, schema, &body, "the body").err()
}

/// Whether a parameter has a value that its schema does not allow. An id that is none is found nowhere, which is fine.
fn unfit(api: &Api, operation: &Operation, parameter: &Parameter, request: &Request) -> Option<String> {
    let name = parameter.name.as_str();
    let values: Vec<String> = match parameter.place.as_str() {
        "header" => request.header(name).map(str::to_owned).collect(),
        "query" => query_values(&request.path, name),
        _ => operation.path_value(name, &request.path).map(unescaped).into_iter().collect(),
    };
    let value = match values.as_slice() {
        [] => return parameter.required.then(|| format!("{name} is missing")),
        [one] => one.trim(),
        _ => return Some(format!("{name} comes twice")),
    };
    let is_integer = types(&parameter.schema).contains(&"integer");
    let number = value.parse::<u64>().ok().filter(|_| is_integer);
    let value = number.map_or_else(|| Value::from(value), Value::from);
    conforms(&api.document, &parameter.schema, &value, name).err()
}

fn query_values(path: &str, name: &str) -> Vec<String> {
    let query = path.split_once('?').map_or("", |it| it.1);
    let pairs = query.split('&').filter_map(|it| it.split_once('='));
    pairs.filter(|it| unescaped(it.0) == name).map(|it| unescaped(&it.1.replace('+', " "))).collect()
}

fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl Answer {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }
}
