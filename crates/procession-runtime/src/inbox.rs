//! How requests reach a processor.

use tokio::sync::mpsc;

use crate::request::{Call, Request};

/// Where clients put what they ask for.
pub(crate) struct Door {
    calls: mpsc::Sender<Call>,
    sends: mpsc::Sender<Request>,
}

/// Where a processor takes it from. Commands that are only sent have a queue of their own: when there is too much to do
/// already they wait in it, and hold up nobody else.
pub(crate) struct Inbox {
    calls: mpsc::Receiver<Call>,
    sends: mpsc::Receiver<Request>,
    is_turn_of_sends: bool,
}

/// The processor takes nothing any more.
pub(crate) struct Closed;

pub(crate) fn open(capacity: usize) -> (Door, Inbox) {
    let (calls, taken_calls) = mpsc::channel(capacity);
    let (sends, taken_sends) = mpsc::channel(capacity);
    (Door { calls, sends }, Inbox { calls: taken_calls, sends: taken_sends, is_turn_of_sends: false })
}

impl Door {
    pub(crate) async fn call(&self, call: Call) -> Result<(), Closed> {
        self.calls.send(call).await.map_err(|_| Closed)
    }

    /// Its first queue, for who only looks how full it is and keeps nobody in.
    pub(crate) fn downgraded(&self) -> mpsc::WeakSender<Call> {
        self.calls.downgrade()
    }

    /// Waits while there is too much to do already.
    pub(crate) async fn send(&self, request: Request) -> Result<(), Closed> {
        self.sends.send(request).await.map_err(|_| Closed)
    }
}

impl Inbox {
    /// What waits already, from both queues in turn.
    pub(crate) fn try_next(&mut self, takes_sends: bool) -> Option<Call> {
        self.is_turn_of_sends = !self.is_turn_of_sends;
        match (takes_sends, self.is_turn_of_sends) {
            (false, _) => self.try_call(),
            (true, false) => self.try_call().or_else(|| self.try_send()),
            (true, true) => self.try_send().or_else(|| self.try_call()),
        }
    }

    fn try_call(&mut self) -> Option<Call> {
        self.calls.try_recv().ok()
    }

    fn try_send(&mut self) -> Option<Call> {
        self.sends.try_recv().ok().map(Call::Request)
    }

    /// Waits for the next one; none when every door was dropped. In the same order whenever it is asked, so that a
    /// simulation can be repeated; that none has to wait for ever is for [`Self::try_next`], which comes first.
    pub(crate) async fn next(&mut self, takes_sends: bool) -> Option<Call> {
        tokio::select! {
            biased;
            call = self.calls.recv() => call,
            Some(request) = self.sends.recv(), if takes_sends => Some(Call::Request(request)),
        }
    }

    /// Lets nothing more in. What is in it can still be taken.
    pub(crate) fn close(&mut self) {
        self.calls.close();
        self.sends.close();
    }
}
