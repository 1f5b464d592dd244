use jiff::Timestamp;
use procession::sqlite::InUse;
use serde::Serialize;

use crate::age::ago;

/// Whether an application has the store open, and handles its messages. As JSON: these names are stable.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct ApplicationView {
    #[serde(rename = "running")]
    pub(crate) is_running: bool,
    /// The process that has it open, or that has died with it.
    pid: Option<u32>,
    /// When the store was opened.
    opened: Option<Timestamp>,
    /// When it was closed, if it was.
    closed: Option<Timestamp>,
}

impl From<InUse> for ApplicationView {
    fn from(in_use: InUse) -> Self {
        let nobody = Self { is_running: false, pid: None, opened: None, closed: None };
        match in_use {
            InUse::By { pid, since } => Self { is_running: true, pid, opened: since, closed: None },
            InUse::Never => nobody,
            InUse::Closed { since } => Self { closed: since, ..nobody },
            InUse::Left { pid, opened } => Self { pid: Some(pid), opened, ..nobody },
        }
    }
}

impl ApplicationView {
    pub(crate) fn told(&self, now: Timestamp) -> String {
        match *self {
            Self { is_running: true, opened: Some(at), .. } => format!("running; started {}", ago(at, now)),
            Self { is_running: true, .. } => "running".into(),
            Self { closed: Some(at), .. } => format!("none runs; the last one has stopped {}", ago(at, now)),
            Self { opened: Some(at), .. } => {
                format!("none runs; the last one has died, and was started {}", ago(at, now))
            }
            _ => "none runs".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_runs_or_has_stopped_or_has_died() {
        let now = Timestamp::from_second(1000).unwrap();
        let at = Some(Timestamp::from_second(990).unwrap());
        let told = |it: InUse| ApplicationView::from(it).told(now);
        assert_eq!(told(InUse::By { pid: Some(7), since: at }), "running; started 10s ago");
        assert_eq!(told(InUse::Closed { since: at }), "none runs; the last one has stopped 10s ago");
        let died = "none runs; the last one has died, and was started 10s ago";
        assert_eq!(told(InUse::Left { pid: 7, opened: at }), died);
        assert_eq!(told(InUse::Never), "none runs");
    }
}
