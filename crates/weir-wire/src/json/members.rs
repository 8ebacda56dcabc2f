//! Objects and arrays whose values are left as they were written, for what is passed on and only glanced at.
//!
//! A text is held to the grammar as strictly as by [`parse`](super::parse), with duplicate names an error; but
//! what is inside of the values is only held to the grammar, in which a name may occur twice.

use super::read::{Named, Names, as_written};
use jiter::Jiter;
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

/// Members of most objects: room for them is made at once.
const USUAL_MEMBERS: usize = 8;

/// The members of a text that is one object, and of no other.
pub(crate) fn members(text: &str) -> Option<Vec<Member<'_>>> {
    let mut jiter = Jiter::new(text.as_bytes());
    let mut members = Vec::with_capacity(USUAL_MEMBERS);
    let mut names = Names::default();
    let mut key = jiter.next_object().ok()?;
    while let Some(name) = key {
        let name = as_written(text, name);
        if names.knows(&name, &members) {
            return None;
        }
        names.add(&name);
        members.push(Member { name, text: value(&mut jiter, text)? });
        key = jiter.next_key().ok()?;
    }
    jiter.finish().ok()?;
    Some(members)
}

/// The items of a text that is one array, and of no other.
pub(crate) fn items(text: &str) -> Option<Vec<&str>> {
    let mut jiter = Jiter::new(text.as_bytes());
    let mut items = Vec::new();
    let mut next = jiter.next_array().ok()?;
    while next.is_some() {
        items.push(value(&mut jiter, text)?);
        next = jiter.array_step().ok()?;
    }
    jiter.finish().ok()?;
    Some(items)
}

/// What a text says that is one string, and no other.
pub(crate) fn string(text: &str) -> Option<Cow<'_, str>> {
    Jiter::new(text.as_bytes()).next_str().ok().map(|read| as_written(text, read))
}

/// The next value, as it was written.
fn value<'t>(jiter: &mut Jiter<'t>, text: &'t str) -> Option<&'t str> {
    let peek = jiter.peek().ok()?;
    let start = jiter.current_index();
    jiter.known_skip(peek).ok()?;
    text.get(start..jiter.current_index())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, &str)>> {
        Some(members(text)?.into_iter().map(|member| (member.name.into_owned(), member.text)).collect())
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
            assert!(members(text).is_none(), "{text}");
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
}
