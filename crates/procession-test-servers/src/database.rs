use std::net::SocketAddr;

use crate::{Error, Postgres, faults::cut, postgres::OWNER};

/// A database of its own for one test. Dropped with this value, whoever is connected.
#[derive(Debug)]
pub struct Database<'a> {
    server: &'a Postgres,
    name: String,
}

impl<'a> Database<'a> {
    pub(crate) fn create(server: &'a Postgres, name: String) -> Result<Self, Error> {
        server.administer(&[&format!("CREATE DATABASE {name} OWNER {OWNER}")])?;
        Ok(Self { server, name })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its owner gets in: `postgres://USER:PASSWORD@127.0.0.1:PORT/NAME`.
    pub fn url(&self) -> String {
        self.url_through(self.server.address())
    }

    /// The same on another way, that of a [`Proxy`](crate::Proxy).
    pub fn url_through(&self, address: SocketAddr) -> String {
        self.server.owner_url(&self.name, address)
    }

    /// How a superuser gets in.
    pub fn superuser_url(&self) -> String {
        self.server.superuser_url(&self.name)
    }

    /// Ends all connections to it, whatever they are doing.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn cut_connections(&self) -> Result<(), Error> {
        self.server.cut_connections(&self.name)
    }

    /// The server that it is on.
    pub fn server(&self) -> &'a Postgres {
        self.server
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // On a server that a test has left dead, it goes with the server.
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _dropped = self.server.administer(&[&cut(&self.name), &drop]);
    }
}
