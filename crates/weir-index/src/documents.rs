use crate::bytes::number;
use crate::index::{Header, Hit, Kind, Parts, TooLarge};
use crate::keys::Keys;
use crate::{Salt, Words, filter, table};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::{ControlFlow, Range};

/// Words of a shingle.
const SHINGLE: usize = 8;
/// Shingles of which one is kept.
const WINDOW: usize = 5;
/// A quote of so many words is found.
const QUOTE: usize = SHINGLE + WINDOW - 1;
/// Words on each side of a shingle of which an entry knows eight bits.
const AROUND: usize = WINDOW - 1;
/// Two hits of one document count together if no more words are between them.
const NEAR: usize = 64;

/// Makes an index of documents.
#[derive(Debug)]
pub struct DocumentBuilder {
    salt: Salt,
    keys: Keys,
    public: HashSet<u64>,
    shingles: Vec<Shingle>,
    documents: u32,
}

/// What an entry is made of.
#[derive(Debug, Clone, Copy)]
struct Shingle {
    hash: u64,
    key: u64,
    document: u32,
    around: [[u8; AROUND]; 2],
}

impl DocumentBuilder {
    /// An empty index.
    #[must_use]
    pub fn new(salt: Salt) -> Self {
        Self { salt, keys: Keys::new(salt), public: HashSet::new(), shingles: Vec::new(), documents: 0 }
    }

    /// Says that a text is no secret, nor what documents quote from it. Only documents that are added
    /// later mind it.
    pub fn exclude(&mut self, text: &str) {
        let hashes = word_hashes(&self.keys, &Words::read(text));
        let keys = &self.keys;
        self.public.extend(hashes.windows(SHINGLE).map(|words| shingle_hash(keys, words)));
    }

    /// Puts a document in and gives its number, or `None` when nothing of it can be: it has fewer than
    /// 8 words, or all of it is public.
    pub fn add(&mut self, text: &str) -> Option<u32> {
        let words = word_hashes(&self.keys, &Words::read(text));
        let hashes: Vec<u64> = words.windows(SHINGLE).map(|words| shingle_hash(&self.keys, words)).collect();
        let kept = self.winnow(&hashes);
        if kept.is_empty() {
            return None;
        }
        let document = self.documents;
        self.documents += 1;
        let shingle = |at: usize| Shingle {
            hash: hashes.get(at).copied().unwrap_or_default(),
            key: words.iter().skip(at).take(SHINGLE).fold(0, |sum, word| roll(&self.keys, sum, *word)),
            document,
            around: [before(&words, at), behind(&words, at)],
        };
        let shingles: Vec<Shingle> = kept.into_iter().map(shingle).collect();
        self.shingles.extend(shingles);
        Some(document)
    }

    /// INVARIANT (twelve words): of each window's shingles that are not public the smallest is kept, and a
    /// quote of twelve words has all shingles of one window.
    fn winnow(&self, hashes: &[u64]) -> BTreeSet<usize> {
        let is_secret = |at: &usize| hashes.get(*at).is_some_and(|hash| !self.public.contains(hash));
        let smallest = |from: usize| {
            let window = (from..hashes.len().min(from + WINDOW)).filter(is_secret);
            window.rev().min_by_key(|at| hashes.get(*at).copied())
        };
        (0..hashes.len().saturating_sub(WINDOW - 1).max(1)).filter_map(smallest).collect()
    }

    /// How many documents were put in.
    #[must_use]
    pub fn documents(&self) -> u32 {
        self.documents
    }

    /// The file.
    ///
    /// # Errors
    /// [`TooLarge`] when there are more documents, or more words of them, than a file can hold.
    pub fn finish(self) -> Result<Vec<u8>, TooLarge> {
        const DOCUMENTS_MAX: u32 = 1 << 24;
        let Self { salt, keys, public: _, mut shingles, documents } = self;
        if documents > DOCUMENTS_MAX {
            return Err(TooLarge);
        }
        shingles.sort_unstable_by_key(|shingle| (shingle.hash, shingle.document));
        shingles.dedup_by_key(|shingle| shingle.hash);
        let (filter, log2_filter) =
            filter::build(&keys, shingles.iter().map(|shingle| shingle.key).collect());
        let table = table::build(&shingles, |shingle| shingle.hash, Shingle::write);
        let mut about = [0; 16];
        about.iter_mut().zip(documents.to_le_bytes()).for_each(|(to, byte)| *to = byte);
        Header {
            kind: Kind::Documents,
            log2_buckets: table::log2_buckets(shingles.len()),
            log2_filter,
            entries: shingles.len(),
            salt,
            about,
        }
        .write(&filter, &table)
    }
}

