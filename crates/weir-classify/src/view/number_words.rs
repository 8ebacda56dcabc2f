use super::survey::{Survey, kind};
use super::{Derived, Editor};
use crate::View;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Anchored, Input, MatchKind, StartKind};
use std::ops::Range;
use std::sync::LazyLock;

/// Fewer words in a row are a number, not an identifier.
const WORDS_MIN: usize = 4;
/// Four of the shortest number words are as long.
const LENGTH_MIN: usize = 11;
/// Letters before the first number that belong to it: `D-B-J-two-two`.
const LETTERS_MAX: usize = 12;
const GAP_MAX: usize = 3;
/// Bytes of a word that are looked at to find its beginning.
const WORD_MAX: usize = 48;

/// Identifiers whose digits are written as words, with the letters and signs between them.
pub(crate) fn digits(survey: &Survey<'_>) -> Option<Derived> {
    let going_on = &**GOING_ON;
    digits_without(survey, |word| is_lonely(survey, going_on, word))
}

/// `is_none` says whether the number word that may begin at a place is in no row.
fn digits_without(survey: &Survey<'_>, is_none: impl Fn(usize) -> bool) -> Option<Derived> {
    let text = survey.text;
    if text.len() < LENGTH_MIN {
        return None;
    }
    let (search, beginnings) = (SEARCH.as_ref()?, &**BEGINNINGS);
    let mut editor = Editor::new(text);
    let (mut done, mut value) = (0, String::new());
    let begins = |word: usize| begins_number(beginnings, text, word);
    let mut take = |word: usize| {
        // A letter beyond ASCII may be the first of the word.
        let is_first = || word.checked_sub(1).and_then(|at| text.as_bytes().get(at)).is_none_or(u8::is_ascii);
        if word < done || !is_first() || number_at(search, text, word).is_none() {
            return;
        }
        let start = first_number(search, text, done, word);
        value.clear();
        let mut spoken = Spoken { text, search, at: start, words: 0, value: &mut value };
        spoken.read();
        if spoken.words >= WORDS_MIN {
            let start = spoken.with_letters_before(start);
            editor.replace(start..spoken.at, spoken.value, View::Words);
        }
        // INVARIANT (linear time): no word is read again for those that follow.
        done = spoken.at.max(word + 1);
    };
    if has_cyrillic(text) {
        word_starts(text).filter(|word| begins(*word)).for_each(take);
    } else {
        survey.each_letter_run(|word| {
            if begins(word) && !is_none(word) {
                take(word);
            }
        });
    }
    editor.finish()
}

/// Whether letters of the Cyrillic script may be in a text: in UTF-8 those begin with one of two bytes.
fn has_cyrillic(text: &str) -> bool {
    memchr::memchr2(0xD0, 0xD1, text.as_bytes()).is_some()
}

/// Where words of any script begin.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut is_within = false;
    text.char_indices().filter_map(move |(at, c)| {
        let begins = c.is_alphabetic() && !is_within;
        is_within = c.is_alphabetic();
        begins.then_some(at)
    })
}

/// Whether nothing that a row is made of follows or precedes the number word that may begin at `word`: most stand so in prose.
/// A cheap look: what begins as a word of a row does is taken for one.
#[inline(never)]
fn is_lonely(survey: &Survey<'_>, going_on: &Beginnings, word: usize) -> bool {
    /// As long as the shortest number words that stand in a row without a gap.
    const ROW_MIN: usize = 2 * WORDS_MIN;
    let (text, bytes) = (survey.text, survey.bytes());
    let len = survey.run_from(word, kind::LETTER);
    let after = word + len;
    let is_in_row = |at: usize, len: usize| len == 1 || begins_number(going_on, text, at);
    let follows = || {
        let gap = bytes.iter().skip(after).take(GAP_MAX).take_while(|b| is_gap(b)).count();
        let next = after + gap;
        match bytes.get(next) {
            Some(b) if b.is_ascii_alphabetic() => is_in_row(next, survey.run_from(next, kind::LETTER)),
            Some(b) => !b.is_ascii() || gap > 0 && !is_gap(b),
            None => false,
        }
    };
    let precedes = || {
        let head = bytes.get(word.saturating_sub(GAP_MAX)..word).unwrap_or_default();
        let before = word - head.iter().rev().take_while(|b| is_gap(b)).count();
        let len = survey.run_before(before, kind::LETTER);
        let start = before - len;
        let is_open = start.checked_sub(1).and_then(|at| bytes.get(at)).is_some_and(|b| !b.is_ascii());
        is_open || len > 0 && is_in_row(start, len)
    };
    len < ROW_MIN && !follows() && !precedes()
}

