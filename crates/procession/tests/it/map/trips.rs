//! A travel desk that has one of everything: a process manager with a timeout and a rejection, a linear saga with
//! branches, a save-point and compensation, choreography, and public events between two modules.

use std::time::Duration;

use procession::{
    After, Application, Branch, Cancel, Command, Context, Correlation, Decider, Either, Event, Events,
    Handle, LinearSaga, Module, Never, On, OnRejection, OnTimeout, ProcessManager, PublicEvent, Rejected,
    Starts, Step,
    doc::{CleanRoom, GuestLeft, Room, RoomCleaned},
};
use serde::{Deserialize, Serialize};

pub(super) fn travel_desk() -> Application {
    let rooms = Module::named("rooms")
        .external_event::<GuestLeft>()
        .handles::<CleanRoom>()
        .handles::<HoldRoom>()
        .handles::<ReleaseRoom>()
        .on(|event: &GuestLeft| CleanRoom { room: event.room })
        .publishes_as(|_: &Room, event: &RoomCleaned| RoomBecameFree { room: event.room })
        .publishes::<RoomHeld>()
        .publishes::<RoomReleased>();
    let trips = Module::named("trips")
        .handles::<JoinWaitingList>()
        .process_manager(waiting_list())
        .handles::<BookTrip>()
        .handles::<ChargeCard>()
        .handles::<RefundCard>()
        .handles::<IssueTicket>()
        .linear_saga(booking());
    Application::assemble([rooms, trips]).unwrap()
}

macro_rules! messages {
    (Command to $to:ident: $($name:ident)*) => {
        $(
            #[derive(Command, Serialize, Deserialize, Clone)]
            #[command(to = $to, id = room)]
            pub(super) struct $name {
                room: u16,
            }
        )*
    };
    ($kind:ident: $($name:ident)*) => {
        $(
            #[derive($kind, Serialize, Deserialize, Clone)]
            pub(super) struct $name {
                room: u16,
            }
        )*
    };
}

messages! { Command to Holding: HoldRoom ReleaseRoom }
messages! { Event: RoomHeld RoomReleased }
messages! { PublicEvent: RoomBecameFree }
messages! { Command to WaitingList: JoinWaitingList GiveUpWaiting }
messages! { Event: GuestWaits RoomOffered GuestServed WaitingGivenUp }
messages! { Command to Trip: BookTrip ChargeCard RefundCard IssueTicket }
messages! { Event: TripRequested CardCharged CardDeclined CardRefunded }

#[derive(Event, Serialize, Deserialize, Clone)]
#[event(version = 2, upcast_from = PaperTicket)]
pub(super) struct TicketIssued {
    room: u16,
}

#[derive(Deserialize, Event, Serialize)]
#[event(name = "TicketIssued")]
pub(super) struct PaperTicket {
    room: u16,
}

impl From<PaperTicket> for TicketIssued {
    fn from(old: PaperTicket) -> Self {
        Self { room: old.room }
    }
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(super) enum HoldingRejection {
    #[error("the room is held already")]
    Held,
}

/// Who holds a room.
#[derive(Default)]
pub(super) struct Holding {
    held: bool,
}

#[derive(Events)]
pub(super) enum HoldingEvent {
    Held(RoomHeld),
    Released(RoomReleased),
}

impl Decider for Holding {
    const CATEGORY: &'static str = "holding";
    type Event = HoldingEvent;
    type Rejection = HoldingRejection;

    fn evolve(&mut self, event: &HoldingEvent) {
        self.held = matches!(event, HoldingEvent::Held(_));
    }
}

impl Handle<HoldRoom> for Holding {
    type Records = RoomHeld;

    fn handle(&self, command: HoldRoom, _: &Context) -> Result<RoomHeld, HoldingRejection> {
        if self.held { Err(HoldingRejection::Held) } else { Ok(RoomHeld { room: command.room }) }
    }
}

impl Handle<ReleaseRoom> for Holding {
    type Records = RoomReleased;

    fn handle(&self, command: ReleaseRoom, _: &Context) -> Result<RoomReleased, HoldingRejection> {
        Ok(RoomReleased { room: command.room })
    }
}

/// Waits for a free room, and holds it.
#[derive(Default)]
pub(super) struct WaitingList;

#[derive(Events)]
pub(super) enum WaitingListEvent {
    Waits(GuestWaits),
    Offered(RoomOffered),
    #[ends]
    Served(GuestServed),
    #[ends]
    GivenUp(WaitingGivenUp),
}

impl Decider for WaitingList {
    const CATEGORY: &'static str = "waiting_list";
    type Event = WaitingListEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &WaitingListEvent) {}
}

impl Handle<JoinWaitingList> for WaitingList {
    type Records = GuestWaits;

    fn handle(&self, command: JoinWaitingList, _: &Context) -> Result<GuestWaits, Never> {
        Ok(GuestWaits { room: command.room })
    }
}

