//! A life that follows from a seed is the same on every store, to the last entry.

use procession_runtime::MemoryStore;
use procession_sqlite::SqliteStore;
use procession_store_tests::observed_history;

use crate::place::{database, open};

const MOST: usize = 16 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_gives_the_same_history_in_memory_on_sqlite_and_on_postgresql() {
    for seed in 0..8 {
        let (folder, database) = (tempfile::tempdir().unwrap(), database());
        let on_sqlite = SqliteStore::options().partitions(4).open(folder.path().join("store.db")).unwrap();

        let in_memory = observed_history(MemoryStore::with_limits(4, MOST), seed).await;
        let on_sqlite = observed_history(on_sqlite, seed).await;
        let on_postgres = observed_history(open(&database.url()).await, seed).await;

        assert!(in_memory.len() > 100, "seed {seed}: {} lines", in_memory.len());
        are_the_same(&in_memory, &on_sqlite, seed);
        are_the_same(&in_memory, &on_postgres, seed);
    }
}

fn are_the_same(one: &[String], other: &[String], seed: u64) {
    for (line, (one, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(one, other, "seed {seed}, line {line}");
    }
    assert_eq!(one.len(), other.len(), "seed {seed}");
}
