//! Every example runs to its end. What it shows, it asserts by itself.

#[path = "../../examples/execute_a_command.rs"]
mod execute_a_command;
#[path = "../../examples/expect_a_version.rs"]
mod expect_a_version;
#[path = "../../examples/find_what_is_parked.rs"]
mod find_what_is_parked;
#[path = "../../examples/read_a_process.rs"]
mod read_a_process;
#[path = "../../examples/send_a_command_later.rs"]
mod send_a_command_later;
#[path = "../../examples/use_an_idempotency_key.rs"]
mod use_an_idempotency_key;
#[path = "../../examples/wait_for_a_process.rs"]
mod wait_for_a_process;

#[test]
fn execute_a_command_runs() {
    execute_a_command::main().unwrap();
}

#[test]
fn expect_a_version_runs() {
    expect_a_version::main().unwrap();
}

#[test]
fn find_what_is_parked_runs() {
    find_what_is_parked::main().unwrap();
}

#[test]
fn read_a_process_runs() {
    read_a_process::main().unwrap();
}

#[test]
fn send_a_command_later_runs() {
    send_a_command_later::main().unwrap();
}

#[test]
fn use_an_idempotency_key_runs() {
    use_an_idempotency_key::main().unwrap();
}

#[test]
fn wait_for_a_process_runs() {
    wait_for_a_process::main().unwrap();
}

#[test]
fn no_example_is_forgotten() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap();
    for file in folder.map(|it| it.unwrap().path()).filter(|it| it.extension().is_some_and(|it| it == "rs")) {
        let run = format!("fn {}_runs()", file.file_stem().unwrap().display());
        assert!(include_str!("examples.rs").contains(&run), "{run} is missing");
    }
}
