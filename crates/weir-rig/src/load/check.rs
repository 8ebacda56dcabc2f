use http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::fmt;

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// No connection could be had.
    Unreachable,
    /// The connection broke before the end of the answer.
    Broken,
    /// A status other than 200.
    Status(u16),
    /// Something is not the JSON of a completion or a chunk.
    NotACompletion,
    /// An error object.
    Error,
    /// A choice never said how it finished.
    Unfinished,
    /// A stream without `data: [DONE]` at its end.
    NotDone,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("no connection"),
            Self::Broken => f.write_str("connection broken"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::NotACompletion => f.write_str("not a completion"),
            Self::Error => f.write_str("error object"),
            Self::Unfinished => f.write_str("no finish reason"),
            Self::NotDone => f.write_str("no [DONE]"),
        }
    }
}

/// Whether an answer is whole.
pub(super) fn check(status: StatusCode, stream: bool, body: &[u8]) -> Result<(), Flaw> {
    if status != StatusCode::OK {
        return Err(Flaw::Status(status.as_u16()));
    }
    let body = str::from_utf8(body).map_err(|_not_text| Flaw::NotACompletion)?;
    if stream { check_stream(body) } else { check_finished(body).and_then(finished_or(Flaw::Unfinished)) }
}

fn check_stream(body: &str) -> Result<(), Flaw> {
    let events = body.strip_suffix("data: [DONE]\n\n");
    let mut finished = false;
    for data in
        events.unwrap_or(body).split_terminator("\n\n").filter_map(|event| event.strip_prefix("data: "))
    {
        finished |= check_finished(data)?;
    }
    finished_or(Flaw::Unfinished)(finished)?;
    finished_or(Flaw::NotDone)(events.is_some())
}

fn finished_or(flaw: Flaw) -> impl Fn(bool) -> Result<(), Flaw> {
    move |finished| if finished { Ok(()) } else { Err(flaw) }
}

fn check_finished(json: &str) -> Result<bool, Flaw> {
    let completion: Completion = serde_json::from_str(json).map_err(|_other| Flaw::NotACompletion)?;
    if completion.error.is_some() {
        return Err(Flaw::Error);
    }
    let choices = completion.choices.ok_or(Flaw::NotACompletion)?;
    Ok(choices.iter().any(|choice| choice.finish_reason.is_some()))
}

#[derive(Deserialize)]
struct Completion<'a> {
    error: Option<IgnoredAny>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const TEXT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    fn stream(events: &[&str]) -> Result<(), Flaw> {
        check(StatusCode::OK, true, events.concat().as_bytes())
    }

    #[test]
    fn a_whole_stream_passes_with_comments_and_without() {
        assert_eq!(stream(&[TEXT, LAST, DONE]), Ok(()));
        assert_eq!(stream(&[": keep-alive\n\n", TEXT, LAST, DONE]), Ok(()));
    }

    #[test]
    fn a_stream_that_lacks_its_end_does_not_pass() {
        assert_eq!(stream(&[TEXT, LAST]), Err(Flaw::NotDone));
        assert_eq!(stream(&[TEXT, DONE]), Err(Flaw::Unfinished));
        assert_eq!(stream(&[]), Err(Flaw::Unfinished));
        assert_eq!(stream(&[TEXT, "data: {\"error\":{\"message\":\"m\"}}\n\n"]), Err(Flaw::Error));
        assert_eq!(stream(&[TEXT, "data: {\"choi"]), Err(Flaw::NotACompletion));
    }

    #[test]
    fn a_whole_answer_must_be_200_and_finished() {
        let whole = br#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#;
        assert_eq!(check(StatusCode::OK, false, whole), Ok(()));
        assert_eq!(check(StatusCode::BAD_GATEWAY, false, whole), Err(Flaw::Status(502)));
        assert_eq!(check(StatusCode::OK, false, b"{\"choices\":[{}]}"), Err(Flaw::Unfinished));
        assert_eq!(check(StatusCode::OK, false, b"{}"), Err(Flaw::NotACompletion));
        assert_eq!(check(StatusCode::OK, false, &whole[..30]), Err(Flaw::NotACompletion));
    }
}
