use std::path::Path;

use procession::{
    Requested, Store,
    log::{Kind, Position, Recorded},
    sqlite::SqliteStore,
    store::{HoldKind, Parked, ParkedOf, TimersOf},
};

/// What the shop's store holds, read beside the shop.
pub(super) struct Books {
    store: SqliteStore,
    tokio: tokio::runtime::Runtime,
}

impl Books {
    pub(super) fn open(path: &Path) -> Self {
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Self { store: SqliteStore::open_read_only(path).unwrap(), tokio }
    }

    fn read<T>(&self, answer: impl AsyncFnOnce(&SqliteStore) -> Result<T, procession::StoreError>) -> T {
        self.tokio.block_on(answer(&self.store)).unwrap()
    }

    pub(super) fn log(&self) -> Vec<Recorded> {
        self.read(async |store| store.read_log(Position::START, 100_000).await)
    }

    pub(super) fn parked(&self) -> Vec<Parked> {
        self.read(async |store| store.parked(ParkedOf::Everything, usize::MAX).await)
    }

    pub(super) fn hold(&self, process: u64) -> Option<HoldKind> {
        let holds = self.read(async |store| store.holds().await);
        holds.into_iter().find(|(it, _)| it.0 == process).map(|(_, hold)| hold.kind)
    }

    /// The timers of a process, by their names.
    pub(super) fn timers(&self, process: u64) -> Vec<u64> {
        let of = TimersOf::Process(procession::log::ProcessId(process));
        self.read(async |store| store.timers(of, usize::MAX).await).iter().map(|it| it.id.0).collect()
    }

    /// What operators have asked for, in the order of the log: what, who and why.
    pub(super) fn asked(&self) -> Vec<(&'static str, String, String)> {
        let requested = |it: Recorded| Requested::read(&it.entry).unwrap();
        let requested = self.log().into_iter().filter_map(requested);
        requested.map(|it| (it.operation.name(), it.by, it.why)).collect()
    }
}

/// How often something has happened in a process, by a log: an event, or the end of a call.
pub(super) fn count(log: &[Recorded], process: u64, message: &str) -> usize {
    let happened = |it: &&Recorded| matches!(it.entry.kind, Kind::Event | Kind::EffectResult);
    let log = log.iter().filter(|it| it.process.0 == process).filter(happened);
    log.filter(|it| it.entry.name == message).count()
}
