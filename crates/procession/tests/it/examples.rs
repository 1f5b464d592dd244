//! Every example runs to its end. What it shows, it asserts by itself.

#[path = "../../examples/call_a_service.rs"]
mod call_a_service;
#[path = "../../examples/change_the_shape_of_an_event.rs"]
mod change_the_shape_of_an_event;
#[path = "../../examples/charge_a_customer.rs"]
mod charge_a_customer;
#[path = "../../examples/collect_many_answers.rs"]
mod collect_many_answers;
#[path = "../../examples/compensate_in_reverse.rs"]
mod compensate_in_reverse;
#[path = "../../examples/execute_a_command.rs"]
mod execute_a_command;
#[path = "../../examples/expect_a_version.rs"]
mod expect_a_version;
#[path = "../../examples/find_what_is_parked.rs"]
mod find_what_is_parked;
#[path = "../../examples/keep_a_read_model.rs"]
mod keep_a_read_model;
#[path = "../../examples/react_to_a_rejection.rs"]
mod react_to_a_rejection;
#[path = "../../examples/read_a_process.rs"]
mod read_a_process;
#[path = "../../examples/retry_what_is_parked.rs"]
mod retry_what_is_parked;
#[path = "../../examples/run_steps_in_parallel.rs"]
mod run_steps_in_parallel;
#[path = "../../examples/send_a_command_later.rs"]
mod send_a_command_later;
#[path = "../../examples/take_back_a_command.rs"]
mod take_back_a_command;
#[path = "../../examples/tell_other_modules.rs"]
mod tell_other_modules;
#[path = "../../examples/try_a_step_again.rs"]
mod try_a_step_again;
#[path = "../../examples/try_again_from_a_save_point.rs"]
mod try_again_from_a_save_point;
#[path = "../../examples/use_an_idempotency_key.rs"]
mod use_an_idempotency_key;
#[path = "../../examples/wait_for_a_process.rs"]
mod wait_for_a_process;
#[path = "../../examples/wait_for_a_reply.rs"]
mod wait_for_a_reply;

#[test]
fn call_a_service_runs() {
    call_a_service::main().unwrap();
}

#[test]
fn change_the_shape_of_an_event_runs() {
    change_the_shape_of_an_event::main().unwrap();
}

#[test]
fn charge_a_customer_runs() {
    charge_a_customer::main().unwrap();
}

#[test]
fn collect_many_answers_runs() {
    collect_many_answers::main().unwrap();
}

#[test]
fn compensate_in_reverse_runs() {
    compensate_in_reverse::main().unwrap();
}

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
fn keep_a_read_model_runs() {
    keep_a_read_model::main().unwrap();
}

#[test]
fn react_to_a_rejection_runs() {
    react_to_a_rejection::main().unwrap();
}

#[test]
fn read_a_process_runs() {
    read_a_process::main().unwrap();
}

#[test]
fn retry_what_is_parked_runs() {
    retry_what_is_parked::main().unwrap();
}

#[test]
fn run_steps_in_parallel_runs() {
    run_steps_in_parallel::main().unwrap();
}

#[test]
fn send_a_command_later_runs() {
    send_a_command_later::main().unwrap();
}

#[test]
fn take_back_a_command_runs() {
    take_back_a_command::main().unwrap();
}

#[test]
fn tell_other_modules_runs() {
    tell_other_modules::main().unwrap();
}

#[test]
fn try_a_step_again_runs() {
    try_a_step_again::main().unwrap();
}

#[test]
fn try_again_from_a_save_point_runs() {
    try_again_from_a_save_point::main().unwrap();
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
fn wait_for_a_reply_runs() {
    wait_for_a_reply::main().unwrap();
}

#[test]
fn no_example_is_forgotten() {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap();
    for file in folder.map(|it| it.unwrap().path()).filter(|it| it.extension().is_some_and(|it| it == "rs")) {
        let run = format!("fn {}_runs()", file.file_stem().unwrap().display());
        assert!(include_str!("examples.rs").contains(&run), "{run} is missing");
    }
}
