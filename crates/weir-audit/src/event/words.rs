//! How the words of `weir-label`, which has no dependencies, are written in JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use weir_label::{Category, Jurisdiction, Level, ZoneKind};

/// A value that is written as one word.
pub(super) trait Word: Sized {
    fn word(&self) -> &str;
    fn from_word(text: &str) -> Result<Self, String>;
}

impl Word for Level {
    fn word(&self) -> &str {
        self.as_str()
    }

    fn from_word(text: &str) -> Result<Self, String> {
        text.parse().map_err(|e: weir_label::UnknownLevel| e.to_string())
    }
}

impl Word for Category {
    fn word(&self) -> &str {
        self.as_str()
    }

    fn from_word(text: &str) -> Result<Self, String> {
        text.parse().map_err(|e: weir_label::InvalidCategory| e.to_string())
    }
}

impl Word for Jurisdiction {
    fn word(&self) -> &str {
        self.as_str()
    }

    fn from_word(text: &str) -> Result<Self, String> {
        text.parse().map_err(|e: weir_label::InvalidJurisdiction| e.to_string())
    }
}

impl Word for ZoneKind {
    fn word(&self) -> &str {
        self.as_str()
    }

    fn from_word(text: &str) -> Result<Self, String> {
        match text {
            "local" => Ok(ZoneKind::Local),
            "cloud" => Ok(ZoneKind::Cloud),
            _ => Err(format!("`{text}` is no zone; use `local` or `cloud`")),
        }
    }
}

struct AsWord<T>(T);

impl<T: Word> Serialize for AsWord<&T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.word())
    }
}

impl<'de, T: Word> Deserialize<'de> for AsWord<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::from_word(&String::deserialize(deserializer)?).map(AsWord).map_err(D::Error::custom)
    }
}

/// One word.
pub(super) mod one {
    use super::*;

    pub fn serialize<S: Serializer, T: Word>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        AsWord(value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Word>(deserializer: D) -> Result<T, D::Error> {
        AsWord::deserialize(deserializer).map(|AsWord(value)| value)
    }
}

/// One word or none.
pub(super) mod option {
    use super::*;

    pub fn serialize<S: Serializer, T: Word>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(AsWord).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Word>(deserializer: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<AsWord<T>>::deserialize(deserializer)?.map(|AsWord(value)| value))
    }
}

/// A list of words.
pub(super) mod list {
    use super::*;

    pub fn serialize<S: Serializer, T: Word>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(AsWord))
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: Word>(deserializer: D) -> Result<Vec<T>, D::Error> {
        Ok(Vec::<AsWord<T>>::deserialize(deserializer)?.into_iter().map(|AsWord(value)| value).collect())
    }
}
