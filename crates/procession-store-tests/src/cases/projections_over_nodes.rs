//! J7: of several nodes one keeps a read model up, and inline rows lose no update, whoever writes them.

use std::time::{Duration, Instant};

use procession_runtime::{
    Operation, Store,
    store::{GenerationState, KeyRange, RowsOf},
};

use crate::{
    domain::{Deposit, LEDGERS, OpenAccount, Page, TOTAL},
    node::Node,
    shared::{Shared, SharedStoreUnderTest},
};

const LONG: Duration = Duration::from_secs(30);

async fn start<U: SharedStoreUnderTest>(place: &Shared<U>, name: &str) -> Node {
    Node::start_with::<U, _>(place, name, LEDGERS.application(), |store| store).await
}

/// Two nodes, each with its share.
async fn two_nodes<U: SharedStoreUnderTest>() -> (Shared<U>, Node, Node) {
    let place = Shared::<U>::create().await;
    let (a, b) = (start(&place, "a").await, start(&place, "b").await);
    until("both have their share", async || (a.partitions("a").await, b.partitions("b").await) == (2, 2))
        .await;
    (place, a, b)
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !holds().await {
        assert!(Instant::now() < until, "{what}: not within {LONG:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn open(node: &Node, account: &str) {
    node.runtime.execute(OpenAccount { account: account.into() }).await.unwrap();
}

async fn deposit(node: &Node, account: &str, amount: i64) {
    node.runtime.execute(Deposit { account: account.into(), amount }).await.unwrap();
}

/// What a ledger shows when it has come as far as the log.
async fn total(node: &Node, ledger: &str) -> Page {
    let end = node.runtime.reader().store().progress().await.unwrap().head;
    let ledger = node.runtime.read_model(ledger);
    ledger.wait_for(end, LONG).await.unwrap();
    ledger.get(TOTAL).await.unwrap().unwrap()
}

async fn both_show(nodes: [&Node; 2], balance: i64, lines: u32) {
    for node in nodes {
        for ledger in ["ledger", "inline_ledger"] {
            assert_eq!(total(node, ledger).await, Page { balance, lines }, "{ledger}");
        }
    }
}

pub async fn j7_what_is_written_on_any_node_is_read_on_any_node<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    for account in ["1", "2", "3", "4"] {
        open(&a, account).await;
        deposit(&a, account, 1).await;
        deposit(&b, account, 10).await;
    }

    both_show([&a, &b], 44, 8).await;
}

pub async fn j7_a_node_that_keeps_read_models_up_dies_and_another_one_goes_on<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    open(&a, "1").await;
    deposit(&a, "1", 1).await;

    b.kill();
    until("a has everything", async || a.partitions("a").await == 4).await;
    deposit(&a, "1", 10).await;

    both_show([&a, &a], 11, 2).await;
}

pub async fn no_update_of_an_inline_row_is_lost_over_two_nodes<U: SharedStoreUnderTest>() {
    let (place, a, b) = two_nodes::<U>().await;
    for account in ["1", "2", "3", "4"] {
        open(&a, account).await;
    }

    let mut payments = tokio::task::JoinSet::new();
    for times in 0..60_u64 {
        let runtime = if times % 2 == 0 { a.runtime.clone() } else { b.runtime.clone() };
        payments.spawn(async move {
            let account = (times % 4 + 1).to_string();
            runtime.execute(Deposit { account, amount: 1 }).await.unwrap();
        });
    }
    payments.join_all().await;

    both_show([&a, &b], 60, 60).await;
    let store = place.open().await;
    let rows = async |ledger: &str| {
        let of = RowsOf { projection: ledger.into(), number: None };
        let rows = store.scan_rows(of, KeyRange::default(), 100).await.unwrap();
        rows.into_iter().map(|(key, row)| (key, row.value)).collect::<Vec<_>>()
    };
    assert_eq!(rows("ledger").await, rows("inline_ledger").await);
}

pub async fn j2_a_rebuild_on_nodes_that_work_loses_nothing<U: SharedStoreUnderTest>() {
    let (place, a, b) = two_nodes::<U>().await;
    open(&a, "1").await;
    let store = place.open().await;

    for ledger in ["ledger", "inline_ledger"] {
        let anna = a.runtime.operator().by("anna").because("a test");
        anna.request([Operation::RebuildProjection(ledger.into())]).await.unwrap();
        let is_rebuilt = async || {
            let all = store.projections().await.unwrap().generations;
            let mut of = all.iter().filter(|it| &*it.generation.projection == ledger);
            of.next().is_some_and(|it| it.generation.number == 2 && it.state.is_read()) && of.next().is_none()
        };
        until("it is rebuilt", async || {
            deposit(&a, "1", 1).await;
            deposit(&b, "1", 1).await;
            is_rebuilt().await
        })
        .await;
    }

    let log = total(&a, "ledger").await;
    assert_eq!(i64::from(log.lines), log.balance);
    both_show([&a, &b], log.balance, log.lines).await;
    let inline = store.projections().await.unwrap().generations.remove(0);
    assert_eq!(inline.state, GenerationState::Inline);
    let events = crate::batches::log(&store).await;
    let deposits = events.iter().filter(|it| it.entry.name == "Deposited").count();
    assert_eq!(deposits, log.lines as usize);
}
