use hyper::body::Body;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use std::io;
use tokio::net::TcpStream;

/// Opens an HTTP/1.1 connection to `host:port`. A task of its own drives it until it is closed.
///
/// # Errors
/// When nobody answers there.
#[expect(
    clippy::disallowed_methods,
    reason = "the development rig measures from outside; the gateway does not contain this code"
)]
pub(crate) async fn connect<B>(authority: &str) -> io::Result<SendRequest<B>>
where
    B: Body<Data: Send, Error: std::error::Error + Send + Sync> + Send + 'static,
{
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) =
        Builder::new().handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    Ok(sender)
}
