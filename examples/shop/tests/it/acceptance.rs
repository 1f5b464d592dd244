//! What must hold, whatever the store.

use std::time::Duration;

use procession::log::Kind;
use shop::{
    CartId, PaymentId,
    orders::{CancellationReason, OrderCancelled, OrderCompleted, OrderInitialized, Status},
    payments::{
        CompletePayment, PaymentCompleted, PaymentFailed, PaymentFailure, PaymentFinalized, PaymentRequested,
        RefundRequested, Status as PaymentStatus,
    },
    shipments::{PackageWasSent, ProductWasOutOfStock},
    shopping_carts::{ConfirmShoppingCart, ShoppingCartFinalized, ShoppingCartRejection},
};

use crate::domain::{DEADLINE, money, on_every_store};

const CART: &[(&str, u32, &str)] = &[("pen", 3, "1.10"), ("ink", 1, "7.20")];

#[tokio::test]
async fn an_order_that_is_paid_and_in_stock_is_completed() {
    on_every_store(async |shop| {
        shop.receive("pen", 5).await;
        shop.receive("ink", 1).await;
        let order = shop.order("c", CART).await;
        assert_eq!(shop.state(order).await.status, Status::Initialized);

        shop.paid(order).await;

        assert_eq!(shop.state(order).await.status, Status::Completed);
        assert_eq!(shop.events::<PackageWasSent>().await.len(), 1);
        assert_eq!((shop.in_stock("pen").await, shop.in_stock("ink").await), (2, 0));
        shop.is_at_rest().await;
    })
    .await;
}

#[tokio::test]
async fn known_defect_lost_totals_the_total_is_kept_from_the_cart_to_the_charge() {
    on_every_store(async |shop| {
        shop.receive("pen", 5).await;
        shop.receive("ink", 1).await;
        let order = shop.order("c", CART).await;
        shop.paid(order).await;

        let total = money("10.50");
        assert_eq!(shop.events::<ShoppingCartFinalized>().await[0].total, total);
        assert_eq!(shop.events::<OrderInitialized>().await[0].total, total);
        assert_eq!(shop.events::<PaymentRequested>().await[0].amount, total);
        assert_eq!(shop.events::<PaymentFinalized>().await[0].amount, total);
        assert_eq!(shop.state(order).await.total, total);
    })
    .await;
}

#[tokio::test]
async fn known_defect_paid_orders_keep_the_money_when_they_cannot_ship_here_it_goes_back() {
    on_every_store(async |shop| {
        shop.receive("pen", 5).await;
        let order = shop.order("c", CART).await;
        shop.paid(order).await;
        assert_eq!(shop.events::<ProductWasOutOfStock>().await.len(), 1);
        assert_eq!(shop.payment(order).await.status, PaymentStatus::Refunding);
        assert_eq!(shop.state(order).await.status, Status::Paid, "not cancelled before the money is back");

        shop.refunded(order).await;

        assert_eq!(shop.payment(order).await.status, PaymentStatus::Refunded);
        assert_eq!(shop.state(order).await.cancelled, Some(CancellationReason::NotShipped));
        assert_eq!(shop.events::<RefundRequested>().await[0].amount, money("10.50"));
        assert_eq!(shop.in_stock("pen").await, 5, "nothing was taken from the shelves");
        shop.is_at_rest().await;
    })
    .await;
}

#[tokio::test]
async fn known_defect_unpaid_orders_wait_for_ever_here_they_are_cancelled_after_the_deadline() {
    on_every_store(async |shop| {
        shop.receive("pen", 5).await;
        let order = shop.order("c", &CART[..1]).await;
        shop.runtime.advance(DEADLINE - Duration::from_secs(1)).await.unwrap();
        assert_eq!(shop.state(order).await.status, Status::Initialized, "it is still time");

        shop.runtime.advance(Duration::from_secs(1)).await.unwrap();

        assert_eq!(shop.state(order).await.cancelled, Some(CancellationReason::NotPaid));
        assert_eq!(shop.events::<PaymentFailed>().await[0].reason, PaymentFailure::TimedOut);
        assert_eq!(shop.events::<RefundRequested>().await, [], "nobody has paid");
        shop.is_at_rest().await;
    })
    .await;
}

