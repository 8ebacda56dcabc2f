//! Answers to choose from, and how much they are alike.

/// Of so many options the words are compared.
const COMPARED: usize = 6;
/// Of an option so many words are compared.
const WORDS_MAX: usize = 48;

/// Lines such as `B. the sea`.
#[derive(Debug, Default)]
pub(super) struct Options {
    pub count: u32,
    /// In bytes.
    pub longest: f32,
    sum: f32,
    squares: f32,
    with_digits: u32,
    words: u32,
    letters: u32,
    /// The words of the first options, as hashes in order and each once.
    sets: Vec<Vec<u32>>,
}

impl Options {
    pub fn add(&mut self, line: &str) {
        let bytes = line.len() as f32;
        self.count += 1;
        self.sum += bytes;
        self.squares += bytes * bytes;
        self.longest = self.longest.max(bytes);
        let mut has_digits = false;
        let mut set = Vec::new();
        let (mut hash, mut letters) = (START, 0);
        // A space ends the last word too.
        for byte in line.bytes().skip(2).chain([b' ']) {
            if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                has_digits |= byte.is_ascii_digit();
                hash = (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
                // Of a letter of several bytes the first counts.
                letters += u32::from(byte & 0xC0 != 0x80);
            } else if letters > 0 {
                self.words += 1;
                self.letters += letters;
                set.push(hash);
                (hash, letters) = (START, 0);
            }
        }
        self.with_digits += u32::from(has_digits);
        if self.sets.len() < COMPARED {
            set.truncate(WORDS_MAX);
            set.sort_unstable();
            set.dedup();
            self.sets.push(set);
        }
    }

    /// The mean length, in bytes.
    pub fn mean(&self) -> f32 {
        self.sum / self.of_all()
    }

    /// How much lengths differ, in bytes.
    pub fn deviation(&self) -> f32 {
        (self.squares / self.of_all() - self.mean().powi(2)).max(0.0).sqrt()
    }

    /// The share of options with a digit.
    pub fn with_digits(&self) -> f32 {
        self.with_digits as f32 / self.of_all()
    }

    /// The mean number of words of an option.
    pub fn words_in_one(&self) -> f32 {
        self.words as f32 / self.of_all()
    }

    /// The mean length of the words of options, in characters.
    pub fn letters_in_word(&self) -> f32 {
        self.letters as f32 / (self.words.max(1)) as f32
    }

    /// The mean share of words that two options have in common (Jaccard): options that are alike are hard to tell apart.
    pub fn likeness(&self) -> f32 {
        let (mut sum, mut pairs) = (0.0, 0_u32);
        let mut rest = self.sets.as_slice();
        while let [one, others @ ..] = rest {
            for other in others {
                sum += in_common(one, other);
                pairs += 1;
            }
            rest = others;
        }
        sum / (pairs.max(1)) as f32
    }

    fn of_all(&self) -> f32 {
        (self.count.max(1)) as f32
    }
}

const START: u32 = 0x811C_9DC5;

/// The share of all members of two sets that are in both. Both are in order.
fn in_common(one: &[u32], other: &[u32]) -> f32 {
    let both = one.iter().filter(|word| other.binary_search(word).is_ok()).count();
    both as f32 / (one.len() + other.len() - both).max(1) as f32
}

/// Whether a line is one of several answers to choose from, as in `B. the sea`.
pub(super) fn is_option(line: &[u8]) -> bool {
    matches!(line, [b'A'..=b'E', b'.' | b')', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(lines: &[&str]) -> Options {
        let mut options = Options::default();
        lines.iter().filter(|line| is_option(line.as_bytes())).for_each(|line| options.add(line));
        options
    }

    #[test]
    fn options_are_told_from_other_lines_and_measured() {
        let options = options(&["Which?", "A. the sea", "B) 12 seas", "F. none", "C. Meere süß", "D."]);
        assert_eq!((options.count, options.words_in_one(), options.with_digits()), (4, 1.5, 0.25));
        assert_eq!((options.longest, options.mean()), (14.0, 9.0));
        assert_eq!(options.letters_in_word(), (3 + 3 + 2 + 4 + 5 + 3) as f32 / 6.0);
    }

    #[test]
    fn options_of_the_same_words_are_alike_and_others_are_not() {
        assert_eq!(options(&["A. the red SEA", "B. the red sea."]).likeness(), 1.0);
        assert_eq!(options(&["A. one", "B. two", "C. three"]).likeness(), 0.0);
        assert_eq!(options(&["A. one two", "B. two three"]).likeness(), 1.0 / 3.0);
        assert_eq!((options(&["A. one"]).likeness(), options(&[]).likeness()), (0.0, 0.0));
        let many: Vec<String> = (0..50).map(|n| format!("A. {n} {}", "word ".repeat(500))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(options(&many).sets.len(), COMPARED);
    }
}
