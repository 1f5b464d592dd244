//! The suite needs hundreds of empty stores, and to make a database takes longer than most of its cases.

use std::sync::{Mutex, MutexGuard, PoisonError};

use procession_test_servers::{Database, shared};

/// A schema of its own, in a database that nobody else uses meanwhile. The database is left to the next case.
///
/// The schema is not: the server would keep all of its files up, and sync each of them before it drops any database.
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
        format!("{}?schema={}", self.database.url(), self.schema())
    }

    /// Of another name than the last one, which somebody may still believe to be there.
    fn schema(&self) -> String {
        format!("case_{}", self.schemas)
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
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema());
        let mut psql = self.database.server().program("psql");
        let dropped = psql.args(["--no-psqlrc", "--command", &drop, &self.database.superuser_url()]).output();
        assert!(dropped.unwrap().status.success(), "{drop}");
        free().push((self.database, self.schemas));
    }
}

fn free() -> MutexGuard<'static, Vec<(&'static Database<'static>, u32)>> {
    static FREE: Mutex<Vec<(&'static Database<'static>, u32)>> = Mutex::new(Vec::new());
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
