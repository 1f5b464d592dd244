//! One life of a process: a Tokio runtime of its own, with the nodes that work in it and the clients that ask them.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use procession_core::Application;
use procession_runtime::{
    Clock, Runtime, StoreError,
    store::{Layered, ParkedOf},
};
use tokio::time::timeout;

use super::{
    Chance, Faults, Outside,
    client::Heard,
    clock::SimulatedClock,
    disk::{Disk, now},
    watched::Watched,
    wire::{Life, Wire},
};

/// What a life has in common with all others of its simulation.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) application: Application,
    pub(crate) disk: Disk,
    pub(crate) outside: Outside,
}

/// How a life has ended.
pub(crate) enum Ended {
    /// Nothing is left to do.
    AtRest,
    /// The process has died.
    Died,
    /// It has not gone on, although it should have.
    Stuck(String),
}

pub(crate) struct Lived {
    pub(crate) ended: Ended,
    pub(crate) until: Timestamp,
    pub(crate) refused: u64,
    pub(crate) takeovers: u64,
}

/// How long a client waits for an answer before it asks again.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often all but what is due may be at rest, before that counts as stuck.
const MOST_LOOKS: u32 = 100_000;
/// How long it waits before it asks again.
const PAUSE: Duration = Duration::from_millis(500);

/// A process lives from a time on, with these faults, for so many moments.
pub(crate) fn live(
    around: &Surroundings,
    faults: &Faults,
    is_calm: bool,
    moments: u64,
    from: Timestamp,
    mut chance: Chance,
) -> Result<Lived, std::io::Error> {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(tokio.block_on(async {
        let clock = SimulatedClock::began_at(from);
        around.outside.begin_life(clock, is_calm);
        let life = Life::new(chance.fork(), faults.clone(), moments);
        let nodes = Nodes {
            around: around.clone(),
            life: life.clone(),
            clock,
            faults: faults.clone(),
            current: Watched::new((0, None)),
        };
        let mut takeovers = 0;
        let ended = tokio::select! {
            biased;
            () = life.is_over() => Ended::Died,
            ended = nodes.work(chance, &mut takeovers) => ended,
        };
        Lived { ended, until: clock.now(), refused: life.refused(), takeovers }
    }))
}

#[derive(Clone)]
struct Nodes {
    around: Surroundings,
    life: Life,
    clock: SimulatedClock,
    faults: Faults,
    /// The node that clients ask, with its number; none while another one takes over.
    current: Watched<(u64, Option<Runtime>)>,
}

impl Nodes {
    async fn work(&self, mut chance: Chance, takeovers: &mut u64) -> Ended {
        let (mut runtime_chance, client_chance) = (chance.fork(), chance.fork());
        let mut wire = self.start(&mut runtime_chance).await;
        tokio::spawn(serve_clients(self.clone(), client_chance));
        let taking_over = async {
            for _ in 0..self.faults.takeovers {
                tokio::time::sleep(chance.pause(self.faults.longest_way)).await;
                self.current.change(|(_, runtime)| *runtime = None);
                wire.freeze(true);
                let frozen = std::mem::replace(&mut wire, self.start(&mut runtime_chance).await);
                *takeovers += 1;
                tokio::time::sleep(chance.pause(Duration::from_secs(60))).await;
                frozen.freeze(false);
            }
        };
        let ((), ended) = tokio::join!(taking_over, self.rest());
        match ended {
            Ended::AtRest => self.rest().await,
            ended => ended,
        }
    }

