use serde_json::{Value, json};
use weir_wire::detector::{Analyze, Judge, Text};
use weir_wire::json::Limits;
use weir_wire::request::ClientRequest;

/// A detector's answer is a lie, or points at whole characters of the text it was asked about and of the
/// strings of the request that the text is made of. The text stands before the first NUL.
pub fn detector(data: &[u8]) {
    let at = data.iter().position(|b| *b == 0).unwrap_or(0);
    let (text, answer) = data.split_at(at);
    let answer = answer.strip_prefix(b"\0").unwrap_or(answer);
    let Ok(request) = ClientRequest::read(&body(&String::from_utf8_lossy(text)), Limits::default()) else {
        return;
    };
    let asked = Text::of(&request);
    spans_lie_in_the_text(&asked, &request, answer);
    let judge = Judge { text: asked.whole().to_owned() };
    if let Ok(verdict) = judge.read(answer) {
        assert!(verdict.classified || verdict.categories.is_empty(), "the verdict contradicts itself");
    }
    let content = String::from_utf8_lossy(answer);
    let completion = json!({ "choices": [{ "message": { "content": content } }] }).to_string();
    let _ = judge.read(completion.as_bytes());
}

/// A request whose messages are the lines of a text.
fn body(text: &str) -> Vec<u8> {
    let messages: Vec<Value> =
        text.split('\n').map(|line| json!({ "role": "user", "content": line })).collect();
    json!({ "model": "m", "messages": messages }).to_string().into_bytes()
}

fn spans_lie_in_the_text(asked: &Text, request: &ClientRequest, answer: &[u8]) {
    let question = Analyze { text: asked.whole().to_owned(), language: "en".to_owned() };
    let Ok(spans) = question.read(answer) else { return };
    let segments = request.segments();
    for span in spans {
        let whole = asked.whole().get(span.start..span.end);
        assert!(whole.is_some_and(|text| !text.is_empty()), "a span is no text");
        assert!((0.0..=1.0).contains(&span.score), "a score of {}", span.score);
        let (segment, start, end) = asked.place(span.start, span.end);
        let part = segments.get(segment).and_then(|segment| segment.text.get(start..end));
        assert!(part.is_some(), "a span is placed outside the string it begins in");
        assert!(whole.is_some_and(|whole| whole.starts_with(part.unwrap_or("\0"))), "a span is misplaced");
    }
}
