use procession::{Command, Event};
use serde::{Deserialize, Serialize};

use super::{Newspaper, Poll, Voter};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Terms {
    pub(crate) voters: u32,
    /// Those with smaller numbers reject the question.
    pub(crate) refusers: u32,
    /// Those with smaller numbers, who do not refuse, are never asked.
    pub(crate) forgotten: u32,
    pub(crate) within_seconds: Option<u64>,
}

/// Opens a poll by an event.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Newspaper, id = poll)]
pub(crate) struct AnnouncePoll {
    pub(crate) poll: String,
    pub(crate) terms: Terms,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct PollAnnounced {
    pub(crate) poll: String,
    pub(crate) terms: Terms,
}

/// Opens a poll by a command to itself.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Poll, id = poll)]
pub(crate) struct OpenPoll {
    pub(crate) poll: String,
    pub(crate) terms: Terms,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct PollOpened {
    pub(crate) poll: String,
    pub(crate) terms: Terms,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct PollFoundOpen {}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct VoteCounted {
    pub(crate) number: u32,
    pub(crate) refused: bool,
}

#[derive(Event, Debug, Serialize, Deserialize)]
pub(crate) struct PollClosed {
    pub(crate) poll: String,
    pub(crate) votes: usize,
}

#[derive(Event, Debug, Serialize, Deserialize)]
pub(crate) struct PollTimedOut {
    pub(crate) missing: Vec<u32>,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Poll, id = poll)]
pub(crate) struct ClosePollUnfinished {
    pub(crate) poll: String,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Voter, id = voter)]
pub(crate) struct AskVoter {
    pub(crate) voter: String,
    pub(crate) poll: String,
    pub(crate) number: u32,
    pub(crate) refuses: bool,
}

/// A vote that nobody has asked for.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Voter, id = voter)]
pub(crate) struct CastVote {
    pub(crate) voter: String,
    pub(crate) poll: Option<String>,
    pub(crate) number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct VoteCast {
    pub(crate) poll: Option<String>,
    pub(crate) number: u32,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Voter, id = voter)]
pub(crate) struct MoveAway {
    pub(crate) voter: String,
    pub(crate) poll: Option<String>,
    pub(crate) number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct VoterMovedAway {
    pub(crate) poll: Option<String>,
    pub(crate) number: u32,
}

/// Lets somebody else than the poll ask its voters.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Newspaper, id = poll)]
pub(crate) struct Canvass {
    pub(crate) poll: String,
    pub(crate) number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct CanvassAsked {
    pub(crate) poll: String,
    pub(crate) number: u32,
}

/// So many voters, who are all asked and do not refuse, and no time limit.
pub(crate) fn terms(voters: u32) -> Terms {
    Terms { voters, refusers: 0, forgotten: 0, within_seconds: None }
}

/// Opens a poll by an event.
pub(crate) fn announce(poll: &str, terms: Terms) -> AnnouncePoll {
    AnnouncePoll { poll: poll.into(), terms }
}

/// Opens a poll by a command to itself.
pub(crate) fn open(poll: &str, terms: Terms) -> OpenPoll {
    OpenPoll { poll: poll.into(), terms }
}

/// A vote that nobody has asked for.
pub(crate) fn vote(poll: Option<&str>, number: u32) -> CastVote {
    CastVote { voter: format!("voter {number}"), poll: poll.map(Into::into), number }
}
