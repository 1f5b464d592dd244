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

    /// Tells whether nobody was in the way.
    fn drop_schema(&self) -> bool {
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema());
        let mut psql = self.database.server().program("psql");
        psql.args(["--no-psqlrc", "--command", &drop, &self.database.superuser_url()]);
        psql.output().unwrap().status.success()
    }

    /// Ends all connections of the case.
    pub(crate) fn cut_connections(&self) {
        self.database.cut_connections().unwrap();
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Runtimes that a case has left behind may still be at work, and come back while the schema goes.
        let is_gone = (0..10).any(|_| {
            self.cut_connections();
            self.drop_schema()
        });
        assert!(is_gone, "somebody keeps {} in use", self.schema());
        free().push((self.database, self.schemas));
    }
}

fn free() -> MutexGuard<'static, Vec<(&'static Database<'static>, u32)>> {
    static FREE: Mutex<Vec<(&'static Database<'static>, u32)>> = Mutex::new(Vec::new());
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
