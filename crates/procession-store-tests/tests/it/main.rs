//! The memory store under the conformance suite.

use procession_runtime::MemoryStore;
use procession_store_tests::{Settings, StoreUnderTest, conformance};

struct Memory(MemoryStore);

impl StoreUnderTest for Memory {
    type Store = MemoryStore;
    const IS_DURABLE: bool = false;

    async fn create(settings: Settings) -> (Self, MemoryStore) {
        let store = MemoryStore::with_limits(settings.partitions, settings.max_payload_bytes);
        (Self(store.clone()), store)
    }

    async fn reopen(&self) -> MemoryStore {
        self.0.clone()
    }

    async fn crash(&self, store: MemoryStore) -> MemoryStore {
        store
    }
}

conformance!(Memory);