/// A cheap look whether a number word may begin at `at`: most words begin as none does.
fn begins_number(beginnings: &Beginnings, text: &str, at: usize) -> bool {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let four = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut four = [0; 4];
        four.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        four
    });
    beginnings.has(four)
}

/// Number words that are others in many languages: a row goes on with them, and is not looked for where one begins.
const COMMON: [&str; 4] = ["en", "to", "ni", "hat"];

/// How number words begin, by the lowest five bits of their letters, which are the same in either case.
struct Beginnings {
    /// For the first two letters of those with which a row is looked for, a bit for each third.
    of_two: Thirds,
    /// For the first and the fourth letter of all that may stand in a row, a bit for each third between them.
    around: Thirds,
}

type Thirds = [u32; 1 << 10];

static BEGINNINGS: LazyLock<Box<Beginnings>> = LazyLock::new(|| {
    let is_number = |word: &Word| matches!(word, Number(_) | Repeat(_));
    let begin = WORDS.iter().filter(|(text, word)| is_number(word) && !COMMON.contains(text));
    let all = WORDS.iter().filter(|(_, word)| is_number(word) || matches!(word, Letter(_)));
    Beginnings::new(begin, all)
});

/// The same for all that a row goes on with.
static GOING_ON: LazyLock<Box<Beginnings>> = LazyLock::new(|| Beginnings::new(WORDS.iter(), WORDS.iter()));

impl Beginnings {
    fn new<'w>(
        begin: impl Iterator<Item = &'w (&'w str, Word)>,
        all: impl Iterator<Item = &'w (&'w str, Word)>,
    ) -> Box<Self> {
        let mut beginnings = Box::new(Self { of_two: [0; 1 << 10], around: [0; 1 << 10] });
        begin.for_each(|(word, _)| beginnings.begin_with(word.as_bytes()));
        all.for_each(|(word, _)| beginnings.go_on_with(word.as_bytes()));
        beginnings
    }

    fn has(&self, four: [u8; 4]) -> bool {
        let [first, second, third, fourth] = four;
        let has = |thirds: &Thirds, two| thirds.get(two).is_some_and(|thirds| thirds & bit_of(third) != 0);
        has(&self.of_two, pair_of(first, second)) && has(&self.around, pair_of(first, fourth))
    }

    fn begin_with(&mut self, word: &[u8]) {
        let [first, second, rest @ ..] = word else { return };
        if let Some(thirds) = self.of_two.get_mut(pair_of(*first, *second)) {
            *thirds |= rest.first().map_or(u32::MAX, |third| bit_of(*third));
        }
    }

    /// Once all are known that may begin a row: after a shorter word any letter may follow.
    fn go_on_with(&mut self, word: &[u8]) {
        let [first, second, rest @ ..] = word else { return };
        let begun = self.of_two.get(pair_of(*first, *second)).copied().unwrap_or_default();
        let thirds = rest.first().map_or(begun, |third| bit_of(*third));
        let fourths = rest.get(1).map_or(0..=31, |fourth| *fourth..=*fourth);
        for fourth in fourths {
            if let Some(around) = self.around.get_mut(pair_of(*first, fourth)) {
                *around |= thirds;
            }
        }
    }
}

fn pair_of(one: u8, other: u8) -> usize {
    usize::from(one & 31) << 5 | usize::from(other & 31)
}

fn bit_of(letter: u8) -> u32 {
    1 << (letter & 31)
}

/// The word in which a byte stands, or the next one.
fn word_around(bytes: &[u8], at: usize) -> Range<usize> {
    let is_letter = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphabetic() || !b.is_ascii());
    let last = at + GAP_MAX;
    let mut end = at;
    while end < last && end < bytes.len() && !is_letter(end) {
        end += 1;
    }
    let (mut start, floor) = (end, end.saturating_sub(WORD_MAX));
    while start > floor && is_letter(start - 1) {
        start -= 1;
    }
    start..end
}

