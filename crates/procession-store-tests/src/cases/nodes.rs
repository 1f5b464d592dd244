//! Several nodes on one store: who owns what when they come, go, die, freeze and are not heard; and that clients and operators
//! need not know where they are.

use std::time::{Duration, Instant};

use procession::{log::Position, log::ProcessId};
use procession_runtime::{
    Operation, Quiet,
    store::{Layered, NodeId},
};
use tokio::task::JoinSet;

use crate::{
    batches::log,
    cut_off::{CutOff, Line},
    domain::{
        Account, AskForReminders, CheckAccount, Deposit, OpenAccount, Reminder, StartSurvey, Survey, Withdraw,
    },
    errands::{ask_for_everything, everything_is_there_once},
    node::{LEASE, Node},
    running::{is_sound, state},
    service::Service,
    shared::{Shared, SharedStoreUnderTest},
};

const ALL: usize = 4;
/// Within its lease, and what a slow machine needs to notice.
const TAKEN_OVER_WITHIN: Duration = LEASE.saturating_add(Duration::from_secs(2));
pub(super) const LONG: Duration = Duration::from_secs(30);

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let until = Instant::now() + LONG;
    while !holds().await {
        assert!(Instant::now() < until, "{what}: not within {LONG:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Two nodes, each with its share.
pub(super) async fn two_nodes<U: SharedStoreUnderTest>() -> (Shared<U>, Node, Node) {
    let place = Shared::<U>::create().await;
    let (a, b) = (Node::start(&place, "a").await, Node::start(&place, "b").await);
    both_have_their_share(&a, &b).await;
    (place, a, b)
}

async fn both_have_their_share(a: &Node, b: &Node) {
    until("both have their share", async || {
        (a.partitions("a").await, b.partitions("b").await) == (ALL / 2, ALL / 2)
    })
    .await;
}

pub(super) fn survey(name: &str) -> StartSurvey {
    StartSurvey { survey: name.into(), respondents: 20 }
}

pub(super) async fn is_done_on(node: &Node, process: ProcessId) {
    let quiet = tokio::time::timeout(LONG, node.runtime.wait(process)).await.unwrap().unwrap();
    assert_eq!(quiet, Quiet { process, parked: 0 });
}

/// Asks for work that needs every partition, and waits until it is done.
async fn work_is_done(asked: &Node, name: &str) {
    let process = asked.runtime.send(survey(name)).await.unwrap().process;
    is_done_on(asked, process).await;
    let survey: Survey = state(&asked.runtime, name).await;
    assert_eq!((survey.answers, survey.ended), (20, 1));
}

pub(super) async fn is_sound_in_the_end(node: &Node) {
    node.runtime.settled().await.unwrap();
    is_sound(node.runtime.reader().store().as_ref()).await;
}

async fn tokens(node: &Node) -> Vec<(NodeId, usize)> {
    let nodes = node.runtime.reader().store().nodes().unwrap().list().await.unwrap();
    nodes.into_iter().map(|it| (it.id, it.partitions.len())).collect()
}

pub async fn n1_one_node_owns_everything_and_a_second_one_gets_its_share<U: SharedStoreUnderTest>() {
    let place = Shared::<U>::create().await;
    let a = Node::start(&place, "a").await;
    assert_eq!(a.partitions("a").await, ALL);
    work_is_done(&a, "alone").await;

    let b = Node::start(&place, "b").await;

    both_have_their_share(&a, &b).await;
    work_is_done(&a, "asked of a").await;
    work_is_done(&b, "asked of b").await;
    is_sound_in_the_end(&a).await;
}

pub async fn n1_a_killed_node_is_taken_over_within_its_lease<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    let process = b.runtime.send(survey("s")).await.unwrap().process;

    b.kill();
    let killed = Instant::now();

    until("a has everything", async || a.partitions("a").await == ALL).await;
    assert!(killed.elapsed() < TAKEN_OVER_WITHIN, "{:?}", killed.elapsed());
    is_done_on(&a, process).await;
    let survey: Survey = state(&a.runtime, "s").await;
    assert_eq!((survey.answers, survey.ended), (20, 1));
    is_sound_in_the_end(&a).await;
}

pub async fn n1_nothing_is_kept_free_for_a_node_that_has_died<U: SharedStoreUnderTest>() {
    // given a node that has died before it owned anything
    let (place, a, b) = two_nodes::<U>().await;
    Node::start(&place, "c").await.kill();

    // when what another one owned is free
    b.runtime.clone().stop().await.unwrap();
    let stopped = Instant::now();

    // then it is taken at once, and not when the lease of the dead one has run out
    until("a has everything", async || a.partitions("a").await == ALL).await;
    assert!(stopped.elapsed() < LEASE * 2 / 3, "{:?}", stopped.elapsed());
    work_is_done(&a, "s").await;
    is_sound_in_the_end(&a).await;
}

pub async fn n4_a_node_that_is_not_heard_owns_nothing_before_anyone_else_may<U: SharedStoreUnderTest>() {
    // given a node that owns everything, and one that waits for it
    let (place, line) = (Shared::<U>::create().await, Line::default());
    let its_line = line.clone();
    let a = Node::start_on(&place, "a", move |store| Layered(CutOff::new(store, its_line))).await;
    work_is_done(&a, "before").await;

    // when it is not heard any more, though it reaches its log
    line.cut(true);
    let b = Node::start(&place, "b").await;
    until("b has everything", async || b.partitions("b").await == ALL).await;

    // then it handles nothing of what others own, and owns something again when it is heard
    work_is_done(&b, "while a is not heard").await;
    work_is_done(&a, "asked of a, and done by b").await;
    line.cut(false);
    both_have_their_share(&a, &b).await;
    work_is_done(&a, "after").await;
    is_sound_in_the_end(&a).await;
}

pub async fn n5_one_late_heartbeat_moves_nothing<U: SharedStoreUnderTest>() {
    let (place, line) = (Shared::<U>::create().await, Line::default());
    let its_line = line.clone();
    let a = Node::start_on(&place, "a", move |store| Layered(CutOff::new(store, its_line))).await;
    let b = Node::start(&place, "b").await;
    both_have_their_share(&a, &b).await;
    let before = tokens(&b).await;

    line.delay_next(LEASE / 2);

    let until = Instant::now() + LEASE;
    while Instant::now() < until {
        assert_eq!(tokens(&b).await, before);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    work_is_done(&a, "s").await;
}

pub async fn n7_what_a_node_owned_is_handled_at_once_when_it_stops<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    let process = b.runtime.send(survey("s")).await.unwrap().process;

    let stopping = Instant::now();
    b.runtime.clone().stop().await.unwrap();

    until("a has everything", async || a.partitions("a").await == ALL).await;
    assert!(stopping.elapsed() < LEASE, "nobody waits for its lease: {:?}", stopping.elapsed());
    is_done_on(&a, process).await;
    is_sound_in_the_end(&a).await;
}

pub async fn o9_a_frozen_node_that_wakes_writes_nothing_that_others_have_done<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    let mut surveys = Vec::new();
    for number in 0..20 {
        surveys.push(a.runtime.send(survey(&number.to_string())).await.unwrap().process);
    }

    // given a node that stops in the middle, for longer than its lease
    let frozen = b.freeze();
    until("a has everything", async || a.partitions("a").await == ALL).await;
    for process in &surveys {
        is_done_on(&a, *process).await;
    }
    let written = log(a.runtime.reader().store().as_ref()).await;

    // when it wakes, and believes to own its share
    drop(frozen);
    both_have_their_share(&a, &b).await;

    // then nothing was done twice
    let now = log(a.runtime.reader().store().as_ref()).await;
    assert_eq!(now.len(), written.len());
    for number in 0..20 {
        let survey: Survey = state(&a.runtime, &number.to_string()).await;
        assert_eq!((survey.answers, survey.ended), (20, 1));
    }
    work_is_done(&b, "after").await;
    is_sound_in_the_end(&b).await;
}

