//! Heads that say the length of their body in two ways. RFC 9112 (6.3) lets a server refuse them, and whoever
//! sends one may be trying to have the next request read in another way than a proxy before reads it. hyper takes
//! the chunks for it and passes over the other.

use memchr::memchr_iter;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// The end of a head. Made once: making it costs more than looking through a head.
static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));
/// What belongs to no head: hyper refuses one that is longer.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Looks at heads as they are read.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// A head whose end is not there yet.
    begun: Vec<u8>,
}

impl Heads {
    /// Takes bytes that were read where a head is expected. Where they complete one, whether it says both.
    pub fn take(&mut self, bytes: &[u8]) -> Option<bool> {
        if self.begun.is_empty()
            && let Some(end) = END.find(bytes)
        {
            return Some(says_both(bytes.get(..end).unwrap_or_default()));
        }
        if self.begun.len() + bytes.len() > HEAD_BYTES_MAX {
            self.begun = Vec::new();
            return None;
        }
        self.begun.extend_from_slice(bytes);
        let end = END.find(&self.begun)?;
        let head = std::mem::take(&mut self.begun);
        Some(says_both(head.get(..end).unwrap_or_default()))
    }
}

fn says_both(head: &[u8]) -> bool {
    let says = |wanted: &str| {
        // Behind the line that says what is asked for.
        memchr_iter(b'\n', head).any(|end| {
            let line = head.get(end + 1..).unwrap_or_default();
            let name = line.split_at_checked(wanted.len()).map(|(name, _)| name);
            name.is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_bytes()))
        })
    };
    says("transfer-encoding") && says("content-length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &[u8] =
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nhost: a\r\ntransfer-ENCODING: chunked\r\n\r\n";

    #[test]
    fn a_head_with_both_is_found_however_it_is_cut() {
        assert_eq!(Heads::default().take(BOTH), Some(true));
        for cut in 1..BOTH.len() {
            let mut heads = Heads::default();
            let (before, after) = BOTH.split_at(cut);
            assert_eq!(heads.take(before), None, "{cut}");
            assert_eq!(heads.take(after), Some(true), "{cut}");
            // The next one is another.
            assert_eq!(heads.take(b"GET / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"), Some(false));
        }
    }

    #[test]
    fn what_stands_in_a_body_is_no_header() {
        for request in [
            &b"POST / HTTP/1.1\r\ncontent-length: 60\r\n\r\n\ntransfer-encoding: chunked\r\n\r\n"[..],
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n\n\n\r\ncontent-length: 5\r\n",
            b"GET /transfer-encoding HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
        ] {
            let taken = Heads::default().take(request);
            assert_eq!(taken, Some(false), "{}", String::from_utf8_lossy(request));
        }
    }
}
