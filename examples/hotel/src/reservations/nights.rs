use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::RoomType;

/// The rooms of one type in one night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Night {
    /// The type of the rooms.
    pub room_type: RoomType,
    /// The day on which the night begins.
    pub date: Date,
}

impl fmt::Display for Night {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.room_type, self.date)
    }
}

/// A room of some type, for one night or some nights in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Nights {
    room_type: RoomType,
    arrival: Date,
    departure: Date,
}

/// The shape of nights in messages.
#[derive(Serialize, Deserialize)]
struct Written {
    room_type: RoomType,
    arrival: Date,
    departure: Date,
}

/// Days between which nobody can stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNights {
    /// Nobody leaves before the first night.
    #[error("the guest arrives on {arrival}, and must leave on a later day, not on {departure}")]
    NoNight {
        /// The first day.
        arrival: Date,
        /// The last day.
        departure: Date,
    },
    /// Nobody lives here.
    #[error("a stay has at most {longest} nights, and from {arrival} to {departure} there are more", longest = Nights::LONGEST)]
    TooLong {
        /// The first day.
        arrival: Date,
        /// The last day.
        departure: Date,
    },
}

impl Nights {
    /// A month. Who stays longer talks to the manager.
    pub const LONGEST: i32 = 31;

    /// The nights from one day to another.
    ///
    /// # Errors
    /// If there is no night between them, or too many are.
    pub fn new(room_type: RoomType, arrival: Date, departure: Date) -> Result<Self, InvalidNights> {
        match (departure - arrival).get_days() {
            ..=0 => Err(InvalidNights::NoNight { arrival, departure }),
            1..=Self::LONGEST => Ok(Self { room_type, arrival, departure }),
            _ => Err(InvalidNights::TooLong { arrival, departure }),
        }
    }

    /// The type of the room.
    #[must_use]
    pub fn room_type(self) -> RoomType {
        self.room_type
    }

    /// The day of the first night.
    #[must_use]
    pub fn arrival(self) -> Date {
        self.arrival
    }

    /// The day after the last night.
    #[must_use]
    pub fn departure(self) -> Date {
        self.departure
    }

    /// The nights, the first one first.
    pub fn each(self) -> impl DoubleEndedIterator<Item = Night> {
        let Self { room_type, arrival, departure } = self;
        let days = (departure - arrival).get_days();
        (0..days).map(move |it| Night { room_type, date: arrival.saturating_add(jiff::Span::new().days(it)) })
    }

    /// The first night.
    #[must_use]
    pub fn first(self) -> Night {
        Night { room_type: self.room_type, date: self.arrival }
    }

    /// The night after another one; none after the last.
    #[must_use]
    pub fn after(self, night: Night) -> Option<Night> {
        self.each().find(|it| it.date > night.date)
    }

    /// The nights before another one, the last one first.
    pub fn back_from(self, night: Night) -> impl Iterator<Item = Night> {
        self.each().rev().filter(move |it| it.date < night.date)
    }
}

impl TryFrom<Written> for Nights {
    type Error = InvalidNights;

    fn try_from(Written { room_type, arrival, departure }: Written) -> Result<Self, InvalidNights> {
        Self::new(room_type, arrival, departure)
    }
}

impl From<Nights> for Written {
    fn from(Nights { room_type, arrival, departure }: Nights) -> Self {
        Self { room_type, arrival, departure }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn nights(arrival: Date, departure: Date) -> Result<Nights, InvalidNights> {
        Nights::new(RoomType::Suite, arrival, departure)
    }

    #[test]
    fn the_day_of_departure_has_no_night() {
        let nights = nights(date(2028, 2, 28), date(2028, 3, 1)).unwrap();

        let each: Vec<String> = nights.each().map(|it| it.to_string()).collect();

        assert_eq!(each, ["suite-2028-02-28", "suite-2028-02-29"]);
        assert_eq!(nights.after(nights.first()).unwrap().date, date(2028, 2, 29));
        assert_eq!(nights.after(nights.after(nights.first()).unwrap()), None);
    }

    #[test]
    fn who_goes_back_meets_the_last_night_first() {
        let nights = nights(date(2030, 7, 1), date(2030, 7, 5)).unwrap();
        let third = Night { room_type: RoomType::Suite, date: date(2030, 7, 3) };

        let back: Vec<i8> = nights.back_from(third).map(|it| it.date.day()).collect();

        assert_eq!(back, [2, 1]);
    }

    #[test]
    fn a_stay_has_one_night_to_a_month_of_nights() {
        let arrival = date(2030, 7, 1);
        assert!(matches!(nights(arrival, arrival), Err(InvalidNights::NoNight { .. })));
        assert!(matches!(nights(arrival, date(2030, 6, 30)), Err(InvalidNights::NoNight { .. })));
        assert!(nights(arrival, date(2030, 8, 1)).is_ok());
        assert!(matches!(nights(arrival, date(2030, 8, 2)), Err(InvalidNights::TooLong { .. })));
        assert!(matches!(nights(Date::MIN, Date::MAX), Err(InvalidNights::TooLong { .. })));
        assert!(nights(date(9999, 12, 30), Date::MAX).is_ok());
    }

    #[test]
    fn nights_are_read_as_they_are_written_and_no_others() {
        let nights = nights(date(2030, 7, 1), date(2030, 7, 3)).unwrap();
        let written = serde_json::json!({
            "room_type": "suite", "arrival": "2030-07-01", "departure": "2030-07-03"
        });
        assert_eq!(serde_json::to_value(nights).unwrap(), written);
        assert_eq!(serde_json::from_value::<Nights>(written).unwrap(), nights);

        let backwards = serde_json::json!({
            "room_type": "suite", "arrival": "2030-07-03", "departure": "2030-07-01"
        });
        assert!(serde_json::from_value::<Nights>(backwards).is_err());
    }
}
