use crate::request::ClientRequest;
use crate::segment::SegmentKind;
use std::fmt;

/// All that can be read of a request, as one text: a line for each string but the words of the protocol.
pub struct Text {
    whole: String,
    /// Where in the text each segment begins, with its index.
    starts: Vec<(usize, usize)>,
}

/// User text: only its size is shown.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.whole.len())
    }
}

impl Text {
    /// The text of a request.
    #[must_use]
    pub fn of(request: &ClientRequest) -> Self {
        let mut text = Self { whole: String::new(), starts: Vec::new() };
        for (index, segment) in request.segments().iter().enumerate() {
            if segment.kind != SegmentKind::Opaque && !segment.is_of_protocol() {
                text.starts.push((text.whole.len(), index));
                text.whole.push_str(segment.text);
                text.whole.push('\n');
            }
        }
        text
    }

    /// One text by itself, as the only segment there is.
    #[must_use]
    pub fn alone(text: &str) -> Self {
        Self { whole: format!("{text}\n"), starts: vec![(0, 0)] }
    }

    /// The text itself.
    #[must_use]
    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// The segment in which a span of the text begins, and the part of the span that lies in it.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> (usize, usize, usize) {
        let after = self.starts.partition_point(|(begin, _)| *begin <= start);
        let (begin, index) =
            after.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or_default();
        // Without the line break that was added.
        let limit = self.starts.get(after).map_or(self.whole.len(), |(next, _)| *next).saturating_sub(1);
        let start = start.min(limit);
        (index, start - begin, end.clamp(start, limit) - begin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    #[test]
    fn a_span_is_placed_in_the_segment_in_which_it_begins() {
        let body =
            br#"{"model":"m","messages":[{"role":"user","content":"ab"},{"role":"user","content":"cde"}]}"#;
        let request = ClientRequest::read(body, Limits::default()).unwrap();
        let text = Text::of(&request);
        assert_eq!(text.whole(), "ab\ncde\n");
        let segments = request.segments();
        for (start, end, expected) in [(0, 2, "ab"), (1, 4, "b"), (3, 6, "cde"), (4, 7, "de"), (5, 6, "e")] {
            let (segment, from, to) = text.place(start, end);
            assert_eq!(&segments[segment].text[from..to], expected, "{start}..{end}");
        }
        assert_eq!(Text::alone("abc").place(1, 9), (0, 1, 3));
    }
}
