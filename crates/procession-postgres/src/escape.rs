//! PostgreSQL's texts cannot hold a zero byte, and ids and payloads may. So it is written as two other characters, of which the
//! first is a mark, and so is the mark itself: the order stays, and no two texts become one.

use std::borrow::Cow;

const MARK: char = '\u{1}';

/// A text as the database holds it.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains('\0') && !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(MARK, "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
}

/// The text that became this one.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains(MARK) {
        return Cow::Borrowed(text);
    }
    let mut original = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        // What follows the mark says which of the two it stands for.
        let is_zero = character == MARK && characters.next() == Some(MARK);
        original.push(if is_zero { '\0' } else { character });
    }
    Cow::Owned(original)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_the_order_stays() {
        let texts = [
            "",
            "\0",
            "\0\0",
            "\0a",
            "\u{1}",
            "\u{1}\0",
            "\u{1}\u{1}",
            "\u{1}\u{2}",
            "\u{2}",
            "a",
            "a\0",
            "aa",
        ];

        let escaped = texts.map(|it| escape(it).into_owned());

        assert!(escaped.is_sorted_by(|a, b| a < b), "{escaped:?}");
        assert!(escaped.iter().all(|it| !it.contains('\0')));
        assert_eq!(escaped.each_ref().map(|it| unescape(it).into_owned()), texts);
    }
}
