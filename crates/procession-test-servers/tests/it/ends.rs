use std::{
    env,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use procession_test_servers::Postgres;

/// What tells this test that it is the one that is to be killed.
const VICTIM: &str = "PROCESSION_TEST_IS_THE_VICTIM";

/// A server that is shut down takes a moment; a second is plenty, and a minute is for slow machines.
const PLENTY: Duration = Duration::from_secs(60);

#[test]
fn a_server_is_gone_with_its_value() {
    let server = Postgres::start().unwrap();
    let (address, folder) = (server.address(), folder_of(&server));
    assert!(TcpStream::connect(address).is_ok());

    drop(server);

    assert!(TcpStream::connect(address).is_err());
    assert!(!folder.exists(), "{folder:?} is left");
}

#[test]
fn a_server_that_is_frozen_or_dead_is_gone_with_its_value_too() {
    for fault in [Postgres::freeze, Postgres::kill] {
        let server = Postgres::start().unwrap();
        let (address, folder) = (server.address(), folder_of(&server));
        fault(&server).unwrap();

        drop(server);

        assert!(TcpStream::connect(address).is_err());
        assert!(!folder.exists(), "{folder:?} is left");
    }
}

#[test]
fn no_server_outlives_a_process_that_is_killed() {
    if env::var_os(VICTIM).is_some() {
        let server = procession_test_servers::shared().unwrap();
        println!("\n{VICTIM} {} {}", server.address(), folder_of(server).display());
        loop {
            thread::park();
        }
    }

    // given a process with a server
    let mut victim = Command::new(env::current_exe().unwrap());
    victim.args(["--exact", "ends::no_server_outlives_a_process_that_is_killed", "--nocapture"]);
    let mut victim = victim.env(VICTIM, "1").stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap());
    let said = said.lines().map(Result::unwrap).find(|it| it.starts_with(VICTIM)).unwrap();
    let said: Vec<_> = said.split(' ').collect();
    let address: SocketAddr = said[1].parse().unwrap();
    assert!(TcpStream::connect(address).is_ok());

    // when
    victim.kill().unwrap();
    victim.wait().unwrap();

    // then
    let until = Instant::now() + PLENTY;
    while TcpStream::connect(address).is_ok() || std::path::Path::new(said[2]).exists() {
        assert!(Instant::now() < until, "the server at {address} lives on, or has left {}", said[2]);
        thread::sleep(Duration::from_millis(10));
    }
}

/// Where a server keeps its files, as it says itself.
fn folder_of(server: &Postgres) -> std::path::PathBuf {
    let mut psql = server.program("psql");
    psql.args(["--tuples-only", "--no-align", "--command", "SHOW data_directory"]);
    let said = psql.arg(server.superuser_url("postgres")).output().unwrap();
    let data = std::path::PathBuf::from(String::from_utf8(said.stdout).unwrap().trim());
    assert!(data.ends_with("data"), "{data:?}");
    data.parent().unwrap().to_owned()
}
