use hotel::{group_checkouts as groups, guest_stays as stays};
use procession::{Event, Ignored, Message, Never, Rejection, history, linear};
use serde::{Deserialize, Serialize};
use shop::{orders, payments, shipments, shopping_carts as carts};

/// The first shape of an event that has changed twice.
#[derive(Event, Serialize, Deserialize)]
#[event(name = "Seen")]
struct SeenOnce {
    room: u16,
}

#[derive(Event, Serialize, Deserialize)]
#[event(name = "Seen", version = 2, upcast_from = SeenOnce)]
struct SeenByName {
    room: String,
    guests: Option<Vec<u8>>,
}

#[derive(Event, Serialize, Deserialize)]
#[event(version = 3, upcast_from = SeenByName)]
struct Seen {
    rooms: Vec<String>,
    guests: usize,
}

impl From<SeenOnce> for SeenByName {
    fn from(older: SeenOnce) -> Self {
        Self { room: older.room.to_string(), guests: None }
    }
}

impl From<SeenByName> for Seen {
    fn from(older: SeenByName) -> Self {
        Self { guests: older.guests.map_or(0, |it| it.len()), rooms: vec![older.room] }
    }
}

type Check = fn(u16, &str);

/// Messages, with an empty line between: a line with the name of each, a line with its schema version, and its payload.
///
/// # Panics
/// When a message can be read, and is another one after it was written.
pub fn messages(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let read = tables().concat();
    for (name, schema_version, payload) in text.split("\n\n").filter_map(parts) {
        _ = history::written(name, payload);
        read.iter().filter(|it| it.0 == name).for_each(|(_, check)| check(schema_version, payload));
    }
}

fn parts(text: &str) -> Option<(&str, u16, &str)> {
    let (name, rest) = text.split_once('\n')?;
    let (schema_version, payload) = rest.split_once('\n')?;
    Some((name, schema_version.parse().ok()?, payload))
}

fn tables() -> [Vec<(&'static str, Check)>; 5] {
    [of_the_core(), of_the_hotel(), of_carts_and_orders(), of_payments_and_shipments(), rejections()]
}

/// Read, written, read and written: the second text must be the first one.
fn message<M: Message>(schema_version: u16, payload: &str) {
    let read = |schema_version: u16, payload: &str| {
        if schema_version == M::SCHEMA_VERSION {
            M::from_json(payload).ok()
        } else {
            M::upcast(schema_version, payload).ok()
        }
    };
    let Some(first) = read(schema_version, payload) else { return };
    let written = first.encode().unwrap();
    assert_eq!((&*written.name, written.schema_version), (M::NAME, M::SCHEMA_VERSION));
    let again = read(written.schema_version, &written.payload);
    let again = again.unwrap_or_else(|| panic!("{} cannot be read: {}", M::NAME, written.payload));
    assert_eq!(again.encode().unwrap(), written, "of {payload}");
}

fn rejection<R: Rejection>(_: u16, payload: &str) {
    let Ok(read) = R::decode(payload) else { return };
    let written = read.encode().unwrap();
    let again = R::decode(&written.payload).unwrap_or_else(|error| panic!("{error}: {}", written.payload));
    assert_eq!(again.encode().unwrap(), written, "of {payload}");
}

fn ignored(_: u16, payload: &str) {
    let Ok(read) = serde_json::from_str::<Ignored>(payload) else { return };
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<Ignored>(&written).unwrap(), read);
}

macro_rules! table {
    ($($module:ident: $($message:ident)+;)+) => {
        vec![$($((<$module::$message as Message>::NAME, message::<$module::$message> as Check)),+),+]
    };
}

fn of_the_core() -> Vec<(&'static str, Check)> {
    let mut table = table! {
        linear: SagaStarted StepStarted StepCompleted StepFailed StepRetryScheduled StepTimedOut RollbackStarted
            CompensationStarted StepCompensated SagaResumed SagaCompleted SagaCompensated;
    };
    table.extend([(Seen::NAME, message::<Seen> as Check), (Ignored::NAME, ignored as Check)]);
    table
}

fn of_the_hotel() -> Vec<(&'static str, Check)> {
    table! {
        stays: CheckInGuest RecordCharge RecordPayment CheckOutGuest GuestCheckedIn ChargeRecorded PaymentRecorded
            GuestCheckedOut GuestCheckoutFailed;
        groups: InitiateGroupCheckout TimeoutGroupCheckout RecordGuestCheckoutsInitiation
            RecordGuestCheckoutCompletion RecordGuestCheckoutFailure GroupCheckoutInitiated GuestCheckoutsInitiated
            GuestCheckoutCompletionRecorded GuestCheckoutFailureRecorded GroupCheckoutCompleted GroupCheckoutFailed
            GroupCheckoutTimedOut;
    }
}

fn of_carts_and_orders() -> Vec<(&'static str, Check)> {
    table! {
        carts: OpenShoppingCart AddProduct RemoveProduct ConfirmShoppingCart ShoppingCartOpened ProductAdded
            ProductRemoved ShoppingCartConfirmed ShoppingCartFinalized;
        orders: InitializeOrder RecordOrderPayment CompleteOrder CancelOrder OrderInitialized OrderPaymentRecorded
            OrderCompleted OrderCancelled;
    }
}

fn of_payments_and_shipments() -> Vec<(&'static str, Check)> {
    table! {
        payments: RequestPayment CompletePayment DeclinePayment DiscardPayment RecordRefund PaymentRequested
            PaymentCompleted PaymentDeclined PaymentDiscarded RefundRequested PaymentRefunded PaymentFinalized
            PaymentFailed;
        shipments: ReceiveStock SendPackage StockReceived PackageWasSent ProductWasOutOfStock;
    }
}

fn rejections() -> Vec<(&'static str, Check)> {
    vec![
        ("GuestStayRejection", rejection::<stays::GuestStayRejection> as Check),
        ("GroupCheckoutRejection", rejection::<groups::GroupCheckoutRejection>),
        ("Never", rejection::<Never>),
    ]
}
