use procession_runtime::Store;

/// A kind of store that the suite can create, reopen and crash.
///
/// An implementation owns what the store lies in (a temporary folder, a database), and removes it when dropped.
pub trait StoreUnderTest: Sized + Send + Sync + 'static {
    /// The store. Clones are handles of one store.
    type Store: Store + Clone;

    /// Whether its contents outlive the process. The cases about closing and reopening ask more of such a store.
    const IS_DURABLE: bool;

    /// Creates an empty store.
    fn create(settings: Settings) -> impl Future<Output = (Self, Self::Store)> + Send;

    /// Opens the same contents again. The suite has closed the store before.
    ///
    /// A store that is not durable gives another handle of what it holds.
    fn reopen(&self) -> impl Future<Output = Self::Store> + Send;

    /// Opens what would be left if the process had died right now: nobody closes the store, and nothing that is not
    /// durable yet may be helped to become so. Afterwards [`Self::reopen`] opens what this left.
    ///
    /// A store that is not durable gives another handle of what it holds.
    fn crash(&self, store: Self::Store) -> impl Future<Output = Self::Store> + Send;

    /// Lets happen to the store, while it is open and busy, what its users cannot prevent: a server that ends all its
    /// connections, for example. To a store in the own process nothing of the kind happens.
    fn disturb(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// How a store is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many partitions it gets.
    pub partitions: u16,
    /// The largest payload that it accepts, in bytes.
    pub max_payload_bytes: usize,
}

impl Default for Settings {
    /// Few partitions, so that streams share them; payloads up to 2 MiB, so that S14's largest one fits.
    fn default() -> Self {
        Self { partitions: 4, max_payload_bytes: 2 * 1024 * 1024 }
    }
}
