use procession::{
    history::Layer,
    log::{Kind, Recorded},
};

use crate::cli::look;

/// What has sent a command.
#[derive(PartialEq)]
pub(super) enum Sender {
    /// Somebody with an intention.
    Outside,
    /// A saga, a module, or a process manager, with its name.
    Named(&'static str, String),
    /// Something that this style does not have.
    Unknown,
}

/// Whose messages a layer holds.
#[derive(Default)]
pub(super) struct Who {
    senders: Vec<Sender>,
    targets: Vec<String>,
    routed_to: Vec<String>,
    recorders: Vec<String>,
    publishers: Vec<String>,
    ignorers: Vec<String>,
}

impl Who {
    pub(super) fn of(layer: &Layer<'_>, sender: impl Fn(&Recorded) -> Sender) -> Self {
        let mut who = Self::default();
        for message in &layer.messages {
            let category = message.entry.stream.category().to_owned();
            match message.entry.kind {
                Kind::Command | Kind::ExecutedCommand => {
                    add(sender(message), &mut who.senders);
                    add(category, &mut who.targets);
                }
                Kind::Event | Kind::Rejection | Kind::Failure | Kind::Operation | Kind::EffectResult => {
                    add(category, &mut who.recorders)
                }
                Kind::PublicEvent => add(category, &mut who.publishers),
                Kind::Input => add(category, &mut who.routed_to),
                Kind::Ignored => add(category, &mut who.ignorers),
            }
        }
        who
    }

    /// As a sentence: with to whom the commands are addressed, without it, and as short as it goes.
    pub(super) fn told(&self) -> [String; 3] {
        let to = format!(" to {}", self.targets.join(", "));
        if self.is_all_of_one_process() {
            let by = self.by();
            let both = format!("sent and recorded{by}");
            return [format!("{both}{to}"), both, by.trim_start().into()];
        }
        [self.phrases(&to), self.phrases(""), self.phrases("")]
    }

    fn phrases(&self, to: &str) -> String {
        let sent = (!self.senders.is_empty()).then(|| format!("sent{}{to}", self.by()));
        let others = [
            ("recorded by", &self.recorders),
            ("published by", &self.publishers),
            ("routed to process manager", &self.routed_to),
            ("not taken by process manager", &self.ignorers),
        ];
        let others = others.into_iter().filter(|(_, names)| !names.is_empty());
        let others = others.map(|(verb, names)| format!("{verb} {}", listed(names)));
        sent.into_iter().chain(others).collect::<Vec<_>>().join(", ")
    }

    /// A process manager records and sends in one step.
    fn is_all_of_one_process(&self) -> bool {
        let [Sender::Named("process manager", process)] = self.senders.as_slice() else { return false };
        self.recorders == [process.as_str()]
    }

    /// ` by saga group_checkout`, ` by modules guest_stays and group_checkouts`, ` from outside`.
    fn by(&self) -> String {
        let mut by = String::new();
        for kind in ["saga", "module", "process manager"] {
            let names = self.senders.iter().filter_map(|it| match it {
                Sender::Named(of, name) if *of == kind => Some(name.clone()),
                _ => None,
            });
            let names: Vec<String> = names.collect();
            if !names.is_empty() {
                let s = if names.len() > 1 { "s" } else { "" };
                by += &format!(" by {kind}{s} {}", listed(&names));
            }
        }
        if self.senders.contains(&Sender::Outside) {
            by += " from outside";
        }
        by
    }
}

fn add<T: PartialEq>(one: T, to: &mut Vec<T>) {
    if !to.contains(&one) {
        to.push(one);
    }
}

fn listed(names: &[String]) -> String {
    look::list(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &'static str, name: &str) -> Sender {
        Sender::Named(kind, name.into())
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|it| (*it).into()).collect()
    }

    #[test]
    fn senders_and_targets_are_told_and_left_out_when_there_is_no_room() {
        let who = Who {
            senders: vec![named("module", "stays"), named("module", "groups")],
            targets: names(&["stay", "group"]),
            ..Who::default()
        };
        let shortest = "sent by modules stays and groups";
        assert_eq!(who.told(), [&format!("{shortest} to stay, group"), shortest, shortest]);
    }

    #[test]
    fn a_process_manager_that_sends_and_records_is_named_once() {
        let who = Who {
            senders: vec![named("process manager", "group")],
            targets: names(&["stay"]),
            recorders: names(&["group"]),
            ..Who::default()
        };
        let both = "sent and recorded by process manager group";
        assert_eq!(who.told(), [&format!("{both} to stay"), both, "by process manager group"]);
    }

    #[test]
    fn inputs_public_events_and_what_was_not_taken_have_words_of_their_own() {
        let group = || names(&["group"]);
        let told = |who: Who| who.told()[0].clone();
        assert_eq!(told(Who { routed_to: group(), ..Who::default() }), "routed to process manager group");
        assert_eq!(
            told(Who { ignorers: group(), recorders: names(&["stay"]), ..Who::default() }),
            "recorded by stay, not taken by process manager group"
        );
        assert_eq!(told(Who { publishers: group(), ..Who::default() }), "published by group");
    }

    #[test]
    fn who_has_sent_it_from_outside_or_in_another_style_has_no_name() {
        let who = |sender| Who { senders: vec![sender], targets: names(&["stay"]), ..Who::default() };
        assert_eq!(who(Sender::Outside).told()[0], "sent from outside to stay");
        assert_eq!(who(Sender::Unknown).told()[0], "sent to stay");
    }
}
