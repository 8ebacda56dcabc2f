//! How a text is built, as numbers: lengths, marks, numerals, options.

mod options;

use crate::logarithm::Logarithms;
use crate::scan::{Counts, Scan, parts};
use options::{Options, is_option};

/// How many numbers there are.
pub const SHAPE: usize = 39;

/// The numbers of a text, before they are brought to a common scale.
///
/// Counts are of the parts that were read, stretched to the whole, as logarithms of one more; the rest are shares and means.
pub(crate) fn shape(text: &str, scan: &Scan) -> [f32; SHAPE] {
    let bytes = Bytes::of(&scan.counts);
    let words = &scan.words;
    let lines = Lines::of(text, scan);
    let options = &lines.options;
    let (logarithms, is_whole) = (Logarithms::kept(), scan.stretch == 1.0);
    let many =
        |count: u32| if is_whole { logarithms.of(count) } else { (1.0 + count as f32 * scan.stretch).ln() };
    let chars = (bytes.chars.max(1)) as f32;
    let letters = (words.count.max(1)) as f32;
    let share = |count: u32| count as f32 / chars;
    let among = |count: u32| count as f32 / letters;
    [
        many(bytes.chars),
        many(words.count),
        many(bytes.lines + 1),
        words.chars as f32 / letters,
        share(bytes.digits),
        share(bytes.capitals),
        share(bytes.foreign),
        many(words.numbers),
        many(bytes.operators),
        many(bytes.brackets),
        many(bytes.questions),
        many(bytes.quotes),
        many(options.count),
        among(words.long()),
        among(words.very_long()),
        many(bytes.stops),
        many(bytes.commas),
        many(words.negated),
        many(words.roman),
        lines.first_share,
        many(bytes.underlines),
        many(bytes.dollars),
        many(bytes.colons),
        among(words.capitals),
        many(words.single()),
        among(bytes.commas),
        letters / (bytes.stops.max(1)) as f32,
        among(words.numbers),
        options.longest.ln_1p(),
        options.mean().ln_1p(),
        options.deviation().ln_1p(),
        many(bytes.code),
        f32::from(u8::from(lines.ends_asking)),
        many(lines.indented),
        options.likeness(),
        options.with_digits(),
        options.words_in_one().ln_1p(),
        words.distinct as f32 / letters,
        options.letters_in_word(),
    ]
}

/// Counts of kinds of characters.
#[derive(Debug)]
struct Bytes {
    chars: u32,
    lines: u32,
    digits: u32,
    capitals: u32,
    foreign: u32,
    operators: u32,
    brackets: u32,
    questions: u32,
    quotes: u32,
    stops: u32,
    commas: u32,
    underlines: u32,
    dollars: u32,
    colons: u32,
    code: u32,
}

impl Bytes {
    fn of(counts: &Counts) -> Self {
        let Counts { chars, digits, capitals, foreign, marks } = counts;
        let of = |bytes: &[u8]| bytes.iter().filter_map(|byte| marks.get(usize::from(*byte))).sum::<u32>();
        Self {
            chars: *chars,
            lines: of(b"\n"),
            digits: *digits,
            capitals: *capitals,
            foreign: *foreign,
            operators: of(b"+*/=^<>%"),
            brackets: of(b"()[]{}"),
            questions: of(b"?"),
            quotes: of(b"\""),
            stops: of(b".!?"),
            commas: of(b","),
            underlines: of(b"_"),
            dollars: of(b"$"),
            colons: of(b":"),
            code: of(b"{};=\\`#"),
        }
    }
}

/// What lines say: how long the first is, and whether there are options to choose from.
#[derive(Debug, Default)]
struct Lines {
    first_share: f32,
    options: Options,
    ends_asking: bool,
    indented: u32,
}

impl Lines {
    fn of(text: &str, scan: &Scan) -> Self {
        let (head, tail) = parts(text);
        let mut lines = Lines::default();
        if scan.has_line_to_note {
            for line in head.lines().chain(tail.lines()) {
                lines.indented += u32::from(is_indented(line.as_bytes()));
                if is_option(line.as_bytes()) {
                    lines.options.add(line);
                }
            }
        }
        let first = scan
            .line_ends
            .and_then(|(first, _)| scan.tokens.get(first))
            .map_or(text.len(), |end| end.start as usize);
        lines.first_share = first.min(head.len()) as f32 / (head.len() + tail.len()).max(1) as f32;
        let end = if tail.is_empty() { head } else { tail };
        lines.ends_asking = end.trim_end().ends_with(['?', '？']);
        lines
    }
}

/// Whether a line is one that more is to be known of than its end.
pub(crate) fn is_to_note(line: &[u8]) -> bool {
    is_indented(line) || is_option(line)
}

fn is_indented(line: &[u8]) -> bool {
    matches!(line, [b' ', b' ', ..] | [b'\t', ..])
}

#[cfg(test)]
mod tests {
    use super::shape;
    use crate::lexicon::{Lexicon, encode};
    use crate::scan::scan;

    /// The number of options and of indented lines, and the share of the first line.
    fn lines(text: &str) -> (f32, f32, f32) {
        let (_, table) = encode("").unwrap();
        let scan = scan(text, &Lexicon::decode(&table).unwrap());
        let numbers = shape(text, &scan);
        let count = |place: usize| ((numbers[place].exp() - 1.0) / scan.stretch).round();
        (count(12), count(33), numbers[19])
    }

    #[test]
    fn options_and_indented_lines_are_seen_wherever_they_stand() {
        assert_eq!(lines("A. one line"), (1.0, 0.0, 1.0));
        assert_eq!(lines("Which?\nA. the sea\nB) the lake\n  \n\tno"), (2.0, 2.0, 6.0 / 36.0));
        assert_eq!(lines("Which?\r\n\r\nC. the sea\r\n"), (1.0, 0.0, 7.0 / 22.0));
        assert_eq!(lines("nothing of it\nA dog"), (0.0, 0.0, 13.0 / 19.0));
        assert_eq!(lines(""), (0.0, 0.0, 0.0));
        let long = "words and words ".repeat(1000);
        assert_eq!(lines(&format!("{long}\nA. the end")), (1.0, 0.0, 0.5));
        assert_eq!(lines(&format!("one\n  two {long}")).1, 1.0);
    }
}
