use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt,
    process::Command,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use crate::{
    Database, Error,
    programs::Programs,
    small_disk::{self, Disk},
    supervisor::Supervisor,
    user::User,
};

/// A PostgreSQL server on this machine that lives as long as this value, and never longer than this process.
///
/// What is committed is durable: `fsync` and `synchronous_commit` stay on.
#[derive(Debug)]
pub struct Postgres {
    supervisor: Mutex<Supervisor>,
    programs: Programs,
    port: u16,
    password: String,
}

/// The server that the tests of this process share. It is started when somebody asks for it first.
///
/// # Errors
/// When it cannot be started.
pub fn shared() -> Result<&'static Postgres, Error> {
    static SHARED: OnceLock<Result<Postgres, Error>> = OnceLock::new();
    SHARED.get_or_init(Postgres::start).as_ref().map_err(Clone::clone)
}

impl Postgres {
    /// Starts an empty server.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::start_on(Disk::OfTheMachine)
    }

    pub(crate) fn start_on(disk: Disk) -> Result<Self, Error> {
        let programs = Programs::find()?;
        let password = random_name("secret");
        let mut keeper = keeper(disk)?;
        keeper.arg(programs.folder()).env("PGPASSWORD", &password);
        let mut supervisor = Supervisor::start(keeper)?;
        supervisor.order("create")?;
        let port = start_on_a_free_port(&mut supervisor)?;
        let server = Self { supervisor: Mutex::new(supervisor), programs, port, password };
        let role = format!("CREATE ROLE {OWNER} LOGIN PASSWORD '{}'", server.password);
        server.administer(&[&role])?;
        Ok(server)
    }

    /// A fresh, empty database, which is dropped with the value. It takes a twentieth of a second.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn database(&self) -> Result<Database<'_>, Error> {
        Database::create(self, random_name("test"))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// How a superuser gets into a database, for what the owner of a database may not do.
    pub fn superuser_url(&self, database: &str) -> String {
        self.url("postgres", database, self.address())
    }

    /// One of PostgreSQL's own programs, `psql` and `pg_dump` for example, of the version that the server has.
    pub fn program(&self, name: &str) -> Command {
        self.programs.command(name)
    }

    pub(crate) fn owner_url(&self, database: &str, address: SocketAddr) -> String {
        self.url(OWNER, database, address)
    }

    fn url(&self, user: &str, database: &str, address: SocketAddr) -> String {
        format!("postgres://{user}:{}@{address}/{database}", self.password)
    }

    /// Runs statements as the superuser, one after the other.
    pub(crate) fn administer(&self, statements: &[&str]) -> Result<(), Error> {
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]);
        psql.args(statements.iter().flat_map(|it| ["--command", it]));
        psql.arg(self.superuser_url("postgres")).env("PGCONNECT_TIMEOUT", "10");
        let output = psql.output().map_err(Error::unrunnable("psql"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Error::Failed { order: statements.join("; "), said })
    }

    /// A panic in another test has broken nothing here: each order stands for itself.
    pub(crate) fn supervisor(&self) -> MutexGuard<'_, Supervisor> {
        self.supervisor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who owns the databases. Stores work with no more rights than an application has.
pub(crate) const OWNER: &str = "application";

fn random_name(prefix: &str) -> String {
    format!("{prefix}_{:016x}", fastrand::u64(..))
}

/// The process that is to keep the server, as a user that PostgreSQL accepts.
fn keeper(disk: Disk) -> Result<Command, Error> {
    let own = User::own()?;
    let user = if own.is_root() { User::other_than_root()? } else { own };
    let script = include_str!("server.sh");
    if let Disk::Small { bytes } = disk {
        return Ok(small_disk::keeper(bytes, own, user, script));
    }
    let mut sh = Command::new("sh");
    if own.is_root() {
        sh.uid(user.id).gid(user.group);
    }
    sh.args(["-c", script, "procession-postgres"]);
    Ok(sh)
}

fn start_on_a_free_port(supervisor: &mut Supervisor) -> Result<u16, Error> {
    loop {
        let port = free_port()?;
        match supervisor.order(&format!("start {port}")) {
            Err(Error::Failed { said, .. }) if said.contains("Address already in use") => (),
            started => return started.map(|()| port),
        }
    }
}

/// A port below those that the system gives to connections by itself, so that a restarted server gets it again.
fn free_port() -> Result<u16, Error> {
    let mut in_use = None;
    for _ in 0..100 {
        let port = fastrand::u16(20_000..32_000);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => in_use = Some(error),
        }
    }
    let said = in_use.map(|it| it.to_string()).unwrap_or_default();
    Err(Error::Failed { order: "find a free port".to_owned(), said })
}
