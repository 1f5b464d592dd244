//! The simulation of one seed: lives in which things go wrong, and a last one in which nothing does.

use std::sync::Arc;

use jiff::Timestamp;
use procession_core::log::{Position, Recorded};
use procession_runtime::{Store, StoreError, store::ParkedOf};

use super::{
    BEGINNING, Chance, End, Faults, Outside, Scenario,
    audit::audit,
    disk::Disk,
    end::line,
    life::{Ended, Lived, Surroundings, live},
};

/// How many moments of the store a process may need that should come to rest.
const MOST_MOMENTS: u64 = 2_000_000;

/// What happened in the simulation of one seed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Simulated {
    /// The log in the end, an entry a line, with positions, payloads and times: the same whenever the seed is simulated.
    pub log: Vec<String>,
    /// What was to go wrong.
    pub faults: Faults,
    /// How often the process has died.
    pub crashes: u64,
    /// How many calls of the store were refused.
    pub refused: u64,
    /// How often a runtime stood still while another one took over.
    pub takeovers: u64,
    /// How many requests were delivered once more.
    pub duplicates: u64,
    /// When all was at rest.
    pub until: Timestamp,
    /// What must hold, and does not.
    pub broken: Option<String>,
}

pub(crate) fn simulate_seed(
    seed: u64,
    scenario: &dyn Fn(&mut Chance, &Outside) -> Scenario,
    store: Arc<dyn Store>,
) -> Simulated {
    let mut chance = Chance::of(seed);
    let faults = Faults::draw(&mut chance.fork());
    let outside = Outside::new(chance.fork());
    let scenario = scenario(&mut chance.fork(), &outside);
    let mut simulated = Simulated {
        log: Vec::new(),
        faults,
        crashes: 0,
        refused: 0,
        takeovers: 0,
        duplicates: 0,
        until: BEGINNING,
        broken: None,
    };
    if let Err(broken) = simulated.run(scenario, &outside, Disk::new(store), chance) {
        simulated.broken = Some(broken);
    }
    simulated.duplicates = outside.duplicates();
    simulated
}

impl Simulated {
    fn run(
        &mut self,
        scenario: Scenario,
        outside: &Outside,
        disk: Disk,
        mut chance: Chance,
    ) -> Result<(), String> {
        let Scenario { application, given, when, judges, may_park } = scenario;
        let application = application?;
        given.into_iter().for_each(|it| outside.add(it, true));
        when.into_iter().for_each(|it| outside.add(it, false));
        let around = Surroundings { application, disk, outside: outside.clone() };
        let lived = self.live_with_faults(&around, &mut chance);
        let lived = lived.and_then(|()| self.come_to_rest(&around, &mut chance));
        // Also what is broken has a log, and that tells why.
        let end = self.look(&around);
        lived?;
        let end = end?;
        if let Some(parked) = end.parked().first().filter(|_| !may_park) {
            return Err(format!("a message is parked in the end: {parked:?}"));
        }
        for (name, judge) in judges {
            judge(&end).map_err(|reason| format!("{name}: it does not hold. {reason}"))?;
        }
        Ok(())
    }

    fn live_with_faults(&mut self, around: &Surroundings, chance: &mut Chance) -> Result<(), String> {
        let faults = self.faults.clone();
        for life in 0..=faults.crashes {
            let is_last = life == faults.crashes;
            let moments = if is_last { MOST_MOMENTS } else { chance.between(1, faults.longest_life) };
            match self.live(around, &faults, false, moments, chance)? {
                Ended::Died if is_last => return Err(never_at_rest()),
                Ended::Died => self.crashes += 1,
                Ended::AtRest => break,
                Ended::Stuck(reason) => return Err(reason),
            }
        }
        Ok(())
    }

    fn come_to_rest(&mut self, around: &Surroundings, chance: &mut Chance) -> Result<(), String> {
        match self.live(around, &Faults::none(), true, MOST_MOMENTS, chance)? {
            Ended::AtRest => Ok(()),
            Ended::Died => Err(never_at_rest()),
            Ended::Stuck(reason) => Err(reason),
        }
    }

    fn live(
        &mut self,
        around: &Surroundings,
        faults: &Faults,
        is_calm: bool,
        moments: u64,
        chance: &mut Chance,
    ) -> Result<Ended, String> {
        let lived = live(around, faults, is_calm, moments, self.until, chance.fork());
        let Lived { ended, until, refused, takeovers } = lived.map_err(|it| it.to_string())?;
        self.until = until;
        self.refused += refused;
        self.takeovers += takeovers;
        Ok(ended)
    }

    /// Looks at all that is left, and whether every promise was kept.
    fn look(&mut self, around: &Surroundings) -> Result<End, String> {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let tokio = tokio.map_err(|it| it.to_string())?;
        let Surroundings { application, disk, outside } = around;
        tokio.block_on(async {
            let store = &**disk.store();
            let log = read(store).await.map_err(|it| it.to_string())?;
            self.log = log.iter().map(line).collect();
            let parked = store.parked(ParkedOf::Everything, usize::MAX).await.map_err(|it| it.to_string())?;
            let end = End::new(application, log, parked);
            disk.broken().map_or(Ok(()), Err)?;
            outside.broken().map_or(Ok(()), Err)?;
            audit(application, store, &end, outside).await?;
            Ok(end)
        })
    }
}

fn never_at_rest() -> String {
    format!("it does not come to rest within {MOST_MOMENTS} moments of the store")
}

async fn read(store: &dyn Store) -> Result<Vec<Recorded>, StoreError> {
    const ENTRIES_PER_READ: usize = 4096;
    let (mut log, mut after) = (Vec::new(), Position::START);
    loop {
        let read = store.read_log(after, ENTRIES_PER_READ).await?;
        let Some(last) = read.last() else { return Ok(log) };
        after = last.position;
        log.extend(read);
    }
}
