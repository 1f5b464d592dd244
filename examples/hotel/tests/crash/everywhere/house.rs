use std::{
    collections::VecDeque,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use hotel::Style;
use serde_json::Value;

use crate::{groups::Group, serving::Serving};

/// A hotel that dies where it is told to, and is opened again whenever that has happened.
pub(super) struct House {
    store: PathBuf,
    style: Style,
    environment: Vec<(&'static str, String)>,
    /// Where it will die: each opening takes one of them.
    deaths_to_come: VecDeque<String>,
    serving: Option<Serving>,
    pub(super) deaths: usize,
}

/// How SIGABRT ends a process, as `ExitStatus` has it.
const ABORTED: i32 = 6;

impl House {
    pub(super) fn new(
        store: &Path,
        style: Style,
        environment: Vec<(&'static str, String)>,
        deaths: impl IntoIterator<Item = String>,
    ) -> Self {
        let (store, deaths_to_come) = (store.to_owned(), deaths.into_iter().collect());
        Self { store, style, environment, deaths_to_come, serving: None, deaths: 0 }
    }

    /// Asks for a group checkout, until it is acknowledged.
    pub(super) fn initiate(&mut self, group: &Group) {
        self.until_answered(|address| group.initiate(address).then_some(()));
    }

    /// Posts something with an idempotency key, until it is acknowledged.
    pub(super) fn post(&mut self, path: &str, key: &str, body: &Value) {
        self.until_answered(|address| {
            let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(20)));
            let post = ureq::Agent::from(config.http_status_as_error(false).build())
                .post(format!("{address}{path}"));
            let response = post.header("Idempotency-Key", key).send_json(body).ok()?;
            assert!(response.status().is_success(), "{path} with {body} was answered {}", response.status());
            Some(())
        });
    }

    /// Without an answer it must have died.
    fn until_answered(&mut self, ask: impl Fn(&str) -> Option<()>) {
        loop {
            let serving = self.open();
            if ask(serving.address()).is_some() {
                return;
            }
            let end = serving.end();
            self.has_died(end);
        }
    }

    /// Opens it, if it is not open.
    pub(super) fn open(&mut self) -> &mut Serving {
        if let Some(end) = self.serving.as_mut().and_then(Serving::has_ended) {
            self.has_died(end);
        }
        let serving = self.serving.take().unwrap_or_else(|| self.start());
        self.serving.insert(serving)
    }

    fn start(&mut self) -> Serving {
        loop {
            let crash = self.deaths_to_come.pop_front().map(|it| ("PROCESSION_CRASH_AT", it));
            let environment: Vec<_> = self.environment.iter().cloned().chain(crash).collect();
            match Serving::try_start(&self.store, self.style, &environment) {
                Ok(serving) => return serving,
                Err(end) => self.has_died(end),
            }
        }
    }

    /// Closes it in good order, however often it dies over that.
    pub(super) fn close(&mut self) {
        loop {
            let serving = self.open();
            serving.ask_to_close();
            let end = serving.end();
            if end.success() {
                self.serving = None;
                return;
            }
            self.has_died(end);
        }
    }

    #[track_caller]
    fn has_died(&mut self, end: ExitStatus) {
        assert_eq!(end.signal(), Some(ABORTED), "it ended otherwise than it was told to: {end:?}");
        self.serving = None;
        self.deaths += 1;
    }
}
