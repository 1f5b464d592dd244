//! C1: whatever happens to the runtime and the store while clients ask, nothing is left hanging, and every effect is there
//! once.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::{
    Settings, StoreUnderTest,
    cases::others::is_stale,
    errands::{ask_for_everything, everything_is_there_once, write_surveys},
    faulty::{Fault, FaultyStore},
    running::{settles_soundly, start},
    service::Service,
};

const UPHEAVALS: u32 = 4;
/// So that each upheaval comes while there is still something to ask.
const ANSWERS_BETWEEN: u32 = 4;

/// What happens meanwhile.
#[derive(Clone, Copy, Debug)]
enum Upheaval {
    Nothing,
    /// The messages are in the log before there is a runtime.
    StartsLater,
    /// It stops in good order, and its store is opened again.
    UpAndDown,
    /// The next one starts, and takes over from one that is busy.
    RollingRestart,
    /// It dies, right before a commit or right after it.
    Kill,
    /// The store is disturbed, refuses commits, then everything, and comes back.
    StoreRestart,
}

/// Clients, and threads of the runtime, each one or four.
async fn is_done_once<U: StoreUnderTest>(workers: usize, upheaval: Upheaval) {
    let case = move || {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
        let tokio = tokio.unwrap();
        let ended =
            tokio.block_on(async move { tokio::time::timeout(LONGEST, run::<U>(workers, upheaval)).await });
        // Runtimes that were killed are left behind, and nobody waits for them.
        tokio.shutdown_background();
        assert!(ended.is_ok(), "something is left hanging");
    };
    if let Err(failed) = tokio::task::spawn_blocking(case).await {
        std::panic::resume_unwind(failed.into_panic());
    }
}

const LONGEST: Duration = Duration::from_secs(60);

async fn run<U: StoreUnderTest>(workers: usize, upheaval: Upheaval) {
    // given clients who ask until they are answered
    let (place, store) = U::create(Settings::default()).await;
    let service = Service::closed();
    if matches!(upheaval, Upheaval::StartsLater) {
        write_surveys(&store, workers).await;
    }
    let mut clients = JoinSet::new();
    for client in 0..workers {
        clients.spawn(ask_for_everything(service.clone(), client));
    }

    // when this happens while they ask
    rise_and_fall(&place, store, &service, upheaval).await;
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }

    // then all that they have asked for is done, once
    let runtime = service.close().unwrap();
    settles_soundly(&runtime).await;
    everything_is_there_once(&runtime, workers).await;
    runtime.stop().await.unwrap();
}

async fn rise_and_fall<U: StoreUnderTest>(place: &U, store: U::Store, service: &Service, upheaval: Upheaval) {
    match upheaval {
        Upheaval::Nothing | Upheaval::StartsLater => _ = service.open(start(store).await),
        Upheaval::UpAndDown => {
            service.open(start(store).await);
            for number in 1..=UPHEAVALS {
                service.after_answers(number * ANSWERS_BETWEEN).await;
                service.close().unwrap().stop().await.unwrap();
                service.open(start(place.reopen().await).await);
            }
        }
        Upheaval::RollingRestart => {
            service.open(start(store.clone()).await);
            for number in 1..=UPHEAVALS {
                service.after_answers(number * ANSWERS_BETWEEN).await;
                let old = service.open(start(store.clone()).await).unwrap();
                assert!(is_stale(&old.stop().await.unwrap_err()));
            }
        }
        Upheaval::Kill => {
            let mut store = store;
            for number in 0..UPHEAVALS {
                let fault =
                    if number.is_multiple_of(2) { Fault::DeathAfterCommit } else { Fault::DeathBeforeCommit };
                let mortal = FaultyStore::new(store.clone(), fault, u64::from(ANSWERS_BETWEEN));
                service.open(start(mortal.clone()).await);
                mortal.death().await;
                service.close();
                store = place.crash(store).await;
            }
            service.open(start(store).await);
        }
        Upheaval::StoreRestart => {
            let store = FaultyStore::sound(store);
            service.open(start(store.clone()).await);
            for number in 1..=UPHEAVALS {
                service.after_answers(number * ANSWERS_BETWEEN).await;
                place.disturb().await;
                store.refuse_commits(true);
                store.after_refusals(1).await;
                store.refuse_reads(true);
                store.after_refusals(3).await;
                store.refuse_reads(false);
                store.refuse_commits(false);
            }
        }
    }
}

pub async fn c1_one_worker_is_served_once_by_a_steady_runtime<U: StoreUnderTest>() {
    is_done_once::<U>(1, Upheaval::Nothing).await;
}

pub async fn c1_four_workers_are_served_once_by_a_steady_runtime<U: StoreUnderTest>() {
    is_done_once::<U>(4, Upheaval::Nothing).await;
}

pub async fn c1_one_worker_is_served_once_by_a_runtime_that_starts_later<U: StoreUnderTest>() {
    is_done_once::<U>(1, Upheaval::StartsLater).await;
}

pub async fn c1_four_workers_are_served_once_by_a_runtime_that_starts_later<U: StoreUnderTest>() {
    is_done_once::<U>(4, Upheaval::StartsLater).await;
}

pub async fn c1_one_worker_is_served_once_by_a_runtime_that_goes_up_and_down<U: StoreUnderTest>() {
    is_done_once::<U>(1, Upheaval::UpAndDown).await;
}

pub async fn c1_four_workers_are_served_once_by_a_runtime_that_goes_up_and_down<U: StoreUnderTest>() {
    is_done_once::<U>(4, Upheaval::UpAndDown).await;
}

pub async fn c1_one_worker_is_served_once_over_rolling_restarts<U: StoreUnderTest>() {
    is_done_once::<U>(1, Upheaval::RollingRestart).await;
}

pub async fn c1_four_workers_are_served_once_over_rolling_restarts<U: StoreUnderTest>() {
    is_done_once::<U>(4, Upheaval::RollingRestart).await;
}

pub async fn c1_one_worker_is_served_once_over_kills<U: StoreUnderTest>() {
    is_done_once::<U>(1, Upheaval::Kill).await;
}

pub async fn c1_four_workers_are_served_once_over_kills<U: StoreUnderTest>() {
    is_done_once::<U>(4, Upheaval::Kill).await;
}

pub async fn c1_one_worker_is_served_once_over_restarts_of_the_store<U: StoreUnderTest>() {
    is_done_once::<U>(1, Upheaval::StoreRestart).await;
}

pub async fn c1_four_workers_are_served_once_over_restarts_of_the_store<U: StoreUnderTest>() {
    is_done_once::<U>(4, Upheaval::StoreRestart).await;
}