    /// Starts a node, and lets the clients ask it. Whoever was there before is fenced off.
    async fn start(&self, chance: &mut Chance) -> Wire {
        loop {
            let wire = Wire::new(self.around.disk.clone(), self.life.clone());
            let builder = Runtime::builder().clock(self.clock).seed(chance.seed());
            let builder = builder.limits(self.faults.limits());
            match builder.start(&self.around.application, Layered(wire.clone())).await {
                Ok(runtime) => {
                    self.current.change(|it| *it = (it.0 + 1, Some(runtime)));
                    return wire;
                }
                Err(error) => {
                    if !matches!(error.error, StoreError::Transient(_)) {
                        self.around.outside.breaks(error.to_string());
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// The node that clients ask, once there is one.
    async fn current(&self) -> (u64, Runtime) {
        loop {
            if let (number, Some(runtime)) = self.current.wait_for(|(_, it)| it.is_some()).await {
                return (number, runtime);
            }
        }
    }

    /// Waits until every client has its answers, nothing is on its way, and nothing waits for its time.
    async fn rest(&self) -> Ended {
        let outside = &self.around.outside;
        let mut looks = 0;
        loop {
            let before = outside.changes().get();
            let change = outside.changes().wait_for(|it| *it != before);
            if let Some(broken) = outside.broken() {
                return Ended::Stuck(broken);
            }
            if !outside.are_answered(false) {
                change.await;
                continue;
            }
            let (number, runtime) = self.current().await;
            let is_replaced = |it: &(u64, Option<Runtime>)| it.0 != number || it.1.is_none();
            tokio::select! {
                biased;
                _ = self.current.wait_for(is_replaced) => continue,
                settled = runtime.settled() => if let Err(error) = settled {
                    return Ended::Stuck(format!("the runtime has stopped by itself: {error}"));
                },
            }
            if !outside.are_answered(false) {
                continue;
            }
            match self.next_due() {
                Err(error) => return Ended::Stuck(format!("the store fails: {error}")),
                Ok(None) => return Ended::AtRest,
                Ok(Some(due)) => {
                    looks += 1;
                    if looks > MOST_LOOKS {
                        let calls = now(self.around.disk.store().calls()).unwrap_or_default();
                        let at = self.clock.now();
                        return Ended::Stuck(format!(
                            "what is due at {due} is not done at {at}; calls: {calls:?}"
                        ));
                    }
                    let soon = self.clock.now().checked_add(Duration::from_millis(100));
                    tokio::select! {
                        biased;
                        _ = change => {}
                        () = self.clock.reaches(due.max(soon.unwrap_or(Timestamp::MAX))) => {}
                    }
                }
            }
        }
    }

    /// When something becomes due, if anything waits for its time.
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let store = self.around.disk.store();
        let timer = now(store.next_due())?;
        let call = now(store.calls())?.into_iter().map(|it| it.due).min();
        let parked = now(store.parked(ParkedOf::Everything, usize::MAX))?;
        let retry = parked.into_iter().filter_map(|it| it.retry_at).min();
        Ok([timer, call, retry].into_iter().flatten().min())
    }
}

/// Serves all clients, also those who come later.
async fn serve_clients(nodes: Nodes, mut chance: Chance) {
    let changes = nodes.around.outside.changes().clone();
    let mut served = 0;
    loop {
        let before = changes.get();
        while served < nodes.around.outside.clients() {
            tokio::spawn(serve(nodes.clone(), served, chance.fork()));
            served += 1;
        }
        changes.wait_for(|it| *it != before).await;
    }
}

/// Lets a client ask for one thing after another, again and again until it is answered.
async fn serve(nodes: Nodes, client: usize, mut chance: Chance) {
    let outside = &nodes.around.outside;
    while let Some(next) = outside.next_of(client) {
        if !next.is_given {
            outside.answered(true).await;
        }
        nodes.clock.reaches(next.due).await;
        tokio::time::sleep(chance.pause(nodes.faults.longest_way)).await;
        let (_, runtime) = nodes.current().await;
        let asking = (next.request.ask)(runtime, next.key.clone());
        match timeout(PATIENCE, asking).await {
            Ok(Heard::Answer(answer)) => {
                if chance.happens(nodes.faults.duplicates) {
                    let again = deliver_again(nodes.clone(), next, answer.clone(), chance.fork());
                    tokio::spawn(again);
                }
                outside.has_answered(client, answer);
            }
            Ok(Heard::NotNow) | Err(_) => tokio::time::sleep(PAUSE).await,
            Ok(Heard::Never(reason)) => {
                return outside.breaks(format!("a request is never taken: {reason}"));
            }
        }
    }
}

/// A transport delivers a request once more. With a key, the answer must be the same.
async fn deliver_again(
    nodes: Nodes,
    next: super::outside::Next,
    first: super::client::Answered,
    mut chance: Chance,
) {
    tokio::time::sleep(chance.pause(nodes.faults.longest_way)).await;
    nodes.around.outside.delivers_again();
    let (_, runtime) = nodes.current().await;
    let key: Option<Arc<str>> = next.key;
    if let Ok(Heard::Answer(again)) = timeout(PATIENCE, (next.request.ask)(runtime, key.clone())).await
        && key.is_some()
        && again != first
    {
        let command = &next.request.written;
        nodes.around.outside.breaks(format!("{command:?} was answered by {first:?}, and again by {again:?}"));
    }
}
