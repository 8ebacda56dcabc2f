//! One member of the records of one type in one block: `docs/formats/audit.md` has the bytes.

use super::hash::{FastMap, Mix};
use std::borrow::Cow;
use std::hash::{Hash as _, Hasher as _};
use weir_audit::search::{Test, Value};

/// What is stored cannot be read: its checksum does not fit, or its bytes are none of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// Values by row. A row has a code; 0 is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    rows: usize,
    codes: Codes,
    values: Values,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Codes {
    /// Every row has code 1.
    One,
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Values {
    /// Code `n` is the number `base + n - 1`.
    Numbers { base: u64 },
    /// Code `n` is entry `n - 1`.
    Entries(Vec<Value<'static>>),
}

const NUMBERS: u8 = 0;
const ENTRIES: u8 = 1;

impl Column {
    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The code of a row; 0 where there is no value.
    pub(super) fn code(&self, row: usize) -> u64 {
        match &self.codes {
            Codes::One => u64::from(row < self.rows),
            Codes::U8(codes) => codes.get(row).copied().map_or(0, u64::from),
            Codes::U16(codes) => codes.get(row).copied().map_or(0, u64::from),
            Codes::U32(codes) => codes.get(row).copied().map_or(0, u64::from),
            Codes::U64(codes) => codes.get(row).copied().unwrap_or(0),
        }
    }

    /// The number of a row, if it has one.
    pub(super) fn number(&self, row: usize) -> Option<u64> {
        let code = self.code(row);
        match &self.values {
            Values::Numbers { base } => Some(base.wrapping_add(code.checked_sub(1)?)),
            Values::Entries(_) => match self.value_of(code)? {
                Value::Number(number) => Some(number),
                Value::Word(_) | Value::Words(_) | Value::Flag(_) => None,
            },
        }
    }

    /// The value that a code stands for.
    pub(super) fn value_of(&self, code: u64) -> Option<Value<'static>> {
        let place = code.checked_sub(1)?;
        match &self.values {
            Values::Numbers { base } => Some(Value::Number(base.wrapping_add(place))),
            Values::Entries(entries) => entries.get(usize::try_from(place).ok()?).cloned(),
        }
    }

    /// The number of entries, if values are entries: codes are no greater.
    pub(super) fn entries(&self) -> Option<usize> {
        match &self.values {
            Values::Numbers { .. } => None,
            Values::Entries(entries) => Some(entries.len()),
        }
    }

    /// Takes the rows that do not fit out of a selection.
    pub(super) fn restrict(&self, test: &Test, selected: &mut [bool]) {
        match &self.values {
            Values::Numbers { .. } => {
                let fits = |row| test.takes(self.number(row).map(Value::Number).as_ref());
                self.keep_where(selected, fits);
            }
            Values::Entries(entries) => {
                let fit: Vec<bool> = std::iter::once(test.takes(None))
                    .chain(entries.iter().map(|entry| test.takes(Some(entry))))
                    .collect();
                let is_fit =
                    |code: u64| usize::try_from(code).ok().and_then(|code| fit.get(code)) == Some(&true);
                self.keep_where(selected, |row| is_fit(self.code(row)));
            }
        }
    }

    fn keep_where(&self, selected: &mut [bool], fits: impl Fn(usize) -> bool) {
        if self.codes == Codes::One {
            if !fits(0) {
                selected.fill(false);
            }
            return;
        }
        for (row, selected) in selected.iter_mut().enumerate() {
            *selected = *selected && fits(row);
        }
    }

    /// The bytes, whose checksum covers also where they belong.
    pub(super) fn encode(&self, place: u64) -> Vec<u8> {
        let mut out = vec![0; 4];
        let (kind, base) = match &self.values {
            Values::Numbers { base } => (NUMBERS, *base),
            Values::Entries(entries) => (ENTRIES, entries.len() as u64),
        };
        out.push(kind);
        out.push(self.codes.width());
        out.extend_from_slice(&(self.rows as u32).to_le_bytes());
        out.extend_from_slice(&base.to_le_bytes());
        match &self.codes {
            Codes::One => {}
            Codes::U8(codes) => out.extend_from_slice(codes),
            Codes::U16(codes) => codes.iter().for_each(|code| out.extend_from_slice(&code.to_le_bytes())),
            Codes::U32(codes) => codes.iter().for_each(|code| out.extend_from_slice(&code.to_le_bytes())),
            Codes::U64(codes) => codes.iter().for_each(|code| out.extend_from_slice(&code.to_le_bytes())),
        }
        if let Values::Entries(entries) = &self.values {
            entries.iter().for_each(|entry| write_entry(&mut out, entry));
        }
        let sum = checksum(place, out.get(4..).unwrap_or_default()).to_le_bytes();
        if let Some(head) = out.first_chunk_mut::<4>() {
            *head = sum;
        }
        out
    }

    /// Reads the bytes that belong to a place.
    pub(super) fn decode(place: u64, bytes: &[u8]) -> Result<Self, Broken> {
        let (sum, body) = bytes.split_first_chunk::<4>().ok_or(Broken)?;
        if checksum(place, body) != u32::from_le_bytes(*sum) {
            return Err(Broken);
        }
        let ([kind, width], rest) = body.split_first_chunk::<2>().ok_or(Broken)?;
        let (rows, rest) = rest.split_first_chunk::<4>().ok_or(Broken)?;
        let (base, rest) = rest.split_first_chunk::<8>().ok_or(Broken)?;
        let (rows, base) = (u32::from_le_bytes(*rows) as usize, u64::from_le_bytes(*base));
        let length = rows.checked_mul(usize::from(*width)).ok_or(Broken)?;
        let (codes, mut rest) = rest.split_at_checked(length).ok_or(Broken)?;
        let codes = match width {
            0 => Codes::One,
            1 => Codes::U8(codes.to_vec()),
            2 => Codes::U16(codes.as_chunks().0.iter().map(|code| u16::from_le_bytes(*code)).collect()),
            4 => Codes::U32(codes.as_chunks().0.iter().map(|code| u32::from_le_bytes(*code)).collect()),
            8 => Codes::U64(codes.as_chunks().0.iter().map(|code| u64::from_le_bytes(*code)).collect()),
            _ => return Err(Broken),
        };
        let values = match *kind {
            NUMBERS => Values::Numbers { base },
            ENTRIES => Values::Entries((0..base).map(|_| read_entry(&mut rest)).collect::<Result<_, _>>()?),
            _ => return Err(Broken),
        };
        Ok(Self { rows, codes, values })
    }
}

impl Codes {
    /// The narrowest codes; at most one kind of value and no row without one needs none.
    fn narrow(codes: Vec<u64>) -> Self {
        let (Some(least), Some(most)) = (codes.iter().min(), codes.iter().max()) else { return Codes::One };
        match most {
            1 if *least == 1 => Codes::One,
            0..=0xff => Codes::U8(codes.into_iter().map(|code| code as u8).collect()),
            0x100..=0xffff => Codes::U16(codes.into_iter().map(|code| code as u16).collect()),
            0x1_0000..=0xffff_ffff => Codes::U32(codes.into_iter().map(|code| code as u32).collect()),
            _ => Codes::U64(codes),
        }
    }

    fn width(&self) -> u8 {
        match self {
            Codes::One => 0,
            Codes::U8(_) => 1,
            Codes::U16(_) => 2,
            Codes::U32(_) => 4,
            Codes::U64(_) => 8,
        }
    }
}

fn checksum(place: u64, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&place.to_le_bytes()), body)
}

