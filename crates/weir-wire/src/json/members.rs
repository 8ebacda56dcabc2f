//! Objects and arrays whose values are left as they were written, for what is passed on and only glanced at.

use super::Limits;
use super::read::{Named, Names, Reader, USUAL_MEMBERS, as_written};
use jiter::{Jiter, Peek};
use std::borrow::Cow;

/// One member of an object, with its value as it was written.
pub(crate) struct Member<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) text: &'t str,
}

impl Named for Member<'_> {
    fn name(&self) -> &str {
        &self.name
    }
}

/// The members of a text that is one object by all the rules of [`parse`](super::parse), and of no other.
pub(crate) fn parse_members(text: &str, limits: Limits) -> Option<Vec<Member<'_>>> {
    let mut reader = Reader::new(text, limits);
    reader.count().ok()?;
    collect(reader, |reader, peek| reader.pass(peek, 1).ok())
}

/// The same of a part of a text that was read before.
pub(crate) fn members(text: &str) -> Option<Vec<Member<'_>>> {
    collect(Reader::new(text, Limits::default()), |reader, peek| reader.jiter.known_skip(peek).ok())
}

fn collect<'t>(
    mut reader: Reader<'t>,
    pass: impl Fn(&mut Reader<'t>, Peek) -> Option<()>,
) -> Option<Vec<Member<'t>>> {
    let text = reader.text;
    let mut members = Vec::with_capacity(USUAL_MEMBERS);
    let mut names = Names::default();
    let mut key = reader.jiter.next_object().ok()?;
    while let Some(name) = key {
        let name = as_written(text, name);
        if names.knows(&name, &members) {
            return None;
        }
        names.add(&name);
        let peek = reader.jiter.peek().ok()?;
        let start = reader.jiter.current_index();
        pass(&mut reader, peek)?;
        members.push(Member { name, text: text.get(start..reader.jiter.current_index())? });
        key = reader.jiter.next_key().ok()?;
    }
    reader.jiter.finish().ok()?;
    Some(members)
}

/// The items of a part of a text that was read before, if it is an array.
pub(crate) fn items(text: &str) -> Option<Vec<&str>> {
    let mut jiter = Jiter::new(text.as_bytes());
    let mut items = Vec::new();
    let mut next = jiter.next_array().ok()?;
    while let Some(peek) = next {
        let start = jiter.current_index();
        jiter.known_skip(peek).ok()?;
        items.push(text.get(start..jiter.current_index())?);
        next = jiter.array_step().ok()?;
    }
    jiter.finish().ok()?;
    Some(items)
}

/// What a text says that is one string, and no other.
pub(crate) fn string(text: &str) -> Option<Cow<'_, str>> {
    Jiter::new(text.as_bytes()).next_str().ok().map(|read| as_written(text, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, &str)>> {
        let strict: Vec<_> = parse_members(text, Limits::default())?.into_iter().map(|m| m.text).collect();
        let again = members(text)?;
        assert_eq!(strict, again.iter().map(|member| member.text).collect::<Vec<_>>());
        Some(again.into_iter().map(|member| (member.name.into_owned(), member.text)).collect())
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
            assert!(members(text).is_none() && parse_members(text, Limits::default()).is_none(), "{text}");
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
        assert_eq!(members(&text("k100")).unwrap().len(), 101);
        assert!(members(&text("k50")).is_none());
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
            assert_eq!(parse_members(text, few).is_some(), parsed.is_ok(), "{text}");
        }
    }
}
