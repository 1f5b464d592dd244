use std::{
    collections::BTreeSet,
    io::Write,
    time::{Duration, Instant},
};

use hotel::{Style, hotel};
use jiff::Timestamp;
use procession::{
    ProcessMap, Reader,
    history::{Layer, layers},
    log::{Kind, Position, ProcessId, Recorded},
    map::Trigger,
    store::Progress,
};

use crate::cli::{CliError, Done, look};

/// A process that is told while it runs: each layer as soon as nothing can be missing from it.
pub(crate) struct Unfolding<'a> {
    pub(super) process: ProcessId,
    pub(super) map: ProcessMap,
    reader: &'a Reader,
    history: Vec<Recorded>,
    progress: Progress,
    told: BTreeSet<Position>,
    watched_since: Option<Instant>,
    /// When what was read last was certainly durable, since watching began.
    pub(super) durable: Option<Duration>,
}

impl<'a> Unfolding<'a> {
    /// A process of which nothing was told yet.
    pub(crate) async fn of(reader: &'a Reader, process: ProcessId, style: Style) -> Result<Self, CliError> {
        let (map, progress) = (hotel(style)?.map().clone(), reader.store().progress().await?);
        let mut unfolding = Self {
            process,
            map,
            reader,
            history: Vec::new(),
            progress,
            told: BTreeSet::new(),
            watched_since: None,
            durable: None,
        };
        unfolding.read().await?;
        Ok(unfolding)
    }

    /// Tells also how long after `begun` each layer was found durable.
    pub(crate) fn watched_since(self, begun: Instant) -> Self {
        Self { watched_since: Some(begun), ..self }
    }

    /// The process has become quiet, and all of it was durable by then.
    pub(crate) fn ended_after(&mut self, took: Duration) {
        (self.watched_since, self.durable) = (None, Some(took));
    }

    /// What is in the log by now.
    pub(crate) fn history(&self) -> &[Recorded] {
        &self.history
    }