/// The end of the number word that begins at `at`.
fn number_at(search: &AhoCorasick, text: &str, at: usize) -> Option<usize> {
    let hit = search.find(Input::new(text).range(at..).anchored(Anchored::Yes))?;
    let (_, word) = WORDS.get(hit.pattern().as_usize())?;
    matches!(word, Word::Number(_) | Word::Repeat(_) | Word::Letter(_)).then_some(hit.end())
}

/// Where the row of number words and single letters begins, at `floor` or after it, in which one begins at `start`.
fn first_number(search: &AhoCorasick, text: &str, floor: usize, mut start: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        let head = bytes.get(start.saturating_sub(GAP_MAX)..start).unwrap_or_default();
        let gap = head.iter().rev().take_while(|b| is_gap(b)).count();
        let Some(last) = (start - gap).checked_sub(1).filter(|_| gap > 0) else { return start };
        let before = word_around(bytes, last).start..last + 1;
        let is_letter = before.len() == 1 && bytes.get(last).is_some_and(u8::is_ascii_uppercase);
        if before.start >= start
            || before.start < floor
            || !(is_letter || number_at(search, text, before.start).is_some())
        {
            return start;
        }
        start = before.start;
    }
}

fn is_gap(b: &u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'-' | b',' | b'.' | b';' | b'(' | b')')
}

/// A row of number words, read word by word.
struct Spoken<'a> {
    text: &'a str,
    search: &'a AhoCorasick,
    /// The end of what was read.
    at: usize,
    words: usize,
    value: &'a mut String,
}

impl Spoken<'_> {
    fn read(&mut self) {
        while let Some(end) = self.number(self.at + self.gap(self.at)).or_else(|| self.character()) {
            self.at = end;
        }
    }

    /// Reads a number below one hundred, or a repeated digit, at `at`. Returns its end.
    fn number(&mut self, at: usize) -> Option<usize> {
        let (word, end) = self.word(at)?;
        let (value, end) = match word {
            Word::Sign(character) | Word::Letter(character) => {
                let end = self.closes(end)?;
                self.value.push(character);
                return Some(end);
            }
            Word::Repeat(times) => {
                let (Word::Number(digit @ 0..=9), end) = self.word(end + self.gap(end))? else { return None };
                self.words += 1;
                let value = u32::from(digit);
                self.value.extend(std::iter::repeat_n(char::from_digit(value, 10)?, usize::from(times)));
                return self.closes(end);
            }
            Word::Joiner => return None,
            Word::Number(units @ 1..=9) => {
                self.tens_after(end).map_or((units, end), |(tens, end)| (tens + units, end))
            }
            Word::Number(tens @ 20..) => {
                self.units_after(tens, end).map_or((tens, end), |(units, end)| (tens + units, end))
            }
            Word::Number(value) => (value, end),
        };
        let end = self.closes(end)?;
        self.words += 1;
        let digits = [value / 10, value % 10].into_iter().skip(usize::from(value < 10));
        self.value.extend(digits.map(|digit| char::from(b'0' + digit)));
        Some(end)
    }

    /// `und` and tens directly after the units, as in German.
    fn tens_after(&self, at: usize) -> Option<(u8, usize)> {
        let (Word::Joiner, at) = self.word(at)? else { return None };
        let (Word::Number(tens @ 20..), end) = self.word(at)? else { return None };
        Some((tens, end))
    }

    /// Units after tens, with `and` between or not; sixty and eighty count on to nineteen, as in French.
    fn units_after(&self, tens: u8, at: usize) -> Option<(u8, usize)> {
        let max = if matches!(tens, 60 | 80) { 19 } else { 9 };
        let (word, end) = self.word(at + self.gap(at))?;
        let (word, end) = if let Word::Joiner = word { self.word(end + self.gap(end))? } else { (word, end) };
        let Word::Number(units) = word else { return None };
        (1..=max).contains(&units).then_some((units, end))
    }

    /// A word must end here, or another number word must follow.
    fn closes(&self, end: usize) -> Option<usize> {
        let next = self.text.get(end..)?.chars().next();
        let is_open = next.is_some_and(char::is_alphabetic);
        (!is_open || self.word(end).is_some()).then_some(end)
    }

    fn word(&self, at: usize) -> Option<(Word, usize)> {
        let hit = self.search.find(Input::new(self.text).range(at..).anchored(Anchored::Yes))?;
        let (_, word) = WORDS.get(hit.pattern().as_usize())?;
        Some((*word, hit.end()))
    }

    /// A single letter, digits or a sign between the words. Returns its end.
    fn character(&mut self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let gap = self.gap(self.at);
        let at = self.at + gap;
        let len = bytes.get(at..)?.iter().take(8).take_while(|b| b.is_ascii_digit()).count().max(1);
        let character = bytes.get(at).filter(|_| gap > 0 || self.value.is_empty())?;
        let is_alone = !bytes.get(at + len).is_some_and(|b| b.is_ascii_alphanumeric() || !b.is_ascii());
        let is_letter = character.is_ascii_uppercase()
            || (character.is_ascii_lowercase()
                && at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'-'));
        let is_sign = matches!(character, b'_' | b'/' | b'+' | b'@') && bytes.get(at + 1) == Some(&b' ');
        if !is_alone || !(character.is_ascii_digit() || is_letter || is_sign) {
            return None;
        }
        self.value.push_str(self.text.get(at..at + len)?);
        Some(at + len)
    }

    fn gap(&self, at: usize) -> usize {
        self.text.as_bytes().iter().skip(at).take(GAP_MAX).take_while(|b| is_gap(b)).count()
    }

    /// Takes single letters before the first word in. Returns where the value begins.
    fn with_letters_before(&mut self, mut start: usize) -> usize {
        let bytes = self.text.as_bytes();
        for _ in 0..LETTERS_MAX {
            let Some(letter) = start.checked_sub(2) else { break };
            let Some([character, gap @ (b' ' | b'-')]) = bytes.get(letter..start) else { break };
            let is_alone = letter
                .checked_sub(1)
                .and_then(|at| bytes.get(at))
                .is_none_or(|b| b.is_ascii() && !b.is_ascii_alphanumeric());
            let is_letter =
                character.is_ascii_uppercase() || (*gap == b'-' && character.is_ascii_alphanumeric());
            if !is_alone || !is_letter {
                break;
            }
            self.value.insert(0, char::from(*character));
            start = letter;
        }
        start
    }
}

