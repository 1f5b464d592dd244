use procession_core::log::ProcessId;

use super::{Parked, ParkedOf, Store, StoreError};

/// Parked messages in the order of the log, a page at a time: there may be as many of them as there are messages.
pub(crate) struct ParkedPages<'a> {
    store: &'a dyn Store,
    process: Option<ProcessId>,
    /// What is read next; none when all are read.
    next: Option<ParkedOf>,
}

/// About a megabyte, and far fewer reads than rows.
const ROWS_PER_PAGE: usize = 2048;

impl<'a> ParkedPages<'a> {
    pub(crate) fn of(store: &'a dyn Store) -> Self {
        Self { store, process: None, next: Some(ParkedOf::Everything) }
    }

    pub(crate) fn of_process(store: &'a dyn Store, process: ProcessId) -> Self {
        Self { store, process: Some(process), next: Some(ParkedOf::Process(process)) }
    }

    /// The next page; none when there is no other.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Parked>>, StoreError> {
        let Some(of) = self.next.take() else { return Ok(None) };
        let page = self.store.parked(of, ROWS_PER_PAGE).await?;
        let is_last = page.len() < ROWS_PER_PAGE;
        self.next = page.last().filter(|_| !is_last).map(|it| match self.process {
            None => ParkedOf::After(it.delivery()),
            Some(process) => ParkedOf::ProcessAfter(process, it.delivery()),
        });
        Ok(Some(page))
    }
}
