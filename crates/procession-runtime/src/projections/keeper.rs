use std::{sync::Arc, time::Duration};

use procession_core::{
    Folded, KnownRows, Partition, Projection, Stream,
    log::{Position, Recorded},
};
use tokio::sync::{mpsc, watch};

use super::{Followed, filling::Filling, node::Node};
use crate::{
    Clock,
    request::Call,
    store::{
        Batch, Conflict, Generation, GenerationState, NewParkedStream, ReadModelChanges, Reference,
        RowChange, Store, StoreError,
    },
};

/// Keeps one read model up: it follows the log, fills others beside the one that is read, and puts them in its place.
pub(super) struct Keeper {
    pub(super) projection: Arc<Projection>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    /// None as long as others keep it up.
    pub(super) token: Option<u64>,
    pub(super) fillings: Vec<Filling>,
    /// Whether the store may know better where it stands.
    is_outdated: bool,
    /// None as long as others keep it up.
    followed: watch::Sender<Option<Followed>>,
}

/// Entries that are folded and committed together.
pub(super) const ENTRIES: usize = 1024;
/// How soon it is made durable that there was nothing to do, once there is nothing else to do.
const SAVED_AFTER: Duration = Duration::from_millis(100);
/// A node that is to keep it up, but was taken over, looks again so soon.
const TAKEN_OVER_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// How long to wait when the store fails, or somebody was faster.
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(50);

impl Keeper {
    pub(super) fn new(projection: Arc<Projection>, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let followed = watch::Sender::new(None);
        Self { projection, store, clock, token: None, fillings: Vec::new(), is_outdated: false, followed }
    }

