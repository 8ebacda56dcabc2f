use crate::effect::Effect;
use crate::memory::Remembered;
use crate::recognise::{Match, Standing, jurisdictions};
use crate::view::{Chain, Joined, Place};
use crate::{EntityType, Finding, Inspection, Limits, OpaqueReason, View};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use weir_label::{Category, Label, Level};

/// How much of views is read, in multiples of the text, and what is always allowed.
const VIEWS_MAX: usize = 16;
const VIEW_BYTES_MIN: usize = 256 << 10;

/// What has been seen of one body so far.
pub(crate) struct Collector {
    limits: Limits,
    default: Level,
    label: Label,
    hits: Vec<Hit>,
    opaque: Vec<OpaqueReason>,
    complete: bool,
    text_bytes: usize,
    view_bytes: usize,
    additions: usize,
}

/// What one text added, so that it need not be read again.
pub(crate) struct Seen {
    label: Label,
    hits: Vec<Hit>,
    opaque: Vec<OpaqueReason>,
    view_bytes: usize,
    is_nothing: bool,
}

impl Seen {
    /// Whether it adds nothing to what is known of any body.
    pub(crate) fn is_nothing(&self) -> bool {
        self.is_nothing
    }

    /// How much of views was read for it.
    pub(crate) fn view_bytes(&self) -> usize {
        self.view_bytes
    }

    pub(crate) fn findings(&self) -> usize {
        self.hits.len() + self.opaque.len()
    }
}

/// Where a collector stood before a text.
pub(crate) struct Mark {
    label: Label,
    hits: usize,
    opaque: usize,
    view_bytes: usize,
    complete: bool,
}

/// A finding, with what merging the views needs.
#[derive(Clone)]
struct Hit {
    finding: Finding,
    /// Which recogniser, list or pattern, in that order.
    source: usize,
    /// The end of the span, in whichever segment that is.
    last: Place,
    standing: Standing,
}

/// The text that a view was made from.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    Segment(usize),
    Joined(&'a Joined, &'a [Source<'a>]),
}

/// Where a text of a body lies: in which segment, and if it is a part of that, how.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) segment: usize,
    pub(crate) chain: Option<Chain<'a>>,
}

impl Source<'_> {
    fn range(&self, range: &Range<usize>) -> Range<usize> {
        self.chain.map_or_else(|| range.clone(), |chain| chain.source(range))
    }
}

impl Collector {
    pub(crate) fn new(limits: Limits, default: Level) -> Self {
        Self {
            limits,
            default,
            label: Label::at(default),
            hits: Vec::new(),
            opaque: Vec::new(),
            complete: true,
            text_bytes: 0,
            view_bytes: 0,
            additions: 0,
        }
    }

    /// How often something was added that a text shows, or left out.
    pub(crate) fn additions(&self) -> usize {
        self.additions
    }

    /// Whether nothing was added, and no view was read.
    pub(crate) fn is_untouched(&self) -> bool {
        self.additions == 0 && self.view_bytes == 0
    }

    /// Begins to watch what a text adds.
    pub(crate) fn mark(&mut self) -> Mark {
        Mark {
            label: std::mem::replace(&mut self.label, Label::at(self.default)),
            hits: self.hits.len(),
            opaque: self.opaque.len(),
            view_bytes: self.view_bytes,
            complete: self.complete,
        }
    }

    /// What was added since a mark; nothing if some of it was not looked at.
    pub(crate) fn since(&mut self, mark: Mark) -> Option<Seen> {
        let label = std::mem::replace(&mut self.label, mark.label);
        self.label.raise(&label);
        if !(mark.complete && self.complete) {
            return None;
        }
        let (hits, opaque) = (self.hits.get(mark.hits..)?.to_vec(), self.opaque.get(mark.opaque..)?.to_vec());
        let is_nothing = hits.is_empty() && opaque.is_empty() && label == Label::at(self.default);
        Some(Seen { label, hits, opaque, view_bytes: self.view_bytes - mark.view_bytes, is_nothing })
    }

