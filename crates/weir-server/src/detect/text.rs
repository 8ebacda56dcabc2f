use weir_wire::chat::ChatRequest;
use weir_wire::segment::SegmentKind;

/// All that can be read of a request, as one text: a line for each string.
#[derive(Debug)]
pub(super) struct Text {
    whole: String,
    /// Where in the text each segment begins, with its index.
    starts: Vec<(usize, usize)>,
}

impl Text {
    pub fn of(request: &ChatRequest) -> Self {
        let mut text = Self { whole: String::new(), starts: Vec::new() };
        for (index, segment) in request.segments().iter().enumerate() {
            if segment.kind != SegmentKind::Opaque {
                text.starts.push((text.whole.len(), index));
                text.whole.push_str(segment.text);
                text.whole.push('\n');
            }
        }
        text
    }

    pub fn whole(&self) -> &str {
        &self.whole
    }

    /// The segment in which a span begins, and its share of the span.
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
    use weir_wire::json::Limits;

    #[test]
    fn a_span_is_placed_in_the_segment_in_which_it_begins() {
        let body =
            br#"{"model":"m","messages":[{"role":"user","content":"ab"},{"role":"user","content":"cde"}]}"#;
        let request = ChatRequest::read(body, Limits::default()).unwrap();
        let text = Text::of(&request);
        assert_eq!(text.whole(), "ab\ncde\n");
        let segments = request.segments();
        for (start, end, expected) in [(0, 2, "ab"), (1, 4, "b"), (3, 6, "cde"), (4, 7, "de"), (5, 6, "e")] {
            let (segment, from, to) = text.place(start, end);
            assert_eq!(&segments[segment].text[from..to], expected, "{start}..{end}");
        }
    }
}
