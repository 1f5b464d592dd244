//! The command of operators, which is another package. When all tests are run it was built before.

use std::{path::Path, process::Command};

/// Runs `procession verify` on a store, which must be sound.
pub(super) fn verify(store: &str) {
    let procession = Path::new(env!("CARGO_BIN_EXE_hotel")).with_file_name("procession");
    if !procession.exists() {
        build();
    }
    let output = Command::new(procession).args(["verify", "--store", store]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

fn build() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "procession-cli", "--features", "procession/fault-points"]);
    assert!(cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
}
