//! Events that look like one before, of which only the values are read.

use super::members::{Leaf, Value, read_leaves, read_value, text_of};
use std::ops::Range;

/// Reads events as [`members`](super::members) does, in a fraction of the time where most have the shape of one before: the
/// same keys in the same order, whatever their values.
#[derive(Debug, Default)]
pub struct MembersReader {
    shapes: Vec<Shape>,
    /// The shape that is tried first: events of requests come in turns.
    likely: usize,
    /// Where the values of the event at hand are.
    places: Vec<Range<usize>>,
}

/// Events have a type and some members that not all of that type have; those of one log come in few shapes.
const SHAPES_MAX: usize = 8;

impl MembersReader {
    /// Hands over every member of an event, in the order of its bytes.
    ///
    /// # Errors
    /// As [`members`](super::members).
    pub fn read<'e>(
        &'e mut self,
        json: &'e [u8],
        mut visit: impl FnMut(&str, Value<'e>),
    ) -> Result<(), serde_json::Error> {
        let text = text_of(json)?;
        let Some(fitting) = self.fitting(text) else {
            let leaves = read_leaves(text, &mut visit)?;
            self.remember(Shape::new(text, leaves));
            return Ok(());
        };
        self.likely = (fitting + 1) % self.shapes.len();
        if let Some(shape) = self.shapes.get(fitting) {
            shape.visit(text, &self.places, visit);
        }
        Ok(())
    }

    /// The shape that an event has, whose values are at `places` then.
    fn fitting(&mut self, text: &str) -> Option<usize> {
        let Self { shapes, likely, places } = self;
        let count = shapes.len();
        let mut tried = (*likely..count).chain(0..(*likely).min(count));
        tried.find(|place| shapes.get_mut(*place).is_some_and(|shape| shape.fits(text, places)))
    }

    /// Keeps a shape, instead of one that was not seen for long if there are many.
    fn remember(&mut self, shape: Shape) {
        if self.shapes.len() < SHAPES_MAX {
            self.shapes.push(shape);
        } else if let Some(place) = self.shapes.get_mut(self.likely) {
            *place = shape;
        }
    }
}

/// What events of one shape have in common.
#[derive(Debug)]
struct Shape {
    values: Vec<Slot>,
    /// The text behind the last value.
    end: String,
}

/// The place of a value: a scalar or a list.
#[derive(Debug)]
struct Slot {
    /// The text between the value before and this one: keys, and what separates and opens.
    before: String,
    path: String,
    depth: usize,
    /// The value of the event before, if its text shows where it ends.
    last: String,
    /// Its members, if its text is not all that it is: those of a list, or of a string with escapes.
    members: Option<Vec<(String, Value<'static>)>>,
}

impl Shape {
    fn new(text: &str, leaves: Vec<Leaf>) -> Self {
        let mut end = 0;
        let mut between = |begin: usize, next: usize| {
            let before = text.get(end..begin).unwrap_or_default().to_owned();
            end = next;
            before
        };
        let slot = |Leaf { path, depth, place }: Leaf| {
            let before = between(place.start, place.end);
            Slot { before, path, depth, last: String::new(), members: None }
        };
        let values = leaves.into_iter().map(slot).collect();
        Self { values, end: between(text.len(), text.len()) }
    }

    /// Whether an event has this shape, and where its values are then.
    fn fits(&mut self, text: &str, places: &mut Vec<Range<usize>>) -> bool {
        places.clear();
        let mut rest = text;
        for slot in &mut self.values {
            let length = match rest.strip_prefix(&*slot.before) {
                Some(value) => {
                    rest = value;
                    slot.length_of(value)
                }
                None => None,
            };
            let Some(behind) = length.and_then(|length| rest.get(length..)) else { return false };
            places.push(text.len() - rest.len()..text.len() - behind.len());
            rest = behind;
        }
        rest == self.end
    }

    /// Hands over the values of an event that fits.
    fn visit<'e>(&'e self, text: &'e str, places: &[Range<usize>], mut visit: impl FnMut(&str, Value<'e>)) {
        for (slot, place) in self.values.iter().zip(places) {
            match &slot.members {
                Some(members) => members.iter().for_each(|(path, value)| visit(path, value.borrowed())),
                None => visit(&slot.path, scalar(text.get(place.clone()).unwrap_or_default())),
            }
        }
    }
}

impl Slot {
    /// The length of the value that a text begins with; `None` if none does that could stand here.
    fn length_of(&mut self, text: &str) -> Option<usize> {
        if !self.last.is_empty() && text.starts_with(&self.last) {
            return Some(self.last.len());
        }
        self.last.clear();
        self.members = None;
        let (length, is_closed) = match text.as_bytes() {
            [b'"', within @ ..] => (length_of_string(within), true),
            [b'0'..=b'9', ..] => (length_of_number(text.as_bytes()), false),
            _ => (None, true),
        };
        let length = match length {
            Some(length) => length,
            None => self.length_of_other(text)?,
        };
        if is_closed {
            self.last.push_str(text.get(..length)?);
        }
        Some(length)
    }

