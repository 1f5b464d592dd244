use std::{collections::BTreeMap, fs, os::unix::process::ExitStatusExt};

use procession::{
    log::Recorded,
    store::{HoldKind, ParkedReason},
};

use super::{
    books::{Books, count},
    house::House,
    yesterday::{Yesterday, until},
};
use crate::programs::{ABORTED, Folder};

/// A day on which an operator repairs what is stuck, beside a shop that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Day {
    /// Parked messages are edited, discarded and retried.
    Parked,
    /// Processes are suspended, resumed and cancelled.
    Processes,
    /// Timers are taken back and brought forward.
    Timers,
}

/// Who is to die, and where.
#[derive(Clone, Debug)]
pub(super) enum Death {
    /// The shop, and when it was opened again, once more.
    OfTheShop([String; 2]),
    /// `procession`, while it asks for one of the actions.
    OfTheOperator(usize, String),
}

/// How often each fault point was passed: by the shop, and by `procession` for each of the actions.
pub(super) struct Passages {
    pub(super) shop: BTreeMap<String, u64>,
    pub(super) operator: Vec<BTreeMap<String, u64>>,
}

/// What the operator does: the operation as the log names it, and the words for `procession`.
struct Action {
    operation: &'static str,
    arguments: Vec<String>,
}

/// So few messages in a commit that each operation has one of its own.
const BATCH_MESSAGES: &str = "1";

impl Day {
    pub(super) const ALL: [Self; 3] = [Self::Parked, Self::Processes, Self::Timers];

    fn actions(self, yesterday: &Yesterday, books: &Books) -> Vec<Action> {
        let [first, second, third] = yesterday.unpaid;
        let action = |operation, arguments: &[&str]| Action {
            operation,
            arguments: arguments.iter().map(|&it| it.to_owned()).collect(),
        };
        let timer = |process| books.timers(process)[0].to_string();
        match self {
            Self::Parked => {
                let [edited, _, discarded] = yesterday.unsent.map(|process| {
                    books.parked().iter().find(|it| it.process.0 == process).unwrap().position.0
                });
                let package = &books.log()[edited as usize - 1].entry.payload;
                let (edited, discarded) = (edited.to_string(), discarded.to_string());
                let pen = package.replace("ink", "pen");
                vec![
                    action("EditParked", &["parked", "edit", &edited, "--payload", &pen]),
                    action("DiscardParked", &["parked", "discard", &discarded]),
                    action("RetryParked", &["parked", "retry", &edited]),
                ]
            }
            Self::Processes => vec![
                action("SuspendProcess", &["suspend", &first.to_string()]),
                action("MoveTimer", &["timers", "bring-forward", &timer(first)]),
                action("CancelProcess", &["cancel", &second.to_string()]),
                action("ResumeProcess", &["resume", &third.to_string()]),
            ],
            Self::Timers => vec![
                action("CancelTimer", &["timers", "cancel", &timer(first)]),
                action("MoveTimer", &["timers", "bring-forward", &timer(second)]),
            ],
        }
    }

    /// Nobody dies.
    pub(super) fn run_and_count(self, yesterday: &Yesterday) -> Passages {
        let folder = yesterday.copy();
        assert_eq!(self.run(yesterday, &folder, None), 0, "nobody was to die");
        let passages = |name: &str| fs::read_to_string(folder.path(name)).ok().map(|it| passages(&it));
        let operator = (0..).map_while(|action: usize| passages(&action.to_string())).collect();
        Passages { shop: passages("shop").unwrap(), operator }
    }

    /// Returns how often somebody has died.
    pub(super) fn run_with_a_death(self, yesterday: &Yesterday, death: &Death) -> usize {
        self.run(yesterday, &yesterday.copy(), Some(death))
    }

