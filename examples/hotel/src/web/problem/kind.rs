use axum::http::StatusCode;

/// The kinds of problems that clients can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The request cannot be understood.
    Malformed,
    /// A form on another site sent it.
    OtherSite,
    /// There is no such thing.
    NotFound,
    /// The path knows other methods only.
    WrongMethod,
    /// The decider said no.
    Rejected,
    /// The guest could not check out; that is recorded.
    CheckoutFailed,
    /// The rooms of a night are taken.
    NoRoom,
    /// An earlier message of the instance is parked.
    Blocked,
    /// Somebody else has changed it meanwhile.
    StaleVersion,
    /// The body is too large.
    TooLarge,
    /// The body is not JSON by its own account.
    WrongContentType,
    /// The request is well-formed, and makes no sense.
    InvalidInput,
    /// The key was used before for something else.
    KeyReused,
    /// A bug, or a damaged store.
    Failed,
    /// The store takes nothing now.
    Unavailable,
}

use ProblemKind as Kind;

/// Each kind: its name in the type, its status, its title, and what a client can do about it.
const KINDS: [(Kind, &str, StatusCode, &str, &str); 15] = [
    (
        Kind::Malformed,
        "malformed",
        StatusCode::BAD_REQUEST,
        "The request cannot be understood",
        "Correct what the detail names, and send it again. Nothing was changed.",
    ),
    (
        Kind::OtherSite,
        "other-site",
        StatusCode::FORBIDDEN,
        "The request comes from another site",
        "Only the hotel's own pages and programs may send commands. Nothing was changed.",
    ),
    (
        Kind::NotFound,
        "not-found",
        StatusCode::NOT_FOUND,
        "There is no such thing",
        "Look at the list of stays, or at the paths of this API. Nothing was changed.",
    ),
    (
        Kind::WrongMethod,
        "wrong-method",
        StatusCode::METHOD_NOT_ALLOWED,
        "The path knows other methods only",
        "The header Allow lists them. Nothing was changed.",
    ),
    (
        Kind::Rejected,
        "rejected",
        StatusCode::CONFLICT,
        "The hotel says no",
        "A rule of the house forbids it, as the detail says. The rejection is recorded as the command's outcome.",
    ),
    (
        Kind::CheckoutFailed,
        "checkout-failed",
        StatusCode::CONFLICT,
        "The guest could not check out",
        "Settle the balance and check out again. The failed attempt is recorded in the stay as an event, so its \
         version has grown.",
    ),
    (
        Kind::NoRoom,
        "no-room",
        StatusCode::CONFLICT,
        "No room is left",
        "Look at the availability, and ask for other days or another type. The guest has no room; where the problem names \
         a process, the refusal is recorded as an event of the reservation.",
    ),
    (
        Kind::Blocked,
        "blocked",
        StatusCode::CONFLICT,
        "Earlier work for this instance is parked",
        "An operator has to look at the parked message first. Nothing was changed.",
    ),
    (
        Kind::StaleVersion,
        "stale-version",
        StatusCode::PRECONDITION_FAILED,
        "It has changed meanwhile",
        "Get it again, decide again, and send the new ETag. Nothing was changed.",
    ),
    (
        Kind::TooLarge,
        "too-large",
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is too large",
        "A body may have 1 MiB. Nothing was changed.",
    ),
    (
        Kind::WrongContentType,
        "wrong-content-type",
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The content type is not understood",
        "Send JSON with Content-Type: application/json. Nothing was changed.",
    ),
    (
        Kind::InvalidInput,
        "invalid-input",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The request makes no sense",
        "Correct what the detail names. Nothing was changed.",
    ),
    (
        Kind::KeyReused,
        "key-reused",
        StatusCode::UNPROCESSABLE_ENTITY,
        "The idempotency key was used before",
        "Use a new key for another request. Nothing was changed.",
    ),
    (
        Kind::Failed,
        "failed",
        StatusCode::INTERNAL_SERVER_ERROR,
        "The hotel has failed",
        "This is a bug or a damaged store, not your mistake. Tell the operator what the detail says.",
    ),
    (
        Kind::Unavailable,
        "unavailable",
        StatusCode::SERVICE_UNAVAILABLE,
        "The hotel cannot take anything now",
        "Try again after the seconds of Retry-After, best with an Idempotency-Key.",
    ),
];

impl ProblemKind {
    /// All kinds, with what a client can do about each.
    pub(crate) fn all() -> impl Iterator<Item = (Self, &'static str)> {
        KINDS.iter().map(|(kind, .., advice)| (*kind, *advice))
    }

    /// The name in the type of the problem.
    pub(crate) fn slug(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn uri(self) -> String {
        format!("/api/docs#{}", self.slug())
    }

    pub(crate) fn status(self) -> StatusCode {
        self.row().2
    }

    pub(crate) fn title(self) -> &'static str {
        self.row().3
    }

    pub(crate) fn retry_after_seconds(self) -> Option<u16> {
        (self == Self::Unavailable).then_some(5)
    }

    /// The kind of an answer that only has a status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let found = KINDS.iter().find(|it| it.2 == status).map(|it| it.0);
        found.unwrap_or(if status.is_client_error() { Self::Malformed } else { Self::Failed })
    }

    fn row(self) -> &'static (Kind, &'static str, StatusCode, &'static str, &'static str) {
        // The table stands in the order of the enum, as a test makes sure.
        &KINDS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::KINDS;

    #[test]
    fn the_table_stands_in_the_order_of_the_kinds() {
        for (kind, slug, ..) in KINDS {
            assert_eq!(kind.slug(), slug);
        }
    }
}
