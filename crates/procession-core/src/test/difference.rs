use similar::{ChangeTag, TextDiff};

use crate::{Cancellation, Failure, Output, history::written};

pub(super) type Outcome = Result<Vec<Output>, Failure>;

#[track_caller]
#[expect(clippy::panic, reason = "an assertion of a test")]
pub(super) fn assert_same(given: &[String], when: &str, expected: &Outcome, actual: &Outcome) {
    if expected != actual {
        panic!("{}", difference(given, when, expected, actual));
    }
}

fn difference(given: &[String], when: &str, expected: &Outcome, actual: &Outcome) -> String {
    let given = if given.is_empty() { "nothing".into() } else { given.join("\n        ") };
    let mut text = format!(
        "the outcome is another one (- expected, + actual)\n\n  given {given}\n  when  {when}\n  then\n"
    );
    let (expected, actual) = (lines(expected), lines(actual));
    for change in TextDiff::from_lines(expected.as_str(), actual.as_str()).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => "-",
            ChangeTag::Insert => "+",
            ChangeTag::Equal => " ",
        };
        text.push_str(&format!("{sign}       {change}"));
    }
    text
}

fn lines(outcome: &Outcome) -> String {
    match outcome {
        Ok(outputs) if outputs.is_empty() => "nothing\n".into(),
        Ok(outputs) => outputs.iter().map(|it| it.written() + "\n").collect(),
        Err(failure) => format!("a technical failure: {failure}\n"),
    }
}

impl Output {
    pub(super) fn written(&self) -> String {
        match self {
            Self::Record(it) | Self::Publish(it) | Self::Deliver { message: it, .. } => {
                written(&it.name, &it.payload)
            }
            Self::Send { message, after, .. } if after.is_zero() => written(&message.name, &message.payload),
            Self::Send { message, after, .. } => {
                format!("{} after {after:?}", written(&message.name, &message.payload))
            }
            Self::Reject(it) => format!("rejected: {}", written(&it.name, &it.payload)),
            Self::Ignore(it) => format!("ignored: {}", written(&it.name, &it.payload)),
            Self::Cancel(Cancellation::Command { to, name }) => format!("cancel {name} for {to}"),
            Self::Cancel(Cancellation::TimeoutsOf(stream)) => {
                format!("cancel the timeouts of {stream}")
            }
            Self::Call { effect } => format!("call the effect {effect}"),
            Self::TakeBackCalls { effect } => format!("take back the calls of the effect {effect}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        Saga,
        doc::RoomRejection,
        doc::{CleanRoom, GuestLeft, Room, RoomCleaned},
        test::{given, given_saga},
    };

    fn failure_of(run: impl FnOnce()) -> String {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn a_wrong_expectation_shows_the_difference_as_a_person_would_write_it() {
        let shown = failure_of(|| {
            given::<Room>(()).when(CleanRoom { room: 7 }).then(RoomCleaned { room: 8 });
        });
        assert_eq!(
            shown,
            "the outcome is another one (- expected, + actual)\n\n  \
             given nothing\n  when  CleanRoom { room: 7 }\n  then\n\
             -       RoomCleaned { room: 8 }\n\
             +       RoomCleaned { room: 7 }\n"
        );
    }

    #[test]
    fn an_unexpected_rejection_is_shown() {
        let shown = failure_of(|| {
            given::<Room>(RoomCleaned { room: 7 }).when(CleanRoom { room: 7 }).then(RoomCleaned { room: 7 });
        });
        assert!(shown.contains("-       RoomCleaned { room: 7 }\n"), "{shown}");
        assert!(shown.contains("+       rejected: RoomRejection"), "{shown}");
        assert!(shown.contains("the room is clean already"), "{shown}");
    }

    #[test]
    fn an_expected_rejection_that_does_not_come_is_shown() {
        let shown = failure_of(|| {
            given::<Room>(()).when(CleanRoom { room: 7 }).then_rejected(RoomRejection::AlreadyClean);
        });
        assert!(shown.contains("+       RoomCleaned { room: 7 }\n"), "{shown}");
    }

    #[test]
    fn a_panic_in_a_handler_is_an_outcome_that_is_shown() {
        let saga = Saga::named("nervous").on(|event: &GuestLeft| {
            assert!(event.room != 13, "no room 13");
            CleanRoom { room: event.room }
        });
        let shown = failure_of(|| given_saga(saga).when(GuestLeft { room: 13 }).then(CleanRoom { room: 13 }));
        assert!(shown.contains("+       a technical failure: the handler panicked: no room 13"), "{shown}");
    }
}
