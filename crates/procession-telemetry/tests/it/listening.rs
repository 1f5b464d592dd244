//! The spans of `tracing`: the same ids as in the exported traces, for those who listen.

use std::{
    io,
    sync::{Arc, Mutex},
};

use procession::{
    MemoryStore,
    log::{Kind, Position},
    trace::Trace,
};
use tracing::Level;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

use crate::tour::{arrive, leave, open};

/// What was written, as text.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Written {
    /// Everything that is written at a level while a tour group leaves, and the group's log.
    async fn at(level: Level) -> (String, Vec<procession::log::Recorded>) {
        let written = Self::default();
        let listener =
            tracing_subscriber::fmt().with_max_level(level).with_span_events(FmtSpan::CLOSE).with_ansi(false);
        let _listening = tracing::subscriber::set_default(listener.with_writer(written.clone()).finish());
        let runtime = open(MemoryStore::new()).await;
        let group = arrive(&runtime, "tour", 3).await;
        let process = leave(&runtime, group).await;
        let history = runtime.reader().history(process, Position::START).await.unwrap();
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        (text, history)
    }
}

#[tokio::test]
async fn who_listens_to_every_message_hears_the_ids_of_the_exported_traces() {
    let (text, history) = Written::at(Level::TRACE).await;
    let root = &history[0];
    let trace = Trace::begun_by(root.position, &root.entry);
    let handled = history.iter().filter(|it| it.entry.kind.is_command());
    for it in handled {
        let mut fields = format!("{} stream={} position={}", it.entry.name, it.entry.stream, it.position);
        fields += &format!(" process={}", it.process);
        fields += &it.causation.map(|it| format!(" causation={it}")).unwrap_or_default();
        fields += &format!(" trace_id={} span_id={}", trace.id(), trace.span(it.position));
        let parent = trace.parent(it.position, it.causation);
        fields += &parent.map(|it| format!(" parent_span_id={it}")).unwrap_or_default();
        assert!(text.contains(&format!("message{{{fields}}}")), "{fields} is not in\n{text}");
    }
    assert!(history.iter().any(|it| it.entry.kind == Kind::ExecutedCommand));
}

#[tokio::test]
async fn who_listens_to_batches_hears_how_large_they_are_and_nothing_of_messages() {
    let (text, _) = Written::at(Level::DEBUG).await;
    assert!(text.contains("batch{after=0 "), "{text}");
    assert!(!text.contains("message{"), "{text}");
}
