//! React to the rejection of a command that a process manager has sent. It finds its way to the instance that has sent it.

mod rooms;

use std::error::Error;

use procession::{
    Application, Command, Context, Correlation, Decider, Event, Events, Handle, Lifecycle, MemoryStore,
    Module, Never, On, OnRejection, ProcessManager, Rejected, Runtime,
};
use rooms::{CleanRoom, RoomRejection};
use serde::{Deserialize, Serialize};

#[derive(Command, Serialize, Deserialize)]
#[command(to = Complaint, id = complaint)]
struct Complain {
    complaint: String,
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct ComplaintMade {
    complaint: String,
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
struct ComplaintAnswered {
    answer: String,
}

#[derive(Events)]
enum ComplaintEvent {
    Made(ComplaintMade),
    #[ends]
    Answered(ComplaintAnswered),
}

#[derive(Default)]
struct Complaint {
    answer: String,
}

impl Decider for Complaint {
    const CATEGORY: &'static str = "complaint";
    type Event = ComplaintEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &ComplaintEvent) {
        match event {
            ComplaintEvent::Made(_) => {}
            ComplaintEvent::Answered(event) => self.answer.clone_from(&event.answer),
        }
    }
}

impl Handle<Complain> for Complaint {
    type Records = ComplaintMade;

    fn handle(&self, command: Complain, _: &Context) -> Result<ComplaintMade, Never> {
        Ok(ComplaintMade { complaint: command.complaint, room: command.room })
    }
}

impl On<ComplaintMade> for Complaint {
    type Emits = CleanRoom;

    fn correlate(event: &ComplaintMade) -> Correlation {
        Correlation::to(&event.complaint)
    }

    fn on(&self, event: ComplaintMade, _: &Context) -> CleanRoom {
        CleanRoom { room: event.room }
    }
}

impl OnRejection<CleanRoom> for Complaint {
    type Emits = ComplaintAnswered;

    fn on_rejection(&self, rejected: Rejected<CleanRoom>, _: &Context) -> ComplaintAnswered {
        let answer = match rejected.rejection {
            RoomRejection::AlreadyClean => format!("but room {} is clean", rejected.command.room),
        };
        ComplaintAnswered { answer }
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let complaints = ProcessManager::<Complaint>::new().on::<ComplaintMade>().on_rejection::<CleanRoom>();
    let hotel = Application::assemble([Module::named("hotel")
        .handles::<CleanRoom>()
        .handles::<Complain>()
        .process_manager(complaints)])?;
    let runtime = Runtime::start(&hotel, MemoryStore::new()).await?;
    runtime.execute(CleanRoom { room: 7 }).await?;

    let process = runtime.execute(Complain { complaint: "dust".into(), room: 7 }).await?.process;
    runtime.wait(process).await?;

    let complaint = runtime.reader().instance::<Complaint>("dust").await?;
    assert_eq!(complaint.state.answer, "but room 7 is clean");
    assert_eq!(complaint.lifecycle, Lifecycle::Ended("ComplaintAnswered"));
    Ok(())
}
