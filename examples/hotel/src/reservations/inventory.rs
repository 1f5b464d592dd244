use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A kind of room. What there is of each is a fact about the house, so it is written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomType {
    /// For one guest.
    Single,
    /// For two guests.
    Double,
    /// For those who stay longer.
    Suite,
}

/// A room type that the hotel does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no room type {0:?}: use `single`, `double` or `suite`")]
pub struct UnknownRoomType(String);

impl RoomType {
    /// All room types.
    pub const ALL: [Self; 3] = [Self::Single, Self::Double, Self::Suite];

    /// How many rooms of it the hotel has.
    #[must_use]
    pub const fn rooms(self) -> u32 {
        match self {
            Self::Single => 12,
            Self::Double => 26,
            Self::Suite => 2,
        }
    }

    /// How many rooms the hotel finds elsewhere, when channels have sold more than there are.
    #[must_use]
    pub const fn overbooking_limit(self) -> u32 {
        match self {
            Self::Single => 2,
            Self::Double => 3,
            Self::Suite => 1,
        }
    }

    /// The name, as it is written everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Double => "double",
            Self::Suite => "suite",
        }
    }
}

impl fmt::Display for RoomType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RoomType {
    type Err = UnknownRoomType;

    fn from_str(text: &str) -> Result<Self, UnknownRoomType> {
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or_else(|| UnknownRoomType(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::RoomType;

    #[test]
    fn a_room_type_has_one_name_for_people_and_programs() {
        for it in RoomType::ALL {
            assert_eq!(it.to_string().parse(), Ok(it));
            assert_eq!(serde_json::to_value(it).unwrap(), it.name());
        }
        assert!("Suite".parse::<RoomType>().is_err());
    }
}
