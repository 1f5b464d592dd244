//! What the API's description says about answers: the messages of processes, and the problems of each path.

use std::collections::BTreeMap;

use procession::log::{Kind, Recorded};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type},
};

use crate::web::problem::{Problem, ProblemKind};

/// A message of a process, as it stands in the log.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    /// Its place in the log.
    #[schema(example = 121)]
    position: u64,
    /// The process that it belongs to: the position of the message that began it.
    #[schema(example = 121)]
    process: u64,
    /// The message that caused it; none for the one that began the process.
    causation: Option<u64>,
    /// `event`, `command`, `executed_command` (handled in the transaction that logged it), `rejection`, `input` (an event
    /// on its way to a process manager), `ignored` (a process manager did not take a message), or `public_event`.
    #[schema(value_type = String, example = "event")]
    kind: Kind,
    /// Events only: the version of the stream.
    version: Option<u64>,
    /// The stream of the event, or the one that the command is addressed to.
    stream: StreamAddress,
    /// The name of the message's type.
    #[schema(example = "PaymentRecorded")]
    name: String,
    /// The version of the payload's shape.
    #[schema(example = 1)]
    schema_version: u16,
    /// The message itself.
    #[schema(value_type = Object)]
    payload: Value,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime, example = "2026-11-23T10:00:00Z")]
    at: jiff::Timestamp,
}

/// The address of a stream.
#[derive(Serialize, ToSchema)]
struct StreamAddress {
    /// What it is about.
    #[schema(example = "guest_stay")]
    category: String,
    /// Which one.
    #[schema(example = "okafor-101")]
    id: String,
}

impl TryFrom<&Recorded> for Message {
    type Error = Problem;

    fn try_from(recorded: &Recorded) -> Result<Self, Problem> {
        let entry = &recorded.entry;
        let (category, id) = (entry.stream.category().into(), entry.stream.id().into());
        Ok(Self {
            position: recorded.position.0,
            process: recorded.process.0,
            causation: recorded.causation.map(|it| it.0),
            kind: entry.kind,
            version: recorded.version.map(|it| it.0),
            stream: StreamAddress { category, id },
            name: entry.name.to_string(),
            schema_version: entry.schema_version,
            payload: serde_json::from_str(&entry.payload)?,
            at: entry.at,
        })
    }
}

/// Messages in the order of the log.
pub(super) fn messages<'a>(
    recorded: impl IntoIterator<Item = &'a Recorded>,
) -> Result<Vec<Message>, Problem> {
    recorded.into_iter().map(Message::try_from).collect()
}

/// Problems of reading something that may not exist.
pub(super) struct ReadProblems;
/// Problems of reading a list.
pub(super) struct ListProblems;
/// Problems of a search.
pub(super) struct SearchProblems;
/// Problems that are nobody's mistake who asks.
pub(super) struct ServerProblems;
/// Problems of a command for something that exists.
pub(super) struct CommandProblems;
/// Problems of a guest's checkout.
pub(super) struct CheckoutProblems;
/// Problems of a command for a stay, with a body.
pub(super) struct CommandBodyProblems;
/// Problems of something new.
pub(super) struct CreateProblems;
/// Problems of a reservation that is asked for.
pub(super) struct ReserveProblems;

use ProblemKind as Kinds;

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[Kinds::NotFound, Kinds::Failed, Kinds::Unavailable])
    }
}

impl IntoResponses for ListProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[Kinds::Malformed, Kinds::Failed, Kinds::Unavailable])
    }
}

impl IntoResponses for SearchProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[Kinds::Malformed, Kinds::InvalidInput, Kinds::Failed, Kinds::Unavailable])
    }
}

impl IntoResponses for ServerProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[Kinds::Failed, Kinds::Unavailable])
    }
}

const OF_COMMANDS: [ProblemKind; 9] = [
    Kinds::Malformed,
    Kinds::OtherSite,
    Kinds::NotFound,
    Kinds::Rejected,
    Kinds::Blocked,
    Kinds::StaleVersion,
    Kinds::KeyReused,
    Kinds::Failed,
    Kinds::Unavailable,
];
const OF_BODIES: [ProblemKind; 3] = [Kinds::TooLarge, Kinds::WrongContentType, Kinds::InvalidInput];

impl IntoResponses for CommandProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&OF_COMMANDS)
    }
}

impl IntoResponses for CheckoutProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut kinds = OF_COMMANDS.to_vec();
        kinds.push(Kinds::CheckoutFailed);
        problems(&kinds)
    }
}

impl IntoResponses for CommandBodyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[OF_COMMANDS.as_slice(), &OF_BODIES].concat())
    }
}

impl IntoResponses for CreateProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&of_something_new())
    }
}

impl IntoResponses for ReserveProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut kinds = of_something_new();
        kinds.push(Kinds::NoRoom);
        problems(&kinds)
    }
}

fn of_something_new() -> Vec<ProblemKind> {
    let mut kinds = [OF_COMMANDS.as_slice(), &OF_BODIES].concat();
    kinds.retain(|it| ![Kinds::NotFound, Kinds::StaleVersion].contains(it));
    kinds
}

fn problems(kinds: &[ProblemKind]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<ProblemKind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.status().as_u16().to_string()).or_default().push(*kind);
    }
    by_status.into_iter().map(|(status, kinds)| (status, RefOr::T(problem(&kinds)))).collect()
}

/// The response for all problems that share a status.
fn problem(kinds: &[ProblemKind]) -> Response {
    let titles: Vec<String> = kinds.iter().map(|it| format!("{} (`{}`)", it.title(), it.slug())).collect();
    let example = kinds.first().map(|kind| {
        json!({
            "type": kind.uri(),
            "title": kind.title(),
            "status": kind.status().as_u16(),
            "detail": "A sentence that says what happened, to what, and what to do.",
            "instance": "/api/stays/okafor-101",
        })
    });
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
    let mut response =
        ResponseBuilder::new().description(titles.join("; ")).content("application/problem+json", content);
    if kinds.contains(&ProblemKind::Unavailable) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer);
        let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds to wait.")).build();
        response = response.header("Retry-After", header);
    }
    response.build()
}
