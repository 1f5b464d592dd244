use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::PathBuf,
    sync::Mutex,
    time::{Duration, Instant},
};

use hotel::Style;

use super::storm::Kind;
use crate::serving::Serving;

/// Where the nodes can be asked.
#[derive(Default)]
pub(super) struct Doors(Mutex<Vec<String>>);

impl Doors {
    /// One of them; the numbers go round.
    pub(super) fn at(&self, number: usize) -> String {
        let doors = self.0.lock().unwrap();
        doors[number % doors.len()].clone()
    }
}

/// Several hotels on one database.
pub(super) struct Nodes<'a> {
    pub(super) nodes: Vec<Node>,
    doors: &'a Doors,
    store: &'a str,
    style: Style,
    lease: Duration,
    /// How many there have been. Each has a name of its own.
    pub(super) lives: usize,
    pub(super) failed_starts: usize,
}

/// One life of a node.
pub(super) struct Node {
    pub(super) name: String,
    serving: Serving,
}

/// How long a database may take to come back.
const LONGEST_START: Duration = Duration::from_secs(60);

impl<'a> Nodes<'a> {
    pub(super) fn new(doors: &'a Doors, store: &'a str, style: Style, lease: Duration) -> Self {
        let complaints = Self::complaints();
        if complaints.exists() {
            fs::remove_dir_all(&complaints).unwrap();
        }
        fs::create_dir_all(&complaints).unwrap();
        Self { nodes: Vec::new(), doors, store, style, lease, lives: 0, failed_starts: 0 }
    }

    /// What nodes complain of, for those who look for a reason.
    pub(super) fn complaints() -> PathBuf {
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("chaos")
    }

    pub(super) fn add(&mut self) {
        let (node, door) = self.start();
        self.nodes.push(node);
        self.doors.0.lock().unwrap().push(door);
    }

    /// `kill -9`, or a good end, and another one in its place.
    pub(super) fn replace(&mut self, place: usize, kind: Kind) {
        let node = self.nodes.remove(place);
        match kind {
            Kind::Closed => node.close(),
            _ => node.serving.kill(),
        }
        let (node, door) = self.start();
        self.nodes.insert(place, node);
        self.doors.0.lock().unwrap()[place] = door;
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.nodes.iter().map(|it| it.name.clone()).collect()
    }

    pub(super) fn freeze(&self, place: usize) {
        self.nodes[place].serving.freeze();
    }

    pub(super) fn thaw(&self, place: usize) {
        self.nodes[place].serving.thaw();
    }

    /// Nobody ends by itself, whatever happens to others and to the database.
    pub(super) fn all_live(&mut self) {
        for node in &mut self.nodes {
            let end = node.serving.has_ended();
            assert!(end.is_none(), "{} has ended by itself: {end:?}", node.name);
        }
    }

    /// Closes all of them in good order.
    pub(super) fn close(self) {
        self.nodes.into_iter().for_each(Node::close);
    }

    /// Starts until it opens: it cannot while the database is away.
    fn start(&mut self) -> (Node, String) {
        let since = Instant::now();
        loop {
            self.lives += 1;
            let name = format!("node-{}", self.lives);
            let lease = format!("{}ms", self.lease.as_millis());
            let arguments = [
                "--store",
                self.store,
                "--style",
                self.style.name(),
                "--node-name",
                &name,
                "--lease",
                &lease,
            ];
            let complaints = File::create(Self::complaints().join(format!("{name}.log"))).unwrap();
            match Serving::open(&arguments, &[], complaints.into()) {
                Ok(serving) => {
                    let door = serving.address().to_owned();
                    return (Node { name, serving }, door);
                }
                Err(end) => assert!(since.elapsed() < LONGEST_START, "{name} does not open: {end:?}"),
            }
            self.failed_starts += 1;
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Node {
    fn close(mut self) {
        self.serving.ask_to_close();
        let end = self.serving.end();
        assert!(end.success(), "{} did not close: {end:?}", self.name);
    }
}
