use std::{fmt, time::Duration};

use crate::counterexample::Counterexample;

/// How far an exploration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many different worlds were found so far.
    pub states: usize,
    /// How many moves lie between the first world and those that are explored now.
    pub depth: usize,
}

/// Why an exploration was not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// There are more worlds than were to be explored.
    States(usize),
    /// Some of them lie deeper.
    Depth(usize),
}

/// What came out of a check.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// All worlds were explored, and all properties hold in all of them.
    Holds,
    /// A property does not hold: the shortest way there.
    Broken(Box<Counterexample>),
    /// Nothing is wrong as far as it was explored, and that is not all: nothing is proved.
    NotFinished(Bound),
    /// All properties hold, but parts of the application were never reached: nothing is proved about them.
    Unreached(Unreached),
}

/// What a check has not reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreached {
    /// Handlers that never ran, each with the message that it takes.
    pub handlers: Vec<String>,
    /// Events that were recorded, and that nobody reacts to.
    pub events: Vec<String>,
}

impl Unreached {
    pub(crate) fn is_empty(&self) -> bool {
        self.handlers.is_empty() && self.events.is_empty()
    }
}

/// What was explored, and what came out of it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// What came out of it.
    pub verdict: Verdict,
    /// How many different worlds were found.
    pub states: usize,
    /// How many moves were made.
    pub moves: usize,
    /// How many of the worlds are at rest: nothing is on its way.
    pub rests: usize,
    /// How many moves the farthest world is away.
    pub depth: usize,
    /// How long it took.
    pub elapsed: Duration,
}

impl Report {
    /// Whether all was explored, and all holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Holds)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Holds => write!(f, "holds")?,
            Verdict::Broken(counterexample) => write!(f, "{counterexample}")?,
            Verdict::NotFinished(bound) => write!(f, "not finished: {bound}")?,
            Verdict::Unreached(unreached) => write!(f, "{unreached}")?,
        }
        write!(
            f,
            "\n{} worlds, {} of them at rest; {} moves, {} deep; {:.2} s",
            self.states,
            self.rests,
            self.moves,
            self.depth,
            self.elapsed.as_secs_f64()
        )
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::States(states) => {
                write!(
                    f,
                    "there are more than {states} worlds; make the check smaller, or allow more by `.most_states(...)`"
                )
            }
            Self::Depth(depth) => {
                write!(f, "some worlds lie deeper than {depth} moves; does the process go on for ever?")
            }
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.handlers.is_empty() {
            writeln!(f, "these handlers never ran, so nothing is known about them:")?;
            self.handlers.iter().try_for_each(|it| writeln!(f, "  {it}"))?;
            writeln!(f, "reach them, or say `.is_partial()`")?;
        }
        if !self.events.is_empty() {
            writeln!(f, "nobody reacts to these events, and they end nothing:")?;
            self.events.iter().try_for_each(|it| writeln!(f, "  {it}"))?;
            writeln!(f, "if that is as it should be, say `.facts([...])`")?;
        }
        Ok(())
    }
}
