//! The programs whose logs are fuzzed, and a log that is worked off on the spot.

use std::{panic::Location, sync::LazyLock, time::Duration};

use hotel::Style;
use procession::Application;

/// By their names in the first line of an input.
static PROGRAMS: LazyLock<Vec<(&'static str, Application)>> = LazyLock::new(|| {
    let mut programs = vec![
        ("world", procession_store_tests::world()),
        ("shop", shop::shop(Duration::from_secs(60), None).unwrap()),
    ];
    programs.extend(Style::ALL.into_iter().map(|it| (it.name(), hotel::hotel(it).unwrap())));
    programs
});

pub(crate) fn program(name: &str) -> Option<&'static Application> {
    PROGRAMS.iter().find(|it| it.0 == name).map(|it| &it.1)
}

/// Whether a panic comes from a handler that is there to panic, so that the engine has to catch it.
///
/// Also a sum that is too large for a handler of this small world is the handler's own fault.
#[must_use]
pub fn is_on_purpose(place: Option<&Location<'_>>) -> bool {
    place.is_some_and(|it| it.file().contains("procession-store-tests/src/domain"))
}
