//! The text of an object, passed on but for some of its members.

use super::write_string;

/// Copies the text of an object that is known to be one, member by member in the order written.
///
/// Whoever edits tells of every member of the object what becomes of it, by the very text of its value.
pub(crate) struct Edited<'t> {
    text: &'t str,
    /// What lies before this is copied, or left out.
    done: usize,
    /// Where what was kept last ends, with which a member that is left out goes.
    kept: usize,
    /// Whether a member was kept or added.
    has_members: bool,
    out: Vec<u8>,
}

/// What is put in may be longer than what it replaces.
const ROOM: usize = 128;

impl<'t> Edited<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let begin = text.find('{').map_or(text.len(), |brace| brace + 1);
        Self { text, done: 0, kept: begin, has_members: false, out: Vec::with_capacity(text.len() + ROOM) }
    }

    /// Passes a member on as it was written.
    pub(crate) fn keep(&mut self, value: &str) {
        self.kept = self.place(value) + value.len();
        self.has_members = true;
    }

    /// Passes a member on with the value that is written to what this returns.
    pub(crate) fn replace(&mut self, value: &str) -> &mut Vec<u8> {
        self.copy_to(self.place(value));
        self.keep(value);
        self.done = self.kept;
        &mut self.out
    }

    /// Leaves a member out, with the comma that parts it from those before or, if there are none, behind it.
    pub(crate) fn cut(&mut self, value: &str) {
        self.copy_to(self.kept);
        let end = self.place(value) + value.len();
        let behind = self.text.get(end..).unwrap_or_default().trim_ascii_start();
        self.done = match behind.strip_prefix(',') {
            Some(next) if !self.has_members => self.text.len() - next.len(),
            Some(_) | None => end,
        };
    }

    /// Adds a member to an object inside of a member that is kept, none of which is edited otherwise before its end; its
    /// value is written to what this returns.
    pub(crate) fn add_to(&mut self, object: &str, name: &str) -> &mut Vec<u8> {
        let end = self.place(object) + object.len() - 1;
        self.copy_to(end);
        self.begin_member(name, true)
    }

    /// Adds a member at the end; its value is written to what this returns.
    pub(crate) fn add(&mut self, name: &str) -> &mut Vec<u8> {
        self.copy_to(self.kept);
        let is_first = !std::mem::replace(&mut self.has_members, true);
        self.begin_member(name, !is_first)
    }

    /// The object.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.copy_to(self.text.len());
        self.out
    }

    fn begin_member(&mut self, name: &str, has_others: bool) -> &mut Vec<u8> {
        if has_others {
            self.out.push(b',');
        }
        write_string(name, &mut self.out);
        self.out.push(b':');
        &mut self.out
    }

    fn copy_to(&mut self, end: usize) {
        self.out.extend_from_slice(self.text.as_bytes().get(self.done..end).unwrap_or_default());
        self.done = self.done.max(end);
    }

    /// Where a part of the text begins.
    fn place(&self, part: &str) -> usize {
        part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Limits, glance};

    /// The names and values of an object.
    fn members(text: &str) -> Vec<(String, &str)> {
        let part = glance(text, Limits::default(), 1).unwrap();
        let members = part.members().unwrap().iter();
        members.map(|member| (member.name.clone().into_owned(), member.value.text)).collect()
    }

    /// What becomes of an object whose member `a` is replaced by 7, whose members `x` and `y` are cut, and which is given the
    /// members `added`.
    fn edited(text: &str, added: &[&str]) -> String {
        let mut edited = Edited::new(text);
        for (name, value) in members(text) {
            match &*name {
                "a" => edited.replace(value).push(b'7'),
                "x" | "y" => edited.cut(value),
                _ => edited.keep(value),
            }
        }
        for name in added {
            edited.add(name).push(b'0');
        }
        String::from_utf8(edited.end()).unwrap()
    }

    #[test]
    fn members_are_replaced_and_left_out_wherever_they_stand() {
        for (text, expected) in [
            ("{}", "{}"),
            (r#"{"a":1}"#, r#"{"a":7}"#),
            (r#"{"x":1}"#, "{}"),
            (r#"{"x":1,"y":2}"#, "{}"),
            (r#"{"x":1,"a":2}"#, r#"{"a":7}"#),
            (r#"{"x":1,"b":"c","y":3}"#, r#"{"b":"c"}"#),
            (r#"{"b":1,"x":{"b":[1,2]},"y":3,"c":4}"#, r#"{"b":1,"c":4}"#),
            (r#"{"b":1,"a":"long","c":4}"#, r#"{"b":1,"a":7,"c":4}"#),
            (r#" { "b" : 1 , "x" : 2 , "a" : 3 } "#, r#" { "b" : 1 , "a" : 7 } "#),
            (r#"{ "x" : 1 , "a" : 2 }"#, r#"{ "a" : 7 }"#),
        ] {
            assert_eq!(edited(text, &[]), expected, "{text}");
        }
    }

    #[test]
    fn members_are_added_at_the_end() {
        for (text, expected) in [
            ("{}", r#"{"z":0}"#),
            (r#"{"x":1}"#, r#"{"z":0}"#),
            (r#"{"b":1}"#, r#"{"b":1,"z":0}"#),
            (r#"{"b":1,"x":1,"y":2}"#, r#"{"b":1,"z":0}"#),
            (r#"{ "b" : 1 } "#, r#"{ "b" : 1,"z":0 } "#),
        ] {
            assert_eq!(edited(text, &["z"]), expected, "{text}");
        }
    }

    #[test]
    fn several_members_are_added() {
        assert_eq!(edited("{}", &["y", "z"]), r#"{"y":0,"z":0}"#);
        assert_eq!(edited(r#"{"b":1,"x":2}"#, &["y", "z"]), r#"{"b":1,"y":0,"z":0}"#);
    }

    #[test]
    fn members_are_added_to_objects_inside() {
        let text = r#"{"b":[{"c":1},{"d":2}],"a":3}"#;
        let mut edited = Edited::new(text);
        for object in [r#"{"c":1}"#, r#"{"d":2}"#] {
            let at = text.find(object).unwrap();
            edited.add_to(&text[at..at + object.len()], "e").push(b'5');
        }
        for (_, value) in members(text) {
            edited.keep(value);
        }
        assert_eq!(String::from_utf8(edited.end()).unwrap(), r#"{"b":[{"c":1,"e":5},{"d":2,"e":5}],"a":3}"#);
    }
}
