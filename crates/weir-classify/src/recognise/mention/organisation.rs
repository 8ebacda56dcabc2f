use super::mention;
use crate::EntityType;
use crate::haystack::Haystack;
use crate::recognise::{Find, Match, RecogniserInfo};
use std::ops::Range;
use weir_label::Category;

pub(super) const ROW: RecogniserInfo = RecogniserInfo {
    name: "organisation",
    entity: EntityType::ORGANIZATION,
    category: Category::Business,
    finds: "names of companies by their legal form: Ltd, Inc, GmbH, S.A., B.V. and others",
    validation: "capitalised words directly before the form; public unless the policy says otherwise",
    find: Find::Literal(FORMS, find),
};

/// Legal forms, with the space before and, where letters may follow, what ends them.
///
/// Source: ISO 20275 (Entity Legal Forms), those in common use.
#[rustfmt::skip]
const FORMS: &[&str] = &[
    " GmbH", " gGmbH", " mbH", " OHG", " e.V.", " AG ", " AG,", " AG.", " AG\n", " AG)", " KGaA",
    " Inc", " LLC", " L.L.C.", " Corp", " Ltd", " Limited", " PLC", " plc", " LLP", " Pty", " Pvt",
    " S.A.", " S.A.S.", " SAS ", " SAS,", " SARL", " S.à r.l.", " S.p.A.", " SpA", " S.r.l.", " Srl", " S.L.", " Ltda", " Lda",
    " N.V.", " B.V.", " A/S", " ApS", " Oyj", " Sp. z o.o.", " sp. z o.o.", " s.r.o.", " d.o.o.", " Kft", " K.K.", " Bhd", " FZ-LLC", " FZE",
];

/// Words of a name before its form, at most, and bytes of them.
const WORDS_MAX: usize = 5;
const WORD_BYTES_MAX: usize = 30;
/// Small words that may stand within a name.
#[rustfmt::skip]
const LINKS: [&[u8]; 17] = [
    b"&", b"+", b"and", b"und", b"et", b"y", b"e", b"of", b"de", b"del", b"der", b"du", b"di", b"da", b"van", b"la", b"le",
];
/// Words that begin a sentence and no name.
const OPENERS: [&[u8]; 12] =
    [b"The", b"At", b"In", b"For", b"Our", b"Die", b"Der", b"Das", b"Bei", b"La", b"El", b"Le"];

fn find(haystack: &Haystack<'_>, form: Range<usize>) -> Option<Match> {
    let is_end = |b: u8| b.is_ascii_whitespace() || matches!(b, b',' | b')');
    let behind = usize::from(haystack.before(form.end).is_some_and(is_end));
    let bare = |end: usize| haystack.slice(form.start..end).ends_with(b" AG.");
    let end = form.end - behind.max(usize::from(bare(form.end)));
    let start = name_before(haystack, form.start)?;
    haystack.closes(end).then(|| mention(Match::new(start..end, 0.7)))
}

/// Where the capitalised words before `end` begin.
fn name_before(haystack: &Haystack<'_>, end: usize) -> Option<usize> {
    let (mut start, mut at) = (None, end);
    for _ in 0..WORDS_MAX {
        let word = word_before(haystack, at)?;
        let text = haystack.slice(word.clone());
        let is_capital = text.first().is_some_and(|b| b.is_ascii_uppercase() || !b.is_ascii());
        if is_capital && !OPENERS.contains(&text) {
            start = Some(word.start);
        } else if start.is_none() || !LINKS.contains(&text) {
            break;
        }
        // The next word is one space away, or the name begins here.
        match word.start.checked_sub(1).filter(|before| haystack.byte(*before) == Some(b' ')) {
            Some(before) => at = before,
            None => break,
        }
    }
    start
}

/// The word that ends at `end`, if it is no longer than words are. A comma may end the name itself.
fn word_before(haystack: &Haystack<'_>, end: usize) -> Option<Range<usize>> {
    let end = if haystack.before(end) == Some(b',') { end - 1 } else { end };
    let head = haystack.slice(end.saturating_sub(WORD_BYTES_MAX + 1)..end);
    let is_part = |b: &&u8| {
        b.is_ascii_alphanumeric() || !b.is_ascii() || matches!(b, b'&' | b'\'' | b'-' | b'.' | b'+')
    };
    let length = head.iter().rev().take_while(is_part).count();
    (1..=WORD_BYTES_MAX).contains(&length).then(|| end - length..end)
}
