use std::{collections::VecDeque, os::unix::process::ExitStatusExt, process::ExitStatus};

use serde_json::Value;

use crate::program::{Program, Serving, agent};

/// A shop that dies where it is told to, and is opened again whenever that has happened.
pub(super) struct House<'a> {
    program: &'a Program,
    provider: &'a str,
    arguments: &'a [&'a str],
    environment: Vec<(&'static str, String)>,
    /// Where it will die: each opening takes one of them.
    deaths_to_come: VecDeque<String>,
    serving: Option<Serving>,
    pub(super) deaths: usize,
}

/// How SIGABRT ends a process, as `ExitStatus` has it.
const ABORTED: i32 = 6;

impl<'a> House<'a> {
    pub(super) fn new(
        program: &'a Program,
        provider: &'a str,
        arguments: &'a [&'a str],
        environment: Vec<(&'static str, String)>,
        deaths: impl IntoIterator<Item = String>,
    ) -> Self {
        let deaths_to_come = deaths.into_iter().collect();
        Self { program, provider, arguments, environment, deaths_to_come, serving: None, deaths: 0 }
    }

    /// Posts something with an idempotency key, until it is acknowledged.
    pub(super) fn does(&mut self, path: &str, key: &str, body: &Value) -> Value {
        self.until_answered(|address| {
            let post = agent().post(format!("{address}{path}")).header("Idempotency-Key", key);
            post.send_json(body)
        })
    }

    pub(super) fn get(&mut self, path: &str) -> Value {
        self.until_answered(|address| {
            agent().get(format!("{address}{path}")).header("Prefer", "wait=30").call()
        })
    }

    /// Without an answer it must have died.
    fn until_answered(
        &mut self,
        ask: impl Fn(&str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Value {
        loop {
            let serving = self.open();
            let answer = ask(&serving.address)
                .and_then(|mut it| Ok((it.status().is_success(), it.body_mut().read_to_string()?)));
            match answer {
                Ok((is_success, text)) => {
                    assert!(is_success, "{text}");
                    self.serving = Some(serving);
                    return serde_json::from_str(&text).unwrap();
                }
                Err(_) => self.has_died(serving.end()),
            }
        }
    }

    /// The open shop; who uses it gives it back, or it has ended.
    fn open(&mut self) -> Serving {
        match self.serving.take() {
            Some(mut serving) => match serving.has_ended() {
                None => serving,
                Some(end) => {
                    self.has_died(end);
                    self.start()
                }
            },
            None => self.start(),
        }
    }

    fn start(&mut self) -> Serving {
        loop {
            let crash = self.deaths_to_come.pop_front().map(|it| ("PROCESSION_CRASH_AT", it));
            let environment: Vec<_> = self.environment.iter().cloned().chain(crash).collect();
            match self.program.try_shop(self.provider, self.arguments, &environment) {
                Ok(serving) => return serving,
                Err(end) => self.has_died(end),
            }
        }
    }

    /// Closes it in good order, however often it dies over that.
    pub(super) fn close(&mut self) {
        loop {
            let (code, said) = self.open().stop("TERM");
            if code == Some(0) {
                return;
            }
            assert_eq!(code, None, "only a signal may end it otherwise: {said}");
            self.deaths += 1;
        }
    }

    #[track_caller]
    fn has_died(&mut self, end: ExitStatus) {
        assert_eq!(end.signal(), Some(ABORTED), "it ended otherwise than it was told to: {end:?}");
        self.deaths += 1;
    }
}
