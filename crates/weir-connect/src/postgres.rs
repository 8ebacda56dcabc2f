//! The way to a table of PostgreSQL inside the network.

use crate::connector::{ByteStream, Connector};
use crate::delivery::{DeliveryError, Login, content_for, in_time};
use crate::tls::Tls;
use crate::{Endpoint, EndpointError, SendError};
use ipnet::IpNet;
use rustls_pki_types::ServerName;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{ChannelBinding, NoTls, TlsConnect, TlsStream};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Connection, Error};
use tokio_rustls::TlsConnector;
use weir_label::{Local, Permit};
use weir_wire::Encode;

/// The way to one table.
///
/// INVARIANT (one door): what is inserted is the content of a permit for this table, in one parameter of one statement.
pub struct Table {
    place: Place,
    session: Option<Session>,
}

/// Which table it is.
struct Place {
    backend: Arc<str>,
    connector: Connector,
    database: String,
    table: String,
    login: Login,
}

/// What drives a connection; it is polled by whoever uses it.
type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

struct Session {
    client: Client,
    driver: Driver,
}

impl Table {
    /// The table of this name, which needs no quoting, at an endpoint of which host, port and TLS count.
    ///
    /// # Errors
    /// [`EndpointError`] when the endpoint cannot be one inside the network.
    pub fn local(
        endpoint: &Endpoint,
        inside: &[IpNet],
        (database, table): (&str, &str),
        login: Login,
    ) -> Result<Self, EndpointError> {
        let place = Place {
            backend: endpoint.backend.clone(),
            connector: Connector::of_stream(endpoint, inside)?,
            database: database.to_owned(),
            table: table.to_owned(),
            login,
        };
        Ok(Self { place, session: None })
    }

    /// Inserts the permit's content, `{"log": NAME, "events": [EVENT, …]}`: a row for each event, but for those whose
    /// `event_id` is there already. All rows are committed when this returns, or none is.
    ///
    /// # Errors
    /// [`DeliveryError`].
    pub async fn insert<C: Encode>(&mut self, permit: Permit<C, Local>) -> Result<(), DeliveryError> {
        let content = content_for(&self.place.backend, permit)?;
        let content =
            String::from_utf8(content).map_err(|_| DeliveryError::Refused("not UTF-8".to_owned()))?;
        let session = self.session.take();
        self.session = Some(in_time(&self.place.connector, self.place.insert(session, content)).await?);
        Ok(())
    }
}

impl Place {
    async fn insert(&self, session: Option<Session>, content: String) -> Result<Session, DeliveryError> {
        let mut session = match session {
            Some(session) => session,
            None => self.open().await?,
        };
        let insert = format!(
            "insert into {} (event_id, log, seq, at, type, event) \
             select (e->>'event_id')::uuid, $1::text::json->>'log', (e->>'seq')::bigint, (e->>'ts_wall')::timestamptz, \
             e->>'type', e from json_array_elements($1::text::json->'events') e on conflict do nothing",
            self.table
        );
        let Session { client, driver } = &mut session;
        let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&content, Type::TEXT)];
        let query = Box::pin(client.query_typed(&insert, &parameters));
        drive(driver, query).await?;
        Ok(session)
    }

    async fn open(&self) -> Result<Session, DeliveryError> {
        let stream = self.connector.open_plain().await.map_err(SendError::from)?;
        let mut config = Config::new();
        config.user(self.login.user.as_deref().unwrap_or_default());
        config.password(self.login.secret.as_str()).dbname(&self.database).application_name("weir");
        let (client, driver): (Client, Driver) = match self.connector.tls() {
            None => {
                let opened = config.ssl_mode(SslMode::Disable).connect_raw(stream, NoTls).await;
                let (client, connection) = opened.map_err(|error| failure(&error))?;
                (client, Box::pin(connection))
            }
            Some(tls) => {
                config.ssl_mode(SslMode::Require);
                let opening: Work<'_, (Client, Connection<ByteStream, Secured>)> =
                    Box::pin(config.connect_raw(stream, Agreeing::to(tls)));
                let (client, connection) = opening.await.map_err(|error| failure(&error))?;
                (client, Box::pin(connection))
            }
        };
        let mut session = Session { client, driver };
        self.make_table(&mut session).await?;
        Ok(session)
    }

    /// Makes the table if there is none; whoever may only insert needs one that is there.
    async fn make_table(&self, Session { client, driver }: &mut Session) -> Result<(), Broken> {
        let is_missing = format!("select to_regclass('{}') is null", self.table);
        let rows = drive(driver, Box::pin(client.query_typed(&is_missing, &[]))).await?;
        if !rows.first().is_some_and(|row| row.try_get::<_, bool>(0).unwrap_or(false)) {
            return Ok(());
        }
        let make = format!(
            "create table if not exists {} (event_id uuid primary key, log text not null, seq bigint not null, \
             at timestamptz not null, type text not null, event json not null)",
            self.table
        );
        drive(driver, Box::pin(client.batch_execute(&make))).await
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("backend", &self.place.backend).finish_non_exhaustive()
    }
}

