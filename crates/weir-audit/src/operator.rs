//! How claims and searches compare a field with a value.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Is,
    IsNot,
    AtLeast,
    Above,
    AtMost,
    Below,
}

/// The first sign of each operator is the one that is shown.
const SIGNS: [(&str, Operator); 9] = [
    ("=", Operator::Is),
    ("==", Operator::Is),
    ("!=", Operator::IsNot),
    (">=", Operator::AtLeast),
    ("≥", Operator::AtLeast),
    (">", Operator::Above),
    ("<=", Operator::AtMost),
    ("≤", Operator::AtMost),
    ("<", Operator::Below),
];

impl Operator {
    pub(crate) fn named(sign: &str) -> Option<Self> {
        SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, operator)| *operator)
    }

    pub(crate) fn written(self) -> &'static str {
        SIGNS.iter().find(|(_, operator)| *operator == self).map_or("=", |(sign, _)| sign)
    }

    /// The first operator of a text, with what stands before and behind it.
    pub(crate) fn split(text: &str) -> Option<(&str, Self, &str)> {
        let found = SIGNS.iter().filter_map(|(sign, operator)| {
            let (before, behind) = text.split_once(sign)?;
            Some((before, *operator, behind))
        });
        // Of two that begin alike the longer one leaves less behind it: `>=` begins with `>`.
        found.min_by_key(|(before, _, behind)| (before.len(), behind.len()))
    }

    /// Whether it asks for an order.
    pub(crate) fn orders(self) -> bool {
        !matches!(self, Operator::Is | Operator::IsNot)
    }

    pub(crate) fn holds<T: PartialOrd>(self, found: &T, wanted: &T) -> bool {
        match self {
            Operator::Is => found == wanted,
            Operator::IsNot => found != wanted,
            Operator::AtLeast => found >= wanted,
            Operator::Above => found > wanted,
            Operator::AtMost => found <= wanted,
            Operator::Below => found < wanted,
        }
    }
}
