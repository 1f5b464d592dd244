//! Every order in which the messages of a group checkout may arrive.

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

/// How many worlds there are of a group without and with reductions.
#[test]
fn what_is_left_out_makes_no_difference() {
    for style in Style::ALL {
        for (guests, unsettled, duplicates) in [(2, 0, 0), (2, 1, 0), (2, 2, 1), (3, 1, 0)] {
            let group = Group { guests, unsettled, has_deadline: true };
            let check = || every_group_checkout_ends(style, group).unwrap().duplicates(duplicates);
            let few = check().explore().unwrap();
            let all = check().without_reductions().explore().unwrap();
            println!("{style}, {group:?}: {} of {} worlds", few.states, all.states);
            assert!(few.holds(), "{few}");
            assert!(all.holds(), "{all}");
            assert!(few.states < all.states);
        }
    }
}
