use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use hotel::Style;
use procession::{
    Application,
    log::{Kind, Position, Recorded},
    replay::Replay,
};
use serde_json::Value;

use crate::{groups::Group, stored::Stored};

/// Follows the log over all restarts: decides it again, and counts answers where nothing is folded away.
pub(crate) struct Audit<'a> {
    replay: Replay<'a>,
    read_through: Position,
    answers: BTreeMap<(String, String), u32>,
    unanswered: BTreeSet<(String, String)>,
    ends: BTreeMap<String, u32>,
}

impl<'a> Audit<'a> {
    pub(crate) fn new(application: &'a Application) -> Self {
        let replay = Replay::new(application.engine());
        let (answers, unanswered, ends) = Default::default();
        Self { replay, read_through: Position::START, answers, unanswered, ends }
    }

    /// Takes what is new in the log, and checks it. What was there before must still be before it.
    pub(crate) fn follow(&mut self, store: &Path, style: Style) {
        for recorded in Stored::open(store, style).log_after(self.read_through) {
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
        if recorded.entry.kind != Kind::Event {
            return;
        }
        let payload: Value = serde_json::from_str(&recorded.entry.payload).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let group = text(&payload["group_checkout"]);
        match &*recorded.entry.name {
            "GuestCheckoutCompletionRecorded" | "GuestCheckoutFailureRecorded" => {
                *self.answers.entry((group, text(&payload["guest_stay"]))).or_default() += 1;
            }
            "GroupCheckoutCompleted" | "GroupCheckoutFailed" => *self.ends.entry(group).or_default() += 1,
            "GroupCheckoutTimedOut" => {
                let unanswered = payload["unanswered"].as_array().unwrap().iter();
                self.unanswered.extend(unanswered.map(|it| (group.clone(), text(it))));
                *self.ends.entry(group).or_default() += 1;
            }
            _ => {}
        }
    }

    /// Each guest of these groups has exactly one answer, or none and was named when time was up; and each group has one
    /// end. Returns how many decisions were made again.
    pub(crate) fn finish(self, groups: &[Group]) -> u64 {
        let guests = groups.iter().flat_map(|group| {
            group.guests.iter().map(|guest| ((group.id.to_string(), guest.stay.to_string()), 1))
        });
        let unanswered = self.unanswered.into_iter().map(|it| (it, 1));
        let answers: Vec<_> = self.answers.into_iter().chain(unanswered).collect();
        assert_eq!(
            answers.len(),
            answers.iter().collect::<BTreeSet<_>>().len(),
            "answered, or not answered in time"
        );
        assert_eq!(answers.into_iter().collect::<BTreeMap<_, _>>(), guests.collect());
        assert_eq!(self.ends, groups.iter().map(|it| (it.id.to_string(), 1)).collect());
        self.replay.finish().unwrap()
    }
}
