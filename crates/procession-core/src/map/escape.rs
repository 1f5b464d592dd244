//! Names, as the drawings' formats take them.

use std::fmt::Write;

/// An id of letters, digits and `_`: other characters are written as their numbers.
pub(super) fn id(name: &str) -> String {
    name.chars().fold(String::new(), |mut id, it| {
        _ = if is_plain(it) { write!(id, "{it}") } else { write!(id, "_{}_", u32::from(it)) };
        id
    })
}

/// Text for Mermaid: what could mean something to it, or to the HTML it becomes, is written as an entity.
pub(super) fn mermaid(text: &str) -> String {
    text.chars().fold(String::new(), |mut text, it| {
        let harmless = it.is_alphanumeric() || " _-.,?*()/".contains(it);
        _ = if harmless { write!(text, "{it}") } else { write!(text, "#{};", u32::from(it)) };
        text
    })
}

fn is_plain(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_'
}

#[cfg(test)]
mod tests {
    use super::{id, mermaid};

    #[test]
    fn odd_names_are_drawn_as_they_are() {
        assert_eq!((id("GuestLeft"), mermaid("GuestLeft")), ("GuestLeft".into(), "GuestLeft".into()));
        assert_eq!(id("guest-left"), "guest_45_left");
        assert_eq!(mermaid("the \"left\" guest; <b>"), "the #34;left#34; guest#59; #60;b#62;");
    }
}
