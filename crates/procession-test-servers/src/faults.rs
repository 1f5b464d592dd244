use crate::{Error, Postgres};

/// What may happen to a server. Each call returns when it has happened.
impl Postgres {
    /// Stops it as an administrator would, and starts it again: clients are told and cut off, and what is under way is
    /// undone.
    ///
    /// # Errors
    /// When it does not start again.
    pub fn restart(&self) -> Result<(), Error> {
        self.supervisor().order("restart")
    }

    /// Kills every process of it, as if the machine had died, but for what the system's caches hold.
    ///
    /// # Errors
    /// When it was dead before.
    pub fn kill(&self) -> Result<(), Error> {
        self.supervisor().order("kill_all")
    }

    /// Starts it after [`Self::kill`]. It recovers, and listens where it did before.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&self) -> Result<(), Error> {
        self.supervisor().order("start_again")
    }

    /// Holds every process of it where it is: connections stay, and nobody answers.
    ///
    /// # Errors
    /// When it is not running.
    pub fn freeze(&self) -> Result<(), Error> {
        self.supervisor().order("freeze")
    }

    /// Lets it go on after [`Self::freeze`].
    ///
    /// # Errors
    /// When it is not running.
    pub fn thaw(&self) -> Result<(), Error> {
        self.supervisor().order("thaw")
    }

    /// Ends all connections to a database, whatever they are doing.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn cut_connections(&self, database: &str) -> Result<(), Error> {
        self.administer(&[&cut(database)])
    }
}

/// Ends them all before it waits for any: the server would look after each of them only every tenth of a second.
pub(crate) fn cut(database: &str) -> String {
    format!(
        "DO $$ DECLARE
            pids integer[] := ARRAY(SELECT pid FROM pg_stat_activity WHERE datname = '{database}');
        BEGIN
            PERFORM pg_terminate_backend(pid) FROM unnest(pids) AS pid;
            WHILE EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY (pids)) LOOP
                PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
            END LOOP;
        END $$"
    )
}
