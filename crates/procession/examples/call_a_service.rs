//! Call a service: a real side effect, made at least once, with a key that lets the service recognise what comes again.

mod rooms;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use procession::{Application, Effect, EffectError, MemoryStore, Module, Retries, Runtime};
use rooms::{CleanRoom, InspectRoom, Room, RoomCleaned};

/// A service of somebody else's, which is away when it is called first.
#[derive(Clone, Default)]
struct Inspectors {
    calls: Arc<AtomicU32>,
}

impl Inspectors {
    async fn send_somebody(&self, _room: u16, _key: &str) -> Result<(), EffectError> {
        match self.calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(EffectError::retry("nobody answers")),
            _ => Ok(()),
        }
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let inspectors = Inspectors::default();
    let service = inspectors.clone();
    let inspection = Effect::named("inspection")
        .on(move |event: RoomCleaned, call| {
            let service = service.clone();
            async move {
                service.send_somebody(event.room, &call.key).await?;
                Ok(InspectRoom { room: event.room })
            }
        })
        .retries(Retries::up_to(10).first_pause(Duration::from_millis(10)))
        .timeout(Duration::from_secs(5))
        .calls_at_once(4);
    let rooms = Module::named("rooms").handles::<CleanRoom>().handles::<InspectRoom>().effect(inspection);
    let runtime = Runtime::start(&Application::assemble([rooms])?, MemoryStore::new()).await?;

    let process = runtime.execute(CleanRoom { room: 7 }).await?.process;
    runtime.wait(process).await?;

    assert_eq!(inspectors.calls.load(Ordering::Relaxed), 2);
    assert_eq!(runtime.reader().instance::<Room>(7).await?.state.inspections, 1);
    runtime.stop().await?;
    Ok(())
}
