//! One cart on its way through the shop.

mod ending;
mod story;

use std::{io::Write, net::SocketAddr, time::Duration};

use clap::Args;
use procession::{
    Runtime,
    log::{Position, ProcessId},
};
use shop::{
    CartId, OrderId, ProductId, Quantity, WarehouseId, end_of_order,
    gateway::{Address, Gateway},
    provider::{self, Answers, Behaviour, Provider},
    shipments::ReceiveStock,
    shopping_carts::{AddProduct, ConfirmShoppingCart, OpenShoppingCart},
    web,
};
use tokio::task::JoinSet;

use self::{
    ending::{Ending, Promise},
    story::Story,
};
use super::{
    CliError, Done, look, report_troubles,
    serve::{DEADLINE, listen},
    store::{StoreFile, then_close},
};

/// Starts the shop and a payment provider, walks one cart through, and tells what happened, layer by layer.
#[derive(Args, Default)]
pub(super) struct Demo {
    #[command(flatten)]
    trouble: Trouble,
    /// The store, which is kept. Without it a temporary file.
    #[arg(long, value_name = "ADDRESS")]
    store: Option<StoreFile>,
}

#[derive(Args, Default, Clone, Copy)]
#[group(multiple = false)]
struct Trouble {
    /// Let the warehouse have too little: the order is paid, and the money goes back.
    #[arg(long)]
    out_of_stock: bool,
    /// Let the client never pay: after two seconds the order is cancelled.
    #[arg(long)]
    payment_times_out: bool,
    /// Let the provider decline: the order is cancelled.
    #[arg(long)]
    payment_declined: bool,
}

const SHORT_DEADLINE: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(30);
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

const PRODUCTS: [(&str, u32, &str); 2] = [("fountain-pen", 2, "39.90"), ("ink", 3, "7.25")];

impl Demo {
    pub(super) async fn run(self) -> Done {
        if let Some(store) = &self.store {
            return self.run_on(store).await;
        }
        let folder = tempfile::tempdir().map_err(|error| {
            CliError::failed(format!("there is no place for a temporary store: {error}"))
                .hint("name a file instead: --store sqlite:demo.db")
        })?;
        self.run_on(&StoreFile::at(&folder.path().join("demo.db"))).await
    }

    async fn run_on(&self, store: &StoreFile) -> Done {
        let deadline = if self.trouble.payment_times_out { SHORT_DEADLINE } else { DEADLINE };
        // All of them end with the demo.
        let mut services = JoinSet::new();
        let provider = self.trouble.start_provider(&mut services).await?;
        let counter = listen(ANY_PORT, "the shop").await?;
        let answers_to: Address = format!("http://{}", counter.local_addr()?).parse()?;
        let runtime = store.open(deadline, Gateway::to(provider.clone(), answers_to)).await?;
        report_troubles();
        then_close(runtime, async |runtime| {
            services.spawn(web::serve(runtime.clone(), None, counter, std::future::pending()));
            self.trouble.show(runtime, &provider).await
        })
        .await
    }
}

impl Trouble {
    async fn show(self, runtime: &Runtime, provider: &Provider) -> Done {
        let out = &mut anstream::stdout();
        writeln!(out, "{0}{1}{0:#}", look::STRONG, self.title())?;
        let (cart, process) = self.walk(runtime, out).await?;
        let order = OrderId::of(&cart);
        end_of_order(runtime, order, LONGEST).await?;
        runtime.settled().await?;
        let story = Story::of(runtime, process).await?;
        story.tell(out)?;
        Ending::of(runtime, provider, order, story.package()).await?.tell(self.promised(), out)
    }

    async fn start_provider(self, services: &mut JoinSet<std::io::Result<()>>) -> Result<Provider, CliError> {
        let bank = listen(ANY_PORT, "the provider").await?;
        let provider: Address = format!("http://{}", bank.local_addr()?).parse()?;
        let behaviour = Behaviour { answers: self.answers(), ..Behaviour::default() };
        services.spawn(provider::serve(bank, behaviour, std::future::pending()));
        Ok(Provider::at(provider))
    }

    /// Fills and confirms a cart. Returns the process that the confirmation began.
    async fn walk(self, runtime: &Runtime, out: &mut dyn Write) -> Result<(CartId, ProcessId), CliError> {
        // The log only grows, so its length makes the names of this run new.
        let run = runtime.reader().store().progress().await?.head;
        let suffix = if run == Position::START { String::new() } else { format!("-{run}") };
        let cart: CartId = format!("cart{suffix}").parse()?;
        runtime.execute(OpenShoppingCart { cart: cart.clone(), client: "ada".parse()? }).await?;
        for (product, quantity, price) in PRODUCTS {
            let product: ProductId = format!("{product}{suffix}").parse()?;
            let in_stock = pieces(if self.out_of_stock { 1 } else { 10 })?;
            let stock =
                ReceiveStock { warehouse: WarehouseId::main(), product: product.clone(), quantity: in_stock };
            runtime.execute(stock).await?;
            let (quantity, price) = (pieces(quantity)?, price.parse().map_err(CliError::failed)?);
            writeln!(
                out,
                "  Ada puts {quantity} {product} into the cart, at {price} each; {in_stock} in stock"
            )?;
            runtime.execute(AddProduct { cart: cart.clone(), product, quantity, price }).await?;
        }
        writeln!(out, "  Ada confirms the cart")?;
        let confirmed = runtime.execute(ConfirmShoppingCart { cart: cart.clone() }).await?;
        Ok((cart, confirmed.process))
    }

    fn answers(self) -> Answers {
        match self {
            Self { payment_declined: true, .. } => Answers::Declined,
            Self { payment_times_out: true, .. } => Answers::Never,
            _ => Answers::Completed,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self { out_of_stock: true, .. } => "An order is paid and cannot be shipped",
            Self { payment_times_out: true, .. } => "An order is never paid (its deadline is two seconds)",
            Self { payment_declined: true, .. } => "The payment of an order is declined",
            _ => "An order is paid, shipped and completed",
        }
    }

    fn promised(self) -> Promise {
        match self {
            Self { out_of_stock: true, .. } => Promise::Refunded,
            Self { payment_times_out: true, .. } | Self { payment_declined: true, .. } => Promise::NeverPaid,
            _ => Promise::Completed,
        }
    }
}

fn pieces(count: u32) -> Result<Quantity, CliError> {
    count.try_into().map_err(CliError::failed)
}
