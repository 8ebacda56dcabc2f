use super::date;
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use crate::site::{ANY, Beside, EVERYWHERE, Site};
use std::ops::Range;
use weir_label::Category;

const DATE_OF_BIRTH: EntityType = EntityType::built_in("DATE_OF_BIRTH");

pub(super) const LABELLED: RecogniserInfo = RecogniserInfo {
    name: "date_of_birth",
    entity: DATE_OF_BIRTH,
    category: Category::Personal,
    finds: "dates of birth in prose, forms, keys and column names of many languages",
    validation: "a full date of the years since 1900 shortly after a word such as `born` or `date of birth`, or before `geboren`; ages do not count",
    find: Find::Phrase(LABELS, find_labelled),
};

pub(super) const STARRED: RecogniserInfo = RecogniserInfo {
    name: "date_of_birth_sign",
    entity: DATE_OF_BIRTH,
    category: Category::Personal,
    finds: "dates of birth after the genealogical sign: *12.03.1974",
    validation: "a full date right after an asterisk that no other asterisk and no number precedes",
    find: Find::Digit(&[AFTER_STAR], find_starred),
};

const AFTER_STAR: Site = Site { all: Beside { before: |b| b == b'*', ..ANY }, ..EVERYWHERE };

/// How far from its label a date may stand: `born in Frankfurt am Main, Germany, on 12 March 1974`.
const WITHIN: usize = 56;

fn find_labelled(haystack: &Haystack<'_>, label: Range<usize>) -> Option<Match> {
    let after = label.end..haystack.len().min(label.end + WITHIN);
    let after = after.start..sentence_end(haystack, after);
    let span = after.filter_map(|at| date_at(haystack, at)).next().or_else(|| before(haystack, &label))?;
    Some(Match::new(span, 0.85).with_evidence(&label))
}

/// `am 12. März 1974 in Köln geboren`: German puts the word last.
fn before(haystack: &Haystack<'_>, label: &Range<usize>) -> Option<Range<usize>> {
    if !haystack.slice(label.clone()).eq_ignore_ascii_case(b"geboren") {
        return None;
    }
    (label.start.saturating_sub(WITHIN)..label.start).filter_map(|at| date_at(haystack, at)).next_back()
}

fn date_at(haystack: &Haystack<'_>, at: usize) -> Option<Range<usize>> {
    let byte = haystack.byte(at)?;
    let joined = |b: u8| b == b'.' || b == b'-' || (!b.is_ascii() && !byte.is_ascii_digit());
    let begins = byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let is_start = begins && haystack.opens(at) && !haystack.before(at).is_some_and(joined);
    is_start.then(|| date::at(haystack, at))?
}

/// Where a sentence ends in `range`: a stop between a word and a capital.
fn sentence_end(haystack: &Haystack<'_>, range: Range<usize>) -> usize {
    let ends = |four: &[u8]| matches!(four, [a, b'.' | b'?' | b'!', b' ' | b'\n', b] if a.is_ascii_lowercase() && b.is_ascii_uppercase());
    haystack.slice(range.clone()).windows(4).position(ends).map_or(range.end, |at| range.start + at)
}

fn find_starred(haystack: &Haystack<'_>, digit: usize) -> Option<Match> {
    let sign = haystack.run_end(digit.saturating_sub(1), 1, |b| b == b'*');
    let star = digit.checked_sub(1).filter(|_| sign == digit)?;
    let stands = haystack.before(star).is_none_or(|b| matches!(b, b' ' | b'(' | b'\n' | b',' | b';'));
    let is_product = star >= 2
        && haystack.before(star) == Some(b' ')
        && haystack.before(star - 1).is_some_and(|b| b.is_ascii_digit());
    let span = date::at(haystack, digit)?;
    let is_numeric = haystack.slice(span.clone()).iter().all(|b| b.is_ascii_digit() || *b == b'.');
    let is_dotted = haystack.slice(span.clone()).contains(&b'.');
    (stands && !is_product && is_numeric && is_dotted).then(|| Match::new(span, 0.7))
}

#[rustfmt::skip]
const LABELS: &[&str] = &[
    "born", "date of birth", "birth date", "dob", "d.o.b", "birthday", "birthdate", "birth day", "birth",
    "geboren", "geboren am", "geburtsdatum", "geburtstag", "geb.", "geb", "geb. am", "gebdat", "geb datum", "geb. datum",
    "né", "née", "né(e) le", "ne le", "nee le", "date de naissance", "naissance", "ddn",
    "nacido", "nacida", "nació", "nacio", "fecha de nacimiento", "nacimiento", "f. nac", "fec nac", "fecha nac", "fch nac",
    "nato", "nata", "data di nascita", "nascita",
    "nascido", "nascida", "nasceu", "data de nascimento", "nascimento", "dt nasc", "nasc.", "data nasc",
    "geboortedatum", "gebdatum", "født", "fødselsdato", "fødselsdag", "född", "födelsedatum", "syntynyt", "syntymäaika", "syntymäpäivä", "fæddur", "fædd",
    "urodzony", "urodzona", "data urodzenia", "ur.", "narozen", "narozena", "datum narození", "nar.", "született", "szül.", "szül", "születési idő", "születési dátum",
    "născut", "născută", "data nașterii", "rođen", "rođena", "datum rođenja", "rojen", "rojena", "datum rojstva", "narodený", "dátum narodenia",
    "doğum tarihi", "doğumlu", "doğdu", "doğum t.", "sündinud", "sünniaeg", "dzimis", "dzimšanas datums", "gimė", "gimimo data",
    "родился", "родилась", "дата рождения", "рожд", "г.р", "род.", "народився", "народилася", "дата народження", "роден", "родена", "дата на раждане", "датум рођења",
    "γεννήθηκε", "ημερομηνία γέννησης", "γεννημένος", "تاريخ الميلاد", "تاريخ الولادة", "مواليد", "ولد في", "وُلد", "ولدت", "תאריך לידה", "נולד", "נולדה", "تاریخ تولد",
    "जन्म तिथि", "जन्म", "生年月日", "誕生日", "生まれ", "出生日期", "出生", "生日", "생년월일", "출생", "วันเกิด", "วันเดือนปีเกิด", "ngày sinh", "tanggal lahir", "tgl lahir", "tarikh lahir",
];
