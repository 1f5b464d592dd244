use std::{fmt, str::FromStr};

use clap::Args;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use procession::{
    Runtime,
    telemetry::{CursorFile, Exporting, TraceExport},
};

use super::{CliError, store::StoreFile};

/// Where traces go.
#[derive(Args)]
pub(super) struct Traces {
    /// Exports a trace of every process, by OTLP over HTTP. Without it to `OTEL_EXPORTER_OTLP_ENDPOINT`, or nowhere.
    #[arg(long, value_name = "http://HOST:PORT")]
    otlp: Option<Endpoint>,
}

/// The address of a receiver of OTLP, without the path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Endpoint(String);

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let host = text.strip_prefix("http://").map(|it| it.trim_end_matches('/'));
        match host {
            Some(host) if !host.is_empty() && !host.contains('/') => Ok(Self(format!("http://{host}"))),
            _ => Err("write http://HOST:PORT, for example http://127.0.0.1:4318".into()),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

impl Traces {
    /// Starts to export, if anybody wants it. What was not exported at the last time comes first.
    pub(super) fn export(self, runtime: &Runtime, store: &StoreFile) -> Result<Option<Exporting>, CliError> {
        let Some(endpoint) = self.endpoint()? else { return Ok(None) };
        let failed = |error: String| {
            CliError::failed(format!("traces cannot be exported to {endpoint}: {error}"))
                .hint("leave out --otlp to serve without them")
        };
        let exporter = SpanExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/traces"));
        let exporter = exporter.build().map_err(|error| failed(error.to_string()))?;
        let export = TraceExport::of(runtime, "hotel").cursor(CursorFile::at(store.beside("-traces")));
        export.start(exporter).map(Some).map_err(|error| failed(error.to_string()))
    }

    fn endpoint(self) -> Result<Option<Endpoint>, CliError> {
        match (self.otlp, std::env::var(VARIABLE)) {
            (Some(endpoint), _) => Ok(Some(endpoint)),
            (None, Ok(text)) if !text.is_empty() => {
                text.parse().map(Some).map_err(|error| CliError::failed(format!("{VARIABLE}: {error}")))
            }
            (None, _) => Ok(None),
        }
    }
}
