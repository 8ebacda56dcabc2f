use super::script::Framing;
use bytes::Bytes;

/// One server-sent event with this data, written so.
///
/// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
pub(super) fn event(framing: Framing, data: &str) -> Bytes {
    match framing {
        Framing::Plain => format!("data: {data}\n\n"),
        Framing::Crlf => format!("data: {data}\r\n\r\n"),
        Framing::Cr => format!("data: {data}\r\r"),
        Framing::MultiLine => multi_line(data),
        Framing::Comments => format!(": comment\n\ndata:{data}\n\n"),
    }
    .into()
}

/// Breaks the data after its first comma, where JSON of an object allows white space.
fn multi_line(data: &str) -> String {
    match data.split_once(",\"") {
        Some((head, tail)) => format!("data: {head},\ndata: \"{tail}\n\n"),
        None => format!("data: {data}\n\n"),
    }
}
