use hotel::{Style, hotel, takes};
use procession::{
    Store, Stream,
    log::{Kind, Position, Recorded},
};

use super::{CliError, look};

/// Makes sure that the messages on their way, which a hotel that was killed has left, are all taken in this style.
///
/// Events are taken in every style, and so are timeouts. Commands and inputs were made for the handlers of one style; in
/// another they would be parked, and their group would never end.
pub(super) async fn must_fit(store: &impl Store, style: Style) -> Result<(), CliError> {
    let waiting = waiting_for_an_instance(store).await?;
    let map = hotel(style)?.map().clone();
    let strange: Vec<&Recorded> = waiting.iter().filter(|it| !takes(&map, &it.entry)).collect();
    let Some(first) = strange.first() else { return Ok(()) };
    let entry = &first.entry;
    let (messages, are) = match strange.len() {
        1 => ("a message".into(), "is on its way"),
        some => (look::count(some, "message"), "are on their way"),
    };
    let said = format!(
        "{messages} {are} that the style {style} does not take, such as {} for {}",
        entry.name, entry.stream
    );
    Err(CliError::failed(said).hint(match style_that_takes(&waiting)? {
        Some(other) => format!("`hotel serve --style {other}` finishes what was begun; nothing was changed"),
        None => "an older or newer program has begun it, and can finish it; nothing was changed".into(),
    }))
}

/// Commands and inputs that nobody has handled yet.
async fn waiting_for_an_instance(store: &impl Store) -> Result<Vec<Recorded>, CliError> {
    const ENTRIES_PER_READ: usize = 4096;
    let checkpoints = store.progress().await?.checkpoints;
    let is_waiting = |it: &Recorded| {
        let checkpoint = checkpoints.get(partition(&it.entry.stream, store.partitions()));
        matches!(it.entry.kind, Kind::Command | Kind::Input)
            && checkpoint.is_none_or(|checkpoint| it.position > *checkpoint)
    };
    let (mut waiting, mut after) = (Vec::new(), checkpoints.iter().min().copied().unwrap_or(Position::START));
    loop {
        let read = store.read_log(after, ENTRIES_PER_READ).await?;
        let Some(last) = read.last() else { return Ok(waiting) };
        after = last.position;
        waiting.extend(read.into_iter().filter(is_waiting));
    }
}

fn partition(stream: &Stream, partitions: u16) -> usize {
    stream.partition(partitions).index()
}

fn style_that_takes(waiting: &[Recorded]) -> Result<Option<Style>, CliError> {
    for style in Style::ALL {
        let map = hotel(style)?.map().clone();
        if waiting.iter().all(|it| takes(&map, &it.entry)) {
            return Ok(Some(style));
        }
    }
    Ok(None)
}