impl Shingle {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.document.to_le_bytes().iter().take(3));
        bytes.extend(self.around.as_flattened());
    }
}

fn word_hashes(keys: &Keys, words: &Words) -> Vec<u64> {
    words.each().map(|word| keys.word(word)).collect()
}

fn shingle_hash(keys: &Keys, words: &[u64]) -> u64 {
    let mut bytes = [0; 8 * SHINGLE];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    keys.hash(&bytes)
}

fn roll(keys: &Keys, sum: u64, word: u64) -> u64 {
    sum.wrapping_mul(keys.roll()).wrapping_add(word)
}

/// Eight bits of each word before a shingle, the nearest first.
fn before(words: &[u64], at: usize) -> [u8; AROUND] {
    std::array::from_fn(|nth| bits(at.checked_sub(nth + 1).and_then(|at| words.get(at))))
}

fn behind(words: &[u64], at: usize) -> [u8; AROUND] {
    std::array::from_fn(|nth| bits(words.get(at + SHINGLE + nth)))
}

/// The highest bits of a word hash; zero where there is no word.
fn bits(word: Option<&u64>) -> u8 {
    word.map_or(0, |word| word.to_be_bytes()[0])
}

/// Reports the stretches of a text that are enough of a document.
pub(crate) fn scan(
    parts: &Parts<'_>,
    words: &Words,
    report: &mut dyn FnMut(Hit) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut open: BTreeMap<u32, Stretch> = BTreeMap::new();
    for (document, run) in hits(parts, words) {
        let begun = open.get_mut(&document).filter(|stretch| stretch.is_near(&run));
        match begun {
            Some(stretch) => stretch.grow(&run),
            None => {
                if let Some(done) = open.insert(document, Stretch::of(&run)) {
                    done.report(words, document, report)?;
                }
            }
        }
    }
    open.iter().try_for_each(|(document, stretch)| stretch.report(words, *document, report))
}

/// Words of a text that stand like this in a document, longer than a shingle where its neighbours agree.
fn hits(parts: &Parts<'_>, words: &Words) -> Vec<(u32, Range<usize>)> {
    let hashes = word_hashes(parts.keys, words);
    let leaving = (0..SHINGLE).fold(1_u64, |power, _| power.wrapping_mul(parts.keys.roll()));
    let mut sum = 0_u64;
    let mut found = Vec::new();
    for (last, hash) in hashes.iter().enumerate() {
        sum = roll(parts.keys, sum, *hash);
        let Some(first) = (last + 1).checked_sub(SHINGLE) else { continue };
        if let Some(left) = first.checked_sub(1).and_then(|before| hashes.get(before)) {
            sum = sum.wrapping_sub(left.wrapping_mul(leaving));
        }
        if parts.filter.may_hold(parts.keys, sum) {
            found.extend(hit(parts, &hashes, first));
        }
    }
    found
}

fn hit(parts: &Parts<'_>, hashes: &[u64], first: usize) -> Option<(u32, Range<usize>)> {
    let shingle = hashes.get(first..first + SHINGLE)?;
    let entry = parts.table.entries_of(shingle_hash(parts.keys, shingle)).next()?;
    let document = u32::try_from(number(entry.get(..3)?)).ok()?;
    let agree = |known: &[u8], seen: [u8; AROUND], there: usize| {
        known.iter().zip(seen).take(there).take_while(|(known, seen)| *known == seen).count()
    };
    let end = first + SHINGLE;
    let left = agree(entry.get(3..7)?, before(hashes, first), first);
    let right = agree(entry.get(7..11)?, behind(hashes, first), hashes.len().saturating_sub(end));
    Some((document, first - left..end + right))
}

/// Hits of one document that are near each other.
struct Stretch {
    words: Range<usize>,
    first_end: usize,
    is_enough: bool,
}

impl Stretch {
    fn of(run: &Range<usize>) -> Self {
        Self { words: run.clone(), first_end: run.end, is_enough: run.len() >= QUOTE }
    }

    fn is_near(&self, run: &Range<usize>) -> bool {
        run.start <= self.words.end + NEAR
    }

    fn grow(&mut self, run: &Range<usize>) {
        self.is_enough |= run.len() >= QUOTE || run.start >= self.first_end;
        self.words.start = self.words.start.min(run.start);
        self.words.end = self.words.end.max(run.end);
    }

    fn report(
        &self,
        words: &Words,
        document: u32,
        report: &mut dyn FnMut(Hit) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if !self.is_enough {
            return ControlFlow::Continue(());
        }
        report(Hit { span: words.span(&self.words), document: Some(document) })
    }
}
