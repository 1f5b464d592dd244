use procession_core::Application;

use super::{Client, End};
use crate::{Holds, IntoApplication};

type Judge = Box<dyn Fn(&End) -> Result<(), String> + Send>;

/// What happens in one simulation, and what must have come of it.
#[must_use = "a scenario has to be given to a simulation"]
pub struct Scenario {
    pub(crate) application: Result<Application, String>,
    pub(crate) given: Vec<Client>,
    pub(crate) when: Vec<Client>,
    pub(crate) judges: Vec<(String, Judge)>,
    pub(crate) may_park: bool,
}

impl Scenario {
    /// Nothing happens in this application yet.
    pub fn of(application: impl IntoApplication) -> Self {
        Self {
            application: application.into_application(),
            given: Vec::new(),
            when: Vec::new(),
            judges: Vec::new(),
            may_park: false,
        }
    }

    /// Somebody who comes first. Things go wrong for them as for all.
    pub fn given(mut self, client: Client) -> Self {
        self.given.push(client);
        self
    }

    /// Somebody who comes when those who come first have their answers.
    pub fn when(mut self, client: Client) -> Self {
        self.when.push(client);
        self
    }

    /// What must hold in the end, when nothing goes wrong any more and all is at rest.
    pub fn finally<H: Holds>(mut self, name: &str, holds: impl Fn(&End) -> H + Send + 'static) -> Self {
        self.judges.push((name.into(), Box::new(move |end| holds(end).holds())));
        self
    }

    /// Messages may be parked in the end.
    pub fn may_park(mut self) -> Self {
        self.may_park = true;
        self
    }
}
