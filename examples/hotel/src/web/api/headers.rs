//! What the API's description says about the headers of commands. [`Conditions`](crate::web::conditions::Conditions) reads
//! them.

use utoipa::IntoParams;

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description only")]
pub(super) struct Once {
    /// Makes sending it again harmless: 1 to 128 visible ASCII characters, best a UUID.
    #[param(rename = "Idempotency-Key", pattern = r#"^("[!#-\[\]-~]{1,128}"|[!#-\[\]-~]{1,128})$"#)]
    idempotency_key: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it is a description only")]
pub(super) struct IfMatch {
    /// The `ETag` that you have seen, or `*`.
    #[param(
        rename = "If-Match",
        example = "\"3\"",
        pattern = r#"^(\*|(W/)?"[ !#-~]*"( *, *(W/)?"[ !#-~]*")*)$"#
    )]
    if_match: Option<String>,
}
