//! A YAML text as a tree of nodes that know their places, and values read from it.
//!
//! What reads YAML straight into a type is made anew for every type, and with places it is tens of kilobytes of code for
//! each: megabytes for the types of the two files, which stay in memory when both have long been read. So the parser
//! reads one type, [`Node`], and the others are read from nodes by the little that is here.

mod fault;

pub use fault::{Fault, FaultKind};

use crate::report::Place;
use serde::de::IntoDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Options, Spanned};
use std::fmt;
use std::ops::Range;

/// Reads a value of a text.
pub fn read<T: de::DeserializeOwned>(text: &str, options: Options) -> Result<T, Fault> {
    let root: Node = serde_saphyr::from_str_with_options(text, options)?;
    T::deserialize(Reader { node: &root, text })
}

/// A value with its place.
#[derive(Debug)]
struct Node {
    place: Place,
    value: Value,
    /// The bytes that it was read from; those of what an alias stands for are elsewhere.
    written: Range<usize>,
}

#[derive(Debug)]
enum Value {
    Nothing,
    /// What is no text unless one is asked for, in which case it is what is written.
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, defined } = Spanned::deserialize(deserializer)?;
        let Place { start, end, .. } = Place::of(&defined);
        Ok(Self { place: Place::of(&referenced), value, written: start..end })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Nothing)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Signed(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Unsigned(value))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Float(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::Text(value.to_owned()))
            }

            fn visit_string<E>(self, value: String) -> Result<Value, E> {
                Ok(Value::Text(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Value::Mapping(entries))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// Reads a value from a node.
#[derive(Clone, Copy)]
struct Reader<'n> {
    node: &'n Node,
    text: &'n str,
}

impl<'n> Reader<'n> {
    /// What stands there as text, if it is one value.
    fn scalar(self) -> Result<&'n str, Fault> {
        match &self.node.value {
            Value::Text(text) => Ok(text),
            Value::Bool(_) | Value::Signed(_) | Value::Unsigned(_) | Value::Float(_) => {
                self.text.get(self.node.written.clone()).ok_or_else(|| self.belongs("one value"))
            }
            Value::Nothing | Value::List(_) | Value::Mapping(_) => Err(self.belongs("one value")),
        }
    }

    fn belongs(self, what: &'static str) -> Fault {
        Fault::from(FaultKind::Belongs(what)).at(self.node.place)
    }

    /// Whether the text is empty, which is what a mapping without entries looks like at the top of a file.
    fn is_empty(self) -> bool {
        matches!(self.node.value, Value::Nothing)
            && self.node.written.is_empty()
            && self.node.place == Place::START
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let value: Result<_, Fault> = match &self.node.value {
            Value::Nothing => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Signed(value) => visitor.visit_i64(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(_) => return self.deserialize_seq(visitor),
            Value::Mapping(_) => return self.deserialize_map(visitor),
        };
        value.map_err(|fault| fault.at(self.node.place))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.scalar()? {
            "true" | "True" | "TRUE" => visitor.visit_bool(true),
            "false" | "False" | "FALSE" => visitor.visit_bool(false),
            _ => Err(Fault::from(FaultKind::Other("`true` or `false` belongs here".to_owned()))
                .at(self.node.place)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.scalar()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if matches!(self.node.value, Value::Nothing) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Value::List(items) = &self.node.value else { return Err(self.belongs("a list")) };
        let items = Items { left: items.iter(), text: self.text };
        visitor.visit_seq(items).map_err(|fault| fault.at(self.node.place))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let entries = if let Value::Mapping(entries) = &self.node.value {
            entries.as_slice()
        } else if self.is_empty() {
            &[]
        } else {
            return Err(self.belongs("a mapping"));
        };
        let mut entries = Entries { left: entries.iter(), last: None, text: self.text };
        // What is missing is missing behind the last key.
        visitor.visit_map(&mut entries).map_err(|fault| {
            let key = entries.last.filter(|_| matches!(fault.kind, FaultKind::MissingField(_)));
            fault.at(key.map_or(self.node.place, |(key, _)| key.place))
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// Of a value with its place, as [`with_place`] asks for it.
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_seq(Placed { reader: self, given: 0 })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple enum
    }
}

/// The items of a list.
struct Items<'n> {
    left: std::slice::Iter<'n, Node>,
    text: &'n str,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.left.next() else { return Ok(None) };
        let value = seed.deserialize(Reader { node, text: self.text });
        value.map(Some).map_err(|fault| fault.at(node.place))
    }
}

/// The entries of a mapping.
struct Entries<'n> {
    left: std::slice::Iter<'n, (Node, Node)>,
    last: Option<&'n (Node, Node)>,
    text: &'n str,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.left.next() else { return Ok(None) };
        self.last = Some(entry);
        let key = seed.deserialize(Reader { node: &entry.0, text: self.text });
        key.map(Some).map_err(|fault| fault.at(entry.0.place))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let Some((_, node)) = self.last else {
            return Err(de::Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(Reader { node, text: self.text }).map_err(|fault| fault.at(node.place))
    }
}

/// A place, in its parts, and the value that is there.
struct Placed<'n> {
    reader: Reader<'n>,
    given: usize,
}

impl<'de> SeqAccess<'de> for Placed<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Place { line, column, start, end } = self.reader.node.place;
        let part = [line, column, start, end].get(self.given).copied();
        self.given += 1;
        match part {
            Some(part) => seed.deserialize(part.into_deserializer()),
            None => seed.deserialize(self.reader),
        }
        .map(Some)
    }
}

