use std::time::Duration;

use procession::{After, Command, Context, Decider, Event, Events, Handle, Module, Never, Saga};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Reminder {
    pub(crate) calls: Vec<u32>,
}

/// Asks to be called back after each of these times.
#[derive(Command, Serialize, Deserialize)]
#[command(to = Reminder, id = reminder)]
pub(crate) struct AskForReminders {
    pub(crate) reminder: String,
    pub(crate) after_seconds: Vec<u64>,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct RemindersAskedFor {
    reminder: String,
    after_seconds: Vec<u64>,
}

#[derive(Command, Serialize, Deserialize)]
#[command(to = Reminder, id = reminder)]
pub(crate) struct CallBack {
    reminder: String,
    number: u32,
}

#[derive(Event, Serialize, Deserialize)]
pub(crate) struct CalledBack {
    number: u32,
}

#[derive(Events)]
pub(crate) enum ReminderEvent {
    AskedFor(RemindersAskedFor),
    CalledBack(CalledBack),
}

impl Decider for Reminder {
    const CATEGORY: &'static str = "reminder";
    type Event = ReminderEvent;
    type Rejection = Never;

    fn evolve(&mut self, event: &ReminderEvent) {
        match event {
            ReminderEvent::AskedFor(_) => {}
            ReminderEvent::CalledBack(event) => self.calls.push(event.number),
        }
    }
}

impl Handle<AskForReminders> for Reminder {
    type Records = RemindersAskedFor;

    fn handle(&self, command: AskForReminders, _: &Context) -> Result<RemindersAskedFor, Never> {
        let AskForReminders { reminder, after_seconds } = command;
        Ok(RemindersAskedFor { reminder, after_seconds })
    }
}

impl Handle<CallBack> for Reminder {
    type Records = CalledBack;

    fn handle(&self, command: CallBack, _: &Context) -> Result<CalledBack, Never> {
        Ok(CalledBack { number: command.number })
    }
}

pub(crate) fn module() -> Module {
    let clock = Saga::named("alarm clock").on(|event: &RemindersAskedFor| {
        let call = |number| CallBack { reminder: event.reminder.clone(), number };
        let calls = event.after_seconds.iter().zip(0..);
        calls.map(|(after, number)| After(Duration::from_secs(*after), call(number))).collect::<Vec<_>>()
    });
    Module::named("reminders").handles::<AskForReminders>().handles::<CallBack>().saga(clock)
}