#[tokio::test]
async fn known_defect_failed_payments_are_not_heard_here_a_declined_one_cancels_the_order() {
    on_every_store(async |shop| {
        let order = shop.order("c", CART).await;

        shop.declined(order).await;

        assert_eq!(shop.state(order).await.cancelled, Some(CancellationReason::NotPaid));
        assert_eq!(shop.events::<PaymentFailed>().await[0].reason, PaymentFailure::Declined);
        shop.is_at_rest().await;
        shop.runtime.advance(2 * DEADLINE).await.unwrap();
        assert_eq!(shop.events::<OrderCancelled>().await.len(), 1, "the deadline is silent after the end");
    })
    .await;
}

#[tokio::test]
async fn known_defect_random_payment_ids_a_cart_that_is_confirmed_again_makes_no_second_payment() {
    on_every_store(async |shop| {
        let order = shop.order("c", CART).await;
        let cart: CartId = "c".parse().unwrap();
        let confirm = || ConfirmShoppingCart { cart: cart.clone() };
        let again = shop.runtime.execute(confirm()).await.unwrap_err();
        assert_eq!(again, procession::ExecuteError::Rejected(ShoppingCartRejection::Confirmed));
        shop.runtime.settled().await.unwrap();

        let requested = shop.events::<PaymentRequested>().await;
        assert_eq!(requested.len(), 1);
        assert_eq!(requested[0].payment, PaymentId::of(&order), "derived, so it is the same whoever asks");
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_answers_twice_gets_one_payment_and_sends_one_package() {
    on_every_store(async |shop| {
        shop.receive("pen", 50).await;
        let order = shop.order("c", &CART[..1]).await;
        for _ in 0..2 {
            let complete = CompletePayment { payment: PaymentId::of(&order) };
            shop.runtime.execute(complete).idempotency_key("answer").await.unwrap();
        }
        shop.paid(order).await;

        assert_eq!(shop.events::<PaymentCompleted>().await.len(), 1);
        assert_eq!(shop.events::<PackageWasSent>().await.len(), 1);
        assert_eq!(shop.events::<OrderCompleted>().await.len(), 1);
        assert_eq!(shop.in_stock("pen").await, 47);
    })
    .await;
}

#[tokio::test]
async fn money_that_comes_after_the_deadline_goes_back_and_revives_nothing() {
    on_every_store(async |shop| {
        shop.receive("pen", 50).await;
        let order = shop.order("c", &CART[..1]).await;
        shop.runtime.advance(DEADLINE).await.unwrap();

        shop.paid(order).await;
        assert_eq!(shop.payment(order).await.status, PaymentStatus::Refunding);
        shop.refunded(order).await;

        assert_eq!(shop.payment(order).await.status, PaymentStatus::Refunded);
        assert_eq!(shop.state(order).await.status, Status::Cancelled);
        assert_eq!(shop.events::<PaymentFinalized>().await, []);
        assert_eq!(shop.events::<PackageWasSent>().await, []);
        shop.is_at_rest().await;
    })
    .await;
}

#[tokio::test]
async fn the_last_piece_goes_to_one_order_and_the_other_client_gets_the_money_back() {
    on_every_store(async |shop| {
        shop.receive("pen", 3).await;
        let first = shop.order("a", &CART[..1]).await;
        let second = shop.order("b", &CART[..1]).await;

        shop.paid(second).await;
        shop.paid(first).await;
        shop.refunded(first).await;

        assert_eq!(shop.state(second).await.status, Status::Completed);
        assert_eq!(shop.state(first).await.cancelled, Some(CancellationReason::NotShipped));
        assert_eq!(shop.payment(first).await.status, PaymentStatus::Refunded);
        shop.is_at_rest().await;
    })
    .await;
}

#[tokio::test]
async fn no_command_of_the_process_is_ever_rejected() {
    on_every_store(async |shop| {
        shop.receive("pen", 3).await;
        for (cart, ends) in [("a", "paid"), ("b", "paid"), ("c", "declined"), ("d", "late")] {
            let order = shop.order(cart, &CART[..1]).await;
            match ends {
                "paid" => shop.paid(order).await,
                "declined" => shop.declined(order).await,
                _ => shop.runtime.advance(DEADLINE).await.unwrap(),
            }
        }
        let rejected = shop.log().await.into_iter().filter(|it| it.entry.kind == Kind::Rejection);
        assert_eq!(rejected.map(|it| it.entry.payload.to_string()).collect::<Vec<_>>(), [""; 0]);
    })
    .await;
}
