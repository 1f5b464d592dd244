use hotel::Money;
use maud::{Markup, html};

/// What a guest owes, in words that no sign can turn around.
pub(super) fn balance(balance: Money) -> Markup {
    match balance.owed() {
        Some(owed) => html! { span.owed { span.hint { "owes " } (owed) } },
        None if balance.is_zero() => html! { span.settled { "settled" } },
        None => html! { span.owed { span.hint { "paid too much: " } (balance) } },
    }
}
