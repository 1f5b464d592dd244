use procession::Module;

use super::CheckOutGuest;
use crate::group_checkouts::GroupCheckoutInitiated;

/// What a group checkout means for the stays: each guest of the group checks out.
pub(super) fn choreography(module: Module) -> Module {
    module.on(CheckOutGuest::each_of)
}

impl CheckOutGuest {
    /// The guests of a group, each asked to check out.
    pub(crate) fn each_of(event: &GroupCheckoutInitiated) -> Vec<Self> {
        let group_checkout = Some(&event.group_checkout);
        let stays = event.guest_stays.iter().cloned();
        stays.map(|guest_stay| Self { guest_stay, group_checkout: group_checkout.cloned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use procession::test::given_module;

    use super::*;

    #[test]
    fn every_guest_of_a_group_checks_out() {
        let [first, second] = ["1", "2"].map(|it| it.parse::<crate::GuestStayId>().unwrap());
        let group: crate::GroupCheckoutId = "g".parse().unwrap();
        let ask = |guest_stay| CheckOutGuest { guest_stay, group_checkout: Some(group.clone()) };
        let event = GroupCheckoutInitiated {
            group_checkout: group.clone(),
            clerk: "eve".parse().unwrap(),
            guest_stays: vec![first.clone(), second.clone()],
            within: None,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        given_module(choreography(Module::named("guest_stays"))).when(event).then((ask(first), ask(second)));
    }
}