/// A question to the server. In a box because the compiler cannot tell that the client's own futures may change threads.
type Work<'w, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'w>>;

/// Why there is no answer.
enum Broken {
    Said(Error),
    Off,
}

/// Waits for an answer while the connection is driven.
async fn drive<T>(driver: &mut Driver, mut work: Work<'_, T>) -> Result<T, Broken> {
    poll_fn(|cx| {
        // An answer that came before the end counts.
        let ended = driver.as_mut().poll(cx);
        match (work.as_mut().poll(cx), ended) {
            (Poll::Ready(done), _) => Poll::Ready(done.map_err(Broken::Said)),
            (Poll::Pending, Poll::Ready(ended)) => {
                Poll::Ready(Err(ended.err().map_or(Broken::Off, Broken::Said)))
            }
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        }
    })
    .await
}

impl From<Broken> for DeliveryError {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Said(error) => failure(&error),
            Broken::Off => DeliveryError::Closed,
        }
    }
}

/// What the server said, by its code alone: its words quote what it was sent.
fn failure(error: &Error) -> DeliveryError {
    let Some(code) = error.code().map(tokio_postgres::error::SqlState::code) else {
        return if error.is_closed() { DeliveryError::Closed } else { DeliveryError::Failed(reason(error)) };
    };
    match (code.get(..2).unwrap_or_default(), code) {
        // Data that the table cannot hold, constraints and triggers of its owner, limits.
        ("22" | "23" | "54", _) | (_, "P0001") => DeliveryError::Refused(format!("SQLSTATE {code}")),
        ("28", _) => DeliveryError::Failed(format!("the user or the password is wrong (SQLSTATE {code})")),
        ("3D", _) => DeliveryError::Failed(format!("there is no such database (SQLSTATE {code})")),
        (_, "42501") => DeliveryError::Failed(
            "the user may not write into the table, or not make it: grant it `insert` (SQLSTATE 42501)"
                .to_owned(),
        ),
        ("42", _) => {
            DeliveryError::Failed(format!("the table is not as docs/audit.md says (SQLSTATE {code})"))
        }
        _ => DeliveryError::Failed(format!("the database does not take events now (SQLSTATE {code})")),
    }
}

/// The words of the client itself, which are about the protocol and TLS.
fn reason(error: &Error) -> String {
    use std::error::Error as _;
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}

/// TLS over a stream, when the server has agreed to speak it.
struct Agreeing {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Agreeing {
    fn to(tls: &Tls) -> Self {
        Self { connector: tls.connector.clone(), name: tls.name.clone() }
    }
}

impl TlsConnect<ByteStream> for Agreeing {
    type Stream = Secured;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Secured>> + Send>>;

    fn connect(self, stream: ByteStream) -> Self::Future {
        Box::pin(async move { Ok(Secured(self.connector.connect(self.name, stream).await?)) })
    }
}

struct Secured(tokio_rustls::client::TlsStream<ByteStream>);

impl TlsStream for Secured {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Secured {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}
