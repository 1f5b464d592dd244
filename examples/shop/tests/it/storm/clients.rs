use std::{
    thread::{Scope, ScopedJoinHandle},
    time::Duration,
};

use serde_json::Value;

use super::orders::Planned;

/// Clients at the same time, each with a connection that it keeps.
const CLIENTS: usize = 16;

/// Lets clients place orders at a shop that comes and goes. Each asks again, with the same key, until it is acknowledged.
pub(super) fn place<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    shop: &'env str,
    orders: &'env [Planned],
) -> Vec<ScopedJoinHandle<'scope, ()>> {
    let client = move |number| {
        let agent = client();
        for order in orders.iter().skip(number).step_by(CLIENTS) {
            for (path, key, body) in order.requests() {
                until_acknowledged(&agent, &format!("http://{shop}{path}"), &key, &body);
            }
        }
    };
    (0..CLIENTS).map(|number| scope.spawn(move || client(number))).collect()
}

/// Posts something until it is acknowledged.
pub(super) fn post(shop: &str, path: &str, key: &str, body: &Value) {
    until_acknowledged(&client(), &format!("http://{shop}{path}"), key, body);
}

fn client() -> ureq::Agent {
    let longest = Some(Duration::from_secs(10));
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(longest)
        .proxy(None)
        .build()
        .into()
}

fn until_acknowledged(agent: &ureq::Agent, url: &str, key: &str, body: &Value) {
    const UNAVAILABLE: u16 = 503;
    loop {
        let answer = agent.post(url).header("Idempotency-Key", key).send_json(body);
        match answer.and_then(|mut it| Ok((it.status(), it.body_mut().read_to_string()?))) {
            Ok((status, _)) if status.is_success() => return,
            Ok((status, said)) => assert_eq!(status, UNAVAILABLE, "{url}: {said}"),
            // It has been killed, and will be back.
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}
