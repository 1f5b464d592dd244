//! The memory store under the conformance suite.

use procession_runtime::MemoryStore;
use procession_store_tests::{
    Settings, SharedStoreUnderTest, StoreUnderTest, conformance, conformance_of_nodes,
};

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

impl SharedStoreUnderTest for Memory {
    type Store = MemoryStore;

    async fn create(settings: Settings) -> Self {
        Self(MemoryStore::with_limits(settings.partitions, settings.max_payload_bytes))
    }

    async fn open(&self) -> MemoryStore {
        self.0.clone().with_nodes()
    }
}

conformance_of_nodes!(Memory);

#[test]
fn every_case_is_part_of_the_suite() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let suite = std::fs::read_to_string(source.join("conformance.rs")).unwrap();
    let mut cases = 0;
    for part in std::fs::read_dir(source.join("cases")).unwrap() {
        let part = std::fs::read_to_string(part.unwrap().path()).unwrap();
        for case in part.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
            let name = case.split('<').next().unwrap();
            assert!(suite.lines().any(|line| line.trim() == name), "add `{name}` to `conformance!`");
            cases += 1;
        }
    }
    assert!(cases > 100, "only {cases} cases were found");
}
