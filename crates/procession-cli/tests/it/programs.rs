use std::{
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a shop's store in it.
pub(crate) struct Folder(TempDir);

/// What a run of `procession` left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The shop, or its provider, while it serves.
pub(crate) struct Serving {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: String,
}

/// The shop is another package. When all tests are run it was built before, with what its own tests need, and must stay as it
/// is; when only these are run, it may have to be built, with the places where it can be told to die.
fn shop_program() -> &'static Path {
    static SHOP: OnceLock<PathBuf> = OnceLock::new();
    SHOP.get_or_init(|| {
        let shop = Path::new(env!("CARGO_BIN_EXE_procession")).with_file_name("shop");
        if !can_die(&shop) {
            let build = ["build", "--quiet", "--package", "shop", "--bin", "shop"];
            let build = Command::new(env!("CARGO"))
                .args(build)
                .args(["--features", "procession/fault-points"])
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .status();
            assert!(build.unwrap().success() && can_die(&shop), "the shop is built");
        }
        shop
    })
}

/// Whether a shop is there, and dies when it is told to: where it begins to open a store, which is at no place.
fn can_die(shop: &Path) -> bool {
    let mut open = Command::new(shop);
    open.args(["serve", "--listen", "127.0.0.1:0", "--store", "sqlite:no/such/folder/shop.db"]);
    let output = open.env("PROCESSION_CRASH_AT", "OpenBegun:1").output();
    output.is_ok_and(|it| it.status.signal() == Some(ABORTED))
}

/// How SIGABRT ends a process, as `ExitStatus` has it.
pub(crate) const ABORTED: i32 = 6;

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `procession` on the shop's store.
    pub(crate) fn procession(&self, arguments: &[&str]) -> Ran {
        self.run(&mut self.command(arguments))
    }

    /// Runs it as on a terminal that is so wide.
    pub(crate) fn procession_on_columns(&self, columns: usize, arguments: &[&str]) -> Ran {
        self.run(self.command(arguments).env("COLUMNS", columns.to_string()))
    }

    /// Runs it where nobody has said who is logged in.
    pub(crate) fn procession_without_login(&self, arguments: &[&str]) -> Ran {
        self.run(self.command(arguments).env("USER", "").env_remove("LOGNAME"))
    }

    fn run(&self, command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { exit: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// `procession` on the shop's store, to be run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_procession"));
        command.args(arguments).current_dir(self.0.path());
        command.env("PROCESSION_STORE", "sqlite:shop.db").env("USER", "anna");
        command.env_remove("CLICOLOR_FORCE").env_remove("COLUMNS");
        command
    }

    /// Its answer to a charge comes well after the charge was taken on, so that the log always has the same order.
    pub(crate) fn provider(&self) -> Serving {
        self.provider_that(&["--takes", "300ms"])
    }

    pub(crate) fn provider_that(&self, does: &[&str]) -> Serving {
        let command = &mut Command::new(shop_program());
        self.try_serve(command.args(["provider", "--listen", "127.0.0.1:0"]).args(does)).unwrap()
    }

    /// The shop. It breaks on a product, unless that is empty.
    pub(crate) fn shop(&self, provider: &str, breaks_on: &str) -> Serving {
        self.try_shop(provider, &[("SHOP_BREAKS_ON", breaks_on.to_owned())]).unwrap()
    }

    /// The shop, with something in its environment that may let it die before it opens.
    ///
    /// # Errors
    /// Its end, if it has ended.
    pub(crate) fn try_shop(
        &self,
        provider: &str,
        environment: &[(&str, String)],
    ) -> Result<Serving, ExitStatus> {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--provider", provider];
        let environment = environment.iter().map(|(name, value)| (name, value));
        self.try_serve(Command::new(shop_program()).args(arguments).envs(environment))
    }

    fn try_serve(&self, command: &mut Command) -> Result<Serving, ExitStatus> {
        let command = command.current_dir(self.0.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        if first_line.is_empty() {
            return Err(child.wait().unwrap());
        }
        let address = first_line.trim_end().rsplit(' ').next().unwrap_or_default().to_owned();
        assert!(address.starts_with("http://"), "it did not open: {first_line:?}");
        Ok(Serving { child, stdout, address })
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ended_with(self, exit: i32) -> String {
        assert_eq!(self.exit, exit, "{self:?}");
        self.stdout
    }

    #[track_caller]
    pub(crate) fn json(self, exit: i32) -> Value {
        serde_json::from_str(&self.ended_with(exit)).unwrap()
    }
}

impl Serving {
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let mut response = agent.post(format!("{}{path}", self.address)).send_json(body).unwrap();
        response.body_mut().read_json().unwrap()
    }

    pub(crate) fn stock(&self, product: &str) {
        self.post("/api/stock", &json!({ "product": product, "quantity": 9 }));
    }

    /// Orders one piece. Returns the process.
    pub(crate) fn order(&self, cart: &str, product: &str) -> u64 {
        self.post("/api/carts", &json!({ "cart": cart, "client": "ada" }));
        let one = json!({ "product": product, "quantity": 1, "price": "1.10" });
        self.post(&format!("/api/carts/{cart}/products"), &one);
        let confirmed = self.post(&format!("/api/carts/{cart}/confirmation"), &json!({}));
        confirmed["process"].as_u64().unwrap()
    }

    /// Its end, if it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Stops it as an administrator does, and waits for the end.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap()
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // A test that has failed leaves nobody behind; one that has stopped it finds it gone already.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
