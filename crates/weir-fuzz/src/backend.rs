use std::collections::BTreeSet;
use weir_wire::canonical::Event;
use weir_wire::dialect::backend::{Item, cohere, converse, gemini, ollama};
use weir_wire::relay::{AwsEventParser, AwsItem};

/// AWS's messages: however the bytes are cut, the messages are the same.
pub fn aws_events(bytes: &[u8]) {
    let (head, tail) = bytes.split_at(bytes.len() / 2);
    assert!(items(&[bytes]) == items(&[head, tail]), "another cut, other messages");
}

fn items(pieces: &[&[u8]]) -> (Vec<AwsItem>, bool) {
    let mut parser = AwsEventParser::new(1 << 20);
    let is_good = pieces.iter().all(|piece| parser.push(piece).is_ok());
    (std::iter::from_fn(|| parser.next_item()).collect(), is_good)
}

/// Replies of backends that speak none of the clients' dialects: whole, or as a stream of an item a line,
/// whose events keep what is promised of them. A line may begin with the item's name and a tab.
pub fn backend_reply(bytes: &[u8]) {
    let _any = (gemini::read_reply(bytes), converse::read_reply(bytes));
    let _any = (ollama::read_reply(bytes), cohere::read_reply(bytes));
    let items = || {
        bytes.split(|byte| *byte == b'\n').map(|line| {
            let mut parts = line.splitn(2, |byte| *byte == b'\t');
            let first = parts.next().unwrap_or_default();
            match parts.next() {
                Some(data) => Item { event: std::str::from_utf8(first).unwrap_or_default(), data },
                None => Item { event: "", data: first },
            }
        })
    };
    let (mut reader, mut promise) = (gemini::EventReader::new(), Promise::default());
    let _any = items().try_for_each(|item| reader.item(&item, &mut |event| promise.check(&event)));
    let _any = reader.end(&mut |event| promise.check(&event));
    let (mut reader, mut promise) = (converse::EventReader::new(), Promise::default());
    let _any = items().try_for_each(|item| reader.item(&item, &mut |event| promise.check(&event)));
    let _any = reader.end(&mut |event| promise.check(&event));
    let (mut reader, mut promise) = (ollama::EventReader::new(), Promise::default());
    let _any = items().try_for_each(|item| reader.item(&item, &mut |event| promise.check(&event)));
    let (mut reader, mut promise) = (cohere::EventReader::new(), Promise::default());
    let _any = items().try_for_each(|item| reader.item(&item, &mut |event| promise.check(&event)));
}

/// Deltas are for open blocks, answers finish once, and the end is the end.
#[derive(Default)]
struct Promise {
    open: BTreeSet<(usize, usize)>,
    finished: BTreeSet<usize>,
    is_over: bool,
}

impl Promise {
    fn check(&mut self, event: &Event<'_>) {
        assert!(!self.is_over, "something comes after the end");
        match event {
            Event::BlockStart { choice, block, .. } => {
                assert!(self.open.insert((*choice, *block)), "a block begins twice");
            }
            Event::Delta { choice, block, .. } => {
                assert!(self.open.contains(&(*choice, *block)), "a delta without its block");
            }
            Event::BlockEnd { choice, block } => {
                assert!(self.open.remove(&(*choice, *block)), "a block ends that is not open");
            }
            Event::Finish { choice, .. } => {
                assert!(self.finished.insert(*choice), "an answer finishes twice");
                assert!(self.open.iter().all(|(open, _)| open != choice), "a block outlives its answer");
            }
            Event::End => self.is_over = true,
            Event::Start { .. } | Event::LogProbs { .. } | Event::Usage(_) | Event::Ping => {}
        }
    }
}
