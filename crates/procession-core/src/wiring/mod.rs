//! Whether modules fit together: every mistake in the wiring, found when they are put together.

mod effects;
mod error;
mod messages;
mod names;
mod processes;

use crate::{Module, ProcessMap};

pub use error::{WiringError, WiringErrors};

/// Reports all mistakes at once, in the order of the modules.
pub(crate) fn check(modules: &[Module], map: &ProcessMap) -> Result<(), WiringErrors> {
    let mut errors = Vec::new();
    names::check(modules, map, &mut errors);
    messages::check(map, &mut errors);
    processes::check(modules, map, &mut errors);
    effects::check(modules, map, &mut errors);
    if errors.is_empty() { Ok(()) } else { Err(WiringErrors(errors)) }
}
