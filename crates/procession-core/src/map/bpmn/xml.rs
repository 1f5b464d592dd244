//! Just enough XML: elements, attributes, text, and the few characters that mean something. A crate for it would weigh
//! on everybody who uses the core.

use std::fmt::Write;

/// An element.
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    pub(super) fn named(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new(), text: String::new() }
    }

    pub(super) fn with(mut self, attribute: &'static str, value: impl ToString) -> Self {
        self.attributes.push((attribute, value.to_string()));
        self
    }

    pub(super) fn containing(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    pub(super) fn saying(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    pub(super) fn to_document(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.write(0, &mut text);
        text
    }

    fn write(&self, indent: usize, text: &mut String) {
        _ = write!(text, "{:indent$}<{}", "", self.name);
        for (name, value) in &self.attributes {
            _ = write!(text, " {name}=\"{}\"", escaped(value));
        }
        if self.children.is_empty() && self.text.is_empty() {
            text.push_str("/>\n");
            return;
        }
        _ = write!(text, ">{}", escaped(&self.text));
        if !self.children.is_empty() {
            text.push('\n');
            self.children.iter().for_each(|it| it.write(indent + 2, text));
            _ = write!(text, "{:indent$}", "");
        }
        _ = writeln!(text, "</{}>", self.name);
    }
}

/// Control characters cannot stand in XML at all, not even escaped.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, it| {
        match it {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            it if it.is_control() => escaped.push('\u{fffd}'),
            it => escaped.push(it),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn what_means_something_to_xml_is_escaped() {
        let element = Element::named("task").with("name", "\"a\" < b & c\u{1}").saying("d > e");
        assert_eq!(
            element.to_document().lines().nth(1).unwrap(),
            "<task name=\"&quot;a&quot; &lt; b &amp; c\u{fffd}\">d &gt; e</task>"
        );
    }
}
