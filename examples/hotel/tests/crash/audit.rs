use std::{collections::BTreeMap, path::Path};

use procession::{
    Application,
    log::{Position, Recorded},
    replay::Replay,
};

use crate::{groups::Group, stored::Stored};

/// Follows the log over all restarts: decides it again, and counts answers where nothing is folded away.
pub(crate) struct Audit<'a> {
    replay: Replay<'a>,
    read_through: Position,
    answers: BTreeMap<(String, String), u32>,
    ends: BTreeMap<String, u32>,
}

impl<'a> Audit<'a> {
    pub(crate) fn new(application: &'a Application) -> Self {
        let replay = Replay::new(application.engine());
        Self { replay, read_through: Position::START, answers: BTreeMap::new(), ends: BTreeMap::new() }
    }

    /// Takes what is new in the log, and checks it. What was there before must still be before it.
    pub(crate) fn follow(&mut self, store: &Path) {
        for recorded in Stored::open(store).log_after(self.read_through) {
            assert_eq!(
                recorded.position,
                self.read_through.plus(1),
                "the log has no gap, and keeps what it had"
            );
            self.read_through = recorded.position;
            self.count(&recorded);
            self.replay.next(recorded).unwrap();
        }
        let twice: Vec<_> = self.answers.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "answered more than once: {twice:?}");
    }

    fn count(&mut self, recorded: &Recorded) {
        let field = |name: &str| {
            let payload: serde_json::Value = serde_json::from_str(&recorded.entry.payload).unwrap();
            payload[name].as_str().unwrap_or_default().to_owned()
        };
        match &*recorded.entry.name {
            "GuestCheckoutCompletionRecorded" | "GuestCheckoutFailureRecorded" => {
                *self.answers.entry((field("group_checkout"), field("guest_stay"))).or_default() += 1;
            }
            "GroupCheckoutCompleted" | "GroupCheckoutFailed" => {
                *self.ends.entry(field("group_checkout")).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Each guest of these groups has exactly one answer, and each group one end. Returns how many decisions were
    /// made again.
    pub(crate) fn finish(self, groups: &[Group]) -> u64 {
        let guests = groups.iter().flat_map(|group| {
            group.guests.iter().map(|guest| ((group.id.to_string(), guest.stay.to_string()), 1))
        });
        assert_eq!(self.answers, guests.collect());
        assert_eq!(self.ends, groups.iter().map(|it| (it.id.to_string(), 1)).collect());
        self.replay.finish().unwrap()
    }
}