pub async fn t1_a_timer_fires_once_over_two_nodes<U: SharedStoreUnderTest>() {
    let (place, a, b) = two_nodes::<U>().await;
    let reminders: Vec<String> = (0..20).map(|it| it.to_string()).collect();
    for reminder in &reminders {
        let ask = AskForReminders { reminder: reminder.clone(), after_seconds: vec![1, 2, 3] };
        b.runtime.send(ask).await.unwrap();
    }

    // One dies between the first and the last of them, and another one comes.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    b.kill();
    let b = Node::start(&place, "c").await;

    for reminder in &reminders {
        until("all have fired", async || state::<Reminder>(&a.runtime, reminder).await.calls.len() >= 3)
            .await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for reminder in &reminders {
        assert_eq!(state::<Reminder>(&b.runtime, reminder).await.calls, [0, 1, 2]);
    }
    is_sound_in_the_end(&a).await;
}

pub async fn t1_a_timer_that_was_fired_by_the_next_owner_is_not_fired_by_a_late_commit<
    U: SharedStoreUnderTest,
>() {
    // given a node whose commits and heartbeats are on their way when its timers fire
    let (place, line) = (Shared::<U>::create().await, Line::default());
    let its_line = line.clone();
    let a = Node::start_on(&place, "a", move |store| Layered(CutOff::new(store, its_line))).await;
    let reminders: Vec<String> = (0..8).map(|it| it.to_string()).collect();
    for reminder in &reminders {
        let ask = AskForReminders { reminder: reminder.clone(), after_seconds: vec![1] };
        let process = a.runtime.send(ask).await.unwrap().process;
        is_done_on(&a, process).await;
    }
    let b = Node::start(&place, "b").await;
    both_have_their_share(&a, &b).await;
    line.hold_commits(true);
    line.cut(true);

    // when another one has taken over, and has fired them
    until("b has everything", async || b.partitions("b").await == ALL).await;
    for reminder in &reminders {
        until("all have fired", async || state::<Reminder>(&b.runtime, reminder).await.calls == [0]).await;
    }

    // then nothing of it arrives
    line.hold_commits(false);
    line.cut(false);
    both_have_their_share(&a, &b).await;
    work_is_done(&a, "after").await;
    for reminder in &reminders {
        assert_eq!(state::<Reminder>(&a.runtime, reminder).await.calls, [0]);
    }
    is_sound_in_the_end(&a).await;
}

pub async fn o3_one_key_on_two_nodes_has_one_effect_and_one_answer<U: SharedStoreUnderTest>() {
    let (_place, a, b) = two_nodes::<U>().await;
    let account = || "1".to_owned();
    a.runtime.execute(OpenAccount { account: account() }).await.unwrap();
    let mut asking = JoinSet::new();
    for number in 0..20 {
        let runtime = if number % 2 == 0 { a.runtime.clone() } else { b.runtime.clone() };
        asking.spawn(async move {
            runtime.execute(Deposit { account: "1".into(), amount: 5 }).idempotency_key("once").await.unwrap()
        });
    }

    let answers = asking.join_all().await;

    assert!(answers.iter().all(|it| *it == answers[0]), "{answers:?}");
    assert_eq!(state::<Account>(&a.runtime, &account()).await.balance, 5);
    is_sound_in_the_end(&a).await;
}

pub async fn commands_are_executed_on_any_node_in_one_order<U: SharedStoreUnderTest>() {
    // given accounts in all partitions
    let (_place, a, b) = two_nodes::<U>().await;
    let accounts: Vec<String> = (0..8).map(|it| it.to_string()).collect();
    for account in &accounts {
        a.runtime.execute(OpenAccount { account: account.clone() }).await.unwrap();
    }

    // when both nodes execute commands for all of them, at once
    let mut asking = JoinSet::new();
    for node in [&a, &b] {
        for account in accounts.clone() {
            let runtime = node.runtime.clone();
            asking.spawn(async move {
                for _ in 0..10 {
                    let executed =
                        runtime.execute(Deposit { account: account.clone(), amount: 1 }).await.unwrap();
                    let stands =
                        runtime.reader().store().read_entries(vec![executed.position]).await.unwrap();
                    assert_eq!(stands[0].process, executed.process);
                    assert_eq!(&*stands[0].entry.name, "Deposit");
                    let event = &executed.events[0];
                    let stands = runtime.reader().store().read_entries(vec![event.position]).await.unwrap();
                    assert_eq!(&stands[0], event, "what a client is told stands in the log");
                }
            });
        }
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }

    // then every one has had its effect once
    for account in &accounts {
        assert_eq!(state::<Account>(&a.runtime, account).await.balance, 20);
    }
    is_sound_in_the_end(&a).await;
}

pub async fn decisions_that_record_nothing_see_what_other_nodes_have_written<U: SharedStoreUnderTest>() {
    // given accounts in all partitions
    let (_place, a, b) = two_nodes::<U>().await;
    let accounts: Vec<String> = (0..4).map(|it| it.to_string()).collect();
    for account in &accounts {
        a.runtime.execute(OpenAccount { account: account.clone() }).await.unwrap();
    }

    // when one node pays in and out, while it is asked for more than there is on the other, in the log and at once
    let mut asking = JoinSet::new();
    for account in accounts {
        for (here, there) in [(&a, &b), (&b, &a)] {
            let (here, there, account) = (here.runtime.clone(), there.runtime.clone(), account.clone());
            asking.spawn(async move {
                for round in 0..20 {
                    let account = || account.clone();
                    here.execute(Deposit { account: account(), amount: 1 + round % 3 }).await.unwrap();
                    there.send(Withdraw { account: account(), amount: 3 }).await.unwrap();
                    // What comes of it depends on who was faster.
                    _ = here.execute(Withdraw { account: account(), amount: 2 }).await;
                    there.send(CheckAccount { account: account(), expected_balance: 1 }).await.unwrap();
                }
            });
        }
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }

    // then each decision is the one that the log before it leads to
    b.runtime.settled().await.unwrap();
    is_sound_in_the_end(&a).await;
}

pub async fn p13_a_process_is_suspended_and_resumed_on_all_nodes<U: SharedStoreUnderTest>() {
    // given processes that wait for their timers
    let (_place, a, b) = two_nodes::<U>().await;
    let mut processes = Vec::new();
    for number in 0..8 {
        let ask = AskForReminders { reminder: number.to_string(), after_seconds: vec![2, 2] };
        processes.push(a.runtime.send(ask).await.unwrap().process);
    }
    for process in &processes {
        is_done_on(&a, *process).await;
    }

    // when they are suspended through one node before their time
    let anna = a.runtime.operator().by("anna").because("the case asks for it");
    anna.request(processes.iter().map(|it| Operation::SuspendProcess(*it))).await.unwrap();
    until("all are held", async || a.runtime.reader().store().holds().await.unwrap().len() == 8).await;
    let is_due = async || a.runtime.reader().store().next_due().await.unwrap().is_none();
    until("all have fired", is_due).await;

    // then nothing of them is handled on any node, and all is when they are resumed
    until("all wait", async || a.runtime.reader().parked().await.unwrap().len() == 16).await;
    for number in 0..8 {
        assert_eq!(state::<Reminder>(&b.runtime, &number.to_string()).await.calls, Vec::<u32>::new());
    }
    let anna = b.runtime.operator().by("anna").because("the case asks for it");
    anna.request(processes.iter().map(|it| Operation::ResumeProcess(*it))).await.unwrap();
    for number in 0..8 {
        until("all go on", async || state::<Reminder>(&b.runtime, &number.to_string()).await.calls == [0, 1])
            .await;
    }
    until("nothing waits", async || a.runtime.reader().parked().await.unwrap().is_empty()).await;
    is_sound_in_the_end(&a).await;
}

pub async fn c1_clients_of_three_nodes_are_served_once_while_nodes_die_freeze_and_come<
    U: SharedStoreUnderTest,
>() {
    const CLIENTS: usize = 4;
    const UPHEAVALS: u32 = 6;
    // given three nodes, and clients of each who ask until they are answered
    let place = Shared::<U>::create().await;
    let services = [Service::closed(), Service::closed(), Service::closed()];
    let mut nodes = Vec::new();
    for (number, service) in services.iter().enumerate() {
        let node = Node::start(&place, &number.to_string()).await;
        service.open(node.runtime.clone());
        nodes.push(node);
    }
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(ask_for_everything(services[client % services.len()].clone(), client));
    }

    // when a node dies, or freezes for longer than its lease, again and again
    for round in 0..UPHEAVALS {
        let struck = round as usize % nodes.len();
        services[struck].after_answers(4 * (round / 3 + 1)).await;
        if round.is_multiple_of(2) {
            let new = Node::start(&place, &format!("{round} after {struck}")).await;
            services[struck].open(new.runtime.clone());
            std::mem::replace(&mut nodes[struck], new).kill();
        } else {
            let frozen = nodes[struck].freeze();
            tokio::time::sleep(LEASE + LEASE / 2).await;
            drop(frozen);
        }
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }

    // then all that they have asked for is done, once
    let store = nodes[0].runtime.reader().store();
    let mut before = Position::START;
    until("nothing happens any more", async || {
        for node in &nodes {
            node.runtime.settled().await.unwrap();
        }
        let head = store.progress().await.unwrap().head;
        std::mem::replace(&mut before, head) == head
    })
    .await;
    is_sound(store.as_ref()).await;
    everything_is_there_once(&nodes[0].runtime, CLIENTS).await;
}
