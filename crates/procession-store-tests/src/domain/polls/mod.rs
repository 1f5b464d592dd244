mod messages;

use std::{collections::BTreeSet, time::Duration};

use procession::{
    After, Context, Correlation, Decider, Either, Events, Handle, Join, Module, Never, On, OnRejection,
    OnTimeout, ProcessManager, Rejected, Saga, Starts,
};
use serde::{Deserialize, Serialize};

pub(crate) use self::messages::*;

/// A process manager: it asks voters, joins their votes, and ends with the last one or when its time is up.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Poll {
    pub(crate) opened: u32,
    /// How often it was to be opened when it was open already.
    pub(crate) noticed: u32,
    pub(crate) voters: Join<u32>,
    pub(crate) sum: u64,
    pub(crate) refused: BTreeSet<u32>,
    pub(crate) ended: u32,
}

/// Whose event opens a poll.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Newspaper;

/// Somebody who is asked. It rejects a question that it refuses.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Voter {
    pub(crate) votes: u32,
}

#[derive(Events)]
pub(crate) enum PollEvent {
    Opened(PollOpened),
    FoundOpen(PollFoundOpen),
    Counted(VoteCounted),
    #[ends]
    Closed(PollClosed),
    #[ends]
    TimedOut(PollTimedOut),
}

#[derive(Events)]
pub(crate) enum NewspaperEvent {
    Announced(PollAnnounced),
    CanvassAsked(CanvassAsked),
}

#[derive(Events)]
pub(crate) enum VoterEvent {
    Cast(VoteCast),
    MovedAway(VoterMovedAway),
}

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("the poll is closed")]
pub(crate) struct PollIsClosed;

#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[error("number {number} refuses to vote")]
pub(crate) struct Refusal {
    number: u32,
}

impl Decider for Poll {
    const CATEGORY: &'static str = "poll";
    type Event = PollEvent;
    type Rejection = PollIsClosed;

    fn evolve(&mut self, event: &PollEvent) {
        match event {
            PollEvent::Opened(event) => {
                self.opened += 1;
                self.voters = Join::of(0..event.terms.voters);
            }
            PollEvent::FoundOpen(_) => self.noticed += 1,
            PollEvent::Counted(event) => {
                self.voters.record(&event.number, ());
                self.sum += u64::from(event.number);
                self.refused.extend(event.refused.then_some(event.number));
            }
            PollEvent::Closed(_) | PollEvent::TimedOut(_) => self.ended += 1,
        }
    }
}

impl Decider for Newspaper {
    const CATEGORY: &'static str = "newspaper";
    type Event = NewspaperEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &NewspaperEvent) {}
}

impl Decider for Voter {
    const CATEGORY: &'static str = "voter";
    type Event = VoterEvent;
    type Rejection = Refusal;

    fn evolve(&mut self, event: &VoterEvent) {
        match event {
            VoterEvent::Cast(_) => self.votes += 1,
            VoterEvent::MovedAway(_) => {}
        }
    }
}

type OpenedOrNot = Either<PollOpened, PollFoundOpen>;
type Counted = Option<(VoteCounted, Option<PollClosed>)>;

impl Poll {
    fn open(&self, poll: String, terms: Terms) -> OpenedOrNot {
        if self.opened > 0 {
            return Either::Right(PollFoundOpen {});
        }
        Either::Left(PollOpened { poll, terms })
    }

    fn count(&self, poll: String, number: u32, refused: bool) -> Counted {
        let answered = self.voters.with(&number, ())?;
        let votes = self.voters.len();
        let closed = answered.is_complete().then_some(PollClosed { poll, votes });
        Some((VoteCounted { number, refused }, closed))
    }
}

impl Handle<OpenPoll> for Poll {
    type Records = OpenedOrNot;

    fn handle(&self, command: OpenPoll, _: &Context) -> Result<OpenedOrNot, PollIsClosed> {
        if self.ended > 0 {
            return Err(PollIsClosed);
        }
        Ok(self.open(command.poll, command.terms))
    }
}

impl On<PollAnnounced> for Poll {
    type Emits = OpenedOrNot;
    const STARTS: Starts = Starts::IfNeeded;

    fn correlate(event: &PollAnnounced) -> Correlation {
        Correlation::to(&event.poll)
    }

    fn on(&self, event: PollAnnounced, _: &Context) -> OpenedOrNot {
        self.open(event.poll, event.terms)
    }
}

