//! Every order in which the messages of a group checkout may arrive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it tells how much was tried")]

use hotel::{
    Style,
    checks::{Group, every_group_checkout_ends},
};

#[test]
fn every_group_checkout_ends_in_every_style() {
    for style in Style::ALL {
        let group = Group { guests: 3, unsettled: 1, has_deadline: true };
        let report = every_group_checkout_ends(style, group).unwrap().run();
        println!("{style}: {report}");
    }
}

#[test]
fn what_is_left_out_makes_no_difference() {
    for style in Style::ALL {
        for unsettled in 0..=2 {
            let group = Group { guests: 2, unsettled, has_deadline: true };
            let few = every_group_checkout_ends(style, group).unwrap().explore().unwrap();
            let all = every_group_checkout_ends(style, group).unwrap().without_reductions().explore().unwrap();
            println!("{style}, {unsettled}: {} of {} worlds {:.2}", few.states, all.states, all.elapsed.as_secs_f64());
            assert!(few.holds() && all.holds());
        }
    }
}