/// Reads a value with its place, which [`read`] tells.
pub fn with_place<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<(Place, T), D::Error> {
    struct Both<T>(std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Both<T> {
        type Value = (Place, T);

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value with its place")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let place = place(&mut seq)?;
            Ok((place, next(&mut seq)?))
        }
    }

    deserializer.deserialize_tuple_struct("Placed", 5, Both(std::marker::PhantomData))
}

fn place<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Place, A::Error> {
    Ok(Place { line: next(seq)?, column: next(seq)?, start: next(seq)?, end: next(seq)? })
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| de::Error::custom("no place is known here"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn words(text: &str) -> Result<BTreeMap<String, String>, Fault> {
        read(text, Options::default())
    }

    #[derive(Debug)]
    struct Here<T>(Place, T);

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Here<T> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            with_place(deserializer).map(|(place, value)| Here(place, value))
        }
    }

    #[test]
    fn where_text_belongs_numbers_and_truths_are_what_is_written() {
        let written =
            [("a", "1.10"), ("b", "0x1F"), ("c", "TRUE"), ("d", "-7.0"), ("e", "1e3"), ("f", "007")];
        let text: String = written.iter().map(|(key, value)| format!("{key}: {value}\n")).collect();
        let read = words(&text).unwrap();
        assert!(read.iter().map(|(key, value)| (key.as_str(), value.as_str())).eq(written), "{read:?}");
        assert_eq!(words("a: &x 1.10\nb: *x\n").unwrap().get("b").unwrap(), "1.10");
    }

    #[test]
    fn where_text_belongs_nothing_and_lists_are_faults() {
        for (text, column) in [("a: [b]", 4), ("a: ~", 4), ("a: {b: c}", 4)] {
            let Fault { place, kind } = words(text).unwrap_err();
            assert!(matches!(kind, FaultKind::Belongs("one value")), "{text}: {kind:?}");
            assert_eq!(place.unwrap().column, column, "{text}");
        }
    }

    #[test]
    fn values_know_their_places_and_what_aliases_stand_for_is_where_they_are() {
        let text = "a: &x {b: cd}\ne: *x\n";
        let read: BTreeMap<String, Here<BTreeMap<String, Here<String>>>> =
            read(text, Options::default()).unwrap();
        let inner = |key: &str| read.get(key).unwrap().1.get("b").unwrap();
        assert_eq!(inner("a").1, "cd");
        assert_eq!(text.get(inner("a").0.start..inner("a").0.end).unwrap(), "cd");
        assert_eq!((inner("e").0.line, inner("e").0.column), (2, 4));
        assert_eq!((read.get("e").unwrap().0.line, read.get("e").unwrap().0.column), (2, 4));
    }
}
