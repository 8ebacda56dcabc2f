//! The tokens of a vocabulary by their bytes, from the first on.

use crate::class::decode;
use crate::vocabulary::{BASIC_PLANE, InvalidVocabulary, LENGTH_BITS, NONE, TOKEN_BITS, Token};

/// A trie in one array: the node that a byte leads to from another lies at the base of that one, with the bits of the byte in which
/// it differs. No two nodes have the same base, so that the byte tells whether a slot is a node's that comes from there.
pub struct Trie {
    slots: Vec<Node>,
    /// The places that characters of the basic plane lead to, or 0.
    of_character: Vec<u32>,
    shorter: Vec<Shorter>,
}

/// The longest token that another begins with, or [`NONE`], and above it the length of that other.
#[derive(Clone, Copy)]
struct Shorter(u32);

/// The longest token that bytes begin with.
#[derive(Clone, Copy)]
pub struct Found {
    /// Or [`NONE`].
    pub token: Token,
    /// In bytes.
    pub length: usize,
}

/// A token that is put into a trie, and its first bytes.
struct Entry<'a> {
    head: u64,
    bytes: &'a [u8],
    token: Token,
}

/// The longest token on the way here, or [`NONE`], its length above it, then the byte that leads here, and the base of what comes behind.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Node(u64);

const LABEL_SHIFT: u32 = TOKEN_BITS + LENGTH_BITS;
/// A byte, and a bit above it where there is no node.
const LABEL_BITS: u32 = 9;
/// No byte leads to the root, nor to where there is no node.
const ROOT: u16 = 1 << u8::BITS;
const BASE_SHIFT: u32 = LABEL_SHIFT + LABEL_BITS;
const BASE_BITS: u32 = u64::BITS - BASE_SHIFT;
/// So many bases are tried before what lies before them is left as it is.
const TRIES: usize = 256;

impl Trie {
    /// Of tokens with their bytes.
    ///
    /// # Errors
    /// [`InvalidVocabulary`] if two have the same bytes, or there is no room for them.
    pub fn new<'a>(tokens: impl Iterator<Item = (&'a [u8], Token)>) -> Result<Self, InvalidVocabulary> {
        let mut tokens: Vec<_> =
            tokens.map(|(bytes, token)| Entry { head: head(bytes), bytes, token }).collect();
        tokens.sort_unstable_by(|one, two| one.head.cmp(&two.head).then_with(|| one.bytes.cmp(two.bytes)));
        if tokens.windows(2).any(|pair| matches!(pair, [one, two] if one.bytes == two.bytes)) {
            return Err(InvalidVocabulary::Twice);
        }
        let mut builder = Builder::default();
        builder.claim(0);
        builder.place((0, ROOT), &tokens, Found { token: NONE, length: 0 }, 0);
        if builder.slots.len() >> BASE_BITS != 0 {
            return Err(InvalidVocabulary::TooLarge);
        }
        let Builder { mut slots, mut shorter, .. } = builder;
        slots.shrink_to_fit();
        shorter.shrink_to_fit();
        let mut trie = Self { slots, of_character: Vec::new(), shorter };
        trie.of_character = (0..BASIC_PLANE).map(|code| trie.place_of(code).unwrap_or(0)).collect();
        Ok(trie)
    }

    /// Where a character leads.
    fn place_of(&self, code: u32) -> Option<u32> {
        let mut buffer = [0; 4];
        let mut place = 0;
        for byte in char::from_u32(code)?.encode_utf8(&mut buffer).bytes() {
            place = self.slots.get(place)?.base() ^ usize::from(byte);
            self.slots.get(place).filter(|node| node.label() == u64::from(byte))?;
        }
        u32::try_from(place).ok()
    }

    /// The longest token that bytes begin with.
    #[inline]
    pub fn longest(&self, bytes: &[u8]) -> Found {
        let (mut node, mut at) = self.first(bytes);
        while let Some(byte) = bytes.get(at)
            && let Some(next) = self.behind(node, *byte)
        {
            node = next;
            at += 1;
        }
        let length = node.length();
        // Mostly the last node is the token's own, and then what follows need not wait for it.
        Found { token: node.token(), length: if length == at { at } else { length } }
    }

    /// Where the first character leads.
    #[inline]
    fn first(&self, bytes: &[u8]) -> (Node, usize) {
        if let Some(first) = bytes.first()
            && *first >= 0xc0
        {
            let (code, length) = decode(bytes, 0, *first);
            let place = self.of_character.get(code as usize).copied().unwrap_or(0);
            if place != 0 && length <= bytes.len() {
                return (self.slots.get(place as usize).copied().unwrap_or(Node::FREE), length);
            }
        }
        (self.root(), 0)
    }

    /// The token that is all of the bytes.
    pub fn find(&self, bytes: &[u8]) -> Option<Token> {
        let Found { token, length } = self.longest(bytes);
        (length == bytes.len() && token != NONE).then_some(token)
    }

    /// The longest token that another begins with.
    #[inline]
    pub fn shorter(&self, token: Token) -> Found {
        let token = self.shorter.get(token as usize).map_or(NONE, |shorter| shorter.0 & NONE);
        Found { token, length: self.length(token) }
    }

    /// How long a token is, in bytes.
    #[inline]
    pub fn length(&self, token: Token) -> usize {
        self.shorter.get(token as usize).map_or(0, |shorter| (shorter.0 >> TOKEN_BITS) as usize)
    }

    #[inline]
    fn root(&self) -> Node {
        self.slots.first().copied().unwrap_or(Node::FREE)
    }

    #[inline]
    fn behind(&self, node: Node, byte: u8) -> Option<Node> {
        let next = *self.slots.get(node.base() ^ usize::from(byte))?;
        (next.label() == u64::from(byte)).then_some(next)
    }
}