    /// The same of a value that is neither a plain string nor a plain number, whose members are kept.
    fn length_of_other(&mut self, text: &str) -> Option<usize> {
        let mut members = Vec::new();
        let keep = &mut |path: &str, value: Value<'_>| members.push((path.to_owned(), value.into_owned()));
        let length = read_value(text, &self.path, self.depth, keep)?;
        self.members = Some(members);
        Some(length)
    }
}

/// The length of a string that stands there as it is, with its quotes; `None` if it has escapes or does not end.
fn length_of_string(within: &[u8]) -> Option<usize> {
    let end = within.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20))?;
    (within.get(end) == Some(&b'"')).then_some(end + 2)
}

/// The length of a number, of as many digits as any number of 64 bits can have.
fn length_of_number(text: &[u8]) -> Option<usize> {
    const DIGITS_MAX: usize = 19;
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let goes_on = matches!(text.get(digits), Some(b'.' | b'e' | b'E'));
    let is_plain = digits <= DIGITS_MAX && !goes_on && (digits == 1 || text.first() != Some(&b'0'));
    is_plain.then_some(digits)
}

/// A plain string or number.
fn scalar(text: &str) -> Value<'_> {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(word) => Value::Word(word.into()),
        None => Value::Number(text.bytes().fold(0, |number, digit| number * 10 + u64::from(digit & 0xf))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::members;
    use proptest::prelude::*;

    type Read = (Vec<(String, Value<'static>)>, Option<String>);

    fn read_by(read: impl FnOnce(&mut dyn FnMut(&str, Value<'_>)) -> Result<(), serde_json::Error>) -> Read {
        let mut found = Vec::new();
        let read = read(&mut |path, value| found.push((path.to_owned(), value.into_owned())));
        (found, read.err().map(|error| error.to_string()))
    }

    fn slowly(json: &[u8]) -> Read {
        read_by(|visit| members(json, visit))
    }

    fn quickly(reader: &mut MembersReader, json: &[u8]) -> Read {
        read_by(|visit| reader.read(json, visit))
    }

    fn value() -> impl Strategy<Value = String> {
        let words = [
            "\"\"",
            "\"a\"",
            "\"ab\"",
            "\"a\\u0062\\\"\"",
            "\"\u{e9}\"",
            "\"[\"",
            "\"}\"",
            "true",
            "false",
            "null",
        ];
        let numbers = ["0", "7", "70", "-1", "1.5", "1e3", "12345678901234567890", "99999999999999999999"];
        let lists =
            ["[]", "[1]", "[1,2]", "[\"a\",\"b\\n\"]", "[{\"t\":\"a\",\"n\":2},{\"t\":\"b\"}]", "[[1],[2]]"];
        let objects = ["{}", "{\"x\":1}", "{\"x\":\"a\",\"y\":[1]}"];
        let broken = ["007", "\"a", "\"\u{1}\"", "tru", "[1", "1 2", ""];
        prop_oneof![
            6 => prop::sample::select(words.to_vec()),
            6 => prop::sample::select(numbers.to_vec()),
            4 => prop::sample::select(lists.to_vec()),
            2 => prop::sample::select(objects.to_vec()),
            1 => prop::sample::select(broken.to_vec()),
        ]
        .prop_map(str::to_owned)
    }

    /// Events of a few shapes, with spaces here and there.
    fn event() -> impl Strategy<Value = String> {
        let keys = prop::sample::select(vec!["a", "a,b", "b,a", "a,b,c", "seq,type,a", "k\\u0062,a"]);
        (keys, prop::collection::vec(value(), 3), prop::sample::select(vec!["", "", "", " "])).prop_map(
            |(keys, values, space)| {
                let members: Vec<String> = keys
                    .split(',')
                    .zip(values)
                    .map(|(key, value)| format!("\"{key}\":{space}{value}"))
                    .collect();
                format!("{{{}}}{space}", members.join(","))
            },
        )
    }

    proptest! {
        #[test]
        fn events_are_read_as_each_by_itself(events in prop::collection::vec(event(), 1..40)) {
            let mut reader = MembersReader::default();
            for event in events {
                prop_assert_eq!(quickly(&mut reader, event.as_bytes()), slowly(event.as_bytes()), "{}", event);
            }
        }
    }

    #[test]
    fn events_of_one_shape_need_no_other() {
        let mut reader = MembersReader::default();
        for number in [1_u64, 20, 300, 2, u64::MAX] {
            for (name, list) in [("a\\n", "[1,2]"), ("b", "[]"), ("b", "[]")] {
                let json =
                    format!(r#"{{"seq":{number},"facts":{{"name":"{name}","on":true}},"list":{list}}}"#);
                assert_eq!(quickly(&mut reader, json.as_bytes()), slowly(json.as_bytes()), "{json}");
            }
        }
        assert_eq!(reader.shapes.len(), 1);
    }

    #[test]
    fn there_are_never_many_shapes() {
        let mut reader = MembersReader::default();
        for number in 0..100 {
            let json = format!(r#"{{"k{number}":{number}}}"#);
            assert_eq!(quickly(&mut reader, json.as_bytes()), slowly(json.as_bytes()));
        }
        assert_eq!(reader.shapes.len(), SHAPES_MAX);
    }
}
