//! Finds the identifiers of the table of shapes among the codes of a text.

mod alone;
mod bare;
mod worth;
mod written;

use crate::RecogniserInfo;
use crate::code::{CODE_MAX, Chain, Edges, Window};
use crate::context::{Context, InKeys, Near, ROWS_MAX, RowSet, WordList, Words};
use crate::haystack::{Digits, Haystack};
use crate::recognise::{Find, Identifier, Kind, Match, TABLE};
use alone::{ByHead, Spellings, alone_by_head, is_one_word};
use bare::{is_bare, may_be_bare, may_hold_bare};
use std::cell::{OnceCell, RefCell};
use std::ops::{ControlFlow, Range};
use std::sync::LazyLock;
use written::{is_alone, is_part_of_something, is_plausible, may_begin};

/// Shorter words in capitals are none without them.
const LABEL_MIN: usize = 3;
/// So many digits or fewer may be a telephone number.
const SHORT_NUMBER: usize = 10;

/// The identifiers that are looked for, by shape, with their context words.
#[derive(Debug)]
pub(crate) struct Identifiers {
    rows: Vec<(usize, &'static Identifier)>,
    /// The shapes of all rows, in order.
    shapes: Vec<Shape>,
    /// Where those of each row begin; one more than there are rows.
    bounds: Vec<usize>,
    /// What the shapes of each length ask for, each once.
    forms: [Vec<Form>; CODE_MAX + 1],
    /// The lengths of which a number is of some shape, a bit each.
    numbers: u32,
    /// The lengths of what any country has after a label, whatever its form.
    any: u32,
    /// The spellings that need no context word, by their length.
    alone: Vec<Spellings>,
    /// How long those of one word are at least.
    word_alone_min: usize,
    /// Those of several words by the row of digits that their first digit begins.
    alone_by_head: ByHead,
    /// The rows that have a shape of each length.
    rows_of_len: [RowSet; CODE_MAX + 1],
    /// The rows that have a spelling of each length that needs no context word.
    alone_of_len: Vec<RowSet>,
    words: &'static Words,
}

/// The words of all identifiers, whichever are looked for: once for the process.
static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = WordList::default();
    for (row, (_, identifier)) in identifiers().iter().enumerate().take(ROWS_MAX) {
        identifier.words.iter().for_each(|word| words.name(word, row));
        if identifier.firm {
            identifier.words.iter().filter(|word| is_label(word)).for_each(|word| words.label(word, row));
        }
        identifier.kind.words().iter().for_each(|word| words.kind(word, row));
    }
    words.build()
});

/// Whether a word in capitals is one without them too, where it labels something. `run 12345678` is what programs say.
fn is_label(word: &str) -> bool {
    word.len() >= LABEL_MIN && word != "RUN"
}

/// The identifiers with their places in the table of recognisers.
fn identifiers() -> Vec<(usize, &'static Identifier)> {
    let identifier = |(place, row): (usize, &RecogniserInfo)| match row.find {
        Find::Code(identifier) => Some((place, identifier)),
        Find::At(_) | Find::Line(_) | Find::Colon(_) | Find::Digit(..) | Find::Number(..) => None,
        Find::Literal(..) | Find::Word(..) | Find::Phrase(..) | Find::Tokens(_) | Find::Name => None,
    };
    TABLE.iter().enumerate().filter_map(identifier).collect()
}

/// The shape of a row.
#[derive(Debug, Clone, Copy)]
struct Shape {
    form: Form,
    len: usize,
    row: usize,
}

/// A shape as two masks: which characters must be letters, which digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Form {
    letters: u32,
    digits: u32,
}

/// Why a code counts as an identifier, best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// It is valid, and all that the text holds.
    Bare,
    /// A label directly before it names its kind, and no country's form is needed.
    Any,
    /// It is valid as far as can be told, and a word near it names its kind.
    Kind,
    /// A label directly before it names it, but it is not valid: a typing error makes it no less personal.
    Labelled,
    /// It is valid, and written as nothing else is.
    Alone,
    /// It is valid, and a word near it names it.
    Named,
}

/// What a scan does with a match of a row of the table.
pub(crate) type Report<'r> = &'r mut dyn FnMut(usize, Match) -> ControlFlow<()>;

