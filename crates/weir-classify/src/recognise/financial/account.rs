use crate::EntityType;
use crate::haystack::Haystack;
use crate::numbers::{Gap, Lengths, Numbers};
use crate::recognise::labelled::{self, Form};
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROUTING: RecogniserInfo = RecogniserInfo {
    name: "us_routing_number",
    entity: EntityType::built_in("ABA_ROUTING_NUMBER"),
    category: Category::Financial,
    finds: "routing numbers of banks in the United States",
    validation: "nine digits with a Federal Reserve prefix and check digit; near a word such as `routing`, or written 1234-5678-9",
    find: Find::Number(Lengths::new(9, 9), find_routing),
};

pub(super) const SORT_CODE: RecogniserInfo = RecogniserInfo {
    name: "uk_sort_code",
    entity: EntityType::built_in("UK_SORT_CODE"),
    category: Category::Financial,
    finds: "sort codes of banks in the United Kingdom and Ireland",
    validation: "six digits in pairs or together after `sort code`",
    find: Find::Phrase(&["sort code", "sortcode"], find_sort_code),
};

pub(super) const NUMBER: RecogniserInfo = RecogniserInfo {
    name: "bank_account",
    entity: EntityType::built_in("US_BANK_NUMBER"),
    category: Category::Financial,
    finds: "bank account numbers after a label in many languages",
    validation: "6 to 28 digits in groups or not; no placeholder, no date",
    find: Find::Phrase(LABELS, find_account),
};

#[rustfmt::skip]
const ROUTING_WORDS: &[&str] = &["routing", "aba", "aba#", "rtn", "abarouting", "bankrouting", "bank", "wire", "ach", "direct deposit"];

fn find_routing(haystack: &Haystack<'_>, numbers: &Numbers) -> Option<Match> {
    if !matches!(numbers.first().len(), 4 | 9) {
        return None;
    }
    let window = numbers.windows(9..=9).find(|window| window.is_free(haystack))?;
    if !is_routing(window.digits()) || haystack.is_attached_left(window.span.start) {
        return None;
    }
    let found = Match::new(window.span.clone(), 0.6);
    let is_grouped = window.shape() == [4, 4, 1] && window.gaps == Gap::DASH && window.is_whole();
    if is_grouped {
        return Some(found);
    }
    let context = haystack.context(&window.span, ROUTING_WORDS)?;
    (window.shape().len() == 1).then(|| found.with_evidence(&context))
}

/// The weights 3, 7, 1 and the prefixes in use.
///
/// Source: American Bankers Association, routing number policy.
fn is_routing(digits: &[u8]) -> bool {
    let prefix = digits.iter().take(2).fold(0, |value, digit| value * 10 + digit);
    let sum: u32 =
        digits.iter().zip([3, 7, 1].iter().cycle()).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    matches!(prefix, 1..=12 | 21..=32 | 61..=72 | 80) && sum.is_multiple_of(10)
}

fn find_sort_code(haystack: &Haystack<'_>, label: Range<usize>) -> Option<Match> {
    const FORM: Form = Form { characters: 6..=6, digits_min: 6, letters: false };
    let value = labelled::value(haystack, &label, &FORM)
        .or_else(|| pairs(haystack, labelled::start(haystack, label.end)))?;
    Some(Match::new(value, 0.8).with_evidence(&label).bound_to("GB"))
}

/// `12-34-56`, which is a date elsewhere.
fn pairs(haystack: &Haystack<'_>, start: usize) -> Option<Range<usize>> {
    let end = haystack.run_end(start, 9, |b| b.is_ascii_digit() || matches!(b, b'-' | b' '));
    let text = haystack.slice(start..end).trim_ascii_end();
    let is_pairs = text.len() == 8 && text.split(|b| !b.is_ascii_digit()).all(|pair| pair.len() == 2);
    is_pairs.then_some(start..start + text.len())
}

fn find_account(haystack: &Haystack<'_>, label: Range<usize>) -> Option<Match> {
    const FORM: Form = Form { characters: 6..=28, digits_min: 6, letters: false };
    let value = labelled::value(haystack, &label, &FORM)?;
    Some(Match::new(value, 0.7).with_evidence(&label))
}

#[rustfmt::skip]
const LABELS: &[&str] = &[
    "account number", "account no", "bankgiro", "plusgiro", "bankový účet", "bankovní účet", "számlaszám", "numer rachunku", "nr rachunku", "р/с", "р/счёт", "р/счет", "account nr", "account num", "acct number", "acct no", "acct", "bank account", "checking account", "savings account",
    "deposit account", "account #", "acc no", "acc number", "a/c no", "a/c", "bank number", "beneficiary account", "bban", "my account", "his account", "her account", "your account", "account is",
    "kontonummer", "konto nr", "kontonr", "kto", "kto nr", "kto-nr", "bankverbindung", "konto", "numéro de compte", "numero de compte", "compte bancaire",
    "n° de compte", "rib", "número de cuenta", "numero de cuenta", "cuenta bancaria", "cuenta corriente", "clabe", "numero di conto", "conto corrente",
    "numero conto", "número da conta", "conta bancária", "conta corrente", "rekeningnummer", "bankrekening", "rekening nr", "bankkonto", "kontonummeret", "tilinumero",
    "numer konta", "nr konta", "rachunek bankowy", "číslo účtu", "bankszámlaszám", "hesap no", "hesap numarası", "расчётный счёт", "расчетный счет", "номер счёта", "номер счета",
    "αριθμός λογαριασμού", "חשבון בנק", "מספר חשבון", "رقم الحساب", "الحساب البنكي", "口座番号", "账号", "帳號", "银行账户", "계좌번호", "계좌", "खाता संख्या",
];