/// What a word stands for.
#[derive(Debug, Clone, Copy)]
enum Word {
    Number(u8),
    /// `double`, `triple`
    Repeat(u8),
    Joiner,
    Sign(char),
    /// Of a spelling alphabet.
    Letter(char),
}

/// Words are short and few are looked up: a small automaton that stays near is as fast as a table of all states.
static SEARCH: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .start_kind(StartKind::Anchored)
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::ContiguousNFA))
        .build(WORDS.iter().map(|(word, _)| word))
        .ok()
});

use Word::{Joiner, Letter, Number, Repeat, Sign};

/// English, German, French, Spanish, Italian; the digits also in Portuguese, Dutch, Polish, Czech, Swedish,
/// Danish, Norwegian, Finnish, Hungarian, Romanian, Turkish and Russian. Letters as
/// ICAO spells them.
#[rustfmt::skip]
const WORDS: &[(&str, Word)] = &[
    ("zero", Number(0)), ("one", Number(1)), ("two", Number(2)), ("three", Number(3)), ("four", Number(4)),
    ("five", Number(5)), ("six", Number(6)), ("seven", Number(7)), ("eight", Number(8)),
    ("nine", Number(9)), ("niner", Number(9)), ("null", Number(0)), ("eins", Number(1)), ("zwei", Number(2)), ("drei", Number(3)),
    ("vier", Number(4)), ("fünf", Number(5)), ("sechs", Number(6)), ("sieben", Number(7)),
    ("acht", Number(8)), ("neun", Number(9)), ("zéro", Number(0)), ("un", Number(1)), ("deux", Number(2)),
    ("trois", Number(3)), ("quatre", Number(4)), ("cinq", Number(5)), ("sept", Number(7)),
    ("huit", Number(8)), ("neuf", Number(9)), ("cero", Number(0)), ("uno", Number(1)), ("dos", Number(2)),
    ("tres", Number(3)), ("cuatro", Number(4)), ("cinco", Number(5)), ("seis", Number(6)),
    ("siete", Number(7)), ("ocho", Number(8)), ("nueve", Number(9)), ("due", Number(2)), ("tre", Number(3)),
    ("quattro", Number(4)), ("cinque", Number(5)), ("sei", Number(6)), ("sette", Number(7)),
    ("otto", Number(8)), ("nove", Number(9)), ("um", Number(1)), ("dois", Number(2)), ("três", Number(3)),
    ("quatro", Number(4)), ("sete", Number(7)), ("oito", Number(8)), ("nul", Number(0)), ("een", Number(1)),
    ("twee", Number(2)), ("drie", Number(3)), ("vijf", Number(5)), ("zes", Number(6)), ("zeven", Number(7)),
    ("negen", Number(9)), ("oh", Number(0)), ("nought", Number(0)), ("zwo", Number(2)),
    ("fuenf", Number(5)), ("ein", Number(1)), ("une", Number(1)), ("una", Number(1)), ("dós", Number(2)),
    ("trés", Number(3)), ("séis", Number(6)), ("uma", Number(1)), ("duas", Number(2)), ("tré", Number(3)),
    ("ten", Number(10)), ("eleven", Number(11)), ("twelve", Number(12)), ("thirteen", Number(13)),
    ("fourteen", Number(14)), ("fifteen", Number(15)), ("sixteen", Number(16)), ("seventeen", Number(17)),
    ("eighteen", Number(18)), ("nineteen", Number(19)), ("zehn", Number(10)), ("elf", Number(11)),
    ("zwölf", Number(12)), ("dreizehn", Number(13)), ("vierzehn", Number(14)), ("fünfzehn", Number(15)),
    ("sechzehn", Number(16)), ("siebzehn", Number(17)), ("achtzehn", Number(18)), ("neunzehn", Number(19)),
    ("dix", Number(10)), ("onze", Number(11)), ("douze", Number(12)), ("treize", Number(13)),
    ("quatorze", Number(14)), ("quinze", Number(15)), ("seize", Number(16)), ("dix-sept", Number(17)),
    ("dix-huit", Number(18)), ("dix-neuf", Number(19)), ("diez", Number(10)), ("once", Number(11)),
    ("doce", Number(12)), ("trece", Number(13)), ("catorce", Number(14)), ("quince", Number(15)),
    ("dieciséis", Number(16)), ("diecisiete", Number(17)), ("dieciocho", Number(18)),
    ("diecinueve", Number(19)), ("dieci", Number(10)), ("undici", Number(11)), ("dodici", Number(12)),
    ("tredici", Number(13)), ("quattordici", Number(14)), ("quindici", Number(15)), ("sedici", Number(16)),
    ("diciassette", Number(17)), ("diciotto", Number(18)), ("diciannove", Number(19)),
    ("zwoelf", Number(12)), ("fuenfzehn", Number(15)), ("dieciseis", Number(16)), ("twenty", Number(20)),
    ("thirty", Number(30)), ("forty", Number(40)), ("fifty", Number(50)), ("sixty", Number(60)),
    ("seventy", Number(70)), ("eighty", Number(80)), ("ninety", Number(90)), ("zwanzig", Number(20)),
    ("dreißig", Number(30)), ("vierzig", Number(40)), ("fünfzig", Number(50)), ("sechzig", Number(60)),
    ("siebzig", Number(70)), ("achtzig", Number(80)), ("neunzig", Number(90)), ("vingt", Number(20)),
    ("trente", Number(30)), ("quarante", Number(40)), ("cinquante", Number(50)), ("soixante", Number(60)),
    ("septante", Number(70)), ("quatre-vingt", Number(80)), ("nonante", Number(90)), ("vingts", Number(20)),
    ("quatre-vingts", Number(80)), ("quatre vingt", Number(80)), ("huitante", Number(80)),
    ("veinte", Number(20)), ("treinta", Number(30)), ("cuarenta", Number(40)), ("cincuenta", Number(50)),
    ("sesenta", Number(60)), ("setenta", Number(70)), ("ochenta", Number(80)), ("noventa", Number(90)),
    ("veinti", Number(20)), ("venti", Number(20)), ("trenta", Number(30)), ("quaranta", Number(40)),
    ("cinquanta", Number(50)), ("sessanta", Number(60)), ("settanta", Number(70)), ("ottanta", Number(80)),
    ("novanta", Number(90)), ("vent", Number(20)), ("trent", Number(30)), ("quarant", Number(40)),
    ("cinquant", Number(50)), ("sessant", Number(60)), ("settant", Number(70)), ("ottant", Number(80)),
    ("novant", Number(90)), ("dreissig", Number(30)), ("fuenfzig", Number(50)), ("and", Joiner),
    ("und", Joiner), ("et", Joiner), ("y", Joiner), ("e", Joiner), ("double", Repeat(2)),
    ("triple", Repeat(3)), ("doppel", Repeat(2)), ("doble", Repeat(2)), ("doppio", Repeat(2)),
    ("jeden", Number(1)), ("dwa", Number(2)), ("trzy", Number(3)), ("cztery", Number(4)), ("pięć", Number(5)),
    ("piec", Number(5)), ("sześć", Number(6)), ("szesc", Number(6)), ("siedem", Number(7)),
    ("osiem", Number(8)), ("dziewięć", Number(9)), ("dziewiec", Number(9)), ("nula", Number(0)),
    ("dva", Number(2)), ("tři", Number(3)), ("čtyři", Number(4)), ("pět", Number(5)), ("šest", Number(6)),
    ("sedm", Number(7)), ("osm", Number(8)), ("devět", Number(9)), ("noll", Number(0)), ("ett", Number(1)),
    ("två", Number(2)), ("fyra", Number(4)), ("fem", Number(5)), ("sex", Number(6)), ("sju", Number(7)),
    ("åtta", Number(8)), ("nio", Number(9)), ("sifir", Number(0)), ("alti", Number(6)), ("sıfır", Number(0)), ("bir", Number(1)), ("iki", Number(2)),
    ("üç", Number(3)), ("dört", Number(4)), ("beş", Number(5)), ("altı", Number(6)), ("yedi", Number(7)),
    ("sekiz", Number(8)), ("dokuz", Number(9)), ("en", Number(1)), ("to", Number(2)), ("fire", Number(4)), ("seks", Number(6)),
    ("syv", Number(7)), ("otte", Number(8)), ("åtte", Number(8)), ("ni", Number(9)), ("nolla", Number(0)), ("yksi", Number(1)),
    ("kaksi", Number(2)), ("kolme", Number(3)), ("neljä", Number(4)), ("viisi", Number(5)), ("kuusi", Number(6)),
    ("seitsemän", Number(7)), ("kahdeksan", Number(8)), ("yhdeksän", Number(9)), ("nulla", Number(0)), ("egy", Number(1)),
    ("kettő", Number(2)), ("három", Number(3)), ("négy", Number(4)), ("öt", Number(5)), ("hat", Number(6)), ("hét", Number(7)),
    ("nyolc", Number(8)), ("kilenc", Number(9)), ("unu", Number(1)), ("doi", Number(2)), ("trei", Number(3)),
    ("patru", Number(4)), ("cinci", Number(5)), ("șase", Number(6)), ("șapte", Number(7)), ("opt", Number(8)),
    ("nouă", Number(9)), ("ноль", Number(0)), ("нуль", Number(0)), ("один", Number(1)), ("два", Number(2)), ("три", Number(3)), ("четыре", Number(4)),
    ("чотири", Number(4)), ("пять", Number(5)), ("шесть", Number(6)), ("шість", Number(6)), ("семь", Number(7)), ("сім", Number(7)),
    ("восемь", Number(8)), ("вісім", Number(8)), ("девять", Number(9)), ("dreifach", Repeat(3)), ("dash", Sign('-')), ("hyphen", Sign('-')), ("minus", Sign('-')),
    ("bindestrich", Sign('-')), ("tiret", Sign('-')), ("guion", Sign('-')), ("guión", Sign('-')),
    ("trattino", Sign('-')), ("dot", Sign('.')), ("point", Sign('.')), ("punkt", Sign('.')),
    ("punto", Sign('.')), ("slash", Sign('/')), ("schrägstrich", Sign('/')), ("barre", Sign('/')),
    ("barra", Sign('/')), ("plus", Sign('+')), ("underscore", Sign('_')), ("unterstrich", Sign('_')),
    ("alfa", Letter('A')), ("alpha", Letter('A')), ("bravo", Letter('B')), ("charlie", Letter('C')),
    ("delta", Letter('D')), ("echo", Letter('E')), ("foxtrot", Letter('F')), ("golf", Letter('G')),
    ("hotel", Letter('H')), ("india", Letter('I')), ("juliett", Letter('J')), ("juliet", Letter('J')),
    ("kilo", Letter('K')), ("lima", Letter('L')), ("mike", Letter('M')), ("november", Letter('N')),
    ("oscar", Letter('O')), ("papa", Letter('P')), ("quebec", Letter('Q')), ("romeo", Letter('R')),
    ("sierra", Letter('S')), ("tango", Letter('T')), ("uniform", Letter('U')), ("victor", Letter('V')),
    ("whiskey", Letter('W')), ("whisky", Letter('W')), ("xray", Letter('X')), ("x-ray", Letter('X')),
    ("yankee", Letter('Y')), ("zulu", Letter('Z')),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        digits(&Survey::of(text)).map(|derived| derived.text)
    }

    #[test]
    fn rows_of_number_words_are_found_wherever_they_stand() {
        for before in 0..70 {
            let text = format!("{} un dos tre six!", "x".repeat(before));
            assert_eq!(read(&text), Some(format!("{} 1236!", "x".repeat(before))));
        }
        assert_eq!(read("code D-B-J-two-two-one-four").as_deref(), Some("code DBJ2214"));
        assert_eq!(
            read("IBAN delta echo eight niner three-seven zero four").as_deref(),
            Some("IBAN DE893704")
        );
        assert_eq!(read("nr dört, beş, üç, dokuz").as_deref(), Some("nr 4539"));
        assert_eq!(read("nr cztery pięć trzy dziewięć").as_deref(), Some("nr 4539"));
        assert_eq!(read("nr fyra fem tre nio, åtta").as_deref(), Some("nr 45398"));
        assert_eq!(read("kort fire fem tre ni en fire otte otte").as_deref(), Some("kort 45391488"));
        assert_eq!(read("карта: четыре пять три девять").as_deref(), Some("карта: 4539"));
        assert_eq!(read("kortti neljä viisi kolme yhdeksän").as_deref(), Some("kortti 4539"));
        assert_eq!(read("to en ni hat to en").as_deref(), None);
        assert_eq!(read("delta hotel one two three").as_deref(), None);
        assert_eq!(read("«one two three four five»").as_deref(), Some("«one 2345»"));
        for text in ["one two three", "twofold threefold onerous fourth", "éone two three four"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_of_a_row_is_lonely() {
        let pieces = [
            "one", "two", "to", "en", "un", "drei", "einund", "zwanzig", "twenty", "fünf", "double", "alpha",
            "dash", "et", "the", "of", "on", "A", "x", "5", "12", "é", " ", " ", " ", " ", "-", ", ", "_",
            "@ ", "\n ", " . ", "\"", "   ",
        ];
        let (mut state, mut made) = (3_usize, 0);
        for _ in 0..200_000 {
            let text = (0..13).fold(String::new(), |text, at| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let piece = pieces[(state >> 33) % pieces.len()];
                if at % 2 == 1 && state >> 40 & 3 != 0 { text + " " } else { text + piece }
            });
            let survey = Survey::of(&text);
            let wanted = digits_without(&survey, |_| false).map(|derived| derived.text);
            made += usize::from(wanted.is_some());
            assert_eq!(digits(&survey).map(|derived| derived.text), wanted, "{text:?}");
        }
        assert!(made > 1000, "{made}");
    }

    #[test]
    fn no_word_is_refused_by_how_it_begins() {
        let is_begun = |four: [u8; 4]| {
            let [first, second, third, _] = four;
            BEGINNINGS.of_two[pair_of(first, second)] & bit_of(third) != 0
        };
        let letters = || (b'a'..=b'z').chain([b' ', b'-']).map(char::from);
        let tails: Vec<String> = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}"))).collect();
        let mut begun = 0;
        for (word, tail) in WORDS.iter().flat_map(|word| tails.iter().map(move |tail| (word, tail))) {
            let text = format!("{}{tail}", word.0);
            let four = *text.as_bytes().first_chunk().unwrap_or(&[0; 4]);
            let is_read = number_at(SEARCH.as_ref().unwrap(), &text, 0).is_some();
            if matches!(word.1, Number(_) | Repeat(_)) && !COMMON.contains(&word.0) {
                assert!(begins_number(&BEGINNINGS, &text, 0), "{text}");
            } else if is_read && is_begun(four) {
                begun += 1;
                assert!(begins_number(&BEGINNINGS, &text, 0), "{text}");
            }
        }
        assert!(begun > 100, "{begun}");
        for word in ["this", "for ", "first", "document", "none", "path", "format", "found"] {
            assert_eq!(begins_number(&BEGINNINGS, word, 0), word == "none", "{word}");
        }
    }

    #[test]
    fn words_that_only_begin_as_numbers_do_not_hide_those_after_them() {
        assert_eq!(read("two threefold four five six seven").as_deref(), Some("two threefold 4567"));
    }
}
