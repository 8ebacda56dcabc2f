use super::Lie;
use crate::json::{Json, Limits, Object, ObjectWriter, parse, write_string};
use crate::{Destination, Encode};
use std::fmt;

/// A text for a Presidio analyzer's `POST /analyze`.
///
/// Source: Presidio's API specification, "Analyze Text".
pub struct Analyze {
    /// The text.
    pub text: String,
    /// Its language, such as `en`.
    pub language: String,
}

/// User text: only its size is shown.
impl fmt::Debug for Analyze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Analyze({} bytes, {})", self.text.len(), self.language)
    }
}

/// A span that the analyzer found.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its type.
    pub entity: String,
    /// Its first byte in the text.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// How sure the analyzer is, 0 to 1.
    pub score: f64,
}

/// More findings than anybody looks at.
const SPANS_MAX: usize = 10_000;

impl Analyze {
    /// Reads the answer.
    ///
    /// # Errors
    /// [`Lie`], also when a span lies outside the text.
    pub fn read(&self, answer: &[u8]) -> Result<Vec<Span>, Lie> {
        let value = parse(answer, Limits::default()).map_err(|_| Lie("it is no strict JSON"))?;
        let spans = value.as_array().ok_or(Lie("it is no list"))?;
        if spans.len() > SPANS_MAX {
            return Err(Lie("it has too many spans"));
        }
        let offsets = Offsets::of(&self.text);
        spans.iter().map(|span| read_span(span, &offsets)).collect()
    }
}

impl Encode for Analyze {
    fn encode(&self, _to: &Destination<'_>, out: &mut Vec<u8>) {
        let mut writer = ObjectWriter::new(out);
        write_string(&self.text, writer.member("text"));
        write_string(&self.language, writer.member("language"));
        writer.end();
    }
}

fn read_span(span: &Json, offsets: &Offsets) -> Result<Span, Lie> {
    let span = span.as_object().ok_or(Lie("a span is no object"))?;
    let entity = span.get("entity_type").and_then(Json::as_str).ok_or(Lie("a span has no type"))?;
    let (start, end) = (place(span, "start")?, place(span, "end")?);
    if start >= end {
        return Err(Lie("a span is empty"));
    }
    let outside = Lie("a span lies outside the text");
    Ok(Span {
        entity: entity.to_owned(),
        start: offsets.byte(start).ok_or(outside)?,
        end: offsets.byte(end).ok_or(outside)?,
        score: score(span).ok_or(Lie("a span has no score from 0 to 1"))?,
    })
}

fn place(span: &Object, name: &str) -> Result<usize, Lie> {
    let place = span.get(name).and_then(Json::as_u64).and_then(|place| usize::try_from(place).ok());
    place.ok_or(Lie("a span has no place"))
}

fn score(span: &Object) -> Option<f64> {
    let Some(Json::Number(score)) = span.get("score") else { return None };
    score.parse().ok().filter(|score| (0.0..=1.0).contains(score))
}

/// Where each code point of a text begins: Python, and so Presidio, counts in code points.
enum Offsets {
    Ascii { len: usize },
    Other(Vec<usize>),
}

impl Offsets {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Offsets::Ascii { len: text.len() };
        }
        Offsets::Other(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
    }

    fn byte(&self, code_point: usize) -> Option<usize> {
        match self {
            Offsets::Ascii { len } => (code_point <= *len).then_some(code_point),
            Offsets::Other(starts) => starts.get(code_point).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, answer: &str) -> Result<Vec<(String, String)>, Lie> {
        let asked = Analyze { text: text.to_owned(), language: "en".to_owned() };
        let spans = asked.read(answer.as_bytes())?;
        Ok(spans.into_iter().map(|s| (s.entity, text[s.start..s.end].to_owned())).collect())
    }

    #[test]
    fn a_text_is_asked_about_with_its_language() {
        let mut out = Vec::new();
        let asked = Analyze { text: "a \"b\"\n".to_owned(), language: "de".to_owned() };
        asked.encode(&Destination::new("", false), &mut out);
        assert_eq!(out, br#"{"text":"a \"b\"\n","language":"de"}"#);
        assert_eq!(format!("{asked:?}"), "Analyze(6 bytes, de)");
    }

    #[test]
    fn places_are_code_points() {
        let answer = |start, end| {
            format!(
                r#"[{{"entity_type":"PERSON","start":{start},"end":{end},"score":0.85,"analysis_explanation":null}}]"#
            )
        };
        for (text, start, end, found) in [
            ("I am Jo", 5, 7, "Jo"),
            ("Größe: Jörg!", 7, 11, "Jörg"),
            ("👋 Zoë", 2, 5, "Zoë"),
            ("日本 太郎", 3, 5, "太郎"),
        ] {
            assert_eq!(read(text, &answer(start, end)), Ok(vec![("PERSON".to_owned(), found.to_owned())]));
        }
        assert_eq!(read("x", "[]"), Ok(vec![]));
    }

    #[test]
    fn whatever_is_not_an_answer_is_a_lie() {
        for answer in [
            "",
            "{}",
            "null",
            "[1]",
            r#"{"error":"no"}"#,
            r#"[{"entity_type":"PERSON","start":0,"end":6,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":7,"end":8,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":2,"end":2,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":3,"end":2,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":-1,"end":2,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":0.5,"end":2,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":"0","end":2,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":0,"end":99999999999999999999,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":0,"end":2,"score":1.5}]"#,
            r#"[{"entity_type":"PERSON","start":0,"end":2,"score":"high"}]"#,
            r#"[{"entity_type":"PERSON","start":0,"end":2}]"#,
            r#"[{"entity_type":null,"start":0,"end":2,"score":1}]"#,
            r#"[{"entity_type":"PERSON","start":0,"end":2,"score":1}"#,
            r#"[{"entity_type":"PERSON","start":0,"start":1,"end":2,"score":1}]"#,
        ] {
            assert!(read("héllo", answer).is_err(), "{answer}");
        }
        let many = vec![r#"{"entity_type":"A","start":0,"end":1,"score":1}"#; SPANS_MAX + 1].join(",");
        assert!(read("hello", &format!("[{many}]")).is_err());
    }
}
