use super::answer::Answer;
use super::record::lock;
use super::route;
use super::state::Shared;
use super::tape::Taped;
use bytes::Bytes;
use http::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Serves connections until it is aborted, and then drops them.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _peer)) = listener.accept() => {
                shared.accept();
                connections.spawn(serve(stream, shared.clone()));
            }
            Some(_ended) = connections.join_next() => {}
        }
    }
}

/// How a connection ends when HTTP cannot say it: bytes written past hyper, then a close or a reset.
#[derive(Debug, Clone, Default)]
pub(super) struct LastAct(Arc<Mutex<Option<Parting>>>);

#[derive(Debug)]
struct Parting {
    bytes: Bytes,
    reset: bool,
}

/// Ends hyper's part of the connection; the [`LastAct`] says how it goes on.
#[derive(Debug)]
pub(super) struct Over;

impl std::fmt::Display for Over {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script ends this connection")
    }
}

impl std::error::Error for Over {}

impl LastAct {
    /// Writes these bytes, then closes.
    pub(super) fn write(&self, bytes: Bytes) -> Over {
        *lock(&self.0) = Some(Parting { bytes, reset: false });
        Over
    }

    /// Resets.
    pub(super) fn reset(&self) -> Over {
        *lock(&self.0) = Some(Parting { bytes: Bytes::new(), reset: true });
        Over
    }

    async fn perform(&self, mut stream: TcpStream) -> io::Result<()> {
        let parting = lock(&self.0).take();
        match parting {
            Some(Parting { reset: true, .. }) => stream.set_zero_linger(),
            Some(Parting { bytes, reset: false }) => {
                stream.write_all(&bytes).await?;
                stream.shutdown().await
            }
            None => stream.shutdown().await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    // Without it each answer on a kept-alive connection can wait for a delayed acknowledgement.
    let _best_effort = stream.set_nodelay(true);
    let last_act = LastAct::default();
    let service = service_fn(|request| {
        let answering = route::answer(shared.clone(), last_act.clone(), request);
        Box::pin(answering) as BoxedAnswer
    });
    let io = TokioIo::new(Taped::new(stream, shared.clone()));
    let mut connection = http1::Builder::new().serve_connection(io, service);
    // Errors are clients that went away, or the script ending the connection: nobody is left to tell.
    let _ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let stream = connection.into_parts().io.into_inner().into_inner();
    let _best_effort = last_act.perform(stream).await;
}

type BoxedAnswer = std::pin::Pin<Box<dyn Future<Output = Result<Response<Answer>, Over>> + Send>>;