impl Identifiers {
    /// `is_on` says which rows of the table of recognisers are looked for.
    pub(crate) fn new(is_on: impl Fn(usize) -> bool) -> Self {
        let rows = identifiers();
        let (mut shapes, mut bounds) = (Vec::new(), vec![0]);
        let mut forms: [Vec<Form>; CODE_MAX + 1] = Default::default();
        let mut rows_of_len = [RowSet::default(); CODE_MAX + 1];
        let mut any = 0;
        for (row, (place, identifier)) in rows.iter().enumerate() {
            for shape in identifier.shapes.iter().filter(|_| is_on(*place)) {
                let form = Form::new(shape);
                shapes.push(Shape { form, len: shape.len(), row });
                any |= u32::from(identifier.any) << shape.len();
                let forms = forms.get_mut(shape.len()).filter(|_| !identifier.any);
                if let Some(forms) = forms.filter(|forms| !forms.contains(&form)) {
                    forms.push(form);
                }
                if let Some(rows) = rows_of_len.get_mut(shape.len()) {
                    rows.insert(row);
                }
            }
            bounds.push(shapes.len());
        }
        let alone_of_len = alone_of_len(&rows);
        let of_digits =
            |(len, forms): (usize, &Vec<Form>)| u32::from(forms.iter().any(|form| form.letters == 0)) << len;
        let numbers = forms.iter().enumerate().map(of_digits).fold(0, |lens, len| lens | len);
        let mut spellings: Vec<&'static str> =
            rows.iter().flat_map(|(_, identifier)| identifier.alone).copied().collect();
        spellings.sort_unstable();
        spellings.dedup();
        let of_len = |len: usize| spellings.iter().copied().filter(move |one| one.len() == len);
        let alone = (0..alone_of_len.len()).map(|len| Spellings::new(of_len(len))).collect();
        let alone_by_head = alone_by_head(spellings.iter().copied());
        let words = spellings.iter().filter(|spelling| is_one_word(spelling));
        let word_alone_min = words.map(|word| word.len()).min().unwrap_or(usize::MAX);
        Self {
            rows,
            shapes,
            bounds,
            forms,
            numbers,
            any,
            alone,
            word_alone_min,
            alone_by_head,
            rows_of_len,
            alone_of_len,
            words: &WORDS,
        }
    }

