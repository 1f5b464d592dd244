use crate::program::{Program, Serving};

use super::orders::BREAKS;

/// A shop that is killed and opened again.
pub(super) struct Lives<'a> {
    program: &'a Program,
    provider: &'a str,
    serving: Serving,
    pub(super) kills: usize,
    /// The most memory that one of its lives has held, in KiB; none where the system does not tell.
    pub(super) peak_memory_kib: Option<u64>,
}

impl<'a> Lives<'a> {
    /// Opens a shop that has a bug.
    pub(super) fn begin(program: &'a Program, provider: &'a str) -> Self {
        let serving = open(program, provider, BREAKS);
        Self { program, provider, serving, kills: 0, peak_memory_kib: None }
    }

    /// `kill -9`, and on.
    pub(super) fn kill(&mut self) {
        self.begin_another(BREAKS);
    }

    /// As [`Self::kill`], and the shop that is opened has no bug any more.
    pub(super) fn repair(&mut self) {
        self.begin_another("");
    }

    pub(super) fn shop(&self) -> &Serving {
        &self.serving
    }

    /// Closes it in good order.
    pub(super) fn end(mut self) -> (usize, Option<u64>) {
        self.note_memory();
        let (code, said) = self.serving.stop("TERM");
        assert_eq!(code, Some(0), "{said}");
        (self.kills, self.peak_memory_kib)
    }

    fn begin_another(&mut self, breaks_on: &str) {
        self.note_memory();
        self.serving.kill_and_wait();
        self.kills += 1;
        self.serving = open(self.program, self.provider, breaks_on);
    }

    fn note_memory(&mut self) {
        self.peak_memory_kib = self.peak_memory_kib.max(self.serving.peak_memory_kib());
    }
}

fn open(program: &Program, provider: &str, breaks_on: &str) -> Serving {
    let environment = [("SHOP_ORDER_BREAKS_ON", breaks_on.to_owned())];
    program.try_shop(&format!("http://{provider}"), &[], &environment).unwrap()
}
