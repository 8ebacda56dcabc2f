//! Numbers of the tool calls of a stream. Clients put the pieces of a call together by its number; some servers number
//! all calls with 0, or none, and the arguments of several would become those of one.

use crate::json::{Json, Limits, Object, parse};
use memchr::memmem::Finder;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a chunk with a piece of a call holds, and one with the beginning of a call.
static PIECE: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| ["\"tool_calls\"", "\"name\""].map(Finder::new));
/// The most answers of a stream, and the most calls of one, that are numbered.
const CHOICES_MAX: usize = 128;
const CALLS_MAX: usize = 512;

/// The calls of a stream so far.
#[derive(Debug, Default)]
pub struct CallNumbers {
    choices: BTreeMap<u64, Vec<Call>>,
    /// Whether any number is another than the server's.
    differ: bool,
}

#[derive(Debug)]
struct Call {
    /// As the server has it.
    said: Option<u64>,
    id: String,
    /// As the client has it.
    number: u64,
}

impl CallNumbers {
    /// A chunk with other numbers, where those in it do not tell its calls apart.
    pub fn set_right(&mut self, chunk: &[u8]) -> Option<Vec<u8>> {
        let [piece, beginning] = &*PIECE;
        let is_of_calls = piece.find(chunk).is_some() && (self.differ || beginning.find(chunk).is_some());
        if !is_of_calls {
            return None;
        }
        let mut chunk = parse(chunk, Limits::default()).ok()?;
        let mut has_changed = false;
        for choice in objects(member(&mut chunk, "choices")?) {
            let index = choice.get("index").and_then(Json::as_u64).unwrap_or_default();
            let calls = choice.get_mut("delta").and_then(|delta| member(delta, "tool_calls"));
            for call in calls.into_iter().flat_map(objects) {
                has_changed |= self.number(index, call);
            }
        }
        self.differ |= has_changed;
        has_changed.then(|| chunk.to_bytes())
    }

    /// Gives a piece of a call its number. Whether that is another than it had.
    fn number(&mut self, choice: u64, piece: &mut Object<'_>) -> bool {
        if self.choices.len() >= CHOICES_MAX && !self.choices.contains_key(&choice) {
            return false;
        }
        let calls = self.choices.entry(choice).or_default();
        let said = piece.get("index").and_then(Json::as_u64);
        let id = piece.get("id").and_then(Json::as_str).unwrap_or_default();
        let known = known(calls, said, id, is_named(piece));
        let number = match known {
            Some(call) => call.number,
            None if calls.len() >= CALLS_MAX => return false,
            None => {
                let is_free = |number: &u64| calls.iter().all(|call| call.number != *number);
                let next = || calls.iter().map(|call| call.number + 1).max().unwrap_or_default();
                let number = said.filter(is_free).unwrap_or_else(next);
                calls.push(Call { said, id: id.to_owned(), number });
                number
            }
        };
        if said == Some(number) {
            return false;
        }
        piece.set("index", Json::Number(number.to_string().into()));
        true
    }
}

/// The call that a piece goes on with; `None` where it begins one.
fn known<'c>(calls: &'c [Call], said: Option<u64>, id: &str, is_named: bool) -> Option<&'c Call> {
    match said {
        Some(_) => {
            let call = calls.iter().rfind(|call| call.said == said)?;
            (!is_named || id.is_empty() || call.id == id).then_some(call)
        }
        // Servers that do not number calls send each whole, or go on with the last.
        None => calls.last().filter(|_| !is_named),
    }
}

fn is_named(piece: &Object<'_>) -> bool {
    let inner = piece.get("function").or_else(|| piece.get("custom")).and_then(Json::as_object);
    let name = inner.and_then(|inner| inner.get("name")).and_then(Json::as_str);
    name.is_some_and(|name| !name.is_empty())
}

fn member<'a, 't>(value: &'a mut Json<'t>, name: &str) -> Option<&'a mut Json<'t>> {
    if let Json::Object(object) = value { object.get_mut(name) } else { None }
}

fn objects<'a, 't>(list: &'a mut Json<'t>) -> impl Iterator<Item = &'a mut Object<'t>> {
    let items = if let Json::Array(items) = list { items.as_mut_slice() } else { &mut [] };
    items.iter_mut().filter_map(|item| if let Json::Object(object) = item { Some(object) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that the pieces of calls come to, each in a chunk of its own.
    fn numbers(pieces: &[&str]) -> Vec<u64> {
        let mut calls = CallNumbers::default();
        let number = |piece: &&str| {
            let chunk =
                format!(r#"{{"id":"c","choices":[{{"index":0,"delta":{{"tool_calls":[{piece}]}}}}]}}"#);
            let right = calls.set_right(chunk.as_bytes());
            let right = right.unwrap_or_else(|| chunk.into_bytes());
            let text = String::from_utf8(right).unwrap();
            let (_, rest) = text.rsplit_once(r#""index":"#).unwrap();
            rest.split([',', '}']).next().unwrap().parse().unwrap()
        };
        pieces.iter().map(number).collect()
    }

    #[test]
    fn calls_of_one_number_get_numbers_of_their_own() {
        let pieces = [
            r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":0,"function":{"arguments":"{}"}}"#,
            r#"{"index":0,"id":"b","function":{"name":"f","arguments":""}}"#,
            r#"{"index":0,"function":{"arguments":"{\"name\":1}"}}"#,
            r#"{"index":0,"id":"c","type":"custom","custom":{"name":"g","input":"x"}}"#,
        ];
        assert_eq!(numbers(&pieces), [0, 0, 1, 1, 2]);
    }

    #[test]
    fn calls_without_numbers_get_some() {
        let pieces = [
            r#"{"id":"a","function":{"name":"f","arguments":"{"}}"#,
            r#"{"function":{"arguments":"}"}}"#,
            r#"{"id":"b","function":{"name":"f","arguments":"{}"}}"#,
        ];
        assert_eq!(numbers(&pieces), [0, 0, 1]);
    }

    #[test]
    fn calls_that_are_told_apart_keep_their_numbers() {
        let pieces = [
            r#"{"index":1,"id":"a","function":{"name":"f","arguments":""}}"#,
            r#"{"index":0,"id":"b","function":{"name":"f","arguments":""}}"#,
            // Some servers repeat what a call is called.
            r#"{"index":1,"id":"a","function":{"name":"f","arguments":"{}"}}"#,
            r#"{"index":0,"function":{"arguments":"{}"}}"#,
        ];
        let mut calls = CallNumbers::default();
        for piece in pieces {
            let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{piece}]}}}}]}}"#);
            assert_eq!(calls.set_right(chunk.as_bytes()), None, "{piece}");
        }
        for chunk in ["{", r#"{"choices":[{"delta":{"content":"\"tool_calls\""}}]}"#, r#"{"choices":{}}"#] {
            assert_eq!(calls.set_right(chunk.as_bytes()), None, "{chunk}");
        }
    }
}
