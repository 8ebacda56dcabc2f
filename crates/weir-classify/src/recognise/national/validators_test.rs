//! What holds of every row of every table.

use super::{Identifier, TABLES};
use crate::code::Code;

/// Codes of each row that are tried. One in a hundred is right by its check digits, one in ten of those by a
/// date in it.
const TRIED: usize = 60_000;

fn rows() -> impl Iterator<Item = &'static Identifier> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// Source: Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003.
struct XorShift(u64);

impl XorShift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// A code of a shape.
    fn code(&mut self, shape: &str) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let any = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let of = |random: &mut Self, from: &[u8]| char::from(from[random.below(from.len())]);
        shape
            .bytes()
            .map(|class| match class {
                b'A' => of(self, letters),
                b'9' => of(self, b"0123456789"),
                _ => of(self, any),
            })
            .collect()
    }
}

/// What codes begin with that are too rare among any of their shape.
const HEADS: &[(&str, &str)] = &[
    ("ch_uid", "CHE"),
    ("it_health_card", "80380"),
    ("at_vat_id", "ATU"),
    ("fr_vat_id", "FR"),
    ("ae_emirates_id", "7841980"),
    ("ae_trn", "100"),
    ("sa_vat", "310122393500003"),
    ("ug_nin", "CM"),
    ("au_ihi", "800360"),
    ("es_cups", "ES0021000000000001RK"),
];

/// Codes of a row's shapes, every second with the head it has in [`HEADS`].
fn codes(row: &'static Identifier) -> impl Iterator<Item = Code> {
    let mut random = XorShift(0x9E37_79B9_7F4A_7C15);
    let head = HEADS.iter().find(|(name, _)| *name == row.name).map_or("", |(_, head)| head);
    let shapes = row.shapes.iter().cycle().take(TRIED);
    shapes.enumerate().filter_map(move |(at, shape)| {
        let mut text = random.code(shape);
        if (at / row.shapes.len()).is_multiple_of(2) && head.len() <= text.len() {
            text.replace_range(..head.len(), head);
        }
        Code::of(&text)
    })
}

#[test]
fn no_code_of_its_shapes_harms_a_validator_and_each_takes_one() {
    let takes = |row: &&'static Identifier| codes(row).any(|code| row.is_valid(&code));
    let dead: Vec<&str> = rows().filter(|row| !takes(row)).map(|row| row.name).collect();
    assert!(dead.is_empty(), "no code is valid: {dead:?}");
}
