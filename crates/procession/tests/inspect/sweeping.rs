use procession::{inspect::ProcessState, log::Position};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use crate::rental::{Pay, inspector, rent, rentals, running};

/// Whoever is called stuck does not go on by itself, and who has not ended always has a reason.
#[test]
fn only_processes_that_do_not_go_on_by_themselves_are_called_stuck() {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kind = prop_oneof![Just("plain"), Just("reminded"), Just("silent"), Just("broken")];
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config)
        .run(&vec((kind, any::<bool>()), 1..6), |plan| {
            tokio.block_on(async {
                // given rentals, some of them paid
                let (runtime, store) = running(&rentals(true)).await;
                let mut processes = Vec::new();
                for (index, (kind, is_paid)) in plan.iter().enumerate() {
                    let rental = format!("{kind}-{index}");
                    let process = rent(&runtime, &rental).await;
                    if *is_paid {
                        let first =
                            runtime.reader().history(process, Position::START).await.unwrap().remove(0);
                        runtime.execute(Pay { rental }).caused_by(&first).await.unwrap();
                    }
                    processes.push(process);
                }
                runtime.settled().await.unwrap();

                // then everyone who has not ended has a reason
                let inspector = inspector(&store).await;
                let sweep = inspector.sweep().await.unwrap();
                for it in inspector.standings(&sweep, processes).await.unwrap() {
                    assert_eq!(it.waits_for.is_empty(), it.state == ProcessState::Ended, "{it:?}");
                    assert_ne!(it.state, ProcessState::Running, "all is settled: {it:?}");
                }

                // and who is stuck is stuck a day later too
                let stuck: Vec<_> = sweep.stuck().collect();
                runtime.advance(std::time::Duration::from_secs(86_400)).await.unwrap();
                let later = inspector.sweep().await.unwrap();
                for process in stuck {
                    assert_eq!(later.state(process), ProcessState::Stuck, "{process}");
                }
                // and who waited for a timer has ended
                assert!(later.open().all(|(_, it)| it != ProcessState::Running));
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn what_is_called_stuck_while_the_application_works_is_stuck() {
    // given rentals that all end, because everyone pays
    let (runtime, store) = running(&rentals(true)).await;
    let inspector = inspector(&store).await;
    let working = tokio::spawn(async move {
        for index in 0..200 {
            let rental = index.to_string();
            let process =
                runtime.execute(crate::rental::Rent { rental: rental.clone() }).await.unwrap().process;
            let first = runtime.reader().history(process, Position::START).await.unwrap().remove(0);
            runtime.execute(Pay { rental }).caused_by(&first).await.unwrap();
        }
    });

    // when operators look all the time
    let mut looks = 0;
    while !working.is_finished() {
        let sweep = inspector.sweep().await.unwrap();

        // then none of them is called stuck
        assert_eq!(sweep.stuck().collect::<Vec<_>>(), []);
        looks += 1;
        tokio::task::yield_now().await;
    }
    working.await.unwrap();
    assert!(looks > 1, "somebody has looked meanwhile");
}
