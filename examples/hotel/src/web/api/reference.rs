use maud::{Markup, html};
use serde_json::Value;

use crate::web::problem::ProblemKind;

/// Everything that the description says, as the body of a page.
pub(super) fn reference(document: &Value) -> Markup {
    let info = &document["info"];
    html! {
        header.intro {
            h1 { (text(info, "title")) }
            @for paragraph in text(info, "description").split("\n\n") { p { (marked(paragraph)) } }
            p { "The same for programs: " a href="/api/openapi.json" { "openapi.json" } }
        }
        @for tag in items(&document["tags"]) {
            section.panel aria-labelledby=(text(tag, "name").to_lowercase().replace(' ', "-")) {
                h2 id=(text(tag, "name").to_lowercase().replace(' ', "-")) { (text(tag, "name")) }
                p.hint { (text(tag, "description")) }
                @for (path, methods) in entries(&document["paths"]) {
                    @for (method, operation) in entries(methods) {
                        @if items(&operation["tags"]).any(|it| it == &tag["name"]) {
                            (operation_entry(path, method, operation))
                        }
                    }
                }
            }
        }
        (schemas(&document["components"]["schemas"]))
        (problems())
    }
}

fn operation_entry(path: &str, method: &str, operation: &Value) -> Markup {
    html! {
        details.operation {
            summary {
                span.method data-method=(method) { (method.to_uppercase()) }
                code { (path) }
                span.hint { (text(operation, "summary")) }
            }
            @for paragraph in text(operation, "description").split("\n\n").filter(|it| !it.is_empty()) {
                p { (marked(paragraph)) }
            }
            (parameters(&operation["parameters"]))
            @for (kind, content) in entries(&operation["requestBody"]["content"]) {
                p { "Takes " (schema_name(&content["schema"])) " as " code { (kind) } "." }
            }
            (responses(&operation["responses"]))
        }
    }
}

fn parameters(parameters: &Value) -> Markup {
    html! {
        @if items(parameters).next().is_some() {
            div.scroll { table.plain {
                caption { "Parameters" }
                thead { tr { th scope="col" { "Name" } th scope="col" { "Where" } th scope="col" { "What" } } }
                tbody { @for it in items(parameters) {
                    tr {
                        th scope="row" { code { (text(it, "name")) } }
                        td { (text(it, "in")) @if it["required"] == true { ", required" } }
                        td {
                            (marked(text(it, "description")))
                            @if let Some(example) = it.get("example") { " Example: " code { (plain(example)) } }
                        }
                    }
                } }
            } }
        }
    }
}

fn responses(responses: &Value) -> Markup {
    html! {
        div.scroll { table.plain {
            caption { "Answers" }
            thead { tr { th scope="col" { "Status" } th scope="col" { "Meaning" } th scope="col" { "Body" } th scope="col" { "Headers" } } }
            tbody { @for (status, response) in entries(responses) {
                tr {
                    th scope="row" { (status) }
                    td { (marked(text(response, "description"))) }
                    td { @for (kind, content) in entries(&response["content"]) {
                        (schema_name(&content["schema"])) " " span.hint { (kind) }
                    } }
                    td { @for (name, _) in entries(&response["headers"]) { code { (name) } " " } }
                }
            } }
        } }
    }
}

fn schemas(schemas: &Value) -> Markup {
    html! {
        section.panel aria-labelledby="bodies" {
            h2 id="bodies" { "Bodies" }
            @for (name, schema) in entries(schemas) {
                div.scroll { table.plain id={ "body-" (name) } {
                    caption { strong { (name) } " " (marked(text(schema, "description"))) }
                    thead { tr { th scope="col" { "Field" } th scope="col" { "Type" } th scope="col" { "What" } } }
                    tbody { @for (field, it) in entries(&schema["properties"]) {
                        tr {
                            th scope="row" {
                                code { (field) }
                                @if !items(&schema["required"]).any(|it| it == field) { span.hint { " optional" } }
                            }
                            td { (schema_name(it)) }
                            td {
                                (marked(text(it, "description")))
                                @if let Some(example) = it.get("example") { " Example: " code { (plain(example)) } }
                            }
                        }
                    } }
                } }
            }
        }
    }
}

fn problems() -> Markup {
    html! {
        section.panel aria-labelledby="problems" {
            h2 id="problems" { "Problems" }
            div.scroll { table.plain {
                thead { tr { th scope="col" { "Type" } th scope="col" { "Status" } th scope="col" { "What to do" } } }
                tbody { @for (kind, advice) in ProblemKind::all() {
                    tr id=(kind.slug()) {
                        th scope="row" { code { (kind.uri()) } }
                        td { (kind.status().as_u16()) }
                        td { strong { (kind.title()) ". " } (advice) }
                    }
                } }
            } }
        }
    }
}

/// A schema in a word or two, with a link when it has a table of its own.
fn schema_name(schema: &Value) -> Markup {
    if let Some(name) = text(schema, "$ref").rsplit('/').next().filter(|it| !it.is_empty()) {
        return html! { a href={ "#body-" (name) } { (name) } };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(plain).collect::<Vec<_>>().join(" or "),
        Value::Null => "anything".into(),
        one => plain(one),
    };
    html! {
        @if let Some(items) = schema.get("items") { "list of " (schema_name(items)) } @else { (types) }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Text in which `this` is code.
fn marked(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
