use axum::{Json, extract::State, response::IntoResponse};
use procession::{history, log::ProcessId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    path::Id,
    responses::{Message, ReadProblems, messages},
};
use crate::web::{desk::Desk, problem::Problem};

/// A process, layer by layer: each layer was caused by the one before.
#[derive(Serialize, ToSchema)]
struct Process {
    /// The process.
    #[schema(example = 121)]
    process: u64,
    /// Commands, events, commands, events, and so on.
    layers: Vec<Layer>,
}

/// Messages at the same distance from the one that began the process.
#[derive(Serialize, ToSchema)]
struct Layer {
    /// How many causes lie between.
    depth: usize,
    /// The messages, in log order.
    messages: Vec<Message>,
}

/// Look at a process
#[utoipa::path(
    get, operation_id = "get_process", path = "/api/processes/{process}", tag = "Processes", params(("process" = u64, Path, example = 121)),
    responses((status = 200, description = "The process, layer by layer", body = Process), ReadProblems)
)]
pub(super) async fn get(
    State(desk): State<Desk>,
    Id(process): Id<ProcessId>,
) -> Result<impl IntoResponse, Problem> {
    let recorded = desk.history(process).await?;
    let layers = history::layers(&recorded)
        .into_iter()
        .map(|layer| Ok(Layer { depth: layer.depth, messages: messages(layer.messages)? }));
    let layers: Result<_, Problem> = layers.collect();
    Ok(Json(Process { process: process.0, layers: layers? }))
}
