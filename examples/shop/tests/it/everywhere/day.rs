use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use procession::replay::Replay;
use serde_json::{Value, json};
use shop::{CartId, OrderId, shop};

use super::{count, house::House};
use crate::{
    crash::log,
    domain::DEADLINE,
    program::{Program, Serving},
};

/// A day in a shop: clients order, and in the evening it closes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Day {
    /// The provider takes the money, and says so twice; what one client has ordered is out of stock.
    Paid,
    /// The provider says nothing, and time is up.
    Unpaid,
}

/// The providers of all days. Each day has carts, and so payments, of its own.
pub(super) struct Providers {
    _program: Program,
    paying: Serving,
    silent: Serving,
    days: AtomicUsize,
}

/// So few messages in a commit that each order takes several.
const BATCH_MESSAGES: &str = "2";

impl Providers {
    pub(super) fn open() -> Self {
        let program = Program::new();
        let paying = program.provider(&["--takes", "5ms", "--answer-twice"]);
        let silent = program.provider(&["--never-answer"]);
        Self { _program: program, paying, silent, days: AtomicUsize::new(0) }
    }
}

impl Day {
    pub(super) const ALL: [Self; 2] = [Self::Paid, Self::Unpaid];

    /// Nobody dies. Returns how often each fault point was passed.
    pub(super) fn run_and_count(self, providers: &Providers) -> BTreeMap<String, u64> {
        let program = Program::new();
        let passages = program.path("passages");
        let environment = [("PROCESSION_PASSAGES", passages.display().to_string())];
        assert_eq!(self.run(&program, providers, &environment, []), 0, "nobody was to die");
        count(&std::fs::read_to_string(passages).unwrap())
    }

    /// The shop dies at the first place, and when it was opened again, at the second. Returns how often it has died.
    pub(super) fn run_with_deaths(self, providers: &Providers, deaths: [String; 2]) -> usize {
        self.run(&Program::new(), providers, &[], deaths)
    }

    fn run(
        self,
        program: &Program,
        providers: &Providers,
        environment: &[(&'static str, String)],
        deaths: impl IntoIterator<Item = String>,
    ) -> usize {
        let (provider, arguments): (_, &[&str]) = match self {
            Self::Paid => (&providers.paying, &[]),
            Self::Unpaid => (&providers.silent, &["--payment-deadline", "100ms"]),
        };
        let small = [("PROCESSION_BATCH_MESSAGES", BATCH_MESSAGES.to_owned())];
        let environment = environment.iter().cloned().chain(small).collect();
        let mut house = House::new(program, &provider.address, arguments, environment, deaths);
        let day = providers.days.fetch_add(1, Ordering::Relaxed);
        house.does("/api/stock", "stock", &json!({ "product": "pen", "quantity": 10 }));
        let orders = [("pen", "completed"), ("ink", "cancelled")]
            .map(|(product, ends)| (order(&mut house, &format!("day-{day}-{product}"), product), ends));
        for (order, ends) in &orders {
            let order = house.get(&format!("/api/orders/{order}"));
            self.has_ended_well(&order, ends, provider);
        }
        let left = if matches!(self, Self::Paid) { 7 } else { 10 };
        assert_eq!(house.get("/api/stock"), json!({ "pen": left }));
        house.close();
        self.is_in_order(program);
        house.deaths
    }

    /// One charge, and one package or one refund; or nothing at all.
    fn has_ended_well(self, order: &Value, ends: &str, provider: &Serving) {
        let moved = provider.moved(&order["payment"]["payment"]);
        let moved: Vec<&str> = moved.iter().map(|(movement, _)| &**movement).collect();
        let (status, expected): (_, &[&str]) = match (self, ends) {
            (Self::Unpaid, _) => ("cancelled", &[]),
            (Self::Paid, "completed") => ("completed", &["charged"]),
            (Self::Paid, _) => ("cancelled", &["charged", "refunded"]),
        };
        assert_eq!((order["status"].as_str(), &*moved), (Some(status), expected), "{order}");
    }

    /// Everything is in the log once, and the log is dense and replays to the same.
    fn is_in_order(self, program: &Program) {
        let log = log(&program.path("shop.db"));
        let count =
            |name: &str| log.iter().filter(|it| it.entry.name == name && it.version.is_some()).count();
        let (paid, unpaid) = if matches!(self, Self::Paid) { (1, 0) } else { (0, 1) };
        let expected = [
            ("OrderInitialized", 2),
            ("PaymentRequested", 2),
            ("PaymentCompleted", 2 * paid),
            ("PackageWasSent", paid),
            ("OrderCompleted", paid),
            ("PaymentRefunded", paid),
            ("OrderCancelled", paid + 2 * unpaid),
        ];
        assert_eq!(expected.map(|(name, _)| (name, count(name))), expected);
        let application = shop(DEADLINE, None).unwrap();
        let mut replay = Replay::new(application.engine());
        for (recorded, position) in log.into_iter().zip(1..) {
            assert_eq!(recorded.position.0, position, "the log has no gap");
            replay.next(recorded).unwrap();
        }
        assert!(replay.finish().unwrap() > 0);
    }
}

/// Orders three pieces. Returns the order.
fn order(house: &mut House<'_>, cart: &str, product: &str) -> OrderId {
    house.does("/api/carts", &format!("open-{cart}"), &json!({ "cart": cart, "client": "ada" }));
    let three = json!({ "product": product, "quantity": 3, "price": "1.10" });
    house.does(&format!("/api/carts/{cart}/products"), &format!("add-{cart}"), &three);
    house.does(&format!("/api/carts/{cart}/confirmation"), &format!("confirm-{cart}"), &json!({}));
    OrderId::of(&cart.parse::<CartId>().unwrap())
}