fn write_entry(out: &mut Vec<u8>, entry: &Value<'static>) {
    let tag = match entry {
        Value::Word(_) => b'w',
        Value::Words(_) => b'l',
        Value::Number(_) => b'n',
        Value::Flag(_) => b'f',
    };
    let text = entry.text();
    out.push(tag);
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn read_entry(rest: &mut &[u8]) -> Result<Value<'static>, Broken> {
    let ([tag, length @ ..], after) = rest.split_first_chunk::<5>().ok_or(Broken)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (text, after) = after.split_at_checked(length).ok_or(Broken)?;
    *rest = after;
    let text = str::from_utf8(text).map_err(|_| Broken)?;
    match tag {
        b'w' => Ok(Value::Word(Cow::Owned(text.to_owned()))),
        b'l' => Ok(Value::Words(Cow::Owned(text.to_owned()))),
        b'n' => text.parse().map(Value::Number).map_err(|_| Broken),
        b'f' => Ok(Value::Flag(text == "true")),
        _ => Err(Broken),
    }
}

/// Takes values row by row, in order, and makes a column of them.
#[derive(Debug, Default)]
pub(super) struct ColumnBuilder {
    /// The codes of the rows so far; 0 is no value, and [`NUMBER`] the next of the numbers.
    codes: Vec<u32>,
    numbers: Vec<u64>,
    /// Values that are no numbers.
    entries: Vec<Value<'static>>,
    /// The codes of entries by their hashes, so that a value that is known need not be owned.
    known: FastMap<u64, u32>,
    /// The code of the last value that was no number.
    last: u32,
}

/// Stands for a number until all of a column are known. There are never so many entries.
const NUMBER: u32 = u32::MAX;

impl ColumnBuilder {
    /// Notes the value of a row; rows come in order. A second one of the same row counts instead of the first.
    pub(super) fn push(&mut self, row: u32, value: Value<'_>) {
        let row = row as usize;
        if self.codes.len() > row && self.codes.pop() == Some(NUMBER) {
            self.numbers.pop();
        }
        self.codes.resize(row, 0);
        if let Value::Number(number) = value {
            self.numbers.push(number);
            self.codes.push(NUMBER);
            return;
        }
        // Mostly the value of the row before.
        if !self.has(self.last, &value) {
            self.last = self.code(value);
        }
        self.codes.push(self.last);
    }

