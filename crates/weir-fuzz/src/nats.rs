use weir_wire::nats::{Fate, Incoming, Malformed, Said};

const INBOX: &str = "_INBOX.a";
/// More than is held is a line or a message that is longer than any.
const HELD_MAX: usize = 64 * 1024 + 2;

/// However a server's bytes are cut into reads, the same is said; no more is held than a line or a message; and nothing is
/// taken for kept that no stream says it has kept.
pub fn nats(data: &[u8]) {
    let whole = read(data, data.len().max(1));
    for cut in [1, 2, 7, 4096] {
        assert!(read(data, cut) == whole, "cut into pieces of {cut}, it says something else");
    }
    let (said, _) = whole;
    let kept = said.iter().filter(|said| matches!(said, Said::Answer(_, Fate::Kept))).count();
    let claims = data.windows(8).filter(|bytes| *bytes == b"\"stream\"").count();
    let escaped = data.contains(&b'\\');
    assert!(kept <= claims || escaped, "kept by nobody");
    for said in said {
        match said {
            Said::Error(words) => assert!(words.chars().count() <= 120 && !words.contains(char::is_control)),
            Said::Answer(number, _) => {
                let subject = format!("{INBOX}.");
                assert!(
                    data.windows(subject.len()).any(|bytes| bytes == subject.as_bytes()),
                    "an answer to {number}"
                );
            }
            Said::Info(_) | Said::Ping | Said::Pong | Said::Ok => {}
        }
    }
}

fn read(data: &[u8], cut: usize) -> (Vec<Said>, bool) {
    let (mut incoming, mut said) = (Incoming::new(INBOX), Vec::new());
    for piece in data.chunks(cut) {
        incoming.push(piece);
        loop {
            match incoming.next_said() {
                Ok(Some(next)) => said.push(next),
                Ok(None) => break,
                Err(Malformed) => return (said, true),
            }
        }
        assert!(incoming.held() <= HELD_MAX, "{} bytes are held", incoming.held());
    }
    (said, false)
}
