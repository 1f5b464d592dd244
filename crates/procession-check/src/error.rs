use procession_core::Failure;

/// Why there is nothing to explore.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The modules do not fit together.
    #[error("the application does not fit together: {0}")]
    Application(String),
    /// A command cannot be sent.
    #[error("a command of the check cannot be sent: {0}")]
    Given(Failure),
    /// What is given cannot have happened.
    #[error("what is given cannot have happened: {0}")]
    Impossible(String),
    /// More commands may come at any moment than can be kept track of.
    #[error("{0} commands may come at any moment, and at most 64 are possible")]
    TooManyMeanwhile(usize),
    /// Instances are declared to be alike, and are not.
    #[error(
        "`{one}` and `{other}` are not alike: what is given, or what comes, tells them apart; take one of them out of \
         `.alike([...])`"
    )]
    NotAlike {
        /// One of them.
        one: String,
        /// The other one.
        other: String,
    },
}
