use std::sync::LazyLock;
use weir_classify::{Engine, Finding, Inspection, Pattern, Segment, Settings, TermList};
use weir_label::Category;

/// Inspection of any text is repeatable, finds spans that exist, and labels the whole no lower than each
/// segment by itself.
pub fn inspect(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let segments: Vec<Segment<'_>> = text.split('\n').map(segment).collect();
    let whole = ENGINE.inspect(&segments);
    assert!(whole == ENGINE.inspect(&segments), "inspected again, it is something else");
    whole.findings.iter().for_each(|finding| is_a_span(finding, &segments));
    counts_agree(&whole);
    for segment in &segments {
        is_at_least(&whole, &ENGINE.inspect(&[*segment]));
    }
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