    /// Reads on, and tells the layers that are complete. What a timer adds to a layer later is told when it comes.
    pub(crate) async fn tell_complete(&mut self, out: &mut dyn Write) -> Done {
        self.read().await?;
        let layers = layers(&self.history);
        let mut told = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|it| layers.get(it));
            if before.is_some_and(|it| !self.is_handled(it)) {
                break;
            }
            told.extend(self.tell_news(layer, out)?);
        }
        self.told.extend(told);
        Ok(())
    }

    /// Reads on, and tells everything that there is.
    pub(crate) async fn tell_rest(&mut self, out: &mut dyn Write) -> Done {
        self.read().await?;
        let mut told = Vec::new();
        for layer in layers(&self.history) {
            told.extend(self.tell_news(&layer, out)?);
        }
        self.told.extend(told);
        Ok(())
    }

    /// Tells the messages of a layer that were not told yet.
    fn tell_news(&self, layer: &Layer<'_>, out: &mut dyn Write) -> Result<Vec<Position>, CliError> {
        let is_news = |it: &&Recorded| !self.told.contains(&it.position);
        let news =
            Layer { depth: layer.depth, messages: layer.messages.iter().copied().filter(is_news).collect() };
        if !news.messages.is_empty() {
            self.tell_layer(&news, out)?;
        }
        Ok(news.messages.iter().map(|it| it.position).collect())
    }

    /// Tells what the process still waits for.
    pub(crate) async fn tell_what_is_left(&self, out: &mut dyn Write) -> Done {
        let parked = self.reader.parked().await?;
        let parked: Vec<_> = parked.iter().filter(|it| it.process == self.process).collect();
        for it in &parked {
            let why = it.cause.as_deref().unwrap_or("it waits behind an earlier one");
            let (style, handler) = (look::BAD, &it.handler);
            writeln!(out, "  {style}✗ #{} is parked at {handler}: {why}{style:#}", it.position)?;
        }
        match self.history.iter().filter(|it| !self.is_message_handled(it)).count() {
            0 if parked.is_empty() => writeln!(out, "  At rest: nothing of it is on the way.")?,
            0 => writeln!(out, "  Stuck: {} parked.", look::count(parked.len(), "message"))?,
            waiting => writeln!(out, "  Running: {} on the way.", look::count(waiting, "message"))?,
        }
        Ok(())
    }

    /// When it began.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        self.history.first().map(|it| it.entry.at)
    }

    pub(super) fn message(&self, position: Position) -> Option<&Recorded> {
        let index = self.history.binary_search_by_key(&position, |it| it.position).ok()?;
        self.history.get(index)
    }

    /// How far the handling is must be read first: what was handled by then has left its traces in what is read next.
    async fn read(&mut self) -> Done {
        self.progress = self.reader.store().progress().await?;
        let after = self.history.last().map_or(Position::START, |it| it.position);
        self.history.extend(self.reader.history(self.process, after).await?);
        self.durable = self.watched_since.map(|it| it.elapsed()).or(self.durable);
        Ok(())
    }

    fn is_handled(&self, layer: &Layer<'_>) -> bool {
        layer.messages.iter().all(|it| self.is_message_handled(it))
    }

    fn is_message_handled(&self, message: &Recorded) -> bool {
        let entry = &message.entry;
        let waits_for_a_handler = match entry.kind {
            Kind::Command | Kind::Input => true,
            Kind::ExecutedCommand
            | Kind::Rejection
            | Kind::Ignored
            | Kind::Failure
            | Kind::Operation
            | Kind::EffectResult => false,
            Kind::Event | Kind::PublicEvent => {
                self.map.handlers().any(|(_, it)| it.trigger == Trigger::Event && it.takes.name == entry.name)
            }
        };
        let partitions = u16::try_from(self.progress.checkpoints.len()).unwrap_or(u16::MAX);
        let checkpoint = self.progress.checkpoints.get(entry.stream.partition(partitions).index());
        !waits_for_a_handler || checkpoint.is_some_and(|it| message.position <= *it)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hotel::{
        group_checkouts::{
            GroupCheckout, GroupCheckoutInitiated, InitiateGroupCheckout, TimeoutGroupCheckout,
        },
        guest_stays::{CheckOutGuest, GuestCheckedOut, GuestStay},
    };
    use procession::{
        Decider, MemoryStore, Message, Partition, Store, Stream,
        store::{Batch, CheckpointMove, Expected, NewEntry, Reference},
    };

    use super::*;

    fn entry(kind: Kind, stream: &Stream, message: &impl Message, cause: u64) -> NewEntry {
        let message = message.encode().unwrap();
        let causation = Some(Reference::Position(Position(cause))).filter(|_| cause > 0);
        NewEntry {
            entry: Arc::new(procession::log::Entry::new(
                kind,
                stream.clone(),
                message,
                Timestamp::UNIX_EPOCH,
            )),
            process: causation.map(|_| Reference::Position(Position(1))),
            causation,
            expected: Expected::Any,
            idempotency_key: None,
        }
    }

    /// The partition of a stream is handled up to a position.
    fn handled(stream: &Stream, to: u64) -> CheckpointMove {
        let partition = stream.partition(MemoryStore::new().partitions());
        CheckpointMove { partition, token: 1, from: Position::START, to: Position(to) }
    }

    /// Two guests are asked, the first has left, the second has not answered.
    fn half_way(group: &Stream, first: &Stream, second: &Stream) -> Batch {
        let (group_checkout, clerk): (hotel::GroupCheckoutId, hotel::ClerkId) =
            ("tour".parse().unwrap(), "eve".parse().unwrap());
        let guest_stays = vec![stay(first), stay(second)];
        let initiate = InitiateGroupCheckout {
            group_checkout: group_checkout.clone(),
            clerk: clerk.clone(),
            guest_stays: guest_stays.clone(),
            within: None,
        };
        let at = Timestamp::UNIX_EPOCH;
        let initiated = GroupCheckoutInitiated { group_checkout, clerk, guest_stays, within: None, at };
        let ask = |stream| CheckOutGuest { guest_stay: stay(stream), group_checkout: None };
        let entries = vec![
            entry(Kind::ExecutedCommand, group, &initiate, 0),
            entry(Kind::Event, group, &initiated, 1),
            entry(Kind::Command, first, &ask(first), 2),
            entry(Kind::Command, second, &ask(second), 2),
            entry(Kind::Event, first, &left(first), 3),
        ];
        Batch { entries, checkpoints: vec![handled(group, 2), handled(first, 3)], ..Batch::default() }
    }

    fn stay(stream: &Stream) -> hotel::GuestStayId {
        stream.id().parse().unwrap()
    }

    fn left(stream: &Stream) -> GuestCheckedOut {
        GuestCheckedOut { guest_stay: stay(stream), group_checkout: None, at: Timestamp::UNIX_EPOCH }
    }

    async fn told(unfolding: &mut Unfolding<'_>) -> String {
        let mut told = Vec::new();
        unfolding.tell_complete(&mut told).await.unwrap();
        String::from_utf8(told).unwrap()
    }

    #[tokio::test]
    async fn a_layer_is_told_when_everything_before_it_is_handled_and_not_earlier() {
        let group = Stream::new(GroupCheckout::CATEGORY, "tour").unwrap();
        let [first, second] = ["1", "2"].map(|it| Stream::new(GuestStay::CATEGORY, it).unwrap());
        let store = Arc::new(MemoryStore::new());
        store.acquire((0..store.partitions()).map(Partition).collect()).await.unwrap();
        store.commit(half_way(&group, &first, &second)).await.unwrap();
        let reader = Reader::new(&hotel(Style::default()).unwrap(), Arc::clone(&store) as Arc<dyn Store>);
        let mut unfolding = Unfolding::of(&reader, ProcessId(1), Style::default()).await.unwrap();

        let half = told(&mut unfolding).await;
        assert!(half.contains("2 commands") && !half.contains("GuestCheckedOut"), "{half}");

        let entries = vec![entry(Kind::Event, &second, &left(&second), 4)];
        let checkpoints = vec![handled(&second, 4)];
        store.commit(Batch { entries, checkpoints, ..Batch::default() }).await.unwrap();
        let rest = told(&mut unfolding).await;
        assert!(rest.contains("2 events") && !rest.contains("2 commands"), "{rest}");
    }

    #[tokio::test]
    async fn what_a_timer_adds_to_a_layer_later_is_told_when_it_comes_and_nothing_twice() {
        let group = Stream::new(GroupCheckout::CATEGORY, "tour").unwrap();
        let [first, second] = ["1", "2"].map(|it| Stream::new(GuestStay::CATEGORY, it).unwrap());
        let store = Arc::new(MemoryStore::new());
        store.acquire((0..store.partitions()).map(Partition).collect()).await.unwrap();
        store.commit(half_way(&group, &first, &second)).await.unwrap();
        let reader = Reader::new(&hotel(Style::default()).unwrap(), Arc::clone(&store) as Arc<dyn Store>);
        let mut unfolding = Unfolding::of(&reader, ProcessId(1), Style::default()).await.unwrap();
        told(&mut unfolding).await;

        let time_is_up = TimeoutGroupCheckout { group_checkout: "tour".parse().unwrap() };
        let entries = vec![entry(Kind::Command, &group, &time_is_up, 2)];
        store.commit(Batch { entries, ..Batch::default() }).await.unwrap();
        let late = told(&mut unfolding).await;

        let parts = [
            " 3  1 command",
            "sent by saga group_checkout to group_checkout",
            "TimeoutGroupCheckout",
            "time is up",
        ];
        assert!(parts.iter().all(|it| late.contains(it)), "{late}");
        assert!(!late.contains("CheckOutGuest"), "{late}");
    }
}
