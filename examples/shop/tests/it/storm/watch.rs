use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use procession::{
    Operation, Operator, Store,
    inspect::{Inspector, Standing, verify},
    log::{Position, Recorded},
    sqlite::SqliteStore,
    store::{Answer, Parked, ParkedOf},
};

/// Somebody who reads the shop's store beside it.
pub(super) struct Watch<'a> {
    path: &'a Path,
    store: Arc<SqliteStore>,
    tokio: tokio::runtime::Runtime,
    at: Position,
    pub(super) seen: Seen,
}

/// How many of these events were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    pub(super) confirmed: usize,
    pub(super) payments_requested: usize,
    pub(super) ended: usize,
}

const ENTRIES_PER_READ: usize = 4096;

impl<'a> Watch<'a> {
    pub(super) fn of(path: &'a Path) -> Self {
        let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let store = Arc::new(SqliteStore::open_read_only(path).unwrap());
        Self { path, store, tokio, at: Position::START, seen: Seen::default() }
    }

    /// Reads what is new, until it is so.
    #[track_caller]
    pub(super) fn until(&mut self, within: Duration, is_so: impl Fn(Seen) -> bool) {
        let since = Instant::now();
        while !is_so(self.look()) {
            assert!(since.elapsed() < within, "it has not come to that within {within:?}: {:?}", self.seen);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(super) fn look(&mut self) -> Seen {
        let (mut seen, at) = (self.seen, self.at);
        self.at = self.read_after(at, |it| match &*it.entry.name {
            "ShoppingCartConfirmed" => seen.confirmed += 1,
            "PaymentRequested" => seen.payments_requested += 1,
            "OrderCompleted" | "OrderCancelled" => seen.ended += 1,
            _ => {}
        });
        self.seen = seen;
        seen
    }

    /// All events, in order.
    pub(super) fn events(&self, take: impl FnMut(&Recorded)) {
        self.read_after(Position::START, take);
    }

    fn read_after(&self, mut at: Position, mut take: impl FnMut(&Recorded)) -> Position {
        loop {
            let entries = self.read(|it| it.read_log(at, ENTRIES_PER_READ));
            entries.iter().filter(|it| it.version.is_some()).for_each(&mut take);
            let Some(last) = entries.last() else { return at };
            at = last.position;
        }
    }

    fn read<T>(&self, read: impl FnOnce(&SqliteStore) -> Answer<T>) -> T {
        self.tokio.block_on(async { read(&self.store).await }).unwrap()
    }

    /// Whether an effect is still to be called.
    pub(super) fn has_calls(&self) -> bool {
        !self.read(|it| it.calls()).is_empty()
    }

    pub(super) fn parked(&self) -> Vec<Parked> {
        self.read(|it| it.parked(ParkedOf::Everything, usize::MAX))
    }

    /// The processes that do not end by themselves.
    pub(super) fn stuck(&self) -> Vec<Standing> {
        self.tokio.block_on(async {
            let inspector = Inspector::of(Arc::clone(&self.store) as Arc<dyn Store>).await.unwrap();
            let sweep = inspector.sweep().await.unwrap();
            inspector.standings(&sweep, sweep.stuck()).await.unwrap()
        })
    }

    /// Asks for a retry, as an operator who knows that the bug is gone.
    pub(super) fn retry(&self, parked: &Parked) {
        let beside = Arc::new(SqliteStore::open_beside(self.path).unwrap());
        let anna = Operator::on(beside).by("anna").because("invoices for lamps can be written now");
        self.tokio
            .block_on(async { anna.request([Operation::RetryParked(parked.delivery())]).await })
            .unwrap();
    }

    pub(super) fn verify(&self) -> verify::Report {
        self.tokio.block_on(async { verify::verify(&*self.store).await }).unwrap()
    }
}
