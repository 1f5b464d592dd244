use std::{collections::VecDeque, os::unix::process::ExitStatusExt, process::ExitStatus};

use crate::programs::{ABORTED, Folder, Serving};

/// A shop that dies where it is told to, and is opened again whenever that has happened.
pub(super) struct House<'a> {
    folder: &'a Folder,
    provider: &'a str,
    environment: Vec<(&'static str, String)>,
    /// Where it will die: each opening takes one of them.
    deaths_to_come: VecDeque<String>,
    serving: Option<Serving>,
    pub(super) deaths: usize,
}

impl<'a> House<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        provider: &'a str,
        environment: Vec<(&'static str, String)>,
        deaths: impl IntoIterator<Item = String>,
    ) -> Self {
        let deaths_to_come = deaths.into_iter().collect();
        Self { folder, provider, environment, deaths_to_come, serving: None, deaths: 0 }
    }

    /// Opens it, if it is not open.
    pub(super) fn open(&mut self) {
        if let Some(end) = self.serving.as_mut().and_then(Serving::has_ended) {
            self.serving = None;
            self.has_died(end);
        }
        while self.serving.is_none() {
            let crash = self.deaths_to_come.pop_front().map(|it| ("PROCESSION_CRASH_AT", it));
            let environment: Vec<_> = self.environment.iter().cloned().chain(crash).collect();
            match self.folder.try_shop(self.provider, &environment) {
                Ok(serving) => self.serving = Some(serving),
                Err(end) => self.has_died(end),
            }
        }
    }

    /// Closes it in good order, however often it dies over that.
    pub(super) fn close(&mut self) {
        loop {
            self.open();
            let Some(end) = self.serving.take().map(Serving::stop) else { continue };
            if end.success() {
                return;
            }
            self.has_died(end);
        }
    }

    #[track_caller]
    fn has_died(&mut self, end: ExitStatus) {
        assert_eq!(end.signal(), Some(ABORTED), "it ended otherwise than it was told to: {end:?}");
        self.deaths += 1;
    }
}
