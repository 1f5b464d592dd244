//! A receiver of traces that speaks OTLP over HTTP.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message;

/// What was received, in its order.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    state: Arc<Mutex<State>>,
    address: String,
}

#[derive(Default)]
struct State {
    spans: Vec<Span>,
    services: Vec<String>,
    refusing: bool,
    refused: usize,
}

impl Receiver {
    pub(crate) async fn listen() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1/traces", listener.local_addr().unwrap());
        let receiver = Self { address, ..Self::default() };
        let receiving = receiver.clone();
        let router = Router::new().route("/v1/traces", post(async move |body| receiving.take(body)));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        receiver
    }

    fn take(&self, body: Bytes) -> (StatusCode, Vec<u8>) {
        let state = &mut *self.state.lock().unwrap();
        if state.refusing {
            state.refused += 1;
            return (StatusCode::BAD_GATEWAY, Vec::new());
        }
        for resource in ExportTraceServiceRequest::decode(body).unwrap().resource_spans {
            let name = resource.resource.iter().find_map(|it| text(&it.attributes, "service.name"));
            state.services.extend(name);
            state.spans.extend(resource.scope_spans.into_iter().flat_map(|it| it.spans));
        }
        (StatusCode::OK, ExportTraceServiceResponse::default().encode_to_vec())
    }

    pub(crate) fn exporter(&self) -> SpanExporter {
        SpanExporter::builder().with_http().with_endpoint(&self.address).build().unwrap()
    }

    pub(crate) fn refuse(&self, refusing: bool) {
        self.state.lock().unwrap().refusing = refusing;
    }

    pub(crate) fn refused(&self) -> usize {
        self.state.lock().unwrap().refused
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        self.state.lock().unwrap().spans.clone()
    }

    pub(crate) fn services(&self) -> Vec<String> {
        self.state.lock().unwrap().services.clone()
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it does not become so");
    }
}

/// An attribute that is a text.
pub(crate) fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    match attributes.iter().find(|it| it.key == key)?.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        _ => None,
    }
}

/// An attribute that is a number.
pub(crate) fn number(span: &Span, key: &str) -> Option<u64> {
    match span.attributes.iter().find(|it| it.key == key)?.value.as_ref()?.value.as_ref()? {
        Value::IntValue(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}