    fn has(&self, code: u32, value: &Value<'_>) -> bool {
        let place = (code as usize).checked_sub(1);
        place.and_then(|place| self.entries.get(place)) == Some(value)
    }

    fn code(&mut self, value: Value<'_>) -> u32 {
        let mut hasher = Mix::default();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        match self.known.get(&hash) {
            Some(code) if self.has(*code, &value) => return *code,
            // Two values have one hash: nobody but an attacker gets here, who finds at most a block of them.
            Some(_) => {
                if let Some(place) = self.entries.iter().position(|entry| *entry == value) {
                    return place as u32 + 1;
                }
            }
            None => {}
        }
        self.entries.push(value.into_owned());
        let code = self.entries.len() as u32;
        self.known.insert(hash, code);
        code
    }

    /// The column of so many rows.
    pub(super) fn finish(mut self, rows: usize) -> Column {
        self.codes.resize(rows, 0);
        let least = self.numbers.iter().copied().min().unwrap_or(0);
        let has_room = self.numbers.iter().all(|number| number - least < u64::MAX);
        let (codes, values) = if self.entries.is_empty() && has_room {
            let mut numbers = self.numbers.iter();
            let code = |code: &u32| match code {
                0 => 0,
                _ => numbers.next().map_or(0, |number| number - least + 1),
            };
            (self.codes.iter().map(code).collect(), Values::Numbers { base: least })
        } else {
            let numbers: Vec<u32> =
                std::mem::take(&mut self.numbers).into_iter().map(|n| self.code(Value::Number(n))).collect();
            let mut numbers = numbers.into_iter();
            let code = |code: &u32| match *code {
                NUMBER => numbers.next().map_or(0, u64::from),
                code => u64::from(code),
            };
            (self.codes.iter().map(code).collect(), Values::Entries(self.entries))
        };
        Column { rows, codes: Codes::narrow(codes), values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Option<Value<'static>>> {
        let number = prop_oneof![0..3_u64, 0..70_000_u64, Just(u64::MAX), any::<u64>()];
        prop_oneof![
            2 => Just(None),
            4 => number.prop_map(|number| Some(Value::Number(number))),
            1 => "[a-c]{0,2}".prop_map(|word| Some(Value::Word(Cow::Owned(word)))),
            1 => "[a-c],[a-c]".prop_map(|words| Some(Value::Words(Cow::Owned(words)))),
            1 => any::<bool>().prop_map(|flag| Some(Value::Flag(flag))),
        ]
    }

    fn column_of(values: &[Option<Value<'static>>]) -> Column {
        let mut builder = ColumnBuilder::default();
        for (row, value) in values.iter().enumerate() {
            if let Some(value) = value {
                builder.push(row as u32, value.clone());
            }
        }
        builder.finish(values.len())
    }

    proptest! {
        #[test]
        fn values_come_back_and_tests_take_the_same_rows(
            values in prop::collection::vec(value(), 1..60),
            one_kind in prop::bool::ANY,
            bound in 0..3_u64,
        ) {
            let values: Vec<_> = match one_kind {
                true => values.into_iter().map(|v| v.filter(|v| matches!(v, Value::Number(_)))).collect(),
                false => values,
            };
            let column = column_of(&values);
            let read = Column::decode(7, &column.encode(7)).unwrap();
            prop_assert_eq!(&read, &column);
            for (row, value) in values.iter().enumerate() {
                prop_assert_eq!(&read.value_of(read.code(row)), value);
            }
            for test in [Test::Present, Test::Absent, Test::In(vec![0..=bound]), Test::NotIn(vec![bound..=u64::MAX]),
                Test::Is(vec!["a".to_owned(), "true".to_owned()]), Test::IsNot(vec!["b".to_owned()])] {
                let mut selected = vec![true; values.len()];
                read.restrict(&test, &mut selected);
                let expected: Vec<_> = values.iter().map(|value| test.takes(value.as_ref())).collect();
                prop_assert_eq!(selected, expected, "{:?}", test);
            }
        }

        #[test]
        fn a_changed_byte_or_another_place_is_found(
            values in prop::collection::vec(value(), 1..20), at in any::<prop::sample::Index>(), bit in 0..8,
        ) {
            let mut bytes = column_of(&values).encode(7);
            prop_assert_eq!(Column::decode(8, &bytes), Err(Broken));
            let at = at.index(bytes.len());
            bytes[at] ^= 1_u8 << bit;
            prop_assert_eq!(Column::decode(7, &bytes), Err(Broken));
        }
    }
}
