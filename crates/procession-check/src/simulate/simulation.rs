use std::{
    env, fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use procession_runtime::{MemoryStore, Store};

use super::{BEGINNING, Chance, Outside, Scenario, Simulated, run::simulate_seed};

type Scenarios = Box<dyn Fn(&mut Chance, &Outside) -> Scenario + Send + Sync>;
type Stores = Box<dyn Fn() -> Arc<dyn Store> + Send + Sync>;

/// How many seeds are tried when nothing else is said.
const SEEDS: u64 = 200;

/// Whole runtimes, simulated over many seeds. See the [module's page](super).
#[must_use = "a simulation that is not run simulates nothing"]
pub struct Simulation {
    scenario: Scenarios,
    stores: Stores,
    seeds: u64,
    one_in: u64,
}

/// Starts a simulation. The scenario is drawn anew for each seed, and must depend on nothing but the chance that it is given.
pub fn simulate(scenario: impl Fn(&mut Chance, &Outside) -> Scenario + Send + Sync + 'static) -> Simulation {
    Simulation {
        scenario: Box::new(scenario),
        stores: Box::new(|| Arc::new(MemoryStore::new())),
        seeds: SEEDS,
        one_in: 1,
    }
}

impl Simulation {
    /// Runs on other stores than those in memory: an empty one for each seed.
    pub fn on<S: Store>(mut self, stores: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.stores = Box::new(move || Arc::new(stores()));
        self
    }

    /// How many seeds are tried, if `PROCESSION_SEEDS` says nothing else: 200, if nothing is said at all.
    pub fn seeds(mut self, seeds: u64) -> Self {
        self.seeds = seeds;
        self
    }

    /// Tries one seed in so many, of those that it should try: for what takes longer than other simulations.
    pub fn one_in(mut self, one_in: u64) -> Self {
        self.one_in = one_in.max(1);
        self
    }

    /// Simulates one seed, and says what happened.
    #[must_use]
    pub fn seed(&self, seed: u64) -> Simulated {
        simulate_seed(seed, &*self.scenario, (self.stores)())
    }

    /// Simulates all seeds, or the one that `PROCESSION_SEED` names, and expects that all holds.
    ///
    /// # Panics
    /// With the first seed for which something does not hold, and the command line that simulates it again.
    #[track_caller]
    pub fn run(self) -> Simulations {
        let simulations = self.explore();
        #[expect(clippy::panic, reason = "a test fails by panicking")]
        if let Some((seed, simulated)) = &simulations.broken {
            panic!("{}", told(*seed, simulated));
        }
        simulations
    }

    /// Simulates the seeds one after another, and says what came out of it. It ends at the first for which something does not
    /// hold.
    #[must_use]
    pub fn explore(self) -> Simulations {
        let begun = Instant::now();
        let (first, end) = match (number("PROCESSION_SEED"), number("PROCESSION_SEEDS")) {
            (Some(seed), _) => (seed, seed.saturating_add(1)),
            (None, seeds) => (0, seeds.unwrap_or(self.seeds).div_ceil(self.one_in)),
        };
        let (next, all) = (AtomicU64::new(first), Mutex::new(Simulations::default()));
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= end {
                            break;
                        }
                        let simulated = self.seed(seed);
                        if simulated.broken.is_some() {
                            // Lower seeds that are under way may be broken too; higher ones need not be begun.
                            next.store(end, Ordering::SeqCst);
                        }
                        all.lock().unwrap_or_else(PoisonError::into_inner).add(seed, simulated);
                    }
                });
            }
        });
        let mut simulations = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        simulations.elapsed = begun.elapsed();
        simulations
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// What came out of a simulation of many seeds.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Simulations {
    /// How many seeds were simulated.
    pub seeds: u64,
    /// How many entries all logs have.
    pub messages: u64,
    /// How often a process has died.
    pub crashes: u64,
    /// How many calls of the store were refused.
    pub refused: u64,
    /// How often a runtime stood still while another one took over.
    pub takeovers: u64,
    /// How many requests were delivered once more.
    pub duplicates: u64,
    /// How much time has passed in the simulations.
    pub simulated: SignedDuration,
    /// How long it took.
    pub elapsed: Duration,
    /// The lowest seed for which something does not hold, and what happened.
    pub broken: Option<(u64, Simulated)>,
}

impl Simulations {
    fn add(&mut self, seed: u64, it: Simulated) {
        self.seeds += 1;
        self.messages += it.log.len() as u64;
        self.crashes += it.crashes;
        self.refused += it.refused;
        self.takeovers += it.takeovers;
        self.duplicates += it.duplicates;
        self.simulated = self.simulated.saturating_add(it.until.duration_since(BEGINNING));
        if it.broken.is_some() && self.broken.as_ref().is_none_or(|(lowest, _)| seed < *lowest) {
            self.broken = Some((seed, it));
        }
    }
}

impl fmt::Display for Simulations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, messages, crashes, refused, takeovers, duplicates, simulated, .. } = self;
        let (days, seconds) = (simulated.as_hours() / 24, self.elapsed.as_secs_f64());
        write!(
            f,
            "{seeds} seeds, {messages} entries; {crashes} crashes, {refused} calls refused, {takeovers} takeovers, \
             {duplicates} duplicates; {days} days in {seconds:.1} s"
        )
    }
}

fn told(seed: u64, it: &Simulated) -> String {
    let broken = it.broken.as_deref().unwrap_or_default();
    let (crashes, faults) = (it.crashes, &it.faults);
    let mut told = format!(
        "seed {seed}: {broken}\n  after {crashes} crashes; {faults}\n  again, with the whole log: {}",
        command_line(seed)
    );
    if env::var_os("PROCESSION_SEED").is_some() {
        it.log.iter().for_each(|line| told.extend(["\n  ", line]));
    }
    told
}

/// How the same seed is simulated again, as far as Cargo and the test say who they are.
fn command_line(seed: u64) -> String {
    let mut line = format!("PROCESSION_SEED={seed} cargo test");
    if let Ok(package) = env::var("CARGO_PKG_NAME") {
        line.extend([" -p ", &package]);
    }
    let executable = env::current_exe().ok();
    let stem = executable.as_deref().and_then(|it| it.file_stem()?.to_str());
    if let Some((target, _)) = stem.and_then(|it| it.rsplit_once('-')) {
        line.extend([" --test ", target]);
    }
    if !cfg!(debug_assertions) {
        line.push_str(" --release");
    }
    if let Some(test) = thread::current().name().filter(|it| *it != "main") {
        line.extend([" -- --exact ", test]);
    }
    line
}