    /// Adds what a text added before. Breaks when there is too much.
    pub(crate) fn recall(&mut self, remembered: &Remembered) -> ControlFlow<()> {
        let seen = match remembered {
            Remembered::Nothing(view_bytes) => return self.spend(*view_bytes as usize),
            Remembered::Seen(seen) => seen,
        };
        self.additions += 1;
        self.label.raise(&seen.label);
        self.hits.extend(seen.hits.iter().cloned());
        self.opaque.extend(seen.opaque.iter().cloned());
        if self.hits.len() > self.limits.findings_max {
            self.give_up();
            return ControlFlow::Break(());
        }
        self.spend(seen.view_bytes)
    }

    fn spend(&mut self, view_bytes: usize) -> ControlFlow<()> {
        if self.spend_view(view_bytes) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Says that something was not looked at.
    pub(crate) fn give_up(&mut self) {
        self.complete = false;
        self.additions += 1;
        self.label.raise(&Label::unknown());
    }

    pub(crate) fn opaque(&mut self, segment: usize, reason: &str) {
        self.label = std::mem::take(&mut self.label).with_opaque();
        self.additions += 1;
        self.opaque.push(OpaqueReason { segment, reason: reason.to_owned() });
    }

    /// Whether so much more text may be read.
    pub(crate) fn spend_text(&mut self, bytes: usize) -> bool {
        self.text_bytes = self.text_bytes.saturating_add(bytes);
        self.within(self.text_bytes)
    }

    /// Whether so much more derived text may be read: as much as the body has several times over, so that
    /// no text makes for much more work than another.
    pub(crate) fn spend_view(&mut self, bytes: usize) -> bool {
        self.view_bytes = self.view_bytes.saturating_add(bytes);
        let share = self.text_bytes.saturating_mul(VIEWS_MAX).saturating_add(VIEW_BYTES_MIN);
        let within = self.view_bytes <= share;
        if !within {
            self.give_up();
        }
        within
    }

    fn within(&mut self, bytes: usize) -> bool {
        let within = bytes <= self.limits.text_bytes_max;
        if !within {
            self.give_up();
        }
        within
    }

    /// Takes a match in a view. Breaks when there are too many.
    pub(crate) fn accept(
        &mut self,
        (source, effect): (usize, &Effect),
        found: &Match,
        view: View,
        origin: Origin<'_>,
        chain: Option<&Chain<'_>>,
    ) -> ControlFlow<()> {
        let to_origin =
            |range: &Range<usize>| chain.map_or_else(|| range.clone(), |chain| chain.source(range));
        let (span, evidence) = (to_origin(&found.span), to_origin(&found.evidence));
        let (start, end, last, evidence) = match origin {
            Origin::Segment(segment) => (
                Place { segment, offset: span.start },
                span.end,
                Place { segment, offset: span.end },
                evidence,
            ),
            Origin::Joined(joined, sources) => {
                // INVARIANT (seams add): what lies within one segment was judged there, whole.
                if !joined.crosses(&evidence) || joined.is_list_of_decimals(&span) {
                    return ControlFlow::Continue(());
                }
                let Some((start, end, last)) = places(joined, sources, &span) else {
                    return ControlFlow::Continue(());
                };
                (start, end, last, start.offset..end)
            }
        };
        self.additions += 1;
        if effect.counts(found.standing) {
            self.raise(effect, found);
        }
        if self.hits.len() >= self.limits.findings_max {
            self.give_up();
            return ControlFlow::Break(());
        }
        let finding = Finding {
            segment: start.segment,
            start: start.offset,
            end,
            evidence,
            entity: effect.entity.clone(),
            category: effect.category.clone(),
            level: effect.level(found.level),
            score: found.score,
            recogniser: name(effect, found),
            view,
        };
        self.hits.push(Hit { finding, source, last, standing: found.standing });
        ControlFlow::Continue(())
    }

    fn raise(&mut self, effect: &Effect, found: &Match) {
        let mut label = Label::at(effect.level(found.level)).with_category(effect.category.clone());
        let own = effect.jurisdiction.as_ref().map(|own| own.as_str());
        for jurisdiction in own.into_iter().chain(found.country).flat_map(jurisdictions) {
            label = label.with_jurisdiction(jurisdiction);
        }
        self.label.raise(&label);
    }

    /// Raises the label by what counts only beside other personal data, where there is some; lowers the
    /// level of the others to that of content in which nothing was found.
    fn judge_accompanied(&mut self) {
        let company: BTreeSet<usize> =
            self.hits.iter().filter(|hit| hit.is_company()).map(|hit| hit.finding.segment).collect();
        for hit in self.hits.iter_mut().filter(|hit| hit.standing == Standing::Accompanied) {
            let finding = &mut hit.finding;
            if company.contains(&finding.segment) {
                self.label.raise(&Label::at(finding.level).with_category(finding.category.clone()));
            } else {
                finding.level = finding.level.min(self.default);
            }
        }
    }

    pub(crate) fn finish(mut self) -> Inspection {
        self.judge_accompanied();
        let Self { label, hits, opaque, complete, .. } = self;
        let findings = merge(hits);
        let mut entities: BTreeMap<EntityType, u32> = BTreeMap::new();
        for finding in &findings {
            *entities.entry(finding.entity.clone()).or_default() += 1;
        }
        Inspection { label, findings, entities, opaque, complete }
    }
}

/// The name that a finding carries: of a quote the document's number too.
fn name(effect: &Effect, found: &Match) -> Arc<str> {
    match found.document {
        Some(document) => format!("{}#{document}", effect.name).into(),
        None => effect.name.clone(),
    }
}

/// The places of the first byte of a range of a joined text, of the end of its first text's share, and of
/// its end.
fn places(joined: &Joined, sources: &[Source<'_>], span: &Range<usize>) -> Option<(Place, usize, Place)> {
    let (start, end, last) = joined.places(span);
    let (first, other) = (sources.get(start.segment)?, sources.get(last.segment)?);
    let share = first.range(&(start.offset..end));
    let rest = other.range(&(last.offset.checked_sub(1)?..last.offset));
    let start = Place { segment: first.segment, offset: share.start };
    Some((start, share.end, Place { segment: other.segment, offset: rest.end }))
}

/// One finding for each span: of several views, and of a seam beside what its segments show by
/// themselves, the plainest stays.
fn merge(hits: Vec<Hit>) -> Vec<Finding> {
    let (seams, mut plain): (Vec<Hit>, Vec<Hit>) =
        hits.into_iter().partition(|hit| hit.finding.view == View::Seam);
    plain.sort_by(|a, b| a.rank().cmp(&b.rank()));
    plain.dedup_by(|next, kept| kept.covers(next));
    let mut joined: Vec<Hit> = seams.into_iter().filter(|seam| !seam.overlaps(&plain)).collect();
    joined.sort_by(|a, b| a.rank().cmp(&b.rank()));
    joined.dedup_by(|next, kept| kept.is_like(next) && next.start() < kept.last);
    let mut findings: Vec<Finding> = plain.into_iter().chain(joined).map(|hit| hit.finding).collect();
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
    findings
}

fn order(finding: &Finding) -> (usize, usize, usize, &EntityType) {
    (finding.segment, finding.start, finding.end, &finding.entity)
}

impl Hit {
    /// Whether it says something about a person, whoever that is.
    fn is_company(&self) -> bool {
        let personal = [Category::Personal, Category::SpecialCategory, Category::Financial];
        self.standing == Standing::Alone && personal.contains(&self.finding.category)
    }

    fn start(&self) -> Place {
        Place { segment: self.finding.segment, offset: self.finding.start }
    }

    /// Of hits of one type, in order of place, the widest and plainest comes first.
    fn rank(&self) -> (&EntityType, Place, Reverse<Place>, View, usize) {
        (&self.finding.entity, self.start(), Reverse(self.last), self.finding.view, self.source)
    }

    fn is_like(&self, other: &Hit) -> bool {
        self.finding.entity == other.finding.entity && self.finding.level >= other.finding.level
    }

    fn covers(&self, next: &Hit) -> bool {
        self.is_like(next) && next.start() < self.last && next.last <= self.last
    }

    /// Whether it overlaps one of `plain`, which are in order of type and place.
    fn overlaps(&self, plain: &[Hit]) -> bool {
        let after = plain
            .partition_point(|hit| (&hit.finding.entity, hit.start()) < (&self.finding.entity, self.last));
        let before = after.checked_sub(1).and_then(|index| plain.get(index));
        before.is_some_and(|hit| hit.is_like(self) && hit.last > self.start())
    }
}
