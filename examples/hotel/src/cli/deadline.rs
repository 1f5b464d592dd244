use clap::Args;
use hotel::Deadline;

/// The deadline of a group checkout, if it has one.
#[derive(Args, Clone, Copy, Default)]
pub(super) struct GroupDeadline {
    /// How long the guests of a group may take to answer, like `30m` or `1h 30m`; without it, for ever.
    ///
    /// When time is up, the group checkout ends as timed out, and says who has not answered.
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    pub(super) deadline: Option<Deadline>,
}
