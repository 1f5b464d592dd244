//! A [`Store`](procession_runtime::Store) in a PostgreSQL database.
//!
//! One connection writes. A batch is one call of one function in the database, one round trip, and the next batch is on
//! its way before the answer to the last one is there. Entries are numbered under a lock that is taken last and held to the
//! commit, so the order of the log is the order of the commits, whoever writes. Others read beside it, from a pool.
//!
//! When a connection is lost, the database is asked what became of the batches that were not answered: nothing is guessed,
//! and nothing is written twice.

mod address;
mod commit;
mod connect;
mod encode;
mod error;
mod escape;
mod expected;
mod known;
mod listen;
mod migrate;
mod names;
mod nodes;
mod options;
mod pulse;
mod queries;
mod rare;
mod rare_read_models;
mod read;
mod read_models;
mod recovery;
mod refusal;
mod rows;
mod server;
mod session;
mod store;
mod tls;
mod writer;
mod writing;

pub use error::ConnectError;
pub use options::PostgresOptions;
pub use store::PostgresStore;
