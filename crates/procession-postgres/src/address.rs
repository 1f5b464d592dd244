use std::{fmt::Write, path::PathBuf};

use tokio_postgres::config::{Host, SslMode};

use crate::{ConnectError, options::DEFAULT_SCHEMA};

/// Where a store is: `postgres://user:password@host:port/database?sslmode=...&sslrootcert=...&schema=...`.
pub(crate) struct Address {
    pub(crate) config: tokio_postgres::Config,
    /// The certificates that are trusted; without it those that the system trusts.
    pub(crate) roots: Option<PathBuf>,
    pub(crate) schema: Option<String>,
}

impl Address {
    pub(crate) fn parse(address: &str) -> Result<Self, ConnectError> {
        let unreadable = |reason: String| ConnectError::Address { reason };
        if !["postgres://", "postgresql://"].iter().any(|it| address.starts_with(it)) {
            return Err(unreadable("it begins neither with postgres:// nor with postgresql://".into()));
        }
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut mode, mut roots, mut schema, mut others) = (None, None, None, Vec::new());
        for pair in query.split('&').filter(|it| !it.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(ssl_mode(value).map_err(unreadable)?),
                Some(("sslrootcert", value)) => roots = Some(decoded(value).map_err(unreadable)?.into()),
                Some(("schema", value)) => schema = Some(decoded(value).map_err(unreadable)?),
                _ => others.push(pair),
            }
        }
        let rest = if others.is_empty() { base.into() } else { format!("{base}?{}", others.join("&")) };
        let mut config: tokio_postgres::Config = rest.parse().map_err(|error| unreadable(said(&error)))?;
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        let usual =
            if config.get_hosts().iter().all(is_this_machine) { SslMode::Disable } else { SslMode::Prefer };
        config.ssl_mode(mode.unwrap_or(usual));
        Ok(Self { config, roots, schema })
    }

    /// What people call the store. The password is not in it.
    pub(crate) fn name(&self, schema: &str) -> String {
        let hosts = self.config.get_hosts().iter().enumerate().map(|(index, host)| {
            let ports = self.config.get_ports();
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(host) => format!("{host}:{port}"),
                #[cfg(unix)]
                Host::Unix(folder) => format!("{}:{port}", folder.display()),
            }
        });
        let hosts: Vec<_> = hosts.collect();
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        let mut name = format!("postgres://{}/{database}", hosts.join(","));
        if schema != DEFAULT_SCHEMA {
            _ = write!(name, "?schema={schema}");
        }
        name
    }
}

/// The certificate is verified whenever there is one, so the stricter modes of other clients say nothing more.
fn ssl_mode(value: &str) -> Result<SslMode, String> {
    match value {
        "disable" => Ok(SslMode::Disable),
        "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        other => {
            Err(format!("`sslmode={other}` is none of disable, prefer, require, verify-ca and verify-full"))
        }
    }
}

/// What goes to this machine only needs no encryption.
fn is_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(host) => ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn decoded(value: &str) -> Result<String, String> {
    let unreadable = || format!("`{value}` is not encoded as the parts of an address are");
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |it: Option<u8>| char::from(it?).to_digit(16);
                let high = digit(rest.next()).ok_or_else(unreadable)?;
                let low = digit(rest.next()).ok_or_else(unreadable)?;
                u8::try_from(high * 16 + low).map_err(|_| unreadable())?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| unreadable())
}

fn said(error: &tokio_postgres::Error) -> String {
    crate::error::said(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(address: &str) -> Address {
        Address::parse(address).unwrap()
    }

    #[test]
    fn the_name_tells_where_the_store_is_and_never_the_password() {
        let it = parsed("postgres://me:secret@db.example:5433/hotel?sslmode=require");

        assert_eq!(it.name("procession"), "postgres://db.example:5433/hotel");
        assert_eq!(it.name("other"), "postgres://db.example:5433/hotel?schema=other");
    }

    #[test]
    fn what_stays_on_this_machine_is_not_encrypted_and_everything_else_is_if_possible() {
        assert_eq!(parsed("postgres://me@localhost/hotel").config.get_ssl_mode(), SslMode::Disable);
        assert_eq!(parsed("postgres://me@db.example/hotel").config.get_ssl_mode(), SslMode::Prefer);
        assert_eq!(
            parsed("postgres://me@db/hotel?sslmode=verify-full").config.get_ssl_mode(),
            SslMode::Require
        );
    }

    #[test]
    fn parts_of_its_own_are_taken_out_of_the_address() {
        let it = parsed(
            "postgres://me@db/hotel?sslrootcert=%2Fetc%2Froot%20ca.pem&connect_timeout=3&schema=a%C3%A4",
        );

        assert_eq!(it.roots, Some(PathBuf::from("/etc/root ca.pem")));
        assert_eq!(it.schema.as_deref(), Some("aä"));
        assert!(it.config.get_connect_timeout().is_some());
    }

    #[test]
    fn an_address_that_cannot_be_read_is_refused_with_the_reason() {
        let refused = |address: &str| Address::parse(address).err().unwrap().to_string();

        assert!(refused("mysql://db").contains("postgres://"), "{}", refused("mysql://db"));
        assert!(refused("postgres://db/x?sslmode=allow").contains("`sslmode=allow`"));
        assert!(refused("postgres://db/x?sslrootcert=%zz").contains("%zz"));
    }
}
