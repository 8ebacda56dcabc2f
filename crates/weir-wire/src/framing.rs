//! How the items of a stream are told apart where they are not server-sent events: lines of JSON, and
//! AWS's binary messages.
//!
//! Both parsers work as [`SseParser`](crate::sse::SseParser) does: feed them whatever the socket gave, take
//! items until there are none; how the bytes were cut into reads does not change the items.

mod aws;
mod lines;

pub use aws::{AwsEventParser, AwsFault, AwsItem};
pub use lines::{LineParser, LineTooLong};
