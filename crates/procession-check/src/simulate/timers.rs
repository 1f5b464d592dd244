use std::collections::BTreeMap;

use procession_core::{
    Stream,
    log::{Encoded, Entry, Kind, Position},
};
use procession_runtime::store::Batch;

/// The commands that were asked for later, seen from the batches of all lives: each may come into the log once.
#[derive(Default)]
pub(crate) struct Timers {
    /// By the message whose handling has asked for them.
    asked: BTreeMap<Position, Vec<Asked>>,
    fired_twice: Option<String>,
}

struct Asked {
    to: Stream,
    message: Encoded,
    has_fired: bool,
}

impl Timers {
    /// Notes a batch that stands after a position. What is said at once stands in the batch that also asks for what comes
    /// later, so a timer is only known to the batches after it.
    pub(crate) fn committed(&mut self, batch: &Batch, after: Position) {
        for new in batch.entries.iter().filter(|it| it.entry.kind == Kind::Command) {
            if let Some(cause) = new.causation {
                self.comes(cause.resolve(after), &new.entry);
            }
        }
        for timer in &batch.timers {
            let asked = self.asked.entry(timer.causation.resolve(after)).or_default();
            let (to, message) = (timer.to.clone(), timer.message.clone());
            asked.push(Asked { to, message, has_fired: false });
        }
    }

    fn comes(&mut self, cause: Position, command: &Entry) {
        let asked = self.asked.get_mut(&cause).into_iter().flatten();
        let mut same =
            asked.filter(|it| it.to == command.stream && it.message == command.encoded()).peekable();
        if same.peek().is_none() {
            return;
        }
        match same.find(|it| !it.has_fired) {
            Some(asked) => asked.has_fired = true,
            None => {
                let (name, to) = (&command.name, &command.stream);
                let told = format!("the timer of `{name}` for {to}, asked for by {cause}, has fired twice");
                self.fired_twice.get_or_insert(told);
            }
        }
    }

    pub(crate) fn fired_twice(&self) -> Option<String> {
        self.fired_twice.clone()
    }
}
