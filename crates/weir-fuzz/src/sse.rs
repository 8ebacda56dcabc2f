use weir_wire::sse::{SseItem, SseParser, write_data};

/// An event stream gives the same items however it is cut, and those that the standard says.
pub fn sse(data: &[u8]) {
    let whole = items([data]);
    assert!(whole == by_the_standard(data), "not the items that the standard says");
    assert!(whole == items(data.chunks(1)), "cut into bytes, the items differ");
    let size = data.first().map_or(2, |first| usize::from(*first % 13) + 2);
    assert!(whole == items(data.chunks(size)), "cut into {size} bytes each, the items differ");
    written_events_read_back(&whole);
    the_limit_holds(data);
}

fn items<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<SseItem> {
    let mut parser = SseParser::new(usize::MAX);
    let mut items = Vec::new();
    for piece in pieces {
        assert!(parser.push(piece).is_ok(), "there is no limit");
        items.extend(std::iter::from_fn(|| parser.next_item()));
    }
    items
}

/// The standard's algorithm over the whole text at once.
///
/// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
fn by_the_standard(data: &[u8]) -> Vec<SseItem> {
    let data = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let (mut items, mut event, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for line in complete_lines(data) {
        let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
        let (field, value) = line.split_at(colon);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value).to_vec();
        match (line.is_empty(), field) {
            (true, _) => items.extend(dispatched(&mut event, &mut lines)),
            (false, b"") => items.push(SseItem::Comment),
            (false, b"event") => event = value,
            (false, b"data") => lines.push(value),
            (false, _) => {}
        }
    }
    items
}

fn dispatched(event: &mut Vec<u8>, lines: &mut Vec<Vec<u8>>) -> Option<SseItem> {
    let event = String::from_utf8_lossy(&std::mem::take(event)).into_owned();
    let lines = std::mem::take(lines);
    (!lines.is_empty()).then(|| SseItem::Event { event, data: lines.join(&b'\n') })
}

/// The lines that are ended, by LF, CR or CRLF.
fn complete_lines(data: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = data;
    while let Some(end) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
        let (line, behind) = rest.split_at(end);
        lines.push(line);
        rest = behind.strip_prefix(b"\r\n").or(behind.get(1..)).unwrap_or_default();
    }
    lines
}

fn written_events_read_back(read: &[SseItem]) {
    for item in read {
        let SseItem::Event { data, .. } = item else { continue };
        if data.contains(&b'\n') {
            continue;
        }
        let mut written = Vec::new();
        write_data(data, &mut written);
        let again = SseItem::Event { event: String::new(), data: data.clone() };
        assert!(items([&*written]) == [again], "a written event reads differently");
    }
}

/// No event larger than the limit is given out, and an error is for ever.
fn the_limit_holds(data: &[u8]) {
    const LIMIT: usize = 16;
    let mut parser = SseParser::new(LIMIT);
    let mut refused = false;
    for piece in data.chunks(3) {
        let result = parser.push(piece);
        assert!(!refused || result.is_err(), "accepted after an error");
        refused |= result.is_err();
        while let Some(item) = parser.next_item() {
            let size = if let SseItem::Event { data, .. } = item { data.len() } else { 0 };
            assert!(refused || size <= LIMIT, "an event of {size} bytes was given out");
        }
    }
}
