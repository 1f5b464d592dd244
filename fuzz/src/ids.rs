use std::{fmt, str::FromStr};

use hotel::{Amount, ClerkId, Deadline, GroupCheckoutId, GuestStayId, Style};
use procession::{Stream, log::ProcessId};
use serde::{Serialize, de::DeserializeOwned};
use shop::{CartId, ClientId, ProductId, Quantity, WarehouseId};

/// Bytes as an id, as a sum of money, as a deadline, as the address of a stream.
///
/// # Panics
/// When one of them is taken, and is another one after it was written.
pub fn ids(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    stream(text);
    written_as_it_is::<GuestStayId>(text);
    written_as_it_is::<GroupCheckoutId>(text);
    written_as_it_is::<ClerkId>(text);
    written_as_it_is::<CartId>(text);
    written_as_it_is::<ClientId>(text);
    written_as_it_is::<ProductId>(text);
    written_as_it_is::<WarehouseId>(text);
    parsed::<Amount>(text);
    parsed::<shop::Money>(text);
    parsed::<Deadline>(text);
    parsed::<ProcessId>(text);
    parsed::<Style>(text);
    if let Ok(money) = hotel::Money::try_from(text.to_owned()) {
        assert_eq!(hotel::Money::try_from(String::from(money)).unwrap(), money);
        stored(&money);
    }
    if let Ok(quantity) = serde_json::from_str::<Quantity>(text) {
        stored(&quantity);
    }
}

fn stream(text: &str) {
    let (category, id) = text.split_once('\n').unwrap_or(("guest_stay", text));
    let stream = Stream::new(category.to_owned(), id.to_owned());
    assert_eq!(stream.is_ok(), (1..=Stream::MAX_ID_BYTES).contains(&id.len()), "{text:?}");
    let Ok(stream) = stream else { return };
    assert_eq!((stream.category(), stream.id()), (category, id));
    assert_eq!(stream.to_string(), format!("{category}/{id}"));
    for partitions in [0, 1, 16, u16::MAX] {
        assert!(stream.partition(partitions).0 < partitions.max(1));
    }
}

/// What is parsed is the same when it is shown and parsed again.
fn parsed<T: FromStr<Err: fmt::Debug> + fmt::Display + fmt::Debug + PartialEq>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    let again: T = value.to_string().parse().unwrap_or_else(|error| panic!("{value} of {text:?}: {error:?}"));
    assert_eq!(again, value, "{text:?}");
    Some(value)
}

/// Nobody's id becomes another one's.
fn written_as_it_is<T>(text: &str)
where
    T: FromStr<Err: fmt::Debug> + fmt::Display + fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    if let Some(id) = parsed::<T>(text) {
        assert_eq!(id.to_string(), text);
        stored(&id);
    }
}

fn stored<T: fmt::Debug + PartialEq + Serialize + DeserializeOwned>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value, "{json}");
}
