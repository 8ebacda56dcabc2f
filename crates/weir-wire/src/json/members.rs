//! Values that are left as they were written, for what is passed on and only glanced at.

use super::Limits;
use super::read::{Named, Read, Reader, as_written};
use jiter::{Jiter, Peek};
use std::borrow::Cow;

/// A value as it was written, and what is in it as far as was asked.
pub(crate) struct Part<'t> {
    pub(crate) text: &'t str,
    inside: Inside<'t>,
}

enum Inside<'t> {
    /// Neither members nor items, or they are deeper than was asked.
    Nothing,
    Members(Vec<Member<'t>>),
    Items(Vec<Part<'t>>),
}

/// One member of an object.
pub(crate) struct Member<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) value: Part<'t>,
}

impl Named for Member<'_> {
    fn name(&self) -> &str {
        &self.name
    }
}

impl<'t> Part<'t> {
    /// The members of an object.
    pub(crate) fn members(&self) -> Option<&[Member<'t>]> {
        if let Inside::Members(members) = &self.inside { Some(members) } else { None }
    }

    /// The items of an array.
    pub(crate) fn items(&self) -> Option<&[Part<'t>]> {
        if let Inside::Items(items) = &self.inside { Some(items) } else { None }
    }

    /// The member of an object with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Part<'t>> {
        self.members()?.iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// What a value says that is a string.
    pub(crate) fn string(&self) -> Option<Cow<'t, str>> {
        Jiter::new(self.text.as_bytes()).next_str().ok().map(|read| as_written(self.text, read))
    }
}

/// Reads a text by all the rules of [`parse`](super::parse), and keeps what is in it for so many levels.
pub(crate) fn glance(text: &str, limits: Limits, levels: usize) -> Option<Part<'_>> {
    let mut reader = Reader::new(text, limits);
    let peek = reader.jiter.peek().ok()?;
    let part = reader.part(peek, 0, levels).ok()?;
    reader.jiter.finish().ok()?;
    Some(part)
}

impl<'t> Reader<'t> {
    fn part(&mut self, peek: Peek, depth: usize, levels: usize) -> Read<Part<'t>> {
        let start = self.jiter.current_index();
        let inside = match (peek, levels.checked_sub(1)) {
            (Peek::Object, Some(levels)) => {
                self.count()?;
                let member = |reader: &mut Self, name, peek, depth| {
                    reader.part(peek, depth, levels).map(|value| Member { name, value })
                };
                Inside::Members(self.members(depth, member)?)
            }
            (Peek::Array, Some(levels)) => {
                self.count()?;
                Inside::Items(self.items(depth, |reader, peek, depth| reader.part(peek, depth, levels))?)
            }
            _ => {
                self.pass(peek, depth)?;
                Inside::Nothing
            }
        };
        let text = self.text.get(start..self.jiter.current_index()).unwrap_or_default();
        Ok(Part { text, inside })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The members of a text that is one object.
    fn read(text: &str) -> Option<Vec<(String, &str)>> {
        let part = glance(text, Limits::default(), 1)?;
        assert_eq!(part.text, text.trim());
        let members = part.members()?.iter();
        Some(members.map(|member| (member.name.clone().into_owned(), member.value.text)).collect())
    }

    fn items(text: &str) -> Option<Vec<&str>> {
        let part = glance(text, Limits::default(), 1)?;
        Some(part.items()?.iter().map(|item| item.text).collect())
    }

    fn string(text: &str) -> Option<Cow<'_, str>> {
        glance(text, Limits::default(), 1)?.string()
    }

    #[test]
    fn values_are_left_as_they_were_written() {
        let text = r#" { "a" : [ 1.50 , "x" ] ,"\u0062":{"c" :null} } "#;
        let expected = [("a".to_owned(), r#"[ 1.50 , "x" ]"#), ("b".to_owned(), r#"{"c" :null}"#)];
        assert_eq!(read(text).unwrap(), expected);
        assert_eq!(items(r#"[1, {"a":[]} ,"]"]"#).unwrap(), ["1", r#"{"a":[]}"#, r#""]""#]);
        assert_eq!((read("{}").unwrap().len(), items("[ ]").unwrap().len()), (0, 0));
        assert_eq!(string(r#""a\n""#).unwrap(), "a\n");
    }

    #[test]
    fn what_is_inside_is_kept_as_deep_as_was_asked() {
        let text = r#"{"a":[{"b":{"c":1}},2]}"#;
        let b = |levels| {
            let part = glance(text, Limits::default(), levels).unwrap();
            let first = part.get("a")?.items()?.first()?;
            first.get("b").map(|b| (b.text.to_owned(), b.get("c").map(|c| c.text.to_owned())))
        };
        assert_eq!((b(1), b(2)), (None, None));
        assert_eq!(b(3), Some((r#"{"c":1}"#.to_owned(), None)));
        assert_eq!(b(4), Some((r#"{"c":1}"#.to_owned(), Some("1".to_owned()))));
    }

    #[test]
    fn what_is_not_strict_json_has_no_members() {
        for text in [
            "",
            "[]",
            "null",
            "{",
            r#"{"a":1"#,
            r#"{"a":1}x"#,
            r#"{"a":01}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1,}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":tru}}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":[1,]}"#,
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        for text in ["", "{}", "[1", "[1]]", "[1,]", r#"["\x"]"#] {
            assert!(items(text).is_none(), "{text}");
        }
        assert!(string("1").is_none());
    }

    #[test]
    fn many_members_are_told_apart_and_a_duplicate_among_them_is_found() {
        let text = |last: &str| {
            let many: String = (0..100).map(|n| format!(r#""k{n}":{n},"#)).collect();
            format!(r#"{{{many}"{last}":0}}"#)
        };
        assert_eq!(read(&text("k100")).unwrap().len(), 101);
        assert!(read(&text("k50")).is_none());
    }

    #[test]
    fn an_object_is_one_by_the_very_rules_by_which_it_is_parsed() {
        let few = Limits { depth: 3, values: 6 };
        for text in [
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"\u0062":2}]}"#,
            r#"{"a":{"b":{"c":1}}}"#,
            r#"{"a":{"b":{"c":[]}}}"#,
            r#"{"a":[[[]]]}"#,
            r#"{"a":[1,2,3,4]}"#,
            r#"{"a":[1,2,3,4,5]}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":[-1.5e9,"x\n",{"y":true}]}"#,
            r#"{"a":[01]}"#,
        ] {
            let parsed = crate::json::parse(text.as_bytes(), few);
            for levels in 0..5 {
                assert_eq!(glance(text, few, levels).is_some(), parsed.is_ok(), "{text}, {levels} levels");
            }
        }
    }
}
