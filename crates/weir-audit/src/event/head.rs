use super::{EVENT_VERSION, Envelope, ParseEventError, known_type};
use crate::{Ident, WallTime};

/// What a reader goes by: which event it is, of which type, and from when.
///
/// The rest of the event is not looked at: it is looked at by whoever reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// As in [`Envelope`].
    pub seq: u64,
    /// As in [`Envelope`].
    pub type_name: Ident,
    /// As in [`Envelope`].
    pub ts_wall: WallTime,
}

impl Head {
    /// Reads the head of an event of any type.
    ///
    /// # Errors
    /// [`ParseEventError`] if the bytes are no event or of a newer version.
    pub fn parse(json: &[u8]) -> Result<Self, ParseEventError> {
        match Self::of_canonical(json) {
            Some(head) => Ok(head),
            // Of a type or a version that is not known, or nothing that was written by an `Author`.
            None => Envelope::parse(json).map(|envelope| {
                let Envelope { seq, type_name, ts_wall, .. } = envelope;
                Self { seq, type_name, ts_wall }
            }),
        }
    }

    /// The head as it stands in canonical bytes, which begin alike; `None` if these do not.
    fn of_canonical(json: &[u8]) -> Option<Self> {
        const ID_CHARS: usize = 36;
        const TIME_CHARS: usize = 24;
        let (version, rest) = number(json.strip_prefix(b"{\"v\":")?)?;
        if version != u64::from(EVENT_VERSION) {
            return None;
        }
        let (seq, rest) = number(rest.strip_prefix(b",\"seq\":")?)?;
        let (id, rest) = text(rest.strip_prefix(b",\"event_id\":\"")?)?;
        let (type_name, rest) = text(rest.strip_prefix(b",\"type\":\"")?)?;
        let (time, _) = text(rest.strip_prefix(b",\"ts_wall\":\"")?)?;
        if (id.len(), time.len()) != (ID_CHARS, TIME_CHARS) {
            return None;
        }
        Some(Self { seq, type_name: Ident::fixed(known_type(type_name)?), ts_wall: time.parse().ok()? })
    }
}

/// A whole number as JSON has it, and what follows.
fn number(json: &[u8]) -> Option<(u64, &[u8])> {
    let digits = json.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = json.split_at_checked(digits)?;
    if number.len() > 1 && number.first() == Some(&b'0') {
        return None;
    }
    Some((str::from_utf8(number).ok()?.parse().ok()?, rest))
}

/// The rest of a string in which nothing is escaped, and what follows its end.
fn text(json: &[u8]) -> Option<(&str, &[u8])> {
    let end = json.iter().position(|byte| *byte == b'"')?;
    let (text, rest) = json.split_at_checked(end)?;
    let text = str::from_utf8(text).ok().filter(|text| text.bytes().all(|b| b != b'\\' && b >= b' '))?;
    Some((text, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decision, write};
    use super::*;

    fn of_envelope(json: &[u8]) -> Head {
        let Envelope { seq, type_name, ts_wall, .. } = Envelope::parse(json).unwrap();
        Head { seq, type_name, ts_wall }
    }

    #[test]
    fn the_head_of_canonical_bytes_is_that_of_the_envelope() {
        let json = write(decision());
        assert_eq!(Head::of_canonical(&json), Some(of_envelope(&json)));
        // Of a type that is not known to this version.
        let text = String::from_utf8(json).unwrap().replace("\"decision\"", "\"decided\"");
        assert_eq!(Head::of_canonical(text.as_bytes()), None);
        assert_eq!(Head::parse(text.as_bytes()).unwrap(), of_envelope(text.as_bytes()));
    }

    #[test]
    fn an_event_in_other_words_is_read_likewise() {
        let text = String::from_utf8(write(decision())).unwrap();
        for (from, to) in [
            (",\"seq\":7", ", \"seq\": 7"),
            ("\"decision\"", "\"d\\u0065cision\""),
            ("{\"v\":1,\"seq\":7,", "{\"seq\":7,\"v\":1,"),
        ] {
            let other = text.replacen(from, to, 1);
            assert!(other != text && Head::of_canonical(other.as_bytes()).is_none(), "{other}");
            assert_eq!(Head::parse(other.as_bytes()).unwrap(), of_envelope(text.as_bytes()), "{other}");
        }
    }

    #[test]
    fn what_is_no_event_has_no_head() {
        let text = String::from_utf8(write(decision())).unwrap();
        for (from, to) in [
            ("\"v\":1", "\"v\":2"),
            ("\"seq\":7", "\"seq\":07"),
            ("\"seq\":7", "\"seq\":-7"),
            ("\"seq\":7", "\"seq\":18446744073709551616"),
            ("T09:30", "T25:30"),
        ] {
            let wrong = text.replacen(from, to, 1);
            assert!(wrong != text && Head::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let end = text.find(",\"ts_mono_ns\"").unwrap();
        for length in 0..end {
            assert!(Head::parse(&text.as_bytes()[..length]).is_err(), "{length} bytes");
        }
    }
}
