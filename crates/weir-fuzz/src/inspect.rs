use std::sync::LazyLock;
use weir_classify::{Engine, Finding, Inspection, Pattern, Segment, SegmentKind, Settings, TermList};
use weir_label::Category;

/// Inspection of any text is repeatable, finds spans that exist, and labels the whole no lower than each
/// segment under its keys.
pub fn inspect(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let segments: Vec<Segment<'_>> = text.split('\n').map(segment).collect();
    let whole = ENGINE.inspect(&segments);
    assert!(whole == ENGINE.inspect(&segments), "inspected again, it is something else");
    whole.findings.iter().for_each(|finding| is_a_span(finding, &segments));
    counts_agree(&whole);
    for part in with_keys(&segments) {
        is_at_least(&whole, &ENGINE.inspect(&part));
    }
}

/// Each segment with the keys above it: what a value is depends on them.
fn with_keys<'a>(segments: &[Segment<'a>]) -> Vec<Vec<Segment<'a>>> {
    let is_key = |segment: &Segment<'_>| segment.kind == SegmentKind::Key;
    let part = |at: usize| {
        let before = segments.get(..at).unwrap_or_default();
        let keys_end = before.iter().rposition(is_key).map_or(0, |last| last + 1);
        let keys = before.get(..keys_end).unwrap_or_default();
        let keys = keys.rsplit(|segment| !is_key(segment)).next().unwrap_or_default();
        keys.iter().chain(segments.get(at)).copied().collect()
    };
    (0..segments.len()).map(part).collect()
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let terms = TermList::new("projects", &["Nightfall", "blue heron", "Projekt Falke"]);
    let pattern = Pattern { category: Category::Legal, ..Pattern::new("case numbers", "C-[0-9]{6}") };
    let settings = Settings { terms: vec![terms], patterns: vec![pattern], ..Settings::default() };
    #[expect(clippy::expect_used, reason = "a term and a pattern that are good")]
    Engine::new(settings).expect("these settings are good")
});

/// The first character says what kind of segment it is, so that mutations reach every kind.
fn segment(line: &str) -> Segment<'_> {
    match line.as_bytes().first() {
        Some(b'=') => Segment::key(line.get(1..).unwrap_or_default()),
        Some(b'#') => Segment::number(line.get(1..).unwrap_or_default()),
        Some(b'!') => Segment::opaque("image"),
        _ => Segment::text(line),
    }
}

fn is_a_span(finding: &Finding, segments: &[Segment<'_>]) {
    let Finding { segment, start, end, score, .. } = finding;
    let text = segments.get(*segment).and_then(|segment| segment.text.get(*start..*end));
    assert!(text.is_some_and(|text| !text.is_empty()), "a finding covers no text: {finding:?}");
    assert!(*score > 0.0 && *score <= 1.0, "a score of {score}");
}

fn counts_agree(inspection: &Inspection) {
    let counted: usize = inspection.entities.values().map(|count| *count as usize).sum();
    assert!(counted == inspection.findings.len(), "the counts are not those of the findings");
    assert!(
        inspection.opaque.is_empty() || inspection.label.is_opaque(),
        "opaque content, but no opaque label"
    );
}

fn is_at_least(whole: &Inspection, part: &Inspection) {
    // What was not looked at to its end has the top level and names no categories.
    let comparable = whole.complete && part.complete;
    assert!(!comparable || part.label.is_at_most(&whole.label), "more segments lowered the label");
    assert!(part.label.level() <= whole.label.level(), "more segments lowered the level");
}
