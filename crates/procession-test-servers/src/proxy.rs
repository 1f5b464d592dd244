use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::Instant,
};

/// A line to a server that can be slow, silent or dead. It is as good as none until it is told otherwise.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    server: SocketAddr,
    line: watch::Sender<Line>,
    connections: Connections,
    /// One, or none while clients are refused. It ends with this value.
    accepting: JoinSet<()>,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    latency: Duration,
    flows: bool,
}

/// The connections that are open. Who is taken out is cut.
#[derive(Clone, Debug, Default)]
struct Connections(Arc<Mutex<JoinSet<()>>>);

impl Proxy {
    /// Listens on a free port of 127.0.0.1, in the Tokio runtime that calls.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let line = watch::Sender::new(Line { latency: Duration::ZERO, flows: true });
        let (connections, accepting) = (Connections::default(), JoinSet::new());
        let mut it = Self { address, server, line, connections, accepting };
        it.serve(listener);
        Ok(it)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets each byte be on its way this much longer, in each direction. Many may be on their way at once.
    pub fn latency(&self, latency: Duration) {
        self.line.send_modify(|it| it.latency = latency);
    }

    /// Delivers nothing more, and tells nobody.
    pub fn stall(&self) {
        self.line.send_modify(|it| it.flows = false);
    }

    /// Delivers what was held back by [`Self::stall`], and all that follows.
    pub fn flow(&self) {
        self.line.send_modify(|it| it.flows = true);
    }

    /// Ends all connections that are open, and forgets what was on its way.
    pub async fn cut(&self) {
        let mut cut = std::mem::take(&mut *self.connections.open());
        cut.shutdown().await;
    }

    /// Lets nobody in any more. Those who are in stay.
    pub async fn refuse(&mut self) {
        self.accepting.shutdown().await;
    }

    /// Lets clients in again after [`Self::refuse`].
    ///
    /// # Errors
    /// When somebody else has taken the port.
    pub async fn accept(&mut self) -> io::Result<()> {
        self.refuse().await;
        let listener = TcpListener::bind(self.address).await?;
        self.serve(listener);
        Ok(())
    }

    fn serve(&mut self, listener: TcpListener) {
        self.accepting.spawn(accept(listener, self.server, self.line.subscribe(), self.connections.clone()));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.connections.open().abort_all();
    }
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    line: watch::Receiver<Line>,
    connections: Connections,
) {
    while let Ok((client, _)) = listener.accept().await {
        let mut open = connections.open();
        while open.try_join_next().is_some() {}
        open.spawn(connect(client, server, line.clone()));
    }
}

/// Ends when either side does. A server that is not there ends it at once, and the client sees that.
async fn connect(client: TcpStream, server: SocketAddr, line: watch::Receiver<Line>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = carry(from_client, to_server, line.clone()) => (),
        _ = carry(from_server, to_client, line) => (),
    }
}

/// Reading goes on while what was read before is on its way: latency is no limit of what fits through.
async fn carry(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    line: watch::Receiver<Line>,
) -> io::Result<()> {
    let (sent, arriving) = mpsc::channel(1024);
    let latency = line.clone();
    tokio::try_join!(send(from, sent, latency), deliver(arriving, to, line)).map(|_| ())
}

async fn send(
    mut from: impl AsyncRead + Unpin,
    sent: mpsc::Sender<(Instant, Vec<u8>)>,
    line: watch::Receiver<Line>,
) -> io::Result<()> {
    loop {
        let mut bytes = vec![0; 16 * 1024];
        let length = from.read(&mut bytes).await?;
        bytes.truncate(length);
        let due = Instant::now() + line.borrow().latency;
        if length == 0 || sent.send((due, bytes)).await.is_err() {
            return Ok(());
        }
    }
}

async fn deliver(
    mut arriving: mpsc::Receiver<(Instant, Vec<u8>)>,
    mut to: impl AsyncWrite + Unpin,
    mut line: watch::Receiver<Line>,
) -> io::Result<()> {
    while let Some((due, bytes)) = arriving.recv().await {
        tokio::time::sleep_until(due).await;
        line.wait_for(|it| it.flows).await.map_err(io::Error::other)?;
        to.write_all(&bytes).await?;
    }
    Ok(())
}
