use procession::{Context, Decider, Either, Events, Handle, Module, Never};

use super::{
    Defect::LoopBeginsAgainAfterACrash,
    has,
    messages::{
        AskGuests, AskNextGuest, AskingBegan, AskingEnded, CheckOutGuest, Crash, GroupCheckoutInitiated,
        GuestAsked,
    },
};

/// A loop that asks one guest after the other, each in a step of its own. What it knows is lost in a crash.
#[derive(Default)]
pub(crate) struct Asking {
    stays: Vec<String>,
    run: u32,
    next: usize,
}

#[derive(Events)]
pub(crate) enum AskingEvent {
    Began(AskingBegan),
    Asked(GuestAsked),
    Ended(AskingEnded),
}

impl Decider for Asking {
    const CATEGORY: &'static str = "asking";
    type Event = AskingEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &AskingEvent) {
        match event {
            AskingEvent::Began(event) => {
                (self.stays, self.run, self.next) = (event.stays.clone(), event.run, 0);
            }
            AskingEvent::Asked(event) => self.next = event.index + 1,
            AskingEvent::Ended(_) => self.next = self.stays.len(),
        }
    }
}

impl Handle<AskGuests> for Asking {
    type Records = Option<AskingBegan>;

    fn handle(&self, AskGuests { group, stays }: AskGuests, _: &Context) -> Result<Self::Records, Never> {
        Ok((self.run == 0).then_some(AskingBegan { group, run: 1, stays }))
    }
}

impl Handle<AskNextGuest> for Asking {
    type Records = Option<GuestAsked>;

    fn handle(&self, command: AskNextGuest, _: &Context) -> Result<Self::Records, Never> {
        let AskNextGuest { group, run, index } = command;
        let is_due = run == self.run && index == self.next;
        let stay = self.stays.get(index).filter(|_| is_due).cloned();
        Ok(stay.map(|stay| GuestAsked { group, run, index, stay }))
    }
}

impl Handle<Crash> for Asking {
    type Records = Option<Either<AskingBegan, AskingEnded>>;

    fn handle(&self, Crash { group }: Crash, _: &Context) -> Result<Self::Records, Never> {
        let is_under_way = self.next < self.stays.len();
        let again = || AskingBegan { group: group.clone(), run: self.run + 1, stays: self.stays.clone() };
        Ok(is_under_way.then(|| {
            if has(LoopBeginsAgainAfterACrash) {
                Either::Left(again())
            } else {
                Either::Right(AskingEnded { group: group.clone() })
            }
        }))
    }
}

/// The module in which the loop runs.
pub(super) fn module() -> Module {
    Module::named("asking")
        .handles::<AskGuests>()
        .handles::<AskNextGuest>()
        .handles::<Crash>()
        .on(|it: &GroupCheckoutInitiated| AskGuests { group: it.group.clone(), stays: it.stays.clone() })
        .on(|it: &AskingBegan| AskNextGuest { group: it.group.clone(), run: it.run, index: 0 })
        .on(|it: &GuestAsked| {
            let ask = CheckOutGuest { stay: it.stay.clone(), group: Some(it.group.clone()) };
            (ask, AskNextGuest { group: it.group.clone(), run: it.run, index: it.index + 1 })
        })
}