impl On<PollOpened> for Poll {
    type Emits = (Vec<AskVoter>, Option<After<ClosePollUnfinished>>, Option<PollClosed>);

    fn correlate(event: &PollOpened) -> Correlation {
        Correlation::to(&event.poll)
    }

    fn on(&self, event: PollOpened, _: &Context) -> Self::Emits {
        let PollOpened { poll, terms } = event;
        let Terms { voters, refusers, forgotten, within_seconds } = terms;
        let ask = |number| AskVoter {
            voter: format!("{poll}-{number}"),
            poll: poll.clone(),
            number,
            refuses: number < refusers,
        };
        let asked = (0..voters).filter(|it| *it < refusers || *it >= forgotten).map(ask).collect();
        let close = |seconds| After(Duration::from_secs(seconds), ClosePollUnfinished { poll: poll.clone() });
        let later = within_seconds.map(close);
        let closed = (voters == 0).then_some(PollClosed { poll, votes: 0 });
        (asked, later, closed)
    }
}

impl On<VoteCast> for Poll {
    type Emits = Counted;

    fn correlate(event: &VoteCast) -> Correlation {
        Correlation::required(event.poll.as_ref())
    }

    fn on(&self, event: VoteCast, _: &Context) -> Counted {
        self.count(event.poll?, event.number, false)
    }
}

impl On<VoterMovedAway> for Poll {
    type Emits = Counted;

    fn correlate(event: &VoterMovedAway) -> Correlation {
        Correlation::maybe(event.poll.as_ref())
    }

    fn on(&self, event: VoterMovedAway, _: &Context) -> Counted {
        self.count(event.poll?, event.number, true)
    }
}

impl OnRejection<AskVoter> for Poll {
    type Emits = Counted;

    fn on_rejection(&self, rejected: Rejected<AskVoter>, _: &Context) -> Counted {
        self.count(rejected.command.poll, rejected.rejection.number, true)
    }
}

impl OnTimeout<ClosePollUnfinished> for Poll {
    type Emits = PollTimedOut;

    fn on_timeout(&self, _: ClosePollUnfinished, _: &Context) -> PollTimedOut {
        PollTimedOut { missing: self.voters.missing().copied().collect() }
    }
}

impl Handle<AnnouncePoll> for Newspaper {
    type Records = PollAnnounced;

    fn handle(&self, command: AnnouncePoll, _: &Context) -> Result<PollAnnounced, Never> {
        Ok(PollAnnounced { poll: command.poll, terms: command.terms })
    }
}

impl Handle<Canvass> for Newspaper {
    type Records = CanvassAsked;

    fn handle(&self, command: Canvass, _: &Context) -> Result<CanvassAsked, Never> {
        Ok(CanvassAsked { poll: command.poll, number: command.number })
    }
}

impl Handle<AskVoter> for Voter {
    type Records = VoteCast;

    fn handle(&self, command: AskVoter, _: &Context) -> Result<VoteCast, Refusal> {
        if command.refuses {
            return Err(Refusal { number: command.number });
        }
        Ok(VoteCast { poll: Some(command.poll), number: command.number })
    }
}

impl Handle<CastVote> for Voter {
    type Records = VoteCast;

    fn handle(&self, command: CastVote, _: &Context) -> Result<VoteCast, Refusal> {
        Ok(VoteCast { poll: command.poll, number: command.number })
    }
}

impl Handle<MoveAway> for Voter {
    type Records = VoterMovedAway;

    fn handle(&self, command: MoveAway, _: &Context) -> Result<VoterMovedAway, Refusal> {
        Ok(VoterMovedAway { poll: command.poll, number: command.number })
    }
}

pub(crate) fn module() -> Module {
    let poll = ProcessManager::<Poll>::new()
        .on::<PollAnnounced>()
        .on::<PollOpened>()
        .on::<VoteCast>()
        .on::<VoterMovedAway>()
        .on_rejection::<AskVoter>()
        .on_timeout::<ClosePollUnfinished>();
    let canvassers = Saga::named("canvassers").on(|event: &CanvassAsked| AskVoter {
        voter: format!("{}-{}", event.poll, event.number),
        poll: event.poll.clone(),
        number: event.number,
        refuses: true,
    });
    Module::named("polls")
        .handles::<AnnouncePoll>()
        .handles::<Canvass>()
        .handles::<OpenPoll>()
        .handles::<AskVoter>()
        .handles::<CastVote>()
        .handles::<MoveAway>()
        .process_manager(poll)
        .saga(canvassers)
}
