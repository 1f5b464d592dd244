use jiff::civil::Date;
use serde::Deserialize;

/// A day, written in the one way that the description names.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Day(pub(super) Date);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no day: write it like 2030-07-01")]
pub(super) struct NotADay(String);

impl TryFrom<String> for Day {
    type Error = NotADay;

    /// The library would also take `20300701`, a time of the day, and years before the first.
    fn try_from(text: String) -> Result<Self, NotADay> {
        let day = text.parse::<Date>().ok().filter(|it| it.year() >= 0 && it.to_string() == text);
        day.map(Self).ok_or_else(|| NotADay(text.chars().take(40).collect()))
    }
}
