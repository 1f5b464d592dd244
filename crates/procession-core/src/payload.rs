use serde::{Serialize, de::DeserializeOwned};

/// What can be written to the log as JSON and read back: everything that serde can write and read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written to the log and read back",
    label = "not a serde type",
    note = "derive `Serialize` and `Deserialize` for `{Self}`"
)]
pub trait Payload: Send + Sync + Sized + 'static {
    /// As JSON.
    ///
    /// # Errors
    /// When JSON cannot express it, for example a map whose keys are not strings.
    fn to_json(&self) -> serde_json::Result<String>;

    /// From JSON.
    ///
    /// # Errors
    /// When the JSON is not of its shape.
    fn from_json(json: &str) -> serde_json::Result<Self>;
}

// The bounds stand here and not on the trait, so that the compiler says the sentence above when one is missing.
#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Payload for T {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn from_json(json: &str) -> serde_json::Result<Self> {
        serde_json::from_str(json)
    }
}
