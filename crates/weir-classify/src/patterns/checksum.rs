use std::str::FromStr;

/// What the check characters of an identifier are right by.
///
/// Only letters and digits count (and `*`, which is a check character of MOD 37-2); of what a match holds
/// besides them, such as spaces, nothing is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// ISO/IEC 7812-1 annex B: cards.
    Luhn,
    /// J. Verhoeff, "Error Detecting Decimal Codes" (1969): the dihedral group of ten elements.
    Verhoeff,
    /// Weights 1, 2, 3 … from the right, modulo 11, `X` for 10: ISBN-10.
    Mod11,
    /// ISO/IEC 7064 MOD 97-10, the number as a whole: LEI.
    Mod97,
    /// The same with the first four characters moved to the end: IBAN (ISO 13616).
    Iban,
    /// ISO/IEC 7064 MOD 11-2: ISNI, ORCID.
    Iso7064Mod11_2,
    /// ISO/IEC 7064 MOD 37-2: ISBT 128.
    Iso7064Mod37_2,
    /// ISO/IEC 7064 MOD 11,10: the German tax number.
    Iso7064Mod11_10,
    /// ISO/IEC 7064 MOD 37,36: GRid.
    Iso7064Mod37_36,
}

/// A word that names no checksum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no checksum `{0}`")]
pub struct UnknownChecksum(String);

/// Values of digits and letters.
type Values = Vec<u32>;

impl Checksum {
    /// Every one.
    pub const ALL: [Checksum; 9] = [
        Checksum::Luhn,
        Checksum::Verhoeff,
        Checksum::Mod11,
        Checksum::Mod97,
        Checksum::Iban,
        Checksum::Iso7064Mod11_2,
        Checksum::Iso7064Mod37_2,
        Checksum::Iso7064Mod11_10,
        Checksum::Iso7064Mod37_36,
    ];

    /// The name used in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Checksum::Luhn => "luhn",
            Checksum::Verhoeff => "verhoeff",
            Checksum::Mod11 => "mod11",
            Checksum::Mod97 => "mod97",
            Checksum::Iban => "iban",
            Checksum::Iso7064Mod11_2 => "iso7064-mod11-2",
            Checksum::Iso7064Mod37_2 => "iso7064-mod37-2",
            Checksum::Iso7064Mod11_10 => "iso7064-mod11-10",
            Checksum::Iso7064Mod37_36 => "iso7064-mod37-36",
        }
    }

    /// Whether the check characters of `text` are right; of too short a text they are not.
    pub(crate) fn holds(self, text: &[u8]) -> bool {
        let characters: Vec<u8> =
            text.iter().filter(|b| b.is_ascii_alphanumeric() || **b == b'*').copied().collect();
        let Some((payload, check)) =
            characters.split_last().and_then(|(last, rest)| Some((rest, *last)).filter(|_| !rest.is_empty()))
        else {
            return false;
        };
        let holds = match self {
            Checksum::Luhn => digits(&characters).map(|digits| luhn(&digits)),
            Checksum::Verhoeff => {
                digits(&characters).map(|digits| crate::verhoeff::holds(digits.into_iter()))
            }
            Checksum::Mod11 => with_check(payload, check, 10, b'X').map(|values| mod11(&values)),
            Checksum::Mod97 => values(&characters, 36).map(|values| mod97(&values)),
            Checksum::Iban => values(&moved(&characters), 36).map(|values| mod97(&values)),
            Checksum::Iso7064Mod11_2 => with_check(payload, check, 10, b'X').map(|values| pure(&values, 11)),
            Checksum::Iso7064Mod37_2 => with_check(payload, check, 36, b'*').map(|values| pure(&values, 37)),
            Checksum::Iso7064Mod11_10 => digits(&characters).map(|digits| hybrid(&digits, 10)),
            Checksum::Iso7064Mod37_36 => values(&characters, 36).map(|values| hybrid(&values, 36)),
        };
        holds.unwrap_or(false)
    }
}

impl FromStr for Checksum {
    type Err = UnknownChecksum;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| UnknownChecksum(text.to_owned()))
    }
}

fn digits(characters: &[u8]) -> Option<Values> {
    values(characters, 10)
}

/// The values of characters below `base`, letters from 10.
fn values(characters: &[u8], base: u32) -> Option<Values> {
    characters.iter().map(|b| char::from(*b).to_digit(base)).collect()
}

/// The same, with a check character that may be `extra` for the value of `base`.
fn with_check(payload: &[u8], check: u8, base: u32, extra: u8) -> Option<Values> {
    let mut values = values(payload, base)?;
    let is_extra = check.eq_ignore_ascii_case(&extra);
    values.push(if is_extra { base } else { char::from(check).to_digit(base)? });
    Some(values)
}

fn moved(characters: &[u8]) -> Vec<u8> {
    let (head, rest) = characters.split_at_checked(4).unwrap_or_default();
    [rest, head].concat()
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let value = |(at, digit): (usize, &u32)| if at % 2 == 1 { doubled(*digit) } else { *digit };
    digits.iter().rev().enumerate().map(value).sum::<u32>() % 10 == 0
}

fn mod11(values: &[u32]) -> bool {
    let weighted = (1..).zip(values.iter().rev());
    weighted.fold(0, |sum, (weight, value): (u32, &u32)| (sum + weight % 11 * value) % 11) == 0
}

fn mod97(values: &[u32]) -> bool {
    values.iter().fold(0, |rest, value| (rest * if *value > 9 { 100 } else { 10 } + value) % 97) == 1
}

/// A pure system of radix 2.
fn pure(values: &[u32], modulus: u32) -> bool {
    values.iter().fold(0, |sum, value| (sum * 2 + value) % modulus) == 1
}

/// A hybrid system, of which the second modulus is the number of characters.
fn hybrid(values: &[u32], characters: u32) -> bool {
    let Some((check, payload)) = values.split_last() else { return false };
    let product = payload.iter().fold(characters, |product, value| {
        let sum = (product + value) % characters;
        let sum = if sum == 0 { characters } else { sum };
        sum * 2 % (characters + 1)
    });
    (product + check) % characters == 1
}