impl Shorter {
    const fn new(token: Token, length: usize) -> Self {
        Self(token | (length as u32) << TOKEN_BITS)
    }
}

impl Node {
    const FREE: Self = Self::new(Found { token: NONE, length: 0 }, ROOT, 0);

    /// The place of one that is not known yet.
    const CLAIMED: Self = Self::new(Found { token: NONE, length: 0 }, ROOT, 1);

    const fn new(Found { token, length }: Found, label: u16, base: usize) -> Self {
        let found = token as u64 | (length as u64) << TOKEN_BITS;
        Self(found | (label as u64) << LABEL_SHIFT | (base as u64) << BASE_SHIFT)
    }

    #[inline]
    const fn token(self) -> Token {
        self.0 as Token & NONE
    }

    #[inline]
    const fn length(self) -> usize {
        (self.0 >> TOKEN_BITS) as usize & ((1 << LENGTH_BITS) - 1)
    }

    #[inline]
    const fn label(self) -> u64 {
        self.0 >> LABEL_SHIFT & ((1 << LABEL_BITS) - 1)
    }

    #[inline]
    const fn base(self) -> usize {
        (self.0 >> BASE_SHIFT) as usize
    }
}

/// The first eight bytes, by which most are put in order.
fn head(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte);
    u64::from_be_bytes(first)
}

#[derive(Default)]
struct Builder {
    slots: Vec<Node>,
    shorter: Vec<Shorter>,
    /// The bytes that lead on from a node.
    labels: Vec<u8>,
    /// Which places are the base of a node.
    bases: Vec<bool>,
    /// No place before it is free, or is looked at any more.
    first: usize,
}

impl Builder {
    /// Puts a node into its place, which is its own already, and all that are behind it.
    fn place(&mut self, (at, label): (usize, u16), tokens: &[Entry<'_>], before: Found, depth: usize) {
        let (found, behind) = match tokens.split_first() {
            Some((first, rest)) if first.bytes.len() == depth => {
                self.note(first.token, before.token, depth);
                (Found { token: first.token, length: depth }, rest)
            }
            _ => (before, tokens),
        };
        let next = |entry: &Entry<'_>| entry.bytes.get(depth).copied().unwrap_or(0);
        let mut labels = std::mem::take(&mut self.labels);
        labels.clear();
        for entry in behind {
            if labels.last() != Some(&next(entry)) {
                labels.push(next(entry));
            }
        }
        let base = self.base(&labels);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Node::new(found, label, base);
        }
        for label in &labels {
            self.claim(base ^ usize::from(*label));
        }
        self.labels = labels;
        for tokens in behind.chunk_by(|one, two| next(one) == next(two)) {
            let label = tokens.first().map_or(0, next);
            self.place((base ^ usize::from(label), u16::from(label)), tokens, found, depth + 1);
        }
    }

    fn note(&mut self, token: Token, shorter: Token, length: usize) {
        let place = token as usize;
        if place >= self.shorter.len() {
            self.shorter.resize(place + 1, Shorter(NONE));
        }
        if let Some(slot) = self.shorter.get_mut(place) {
            *slot = Shorter::new(shorter, length);
        }
    }

    /// A base from which all these bytes lead to places that are free; 0 of none.
    fn base(&mut self, labels: &[u8]) -> usize {
        let Some(label) = labels.first() else { return 0 };
        while self.is_taken(self.first) {
            self.first += 1;
        }
        let mut at = self.first;
        loop {
            let base = at ^ usize::from(*label);
            let is_free = !self.is_taken(at) && base != 0 && self.bases.get(base) != Some(&true);
            if is_free && labels.iter().all(|label| !self.is_taken(base ^ usize::from(*label))) {
                self.bases.resize(self.bases.len().max(base + 1), false);
                if let Some(known) = self.bases.get_mut(base) {
                    *known = true;
                }
                return base;
            }
            at += 1;
            if at - self.first > TRIES {
                self.first = at;
            }
        }
    }

    fn is_taken(&self, at: usize) -> bool {
        self.slots.get(at).is_some_and(|node| *node != Node::FREE)
    }

    fn claim(&mut self, at: usize) {
        if at >= self.slots.len() {
            self.slots.resize(at + 1, Node::FREE);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Node::CLAIMED;
        }
    }
}