    /// The context words of a text; `in_keys` is where what its keys say is kept.
    pub(crate) fn context<'h>(
        &self,
        haystack: &'h Haystack<'h>,
        in_keys: &'h OnceCell<InKeys>,
    ) -> Context<'h> {
        Context::new(self.words, haystack, in_keys)
    }

    /// Judges the codes around the word that `digits` stand in, the first of that word.
    pub(crate) fn judge(
        &self,
        context: &mut Context<'_>,
        haystack: &Haystack<'_>,
        digits: &Digits,
        report: Report<'_>,
    ) -> ControlFlow<()> {
        if may_begin(haystack, digits) && self.is_worth_reading(context, haystack, digits) {
            return self.judge_chains(context, haystack, digits.start, report);
        }
        ControlFlow::Continue(())
    }

    /// Judges the codes around the word that holds the digit at `at`, by all the edges that it may have.
    fn judge_chains(
        &self,
        context: &mut Context<'_>,
        haystack: &Haystack<'_>,
        at: usize,
        report: Report<'_>,
    ) -> ControlFlow<()> {
        self.judge_chain(context, haystack, at, Edges::Plain, report)?;
        if haystack.before(at).is_some_and(|b| b.is_ascii_alphabetic()) {
            self.judge_chain(context, haystack, at, Edges::Letters, report)?;
        }
        if haystack.last_seam(at.saturating_sub(CODE_MAX)..at + CODE_MAX).is_some() {
            for edges in [Edges::Seams, Edges::LetterSeams] {
                // Where no word ends at a seam, all is as it was.
                if Chain::may_meet_edge(haystack, at, edges) {
                    self.judge_chain(context, haystack, at, edges, report)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn judge_chain(
        &self,
        context: &mut Context<'_>,
        haystack: &Haystack<'_>,
        at: usize,
        edges: Edges,
        report: Report<'_>,
    ) -> ControlFlow<()> {
        if Chain::single(haystack, at, edges)
            .is_some_and(|(len, digits)| !self.fits(len, digits) && self.any >> len & 1 == 0)
        {
            return ControlFlow::Continue(());
        }
        let Some(chain) = Chain::read(haystack, at, edges) else { return ControlFlow::Continue(()) };
        let context = RefCell::new(context);
        let mut flow = ControlFlow::Continue(());
        // Whether some row has this shape and there is a reason to look further, both cheap to say.
        let fits = |len: usize, digits: u32, span: Range<usize>| {
            self.fits(len, digits)
                && (may_hold_bare(haystack)
                    || self.is_spelt_alone(haystack, span.clone())
                    || context.borrow_mut().is_near(&span))
                || self.any >> len & 1 == 1 && context.borrow_mut().is_labelled(&span)
        };
        chain.windows(haystack, fits, |window| {
            let found = self.judge_window(&mut context.borrow_mut(), haystack, window);
            for (row, found) in &found {
                if flow.is_continue() {
                    flow = report(*row, found.clone());
                }
            }
            // A number that is only all that the text holds may hold another that a word names.
            found.iter().any(|(_, found)| found.score > Reason::Bare.score())
        });
        flow
    }

    /// The best readings of a window: every row that context names, or else the first of the best reason.
    fn judge_window(
        &self,
        context: &mut Context<'_>,
        haystack: &Haystack<'_>,
        window: &Window,
    ) -> Vec<(usize, Match)> {
        if is_part_of_something(haystack, window) {
            return Vec::new();
        }
        let near = context.near(&window.span);
        let rows = self.rows_for(haystack, window, &near);
        let mut best: Vec<(Reason, usize)> = Vec::new();
        let is_plausible = is_plausible(window);
        for shape in rows.iter().flat_map(|row| self.shapes_of(row, window.code.len())) {
            if !self.may_be(shape, window, is_plausible) {
                continue;
            }
            let Some(reason) = self.reason(shape.row, haystack, window, &near) else { continue };
            best.retain(|(other, _)| *other >= reason || *other >= Reason::Alone);
            let is_best = best.iter().all(|(other, _)| *other == reason || reason >= Reason::Alone);
            if is_best && best.iter().all(|(_, row)| *row != shape.row) {
                best.push((reason, shape.row));
            }
        }
        // `BSN 111222333`: the letters are the label of what follows, and no part of another code.
        let is_bare = best.iter().all(|(reason, _)| *reason == Reason::Bare);
        if is_bare && window.groups > 1 && context.begins_with_word(&window.span) {
            return Vec::new();
        }
        self.matches(&best, context, window)
    }

    fn is_spelt_alone(&self, haystack: &Haystack<'_>, word: Range<usize>) -> bool {
        self.alone.get(word.len()).is_some_and(|of_len| of_len.has(haystack, word.start))
    }

    /// Whether some row has a shape of this length with these digits.
    fn fits(&self, len: usize, digits: u32) -> bool {
        if digits.count_ones() as usize == len {
            return self.numbers >> len & 1 == 1;
        }
        self.forms.get(len).is_some_and(|forms| forms.iter().any(|form| form.fits(digits)))
    }

    fn shapes_of(&self, row: usize, len: usize) -> impl Iterator<Item = &Shape> {
        let bound = |row: usize| self.bounds.get(row).copied().unwrap_or_default();
        let shapes = self.shapes.get(bound(row)..bound(row + 1)).unwrap_or_default();
        shapes.iter().filter(move |shape| shape.len == len)
    }

    /// The rows that a window of this length may be of: a word speaks of them, or they need none.
    fn rows_for(&self, haystack: &Haystack<'_>, window: &Window, near: &Near) -> RowSet {
        let of_len = self.rows_of_len.get(window.code.len()).copied().unwrap_or_default();
        if may_be_bare(haystack, window) {
            return of_len;
        }
        let mut rows = near.rows();
        if let Some(alone) = self.alone_of_len.get(window.span.len()) {
            rows.join(alone);
        }
        rows.meet(&of_len)
    }

    /// Whether it is worth a look at the words around: the shape fits, and it is valid or at least in one piece.
    fn may_be(&self, shape: &Shape, window: &Window, is_plausible: bool) -> bool {
        shape.form.fits(window.code.digit_mask())
            && self.rows.get(shape.row).is_some_and(|(_, identifier)| {
                is_plausible && (identifier.firm || window.is_long_or_capital())
                    || identifier.firm && identifier.is_valid(&window.code)
            })
    }

    fn reason(&self, row: usize, haystack: &Haystack<'_>, window: &Window, near: &Near) -> Option<Reason> {
        let (_, identifier) = self.rows.get(row)?;
        let is_labelled = near.labelled.has(row);
        if identifier.any {
            // What patients' numbers are called is the business of the recognisers of records.
            let is_of_kind = identifier.kind != Kind::Health && near.labelled_kind.has(row);
            let is_labelled = is_labelled || is_of_kind;
            return (is_labelled && is_plausible(window) && identifier.is_valid(&window.code))
                .then_some(Reason::Any);
        }
        let bare = || {
            let is_bare = identifier.is_bare(&window.code) && is_bare(identifier, haystack, window);
            is_bare.then_some(Reason::Bare)
        };
        if !identifier.is_valid(&window.code) {
            let is_mistyped = is_labelled && identifier.kind != Kind::Bank && is_plausible(window);
            return if is_mistyped { Some(Reason::Labelled) } else { bare() };
        }
        let is_free = identifier.firm || is_labelled || !window.is_attached();
        if near.named.has(row) && is_free {
            Some(Reason::Named)
        } else if is_alone(identifier, haystack, window) {
            Some(Reason::Alone)
        } else if near.kind.has(row) && is_free {
            Some(Reason::Kind)
        } else {
            bare()
        }
    }

    fn matches(
        &self,
        best: &[(Reason, usize)],
        context: &Context<'_>,
        window: &Window,
    ) -> Vec<(usize, Match)> {
        let Some((reason, _)) = best.first() else { return Vec::new() };
        let many = if *reason >= Reason::Alone { best.len() } else { 1 };
        let found = best.iter().take(many).filter_map(|(reason, row)| {
            let (place, identifier) = self.rows.get(*row)?;
            let evidence = match reason {
                Reason::Bare | Reason::Alone => window.span.clone(),
                Reason::Any | Reason::Kind | Reason::Labelled | Reason::Named => {
                    context.evidence(&window.span, *row)
                }
            };
            let found = Match::new(window.span.clone(), reason.score()).with_evidence(&evidence);
            let found = Match { is_formless: *reason == Reason::Any, ..found };
            let certain = match reason {
                Reason::Named | Reason::Labelled => true,
                Reason::Kind => best.len() == 1,
                // One in ten telephone numbers has the right check digit.
                Reason::Alone => {
                    best.len() == 1 && !(window.code.is_number() && window.code.len() <= SHORT_NUMBER)
                }
                Reason::Bare | Reason::Any => false,
            };
            Some((
                *place,
                if certain && !identifier.country.is_empty() {
                    found.bound_to(identifier.country)
                } else {
                    found
                },
            ))
        });
        found.collect()
    }
}

fn alone_of_len(rows: &[(usize, &Identifier)]) -> Vec<RowSet> {
    let lens = |identifier: &Identifier| identifier.alone.iter().map(|spelling| spelling.len());
    let longest = rows.iter().flat_map(|(_, identifier)| lens(identifier)).max().unwrap_or_default();
    let of_len = |len: usize| {
        let has =
            rows.iter().enumerate().filter(|(_, (_, identifier))| lens(identifier).any(|own| own == len));
        RowSet::of(has.map(|(row, _)| row))
    };
    (0..=longest).map(of_len).collect()
}

impl Form {
    fn new(shape: &str) -> Self {
        let mask = |class: u8| {
            shape.bytes().enumerate().filter(|(_, b)| *b == class).fold(0, |mask, (at, _)| mask | 1 << at)
        };
        Self { letters: mask(b'A'), digits: mask(b'9') }
    }

    fn fits(&self, digits: u32) -> bool {
        digits & self.letters == 0 && digits & self.digits == self.digits
    }
}

impl Reason {
    fn score(self) -> f32 {
        match self {
            Reason::Named | Reason::Alone => 0.9,
            Reason::Kind | Reason::Labelled => 0.7,
            Reason::Any => 0.65,
            Reason::Bare => 0.6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_fit_the_set_of_rows() {
        let rows = TABLE.iter().filter(|row| matches!(row.find, Find::Code(_))).count();
        assert!(rows <= ROWS_MAX, "{rows}");
    }
}
