use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use hotel::{Style, group_checkouts::GroupCheckout, guest_stays::GuestStay, hotel};
use procession::{
    Decider, Instance, Reader, Store, StoreAddress, StoreError,
    log::{Position, Recorded},
    store::{Node, ParkedOf},
};

use super::storm::{Fault, Kind};

/// Somebody who reads the store beside the nodes.
pub(super) struct Watch {
    store: Arc<dyn Store>,
    tokio: tokio::runtime::Runtime,
}

/// Who owned what at some time: the names of nodes, by partition.
pub(super) struct Sight {
    at: Instant,
    owners: BTreeMap<u16, String>,
}

/// What a node owned when it died or froze is somebody else's.
#[derive(Debug)]
pub(super) struct Takeover {
    pub(super) kind: Kind,
    pub(super) node: String,
    pub(super) at: Instant,
    /// None: it never was.
    pub(super) took: Option<Duration>,
}

const LOOK_EVERY: Duration = Duration::from_millis(25);
const ENTRIES_PER_READ: usize = 4096;
/// A process that takes longer than this to come to rest never will.
const LONGEST: Duration = Duration::from_secs(60);

impl Watch {
    pub(super) fn of(store: &str) -> Self {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let tokio = tokio.unwrap();
        let address: StoreAddress = store.parse().unwrap();
        let store = tokio.block_on(address.open_read_only()).unwrap();
        Self { store, tokio }
    }

    /// Looks who owns what, until it is over, and once more then.
    pub(super) fn owners(&self, is_over: impl Fn() -> bool) -> Vec<Sight> {
        let mut sights: Vec<Sight> = Vec::new();
        loop {
            let is_last = is_over();
            match self.nodes().map(|it| Sight::of(&it)) {
                Ok(sight) if sights.last().is_some_and(|it| it.owners == sight.owners) => {}
                Ok(sight) => sights.push(sight),
                // While the database is away.
                Err(error) => assert!(matches!(error, StoreError::Transient(_)), "{error}"),
            }
            if is_last {
                return sights;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn nodes(&self) -> Result<Vec<Node>, StoreError> {
        self.tokio.block_on(async { self.store.nodes().unwrap().list().await })
    }

    /// Waits until these nodes live, and no others, and every partition has an owner.
    pub(super) fn until_all_is_owned_by(&self, names: &BTreeSet<String>) {
        let all = usize::from(self.store.partitions());
        self.until("every node has its share", || {
            let living = self.nodes().unwrap_or_default();
            let owners = Sight::of(&living).owners;
            owners.len() == all && owners.into_values().collect::<BTreeSet<_>>() == *names
        });
    }

    #[track_caller]
    pub(super) fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let since = Instant::now();
        while !is_so() {
            assert!(since.elapsed() < LONGEST, "{what}: not within {LONGEST:?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Whether a group checkout has not ended.
    pub(super) fn has_running(&self) -> bool {
        let ends = ["GroupCheckoutCompleted", "GroupCheckoutFailed"].map(str::to_owned).into();
        let running = async { self.store.open_streams(GroupCheckout::CATEGORY.into(), ends, None, 1).await };
        !self.tokio.block_on(running).unwrap().is_empty()
    }

    /// Hands over what the log holds after a position. Returns how far it has come.
    pub(super) fn log_after(&self, mut after: Position, mut take: impl FnMut(Recorded)) -> Position {
        loop {
            let entries =
                self.tokio.block_on(async { self.store.read_log(after, ENTRIES_PER_READ).await }).unwrap();
            let Some(last) = entries.last() else { return after };
            after = last.position;
            entries.into_iter().for_each(&mut take);
        }
    }

    /// How many messages are parked, and how many calls are open.
    pub(super) fn left_over(&self) -> [usize; 2] {
        self.tokio.block_on(async {
            let parked = self.store.parked(ParkedOf::Everything, usize::MAX).await.unwrap();
            [parked.len(), self.store.calls().await.unwrap().len()]
        })
    }

    pub(super) fn stays(&self, style: Style, ids: &[&str]) -> Vec<Instance<GuestStay>> {
        let reader = Reader::new(&hotel(style).unwrap(), Arc::clone(&self.store));
        self.tokio.block_on(reader.instances_with_ids(ids)).unwrap()
    }
}

impl Sight {
    fn of(nodes: &[Node]) -> Self {
        let owned = nodes.iter().flat_map(|node| node.partitions.iter().map(|it| (it.0, node.name.clone())));
        Self { at: Instant::now(), owners: owned.collect() }
    }
}

/// How long it took until what those had to whom something has happened was owned again: by others, or by one who was frozen, has
/// lost it and taken it again. Who owned nothing is left out.
pub(super) fn takeovers(faults: &[Fault], sights: &[Sight]) -> Vec<Takeover> {
    let takeover = |fault: &Fault| {
        let (before, after) = sights.split_at(sights.partition_point(|it| it.at <= fault.at));
        let owned = before.last()?.owners.iter().filter(|(_, owner)| **owner == fault.node);
        let mut taken = owned.map(|(partition, _)| {
            let owners = after.iter().map(|it| (it.at, it.owners.get(partition)));
            let mut lost = owners.skip_while(|(_, owner)| *owner == Some(&fault.node));
            lost.find(|(_, owner)| owner.is_some()).map(|(at, _)| at - fault.at)
        });
        let first = taken.next()?;
        let took = taken.fold(first, |longest, it| Some(longest?.max(it?)));
        Some(Takeover { kind: fault.kind, node: fault.node.clone(), at: fault.at, took })
    };
    faults.iter().filter_map(takeover).collect()
}
