use jiff::civil::Date;

use super::{Night, RoomType};

/// How many rooms of a type are left in a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// The night.
    pub night: Night,
    /// How many rooms are taken.
    pub reserved: u32,
}

impl Availability {
    /// How many rooms there are.
    #[must_use]
    pub fn rooms(self) -> u32 {
        self.night.room_type.rooms()
    }

    /// How many rooms are left.
    #[must_use]
    pub fn available(self) -> u32 {
        self.rooms().saturating_sub(self.reserved)
    }

    /// How many rooms are missing.
    #[must_use]
    pub fn overbooked(self) -> u32 {
        self.reserved.saturating_sub(self.rooms())
    }

    /// How many of those that are missing the hotel does not find elsewhere.
    #[must_use]
    pub fn over_the_limit(self) -> u32 {
        self.overbooked().saturating_sub(self.night.room_type.overbooking_limit())
    }
}

/// The nights of some days in a row, day by day, for the room types that are asked for.
pub fn nights_from(first: Date, days: u32, room_type: Option<RoomType>) -> impl Iterator<Item = Night> {
    let asked = move |it: &RoomType| room_type.is_none_or(|asked| asked == *it);
    let of_day =
        move |date| RoomType::ALL.into_iter().filter(asked).map(move |room_type| Night { room_type, date });
    // The calendar ends.
    std::iter::successors(Some(first), |it| it.tomorrow().ok()).take(days as usize).flat_map(of_day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_is_missing_is_not_available() {
        let night = Night { room_type: RoomType::Suite, date: date(2030, 7, 1) };
        let counts = |reserved| {
            let it = Availability { night, reserved };
            (it.available(), it.overbooked(), it.over_the_limit())
        };
        assert_eq!([0, 1, 2, 3, 4].map(counts), [(2, 0, 0), (1, 0, 0), (0, 0, 0), (0, 1, 0), (0, 2, 1)]);
    }

    #[test]
    fn nights_come_day_by_day_until_the_calendar_ends() {
        let names =
            |nights: &mut dyn Iterator<Item = Night>| nights.map(|it| it.to_string()).collect::<Vec<_>>();
        assert_eq!(
            names(&mut nights_from(date(2030, 7, 31), 2, None)),
            [
                "single-2030-07-31",
                "double-2030-07-31",
                "suite-2030-07-31",
                "single-2030-08-01",
                "double-2030-08-01",
                "suite-2030-08-01",
            ]
        );
        assert_eq!(names(&mut nights_from(Date::MAX, 5, Some(RoomType::Suite))), ["suite-9999-12-31"]);
    }
}