    pub(super) fn name(&self) -> &'static str {
        self.projection.name()
    }

    /// Whoever owns this partition keeps it up.
    pub(super) fn partition(&self) -> Partition {
        let stream = Stream::new("projection", self.name());
        stream.map_or(Partition(0), |it| it.partition(self.store.partitions()))
    }

    pub(super) fn token(&self) -> u64 {
        self.token.unwrap_or_default()
    }

    pub(super) fn followed(&self) -> watch::Receiver<Option<Followed>> {
        self.followed.subscribe()
    }

    /// Looks again where its generations stand.
    pub(super) async fn look(&mut self) -> Result<(), StoreError> {
        let standings = self.store.projections().await?.generations;
        self.fillings.clear();
        for it in standings {
            if *it.generation.projection == *self.projection.name() {
                self.fillings.push(Filling::load(it, &*self.store).await?);
            }
        }
        Ok(())
    }

    /// Runs until the processor has ended, or the store fails for good. It waits while other nodes are to keep it up.
    pub(super) async fn run(mut self, mut node: Node) {
        let projection = self.name();
        while node.is_ours_in_the_end(self.partition()).await {
            let Err(error) = self.keep_up(&mut node).await else { continue };
            match error {
                _ if node.has_ended() => return,
                StoreError::Conflict(Conflict::StaleProjection { .. }) => {
                    self.followed.send_replace(None);
                    tracing::info!(projection, "somebody else keeps the read model up now");
                    if !node.is_one_of_many {
                        return;
                    }
                    self.token = None;
                    tokio::time::sleep(TAKEN_OVER_AGAIN_AFTER).await;
                }
                StoreError::Permanent(_) => {
                    return tracing::error!(projection, %error, "the read model does not follow the log any more");
                }
                error => {
                    tracing::warn!(projection, %error, "the read model cannot follow the log now; trying again");
                    self.is_outdated = true;
                    self.tell(None);
                    tokio::time::sleep(TRIED_AGAIN_AFTER).await;
                }
            }
        }
    }

    /// Follows the log as long as this node is to do it.
    async fn keep_up(&mut self, node: &mut Node) -> Result<(), StoreError> {
        if self.token.is_none() {
            self.acquire().await?;
        } else if std::mem::take(&mut self.is_outdated) {
            self.look().await?;
        }
        while node.is_ours(self.partition()) {
            let head = node.head(&*self.store).await?;
            for index in 0..self.fillings.len() {
                self.follow(index, head, &node.processor).await?;
            }
            // One of them may have begun another one.
            let is_behind = self.fillings.iter().any(|it| self.follows(it) && it.through < head);
            let is_busy = is_behind || self.promote(head, &node.processor).await? || self.sweep().await?;
            self.tell((!is_busy).then_some(head));
            if is_busy {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                biased;
                grown = node.grown(head, &*self.store) => grown?,
                () = tokio::time::sleep(SAVED_AFTER), if self.is_unsaved() => self.save().await?,
            }
            if node.has_ended() {
                return Ok(());
            }
        }
        self.token = None;
        self.followed.send_replace(None);
        Ok(())
    }

    pub(super) fn tell(&self, rests_at: Option<Position>) {
        let read = self.fillings.iter().find(|it| it.state.is_read());
        let through = read.map_or(Position::START, |it| match it.state {
            GenerationState::Inline => Followed::EVERYTHING,
            _ => it.through,
        });
        self.followed.send_replace(Some(Followed { through, rests_at }));
    }

    /// Whether a generation is one that this code can fill.
    pub(super) fn follows(&self, filling: &Filling) -> bool {
        filling.state != GenerationState::Retired && filling.version == self.projection.declared_version()
    }

    /// Takes a generation one step further.
    async fn follow(
        &mut self,
        index: usize,
        head: Position,
        processor: &mpsc::WeakSender<Call>,
    ) -> Result<(), StoreError> {
        let Some(filling) = self.fillings.get(index) else { return Ok(()) };
        if !self.follows(filling) || filling.through >= head {
            return Ok(());
        }
        let entries = self.store.read_log(filling.through, ENTRIES).await?;
        let before = entries.iter().position(|it| self.is_operation(it)).unwrap_or(entries.len());
        match (before, entries.first()) {
            (0, Some(operation)) => self.operate(index, operation, processor).await,
            _ => self.fold(index, &entries[..before]).await,
        }
    }

    /// Folds a part of the log into a generation.
    pub(super) async fn fold(&mut self, index: usize, entries: &[Recorded]) -> Result<(), StoreError> {
        let Some(to) = entries.last().map(|it| it.position) else { return Ok(()) };
        let mut changes = ReadModelChanges::default();
        if self.fillings[index].state != GenerationState::Inline {
            changes = self.folded(index, entries, |it, stream| it.parked.contains_key(stream)).await?;
        }
        let is_far = to.0 - self.fillings[index].checkpoint.0 >= ENTRIES as u64;
        if changes.is_empty() && !is_far {
            self.fillings[index].through = to;
            return Ok(());
        }
        self.commit_at(index, to, None, changes).await
    }

    /// What a part of the log changes in a generation.
    pub(super) async fn folded(
        &self,
        index: usize,
        events: &[Recorded],
        is_parked: impl Fn(&Filling, &Stream) -> bool,
    ) -> Result<ReadModelChanges, StoreError> {
        let filling = &self.fillings[index];
        let generation = &filling.generation;
        let is_parked = |stream: &Stream| is_parked(filling, stream);
        let folded = self.load_and_fold(events, generation, is_parked).await?;
        let revision = events.last().map_or(0, |it| it.position.0);
        let rows = folded.rows.into_iter().map(|(key, value)| RowChange {
            generation: generation.clone(),
            key,
            value,
            revision,
            expected: None,
        });
        let at = self.clock.now();
        let parked = folded.parked.into_iter().map(|it| {
            let (stream, position, cause) = (it.stream, it.position, it.failure.to_string());
            tracing::warn!(projection = self.name(), %stream, position = position.0, cause, "the stream is parked");
            let first = Reference::Position(position);
            NewParkedStream { generation: generation.clone(), stream, first, cause, at }
        });
        Ok(ReadModelChanges { rows: rows.collect(), parked: parked.collect(), ..Default::default() })
    }

    /// Folds events. Rows that are missing are loaded, all together, and the functions run again: they are pure, so that does
    /// no harm.
    async fn load_and_fold(
        &self,
        events: &[Recorded],
        generation: &Generation,
        is_parked: impl Fn(&Stream) -> bool,
    ) -> Result<Folded, StoreError> {
        let mut known = KnownRows::new();
        loop {
            let folded = self.projection.fold(events, &known, self.store.max_payload_bytes(), &is_parked);
            if folded.missing.is_empty() {
                return Ok(folded);
            }
            let keys: Vec<String> = folded.missing.into_iter().collect();
            let rows = self.store.rows(generation.clone().into(), keys.clone()).await?;
            known.extend(keys.into_iter().zip(rows.into_iter().map(|it| it.map(|it| it.value))));
        }
    }

    /// Commits changes together with the checkpoint, as its owner.
    pub(super) async fn commit_at(
        &mut self,
        index: usize,
        to: Position,
        after: Option<Position>,
        mut changes: ReadModelChanges,
    ) -> Result<(), StoreError> {
        let (token, filling) = (self.token(), &mut self.fillings[index]);
        changes.moves.push(filling.moves(token, to));
        let parked: Vec<_> =
            changes.parked.iter().map(|it| (it.stream.clone(), it.first.resolve(Position::START))).collect();
        let released: Vec<_> = changes.released.iter().map(|(_, stream)| stream.clone()).collect();
        self.store.commit(Batch { after, read_models: changes, ..Batch::default() }).await?;
        (filling.checkpoint, filling.through) = (to, to);
        released.iter().for_each(|it| _ = filling.parked.remove(it));
        filling.parked.extend(parked);
        Ok(())
    }

    fn is_unsaved(&self) -> bool {
        self.fillings.iter().any(|it| it.through > it.checkpoint)
    }

    async fn save(&mut self) -> Result<(), StoreError> {
        for index in 0..self.fillings.len() {
            let through = self.fillings[index].through;
            if through > self.fillings[index].checkpoint {
                self.commit_at(index, through, None, ReadModelChanges::default()).await?;
            }
        }
        Ok(())
    }
}
