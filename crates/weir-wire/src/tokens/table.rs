//! The state machine and its weights.
//!
//! The weights are 256ths of a token. They were fitted by least squares, none below zero, to what `o200k_base`
//! counts for 1,843 pieces of about 2,000 characters: prose in 37 languages, requests to models, source code
//! and JSON. A character's weight depends on its class and on how many of its class precede it: a word's
//! first letters cost, those that follow are free until the word is long.

/// The weight of one token.
pub(super) const TOKEN: u64 = 256;

/// The classes of characters, and the weights of the first, second … of a class in a row; the last holds for
/// all that follow.
const CLASSES: [&[u16]; 17] = [
    &[62, 0, 136, 33, 0, 0, 0, 69, 0, 133], // Lower-case letters
    &[117, 372, 0, 0],                      // Upper-case letters
    &[384, 0, 0],                           // Digits: three make a token
    &[71, 255, 0],                          // Spaces
    &[66, 0],                               // Ends of lines
    &[239, 140, 59],                        // Tabs
    &[189, 47],                             // Common marks
    &[105, 165, 0],                         // Other signs of ASCII
    &[256, 84],                             // Latin with marks, phonetic signs
    &[71, 249, 0, 0, 62],                   // Greek, Cyrillic, Armenian
    &[438, 0, 0, 399, 71],                  // Hebrew, Arabic and what is beside them
    &[0, 0, 0, 444, 98],                    // Scripts of India, Thai
    &[0, 115],                              // Georgian, Burmese, Khmer; dashes, quotes, symbols
    &[502, 139],                            // Ideographs, kana
    &[0, 241],                              // Hangul
    &[256, 256],                            // Presentation forms
    &[919, 223],                            // Beyond the basic plane, such as emoji
];

const LOWER: usize = 0;
const UPPER: usize = 1;
const DIGIT: usize = 2;
const SPACE: usize = 3;
const LATIN: usize = 8;
const GREEK: usize = 9;
const HEBREW: usize = 10;
const INDIC: usize = 11;
/// Bytes that continue a character, which are of its class.
const CONTINUES: usize = 17;

/// Weights of a class's first character after one of another class (after exactly one space).
const AFTER: [(usize, usize, u16); 9] = [
    (SPACE, LOWER, 54),
    (SPACE, UPPER, 189),
    (LOWER, LATIN, 372),
    (LATIN, LOWER, 0),
    (LOWER, UPPER, 121),
    (SPACE, GREEK, 67),
    (SPACE, HEBREW, 0),
    (SPACE, INDIC, 0),
    (UPPER, LOWER, 0),
];

/// The longest row of a class that is told from longer ones.
const RUN_MAX: usize = 10;
/// Columns of the table: a power of two, so that an index is two parts side by side.
const COLUMNS: usize = 32;
const STATES: usize = 256;

/// For a state and the class of a byte: the next state in the low byte, the weight above it.
static STEPS: [u32; STATES * COLUMNS] = steps();

/// A state that no character has led to.
const START: usize = CLASSES.len() * RUN_MAX;

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn steps() -> [u32; STATES * COLUMNS] {
    let mut table = [0; STATES * COLUMNS];
    let mut state = 0;
    while state <= START {
        let (class, run) = (state / RUN_MAX, state % RUN_MAX);
        let mut next = 0;
        while next < CLASSES.len() {
            let (to, weight) = step(class, run, next);
            table[state * COLUMNS + next] = to as u32 | (weight as u32) << 8;
            next += 1;
        }
        table[state * COLUMNS + CONTINUES] = state as u32;
        state += 1;
    }
    table
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn step(class: usize, run: usize, next: usize) -> (usize, u16) {
    let weights = CLASSES[next];
    if class != next {
        return (next * RUN_MAX, first_weight(class, run, next, weights[0]));
    }
    let longer = if next == DIGIT { (run + 1) % weights.len() } else { min(run + 1, weights.len() - 1) };
    (next * RUN_MAX + longer, weights[longer])
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn first_weight(class: usize, run: usize, next: usize, usual: u16) -> u16 {
    let mut at = 0;
    while at < AFTER.len() {
        let (before, then, weight) = AFTER[at];
        if before == class && then == next && (class != SPACE || run == 0) {
            return weight;
        }
        at += 1;
    }
    usual
}

const fn min(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// The class of every byte.
static CLASS_OF: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = class(byte as u8);
        byte += 1;
    }
    table
}

/// By the first byte of a character in UTF-8.
const fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        b' ' => 3,
        b'\n' | b'\r' => 4,
        b'\t' => 5,
        b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'"' | b'(' | b')' | b'-' => 6,
        0..=0x7f => 7,
        0x80..=0xbf => CONTINUES as u8,
        0xc0..=0xca => 8,
        0xcb..=0xd4 => 9,
        0xd5..=0xdf => 10,
        0xe0 => 11,
        0xe1..=0xe2 => 12,
        0xe3..=0xe9 => 13,
        0xea..=0xed => 14,
        0xee..=0xef => 15,
        0xf0.. => 16,
    }
}

/// The weight of a text.
#[expect(clippy::indexing_slicing, reason = "a byte's class is below 32, a state below 256")]
pub(super) fn weigh(text: &[u8]) -> u64 {
    let mut state = START;
    let mut weight = 0;
    for byte in text {
        let class = CLASS_OF[usize::from(*byte)] as usize;
        let step = STEPS[(state * COLUMNS + class) & (STATES * COLUMNS - 1)];
        state = (step & 0xff) as usize;
        weight += u64::from(step >> 8);
    }
    weight
}
