use std::{io::Write, net::SocketAddr, time::Duration};

use clap::Args;
use hotel::guest_stays::GuestStay;
use procession::{Death, Runtime};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{
    CliError, Done, bookings,
    deadline::GroupDeadline,
    guests,
    node::Node,
    report_troubles,
    store::{StoreFile, then_close},
    traces::Traces,
};
use crate::web;

/// Opens the store, puts a demo hotel with 40 guests and some bookings in if it is empty, and serves until Ctrl-C or SIGTERM.
#[derive(Args)]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    #[command(flatten)]
    within: GroupDeadline,
    #[command(flatten)]
    node: Node,
    #[command(flatten)]
    traces: Traces,
}

/// How long requests may take to finish after a signal.
const GRACE: Duration = Duration::from_secs(5);

impl Serve {
    pub(super) async fn run(self, store: &StoreFile) -> Done {
        let Self { listen, within, node, traces } = self;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            CliError::failed(format!("the hotel cannot listen on {listen}: {error}"))
                .hint("name a free address, for example --listen 127.0.0.1:0")
        })?;
        let metrics = web::collect().map_err(|error| {
            CliError::failed(format!("nothing can be counted: {error}"))
                .hint("this is a mistake in the program; tell its makers")
        })?;
        let runtime = store.open_or_create_as(node.runtime()).await?;
        report_troubles();
        then_close(runtime, async |runtime| {
            let exporting = traces.export(runtime, store)?;
            furnish(runtime).await?;
            let house = web::House {
                runtime: runtime.clone(),
                style: store.style(),
                deadline: within.deadline,
                metrics,
            };
            let served = serve(house, listener, store).await;
            if let Some(exporting) = exporting {
                exporting.stop().await;
            }
            served
        })
        .await?;
        Ok(writeln!(anstream::stdout(), "The hotel is closed, and everything is in {store}")?)
    }
}

async fn serve(house: web::House, listener: TcpListener, store: &StoreFile) -> Done {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let address = listener.local_addr()?;
    let mut out = anstream::stdout();
    writeln!(out, "The hotel is open at http://{address}")?;
    writeln!(out, "Its books are in {store}, its style is {}. Press Ctrl-C to close it.", store.style())?;
    out.flush()?;
    let (closing, closed) = watch::channel(false);
    let runtime = house.runtime.clone();
    let mut serving = std::pin::pin!(web::serve(house, listener, until(closed)));
    tokio::select! {
        served = &mut serving => return served.map_err(stopped),
        death = end_of(&runtime) => return Err(CliError::failed(format!("the hotel cannot go on: {death}"))
            .hint("start it again; everything that was acknowledged is in the store")),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    closing.send_replace(true);
    // A browser may follow a process for ever; it is cut off, and comes back by itself.
    match tokio::time::timeout(GRACE, serving).await {
        Ok(served) => served.map_err(stopped),
        Err(_) => Ok(()),
    }
}

/// Ends when nothing is handled any more, so that whatever has started the hotel may start it again.
async fn end_of(runtime: &Runtime) -> Death {
    const LOOK_EVERY: Duration = Duration::from_secs(1);
    loop {
        if let Some(death @ Death::Stopped { .. }) = runtime.health().await.dead {
            return death;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn until(mut closed: watch::Receiver<bool>) {
    // An error means that the sender is gone, which closes the hotel too.
    _ = closed.wait_for(|it| *it).await;
}

fn stopped(error: std::io::Error) -> CliError {
    CliError::failed(format!("the hotel cannot serve any more: {error}"))
        .hint("start it again; everything that was acknowledged is in the store")
}

const GUESTS: u32 = 40;
const UNSETTLED: u32 = 5;

/// Guests for an empty hotel, and bookings for the days to come.
async fn furnish(runtime: &Runtime) -> Done {
    if runtime.reader().instances::<GuestStay>(None, 1).await?.is_empty() {
        guests::arrive(runtime, &guests::demo_guests(GUESTS, UNSETTLED, "")?).await?;
        bookings::sell(runtime).await?;
    }
    Ok(())
}
