use std::{
    fs,
    time::{Duration, Instant},
};

use procession::store::ParkedReason;

use super::books::{Books, count};
use crate::programs::{Folder, Serving};

/// What a shop has left for today's operators: orders that wait to be paid, and packages that its warehouse could not send.
pub(super) struct Yesterday {
    folder: Folder,
    provider: Serving,
    /// The processes of orders that wait to be paid. The last one is suspended, and its deadline is over.
    pub(super) unpaid: [u64; 3],
    /// The processes of orders whose packages are parked, one behind the other.
    pub(super) unsent: [u64; 3],
}

impl Yesterday {
    pub(super) fn live() -> Self {
        let folder = Folder::new();
        let silent = folder.provider_that(&["--never-answer"]);
        let shop = folder.shop(&silent.address, "");
        ["pen", "ink"].into_iter().for_each(|it| shop.stock(it));
        let unpaid = ["unpaid-1", "unpaid-2", "unpaid-3"].map(|it| shop.order(it, "pen"));
        let books = Books::open(&folder.path("shop.db"));
        let are_asked = || {
            let log = books.log();
            unpaid.iter().all(|it| count(&log, *it, "EffectCompleted") == 1)
        };
        until(are_asked, "the provider was asked for the money");
        let suspended = unpaid[2];
        let ask = |arguments: &[&str]| _ = folder.procession(arguments).ended_with(0);
        ask(&["suspend", &suspended.to_string(), "--why", "a look at it"]);
        ask(&["timers", "bring-forward", &books.timers(suspended)[0].to_string(), "--why", "no deadline"]);
        let waits = || books.parked().iter().any(|it| it.reason == ParkedReason::Suspended);
        until(waits, "the deadline waits until the process is resumed");
        shop.stop();

        let provider = folder.provider_that(&["--takes", "1ms"]);
        let shop = folder.shop(&provider.address, "ink");
        let unsent = ["unsent-1", "unsent-2", "unsent-3"].map(|cart| {
            let process = shop.order(cart, "ink");
            until(|| books.parked().iter().any(|it| it.process.0 == process), "the warehouse breaks");
            process
        });
        shop.stop();
        Self { folder, provider, unpaid, unsent }
    }

    /// A folder of its own with all of it.
    pub(super) fn copy(&self) -> Folder {
        let folder = Folder::new();
        fs::copy(self.folder.path("shop.db"), folder.path("shop.db")).unwrap();
        folder
    }

    pub(super) fn provider(&self) -> &str {
        &self.provider.address
    }
}

/// Waits until it has come to that.
#[track_caller]
pub(super) fn until(mut is_so: impl FnMut() -> bool, what: &str) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(30), "it has not come to that: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
