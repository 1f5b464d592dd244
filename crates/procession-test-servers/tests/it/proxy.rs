use std::time::Duration;

use procession_test_servers::{Database, Proxy, shared};
use tokio::time::{Instant, timeout};

use crate::client::{ask, connect};

const MOMENT: Duration = Duration::from_millis(300);

async fn proxied() -> (Proxy, Database<'static>, String) {
    let database = shared().unwrap().database().unwrap();
    let proxy = Proxy::to(database.server().address()).await.unwrap();
    let url = database.url_through(proxy.address());
    (proxy, database, url)
}

#[tokio::test]
async fn latency_is_added_in_each_direction_and_not_to_each_message() {
    // given
    let (proxy, _database, url) = proxied().await;
    let client = connect(&url).await.unwrap();

    // when
    proxy.latency(MOMENT);
    let begin = Instant::now();
    let statements: [_; 10] = std::array::from_fn(|_| client.simple_query("SELECT 1"));
    for statement in statements {
        statement.await.unwrap();
    }

    // then
    let lasted = begin.elapsed();
    assert!(lasted >= 2 * MOMENT, "{lasted:?}");
}

#[tokio::test]
async fn cut_connections_end_and_new_ones_begin() {
    let (proxy, _database, url) = proxied().await;
    let client = connect(&url).await.unwrap();

    proxy.cut().await;

    assert!(ask(&client, "SELECT 'here'").await.is_err());
    let again = connect(&url).await.unwrap();
    assert_eq!(ask(&again, "SELECT 'here'").await.unwrap(), "here");
}

#[tokio::test]
async fn who_is_refused_does_not_get_in_and_who_is_in_stays() {
    // given
    let (mut proxy, _database, url) = proxied().await;
    let client = connect(&url).await.unwrap();

    // when
    proxy.refuse().await;

    // then
    assert!(connect(&url).await.is_err());
    assert_eq!(ask(&client, "SELECT 'here'").await.unwrap(), "here");

    // when
    proxy.accept().await.unwrap();

    // then
    connect(&url).await.unwrap();
}

#[tokio::test]
async fn a_stalled_line_delivers_nothing_until_it_flows() {
    // given
    let (proxy, _database, url) = proxied().await;
    let client = connect(&url).await.unwrap();

    // when
    proxy.stall();
    let mut asked = Box::pin(ask(&client, "SELECT 'here'"));

    // then
    assert!(timeout(MOMENT, &mut asked).await.is_err(), "a stalled line has delivered something");

    // when
    proxy.flow();

    // then
    assert_eq!(asked.await.unwrap(), "here");
}
