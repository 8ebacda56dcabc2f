//! Forms of a term that its list does not spell out: endings of English, German, French, Spanish and
//! Italian, and German compounds with the words that codenames stand beside.

use super::is_boundary;

/// Shorter words take no endings: `Ares` is not in `arese`.
const LETTERS_MIN: usize = 4;

/// Plurals, genitives and cases; what an apostrophe separates is a word of its own and needs no row.
const ENDINGS: [&str; 9] = ["s", "es", "e", "en", "n", "er", "ern", "ens", "x"];
/// Those that only longer words take, as shorter ones become other words by them.
const LONG_ENDINGS: [&str; 3] = ["er", "ern", "ens"];
const LONG: usize = 5;

/// What German puts between the parts of a compound.
const LINKS: [&str; 6] = ["", "s", "es", "n", "en", "er"];

/// What codenames are compounded with.
const PARTNERS: [&str; 34] = [
    "projekt",
    "project",
    "programm",
    "operation",
    "vorhaben",
    "plan",
    "team",
    "gruppe",
    "phase",
    "strategie",
    "studie",
    "bericht",
    "akte",
    "vertrag",
    "produkt",
    "produktion",
    "system",
    "plattform",
    "daten",
    "budget",
    "kunde",
    "kunden",
    "konto",
    "konzern",
    "werk",
    "linie",
    "serie",
    "modell",
    "fusion",
    "verkauf",
    "angebot",
    "sitzung",
    "entwicklung",
    "abteilung",
];

/// Words before a codename that as well stand behind it: `Projekt Falke`, `Falkenprojekt`.
const HEADS: [&str; 10] = [
    "projekt",
    "project",
    "projet",
    "proyecto",
    "progetto",
    "projeto",
    "programm",
    "programme",
    "program",
    "operation",
];

/// The words of a term, and the forms in which they may stand that do not merely add to their end.
pub(super) fn forms(words: Vec<String>) -> Vec<Vec<String>> {
    let vowel = with_other_vowel(&words);
    let turned = turned(&words);
    [words].into_iter().chain(vowel).chain(turned).collect()
}

/// The spelling of a term for keyboards without its letters: `Muehle` for `Mühle`.
pub(super) fn with_digraphs(term: &str) -> Option<String> {
    const DIGRAPHS: [(char, &str); 6] =
        [('ä', "ae"), ('ö', "oe"), ('ü', "ue"), ('Ä', "Ae"), ('Ö', "Oe"), ('Ü', "Ue")];
    let spelled = DIGRAPHS.iter().fold(term.to_owned(), |term, (letter, two)| term.replace(*letter, two));
    (spelled != term).then_some(spelled)
}

/// The Italian plural: `Aquila`, `Aquile`.
fn with_other_vowel(words: &[String]) -> Option<Vec<String>> {
    let last = words.last().filter(|last| last.len() >= LONG && takes_endings(last))?;
    let other = match last.chars().next_back()?.to_ascii_lowercase() {
        'a' => 'e',
        'o' | 'e' => 'i',
        _ => return None,
    };
    let stem = last.get(..last.len() - 1)?;
    let mut words = words.to_vec();
    *words.last_mut()? = format!("{stem}{other}");
    Some(words)
}

fn turned(words: &[String]) -> Vec<Vec<String>> {
    let [head, name] = words else { return Vec::new() };
    if !HEADS.contains(&head.to_lowercase().as_str()) || !takes_endings(name) {
        return Vec::new();
    }
    LINKS.iter().map(|link| vec![format!("{name}{link}"), head.clone()]).collect()
}

/// Whether a word is long enough, and one of letters.
pub(super) fn takes_endings(word: &str) -> bool {
    word.chars().count() >= LETTERS_MIN && word.chars().all(char::is_alphabetic)
}

/// Where a word ends of which `at` is no end: behind an ending, or behind the rest of a compound.
pub(super) fn end(text: &str, at: usize) -> Option<usize> {
    behind_ending(text, at).or_else(|| {
        let linked = LINKS.iter().filter_map(|link| behind(text, at, link));
        linked.flat_map(|at| PARTNERS.iter().filter_map(move |partner| behind(text, at, partner))).find_map(
            |at| {
                if is_boundary(text, at) { Some(at) } else { behind_ending(text, at) }
            },
        )
    })
}

fn behind_ending(text: &str, at: usize) -> Option<usize> {
    endings(text, at).find(|end| is_boundary(text, *end))
}

/// Where the endings end that a word has which ends at `at` without them.
pub(super) fn endings(text: &str, at: usize) -> impl Iterator<Item = usize> {
    let before = text.get(..at).unwrap_or_default();
    let is_long = before.chars().rev().take(LONG).take_while(|c| c.is_alphabetic()).count() == LONG;
    let fitting = ENDINGS.iter().filter(move |ending| is_long || !LONG_ENDINGS.contains(ending));
    fitting.filter_map(move |ending| behind(text, at, ending))
}

/// Where a compound begins whose last part is at `at`.
pub(super) fn compound_start(text: &str, at: usize) -> Option<usize> {
    let unlinked = LINKS.iter().filter_map(|link| before(text, at, link));
    unlinked
        .flat_map(|at| PARTNERS.iter().filter_map(move |partner| before(text, at, partner)))
        .find(|start| is_boundary(text, *start))
}

fn behind(text: &str, at: usize, part: &str) -> Option<usize> {
    let end = at + part.len();
    text.get(at..end)?.eq_ignore_ascii_case(part).then_some(end)
}

fn before(text: &str, at: usize, part: &str) -> Option<usize> {
    let start = at.checked_sub(part.len())?;
    text.get(start..at)?.eq_ignore_ascii_case(part).then_some(start)
}
