use super::{Exported, Format, Severity, Source};

/// Facility 13, log audit. Source: RFC 5424, section 6.2.1.
const FACILITY: u8 = 13;
/// The longest host name and message id. Source: RFC 5424, section 6.
const HOST_CHARS_MAX: usize = 255;
const ID_CHARS_MAX: usize = 32;

/// The event as a message of syslog, written in this format.
///
/// Source: RFC 5424, section 6.
#[must_use]
pub fn message(event: &Exported, format: Format, source: &Source) -> String {
    let severity = match event.severity() {
        Severity::Info => 6,
        Severity::Warning => 4,
        Severity::Error => 3,
    };
    let priority = FACILITY * 8 + severity;
    let (time, line) = (event.word("ts_wall"), event.line(format, source));
    let host = word(event.word("node"), HOST_CHARS_MAX);
    let id = word(event.type_name(), ID_CHARS_MAX);
    format!("<{priority}>1 {time} {host} weir - {id} - {line}")
}

/// Printable ASCII without spaces, as the header wants it.
fn word(text: &str, most: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}
