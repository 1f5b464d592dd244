//! What the API's description says about the headers of requests. Others read them: the
//! [conditions](crate::web::conditions) of commands, and the [progress](super::progress) of processes.

use utoipa::IntoParams;

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description only")]
pub(super) struct Once {
    /// Makes sending it again harmless: 1 to 128 visible ASCII characters, best a UUID.
    #[param(rename = "Idempotency-Key", value_type = String, required = false, pattern = r#"^("[!#-\[\]-~]{1,128}"|[!#-\[\]-~]{1,128})$"#)]
    idempotency_key: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description only")]
pub(super) struct IfMatch {
    /// The `ETag` that you have seen, or `*`.
    #[param(
        rename = "If-Match",
        value_type = String,
        required = false,
        example = "\"3\"",
        pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#
    )]
    if_match: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description only")]
pub(super) struct After {
    /// The last event seen; the stream goes on after it.
    #[param(rename = "Last-Event-ID", value_type = u64, required = false)]
    last_event_id: Option<u64>,
}
