//! Lets libFuzzer look for bytes that break the rules of `procession_fuzz`.

use std::panic;

/// The fuzzer stops at every panic. One that a handler raises on purpose is for the engine to catch.
pub fn let_handlers_panic() {
    let stop = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !procession_fuzz::is_on_purpose(panic.location()) {
            stop(panic);
        }
    }));
}