fn waiting_list() -> ProcessManager<WaitingList> {
    ProcessManager::new()
        .on::<TripRequested>()
        .on::<GuestWaits>()
        .on::<RoomBecameFree>()
        .on::<RoomHeld>()
        .on_rejection::<HoldRoom>()
        .on_timeout::<GiveUpWaiting>()
}

impl On<TripRequested> for WaitingList {
    type Emits = GuestWaits;
    const STARTS: Starts = Starts::Once;

    fn correlate(event: &TripRequested) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, event: TripRequested, _: &Context) -> GuestWaits {
        GuestWaits { room: event.room }
    }
}

impl On<GuestWaits> for WaitingList {
    type Emits = After<GiveUpWaiting>;

    fn correlate(event: &GuestWaits) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, event: GuestWaits, _: &Context) -> Self::Emits {
        After(Duration::from_secs(3600), GiveUpWaiting { room: event.room })
    }
}

impl On<RoomBecameFree> for WaitingList {
    type Emits = (RoomOffered, HoldRoom);

    fn correlate(event: &RoomBecameFree) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, RoomBecameFree { room }: RoomBecameFree, _: &Context) -> Self::Emits {
        (RoomOffered { room }, HoldRoom { room })
    }
}

impl On<RoomHeld> for WaitingList {
    type Emits = (GuestServed, Cancel<GiveUpWaiting>);

    fn correlate(event: &RoomHeld) -> Correlation {
        Correlation::to(event.room)
    }

    fn on(&self, RoomHeld { room }: RoomHeld, _: &Context) -> Self::Emits {
        (GuestServed { room }, Cancel::to(room))
    }
}

impl OnRejection<HoldRoom> for WaitingList {
    type Emits = Option<WaitingGivenUp>;

    fn on_rejection(&self, rejected: Rejected<HoldRoom>, _: &Context) -> Self::Emits {
        Some(WaitingGivenUp { room: rejected.command.room })
    }
}

impl OnTimeout<GiveUpWaiting> for WaitingList {
    type Emits = WaitingGivenUp;

    fn on_timeout(&self, timeout: GiveUpWaiting, _: &Context) -> WaitingGivenUp {
        WaitingGivenUp { room: timeout.room }
    }
}

/// A trip: paid, and with a ticket.
#[derive(Default)]
pub(super) struct Trip;

#[derive(Events)]
pub(super) enum TripEvent {
    Requested(TripRequested),
    Charged(CardCharged),
    Declined(CardDeclined),
    Refunded(CardRefunded),
    Issued(TicketIssued),
}

impl Decider for Trip {
    const CATEGORY: &'static str = "trip";
    type Event = TripEvent;
    type Rejection = Never;

    fn evolve(&mut self, _: &TripEvent) {}
}

impl Handle<BookTrip> for Trip {
    type Records = TripRequested;

    fn handle(&self, command: BookTrip, _: &Context) -> Result<TripRequested, Never> {
        Ok(TripRequested { room: command.room })
    }
}

impl Handle<ChargeCard> for Trip {
    type Records = Either<CardCharged, CardDeclined>;

    fn handle(&self, command: ChargeCard, _: &Context) -> Result<Self::Records, Never> {
        Ok(Either::Left(CardCharged { room: command.room }))
    }
}

impl Handle<RefundCard> for Trip {
    type Records = CardRefunded;

    fn handle(&self, command: RefundCard, _: &Context) -> Result<CardRefunded, Never> {
        Ok(CardRefunded { room: command.room })
    }
}

impl Handle<IssueTicket> for Trip {
    type Records = TicketIssued;

    fn handle(&self, command: IssueTicket, _: &Context) -> Result<TicketIssued, Never> {
        Ok(TicketIssued { room: command.room })
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Booking {
    room: u16,
}

fn booking() -> LinearSaga<Booking> {
    LinearSaga::named("booking")
        .starts_on(|event: &TripRequested| (event.room, Booking { room: event.room }))
        .step(
            Step::named("hold the room", |it: &Booking| HoldRoom { room: it.room })
                .completes_on(|event: &RoomHeld| Correlation::to(event.room))
                .within(Duration::from_secs(3600))
                .compensates(
                    |it: &Booking| ReleaseRoom { room: it.room },
                    |event: &RoomReleased| Correlation::to(event.room),
                ),
        )
        .save_point("the room is held", 2, Duration::from_secs(30))
        .in_parallel([
            Branch::new().step(
                Step::named("charge the card", |it: &Booking| ChargeCard { room: it.room })
                    .completes_on(|event: &CardCharged| Correlation::to(event.room))
                    .fails_on(|event: &CardDeclined| Correlation::to(event.room))
                    .compensates(
                        |it: &Booking| RefundCard { room: it.room },
                        |event: &CardRefunded| Correlation::to(event.room),
                    ),
            ),
            Branch::new().step(
                Step::named("issue the ticket", |it: &Booking| IssueTicket { room: it.room })
                    .completes_on(|event: &TicketIssued| Correlation::to(event.room))
                    .within(Duration::from_secs(90)),
            ),
        ])
}
