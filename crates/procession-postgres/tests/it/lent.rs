//! The suite needs hundreds of empty stores, and to make a database takes longer than most of its cases.

use std::sync::{Mutex, MutexGuard, PoisonError};

use procession_test_servers::{Database, shared};

/// A schema of its own, in a database that nobody else uses meanwhile. The database is left to the next case.
pub(crate) struct Lent {
    database: &'static Database<'static>,
    /// How many schemas were in use in it.
    schemas: u32,
}

impl Lent {
    pub(crate) fn new() -> Self {
        let free = free().pop();
        let (database, schemas) = free.unwrap_or_else(|| {
            // It goes with the server.
            (Box::leak(Box::new(shared().unwrap().database().unwrap())), 0)
        });
        Self { database, schemas: schemas + 1 }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}?schema=case_{}", self.database.url(), self.schemas)
    }

    /// Ends all connections of the case.
    pub(crate) fn cut_connections(&self) {
        self.database.cut_connections().unwrap();
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Runtimes that a case has killed may still be connected.
        self.cut_connections();
        free().push((self.database, self.schemas));
    }
}

fn free() -> MutexGuard<'static, Vec<(&'static Database<'static>, u32)>> {
    static FREE: Mutex<Vec<(&'static Database<'static>, u32)>> = Mutex::new(Vec::new());
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
