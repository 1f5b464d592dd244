use std::{collections::BTreeMap, path::Path, time::Duration};

use hotel::{
    GroupCheckoutId, GuestStayId, Style,
    guest_stays::{CheckInGuest, RecordCharge, RecordPayment},
    hotel,
};
use procession::{Runtime, sqlite::SqliteStore};
use serde_json::json;
use tokio::task::JoinSet;

use crate::chance::Chance;

/// A group that will ask to check out.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupCheckoutId,
    pub(crate) guests: Vec<Guest>,
    /// How long the guests may take to answer.
    pub(crate) within: Option<&'static str>,
}

/// Most groups have no deadline; some have one that is kept, and some one that may come before or after a restart.
const DEADLINES: [Option<&str>; 6] = [None, None, None, Some("1h"), Some("5ms"), Some("100ms")];

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) stay: GuestStayId,
    pub(crate) is_settled: bool,
}

/// So many guests that their checkout takes several commits.
const LARGE: u64 = 5_000;

/// Groups of 1 to 60 guests, of whom about one in ten still owes money; and every twelfth group is a large one, of
/// guests who all owe money, so that they stay and can be asked again by the next one.
pub(crate) fn plan(groups: usize, chance: &mut Chance) -> Vec<Group> {
    let debtor = |number| Guest { stay: format!("debtor-{number}").parse().unwrap(), is_settled: false };
    let plan = (0..groups).map(|group| {
        let id = format!("group-{group}").parse().unwrap();
        let within = DEADLINES[chance.below(DEADLINES.len() as u64) as usize];
        if group % 12 == 0 {
            return Group { id, guests: (0..LARGE).map(debtor).collect(), within };
        }
        let guest = |number: u64, chance: &mut Chance| Guest {
            stay: format!("stay-{group}-{number}").parse().unwrap(),
            is_settled: chance.below(10) > 0,
        };
        let guests = (0..=chance.below(60)).map(|number| guest(number, chance)).collect();
        Group { id, guests, within }
    });
    plan.collect()
}

/// Everybody checks in and is charged, and who is to be settled pays.
#[tokio::main]
pub(crate) async fn arrive(store: &Path, style: Style, groups: &[Group]) {
    let store = SqliteStore::open(store).unwrap();
    let runtime = Runtime::start(&hotel(style).unwrap(), store).await.unwrap();
    let mut arriving = JoinSet::new();
    let guests: BTreeMap<_, _> =
        groups.iter().flat_map(|it| &it.guests).map(|it| (it.stay.clone(), it.is_settled)).collect();
    for (stay, is_settled) in guests {
        arriving.spawn(guest_arrives(runtime.clone(), stay, is_settled));
    }
    arriving.join_all().await;
    runtime.stop().await.unwrap();
}

async fn guest_arrives(runtime: Runtime, guest_stay: GuestStayId, is_settled: bool) {
    let amount = "100.00".parse().unwrap();
    let check_in = CheckInGuest { guest_stay: guest_stay.clone(), guest: "Grace".into(), room: 1 };
    runtime.execute(check_in).await.unwrap();
    runtime.execute(RecordCharge { guest_stay: guest_stay.clone(), amount }).await.unwrap();
    if is_settled {
        runtime.execute(RecordPayment { guest_stay, amount }).await.unwrap();
    }
}

impl Group {
    pub(crate) fn is_large(&self) -> bool {
        self.guests.len() as u64 == LARGE
    }

    /// Asks the server to check the group out. Returns whether the server has acknowledged it.
    pub(crate) fn initiate(&self, address: &str) -> bool {
        let stays: Vec<&GuestStayId> = self.guests.iter().map(|it| &it.stay).collect();
        let body = json!({
            "group_checkout": self.id, "clerk": "grace", "guest_stays": stays, "within": self.within
        });
        let config = ureq::Agent::config_builder();
        let config = config.timeout_global(Some(Duration::from_secs(20))).http_status_as_error(false);
        let response = ureq::Agent::from(config.build())
            .post(format!("{address}/api/group-checkouts"))
            .header("Idempotency-Key", format!("initiate-{}", self.id))
            .send_json(&body);
        // Without a response, the process was killed before it could answer: it has taken the command, or not.
        let Ok(mut response) = response else { return false };
        assert_eq!(
            response.status(),
            202,
            "{} was answered {:?}",
            self.id,
            response.body_mut().read_to_string()
        );
        true
    }
}
