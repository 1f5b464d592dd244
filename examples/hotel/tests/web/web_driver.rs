//! A real Chromium, driven by the WebDriver protocol, with the keyboard only.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use ureq::Agent;

pub(crate) struct Browser {
    driver: Child,
    agent: Agent,
    session: String,
    _profile: tempfile::TempDir,
}

const TAB: &str = "\u{E004}";
pub(crate) const ENTER: &str = "\u{E007}";
pub(crate) const SPACE: &str = " ";

const PATIENCE: Duration = Duration::from_secs(20);

impl Browser {
    pub(crate) fn open() -> Self {
        let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn().expect(
            "chromedriver is missing: install Debian's packages chromium and chromium-driver \
             (`cargo xtask test` does)",
        );
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.map_while(Result::ok).find_map(|it| {
            it.split_once("started successfully on port ")
                .map(|(_, port)| port.trim_end_matches('.').to_owned())
        });
        let port = port.expect("chromedriver says on which port it listens");
        let agent = Agent::config_builder().http_status_as_error(false).build().new_agent();
        let profile = tempfile::tempdir().unwrap();
        let mut browser =
            Self { driver, agent, session: format!("http://127.0.0.1:{port}/session"), _profile: profile };
        browser.begin_session();
        browser
    }

    fn begin_session(&mut self) {
        let folder = format!("--user-data-dir={}", self._profile.path().display());
        let mut arguments = vec![
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ];
        arguments.push(&folder);
        let options = json!({ "args": arguments });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let answer = self.call("", &wanted).unwrap_or_else(|error| {
            panic!("Chromium does not start; is Debian's package chromium installed? {error}")
        });
        self.session = format!("{}/{}", self.session, answer["sessionId"].as_str().unwrap());
        self.call("/timeouts", &json!({ "script": 1000 })).unwrap();
    }

    fn call(&self, path: &str, body: &Value) -> Result<Value, Value> {
        let mut response = self.agent.post(format!("{}{path}", self.session)).send_json(body).unwrap();
        let mut answer: Value = response.body_mut().with_config().limit(64 << 20).read_json().unwrap();
        let value = answer["value"].take();
        if response.status().is_success() { Ok(value) } else { Err(value) }
    }

    pub(crate) fn go_to(&self, address: &str) {
        self.call("/url", &json!({ "url": address })).unwrap();
    }

    /// What a JavaScript expression gives.
    pub(crate) fn read(&self, expression: &str) -> Value {
        let script = format!("return ({expression})");
        self.call("/execute/sync", &json!({ "script": script, "args": [] })).unwrap()
    }

    /// Waits until an expression is true, also while pages come and go.
    pub(crate) fn wait_for(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; \
             (function look() {{ ({expression}) ? done(true) : requestAnimationFrame(look) }})()"
        );
        let began = Instant::now();
        loop {
            match self.call("/execute/async", &json!({ "script": script, "args": [] })) {
                Ok(_) => return,
                // Perhaps the page has gone while it was watched; then the next one is watched.
                Err(_) if began.elapsed() < PATIENCE => {}
                Err(error) => panic!(
                    "{expression} has not become true: {error}\n{}",
                    self.read("document.body.innerText")
                ),
            }
        }
    }

    /// Presses a key where the focus is.
    pub(crate) fn press(&self, key: &str) {
        let strokes = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.call("/actions", &json!({ "actions": [keyboard] })).unwrap();
    }

    /// Presses Tab until the element with the focus fits the expression, in which it is called `it`.
    pub(crate) fn tab_to(&self, expression: &str) {
        let is_there = format!("((it) => {expression})(document.activeElement)");
        for _ in 0..300 {
            self.press(TAB);
            if self.read(&is_there) == true {
                let visible = "document.activeElement.matches(':focus-visible')";
                assert_eq!(self.read(visible), true, "the focus on {expression} cannot be seen");
                return;
            }
        }
        panic!("the keyboard does not reach {expression}");
    }

    /// Looks at the page as a screen of another size, or in the dark, does.
    pub(crate) fn look(&self, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.chromium("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.chromium("Emulation.setEmulatedMedia", &scheme);
    }

    fn chromium(&self, command: &str, parameters: &Value) -> Value {
        self.call("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).unwrap()
    }

    /// Keeps a picture of the page in the folder for tests' files.
    pub(crate) fn picture(&self, name: &str) {
        let command = json!({ "cmd": "Page.captureScreenshot", "params": { "format": "png" } });
        let picture = self.call("/goog/cdp/execute", &command).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        let file: PathBuf = folder.join(format!("{name}.png"));
        std::fs::write(file, decoded(picture["data"].as_str().unwrap())).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A browser that is gone already cannot be closed again.
        _ = self.agent.delete(&self.session).call();
        _ = self.driver.kill();
        _ = self.driver.wait();
    }
}

/// Base64, as the protocol sends pictures.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |it: u8| match it {
        b'A'..=b'Z' => it - b'A',
        b'a'..=b'z' => it - b'a' + 26,
        b'0'..=b'9' => it - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|it| *it != b'=').map(digit).collect();
    let groups = digits.chunks(4).flat_map(|group| {
        let bits = group.iter().fold(0_u32, |bits, it| bits << 6 | u32::from(*it)) << (6 * (4 - group.len()));
        bits.to_be_bytes().into_iter().skip(1).take(group.len() - 1).collect::<Vec<u8>>()
    });
    groups.collect()
}