    fn run(self, yesterday: &Yesterday, folder: &Folder, death: Option<&Death>) -> usize {
        // given a shop on what it has left yesterday
        let books = Books::open(&folder.path("shop.db"));
        let (before, actions) = (books.asked(), self.actions(yesterday, &books));
        let passages = |name: &str| ("PROCESSION_PASSAGES", folder.path(name).display().to_string());
        let environment = vec![passages("shop"), ("PROCESSION_BATCH_MESSAGES", BATCH_MESSAGES.to_owned())];
        let deaths = match death {
            Some(Death::OfTheShop(deaths)) => deaths.to_vec(),
            _ => Vec::new(),
        };
        let mut house = House::new(folder, yesterday.provider(), environment, deaths);

        // when the operator acts, and somebody dies
        let mut deaths = 0;
        for (number, action) in actions.iter().enumerate() {
            house.open();
            let crash = match death {
                Some(Death::OfTheOperator(of, crash)) if *of == number => Some(crash),
                _ => None,
            };
            let asked_before = books.asked().len();
            let has_died = action.ask(folder, crash, &passages(&number.to_string()));
            deaths += usize::from(has_died);
            if has_died && books.asked().len() == asked_before {
                assert!(!action.ask(folder, None, &passages("again")));
            }
        }
        let is_done = || {
            house.open();
            self.is_done(yesterday, &books)
        };
        until(is_done, "what the operator has asked for is done");
        house.close();

        // then all that was asked for is done, once, and the log keeps who has asked and why
        let by_anna = |it: &Action| (it.operation, "anna".to_owned(), it.why());
        assert_eq!(books.asked(), before.into_iter().chain(actions.iter().map(by_anna)).collect::<Vec<_>>());
        assert!(self.is_done(yesterday, &books));
        let report = folder.procession(&["verify", "--json"]).json(0);
        assert_eq!(report["violations"], serde_json::json!([]));
        deaths + house.deaths
    }

    /// Whether everything has happened, and nothing twice.
    fn is_done(self, yesterday: &Yesterday, books: &Books) -> bool {
        let ([first, second, third], [edited, behind, discarded]) = (yesterday.unpaid, yesterday.unsent);
        let all = [first, second, third, edited, behind, discarded];
        let log = books.log();
        let count = |message| all.map(|it| count(&log, it, message));
        let parked = books.parked();
        let is_parked =
            |process: u64, reason| parked.iter().any(|it| (it.process.0, it.reason) == (process, reason));
        let (cancelled, completed, sent) =
            (count("OrderCancelled"), count("OrderCompleted"), count("PackageWasSent"));
        for once in [cancelled, completed, sent] {
            assert!(once.iter().all(|it| *it <= 1), "{once:?}");
        }
        let timers = all.map(|it| books.timers(it).len());
        match self {
            Self::Parked => {
                !parked.iter().any(|it| &*it.handler == "warehouse")
                    && (sent, completed, cancelled) == ([0, 0, 0, 1, 1, 0], [0, 0, 0, 1, 1, 0], [0; 6])
                    && package_of(edited, &log).contains("pen")
                    && package_of(behind, &log).contains("ink")
            }
            Self::Processes => {
                let holds = [first, second, third].map(|it| books.hold(it));
                holds == [Some(HoldKind::Suspended), Some(HoldKind::Cancelled), None]
                    && is_parked(first, ParkedReason::Suspended)
                    && !is_parked(third, ParkedReason::Suspended)
                    && (cancelled, timers) == ([0, 0, 1, 0, 0, 0], [0; 6])
            }
            Self::Timers => (cancelled, timers) == ([0, 1, 0, 0, 0, 0], [0; 6]),
        }
    }
}

/// What the warehouse has sent to whom has ordered.
fn package_of(process: u64, log: &[Recorded]) -> String {
    let sent = log.iter().find(|it| it.process.0 == process && it.entry.name == "PackageWasSent");
    sent.unwrap().entry.payload.to_string()
}

impl Action {
    /// Asks for it. Returns whether `procession` has died over that.
    fn ask(&self, folder: &Folder, crash: Option<&String>, passages: &(&'static str, String)) -> bool {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let why = self.why();
        let mut command = folder.command(&[&arguments, &["--why", &why, "--wait", "0s"][..]].concat());
        command.envs(crash.map(|it| ("PROCESSION_CRASH_AT", it))).env(passages.0, &passages.1);
        let output = command.output().unwrap();
        let has_died = output.status.signal() == Some(ABORTED);
        // 1 says that it will be done.
        assert!(has_died || matches!(output.status.code(), Some(0 | 1)), "{output:?}");
        has_died
    }

    fn why(&self) -> String {
        format!("{} is right", self.operation)
    }
}

/// How often each point is named in a file of passages.
fn passages(file: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for name in file.lines() {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
    counts
}
