//! The guarded HTTP client: resolve, check, pin, connect; no redirects, no proxies.
//!
//! The only code of Weir that opens outbound connections, and it opens them through a [`Door`] alone:
//! a door belongs to one backend of one zone and sends nothing without a
//! [`Permit`](weir_label::Permit) for that very backend. The crates `weir-local` and `weir-egress` give
//! the two doors their names; no other crate depends on this one.
//!
//! - INVARIANT (one door): the body of a request is written behind the door, from the permit's own
//!   content. There is no function here that takes bytes.
//! - INVARIANT (checked address): a connection is opened to an address that the zone's
//!   [`AddressRule`] allowed, to that very address, and one refused address refuses the whole answer of
//!   the resolver.
//! - INVARIANT (built headers): the headers of a request are written here from a closed list. Nothing
//!   of the caller's request reaches a backend but through the permit's content.
//!
//! Absent on purpose: redirects, proxies (also those of the environment), cookies, alternative
//! services, and background tasks. A connection is driven by the request that uses it, so dropping
//! the request or its response closes the connection.

mod address;
mod anthropic;
mod call;
mod connector;
mod credential;
mod delivery;
mod door;
mod endpoint;
mod error;
mod lines;
mod link;
mod nats;
mod pool;
mod postgres;
mod resolve;
mod response;
mod sigv4;
mod tls;
mod token;
mod transport;

pub use address::{AddressRefusal, AddressRule};
pub use anthropic::Anthropic;
pub use call::{Accept, Call, Put};
pub use credential::{Credential, KeyHeader};
pub use delivery::{DeliveryError, Login};
pub use door::{Door, nothing};
pub use endpoint::{Endpoint, EndpointError};
pub use error::{ConnectError, SendError};
pub use lines::{Framing, Lines};
pub use nats::Subject;
pub use postgres::Table;
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use response::{Response, ResponseBody};
pub use sigv4::{AwsKeys, AwsKeysError};
pub use token::{AwsRole, TokenError, TokenRequest, TokenSource, TokenSourceError};
