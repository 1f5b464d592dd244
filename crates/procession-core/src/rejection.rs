use std::any::type_name;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{DecodeError, EncodeError, log::Encoded};

/// A decider's typed business "no". Every error that serde can write and read is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a rejection",
    label = "not an error that can be written to the log and read back",
    note = "derive `Debug`, `thiserror::Error`, `Serialize` and `Deserialize` for `{Self}`"
)]
pub trait Rejection: std::error::Error + Send + Sync + Sized + 'static {
    /// The type's own name, without its path.
    #[must_use]
    fn name() -> &'static str {
        let path = type_name::<Self>();
        path.rsplit("::").next().unwrap_or(path)
    }

    /// The rejection as it is written to the log.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    fn encode(&self) -> Result<Encoded, EncodeError>;

    /// Reads a rejection from the log.
    ///
    /// # Errors
    /// When the payload is not of its shape.
    fn decode(payload: &str) -> Result<Self, DecodeError>;
}

// The bounds stand here and not on the trait, so that the compiler says the sentence above when one is missing.
#[diagnostic::do_not_recommend]
impl<R: std::error::Error + Serialize + DeserializeOwned + Send + Sync + 'static> Rejection for R {
    fn encode(&self) -> Result<Encoded, EncodeError> {
        let payload = serde_json::to_string(&Written { message: self.to_string(), rejection: self })
            .map_err(|error| EncodeError { message: Self::name(), reason: error.to_string() })?;
        Ok(Encoded { name: Self::name().into(), schema_version: 1, payload: payload.into_boxed_str() })
    }

    fn decode(payload: &str) -> Result<Self, DecodeError> {
        let written: Result<Written<Self>, _> = serde_json::from_str(payload);
        written
            .map(|it| it.rejection)
            .map_err(|error| DecodeError::Payload { name: Self::name().into(), reason: error.to_string() })
    }
}

/// The shape of a rejection in the log: its sentence for people, its value for the one who asked.
#[derive(Serialize, Deserialize)]
struct Written<R> {
    message: String,
    rejection: R,
}

/// For deciders that reject nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Never {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::RoomRejection;

    #[test]
    fn a_rejection_is_written_with_its_sentence_and_read_back() {
        let encoded = RoomRejection::AlreadyClean.encode().unwrap();
        assert_eq!(&*encoded.name, "RoomRejection");
        assert_eq!(
            &*encoded.payload,
            r#"{"message":"the room is clean already","rejection":"AlreadyClean"}"#
        );
        assert_eq!(RoomRejection::decode(&encoded.payload), Ok(RoomRejection::AlreadyClean));
    }
}
