use super::{order::Order, payment::Payment, warehouse::Warehouse};
use crate::messages::{commands, events};

commands! {
    InitializeOrder to Order { order: String, total: u32 }
    RecordOrderPayment to Order { order: String, payment: String }
    CompleteOrder to Order { order: String }
    CancelOrder to Order { order: String }

    RequestPayment to Payment { payment: String, order: String, amount: u32 }
    CompletePayment to Payment { payment: String }
    DeclinePayment to Payment { payment: String }
    TimeOutPayment to Payment { payment: String }
    DiscardPayment to Payment { payment: String }
    RecordRefund to Payment { payment: String }

    ReceiveStock to Warehouse { warehouse: String, pieces: u32 }
    SendPackage to Warehouse { warehouse: String, order: String }
}

events! {
    OrderInitialized { order: String, total: u32 }
    OrderPaymentRecorded { order: String, payment: String, total: u32 }
    OrderCompleted { order: String }
    OrderCancelled { order: String, payment: Option<String> }

    PaymentRequested { payment: String, order: String, amount: u32 }
    PaymentCompleted { payment: String, order: String }
    PaymentFailed { payment: String, order: String }
    RefundRequested { payment: String }
    PaymentRefunded { payment: String }

    StockReceived { pieces: u32 }
    PackageWasSent { order: String }
    ProductWasOutOfStock { order: String }
}
