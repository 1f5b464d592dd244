use std::{io::Write, net::SocketAddr, time::Duration};

use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use procession::Runtime;
use shop::{
    gateway::{Address, Gateway},
    provider::Provider,
    web,
};
use tokio::net::TcpListener;

use super::{
    CliError, Done, report_troubles,
    signals::Signals,
    span::some_span,
    store::{StoreFile, then_close},
};

/// How long an order may stay unpaid, when nobody says otherwise.
pub(super) const DEADLINE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Opens the store, goes on with what is under way, and serves until Ctrl-C or SIGTERM.
#[derive(Args)]
pub(super) struct Serve {
    /// The store; it is created if there is none.
    #[arg(long, value_name = "ADDRESS", default_value = "sqlite:shop.db")]
    store: StoreFile,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3100")]
    listen: SocketAddr,
    /// Where the payment provider is.
    #[arg(long, value_name = "http://HOST:PORT", default_value = "http://127.0.0.1:4100")]
    provider: Address,
    /// Where the provider reaches this shop; without it, where the shop listens.
    #[arg(long, value_name = "http://HOST:PORT")]
    answers_to: Option<Address>,
    /// How long an order may stay unpaid. It counts for orders that begin from now on.
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = some_span)]
    payment_deadline: Duration,
}

impl Serve {
    pub(super) async fn run(self) -> Done {
        if self.listen.ip().is_unspecified() && self.answers_to.is_none() {
            let said = format!("the provider cannot answer to {}, which is no place", self.listen);
            return Err(
                CliError::usage(said).hint("say where it reaches this shop: --answers-to http://HOST:PORT")
            );
        }
        let listener = listen(self.listen, "the shop").await?;
        let address: Address = format!("http://{}", listener.local_addr()?).parse()?;
        let answers_to = self.answers_to.clone().unwrap_or_else(|| address.clone());
        let gateway = Gateway::to(Provider::at(self.provider.clone()), answers_to);
        let metrics = web::collect().map_err(|error| {
            CliError::failed(format!("nothing can be counted: {error}"))
                .hint("this is a mistake in the program; tell its makers")
        })?;
        let runtime = self.store.open(self.payment_deadline, gateway).await?;
        report_troubles();
        then_close(runtime, async |runtime| self.serve(runtime, metrics, listener, &address).await).await?;
        Ok(writeln!(anstream::stdout(), "The shop is closed, and everything is in {}", self.store)?)
    }

    async fn serve(
        &self,
        runtime: &Runtime,
        metrics: PrometheusHandle,
        listener: TcpListener,
        address: &Address,
    ) -> Done {
        let signals = Signals::catch()?;
        let mut out = anstream::stdout();
        writeln!(out, "The shop is open at {address}")?;
        writeln!(out, "Its books are in {}. Press Ctrl-C to close it.", self.store)?;
        out.flush()?;
        let served = signals.end(|stopping| {
            web::serve(runtime.clone(), Some(metrics), listener, async { _ = stopping.await })
        });
        served.await.map_err(|error| {
            CliError::failed(format!("the shop cannot serve any more: {error}"))
                .hint("start it again; everything that was acknowledged is in the store")
        })
    }
}

/// Takes an address to listen on.
pub(super) async fn listen(address: SocketAddr, who: &str) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).await.map_err(|error| {
        CliError::failed(format!("{who} cannot listen on {address}: {error}"))
            .hint("name a free address, for example --listen 127.0.0.1:0")
    })
}
