use std::process::Command;

#[test]
fn what_cannot_be_installed_is_named_and_nothing_is_run() {
    let empty = std::env::temp_dir().join(format!("procession-xtask-{}", std::process::id()));
    std::fs::create_dir_all(&empty).unwrap();
    let mut chore = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = chore.arg("test").env("PATH", &empty).env_remove("CARGO").output().unwrap();
    std::fs::remove_dir(&empty).unwrap();

    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("apt-get install chromium chromium-driver"), "{said}");
    assert!(said.contains("No test was run"), "{said}");
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
}
