mod encoders;

use encoders::ENCODERS;
use std::ops::Range;
use std::sync::LazyLock;
use weir_classify::{Engine, EntityRule, EntityType, Inspection, Segment, Settings};

/// A value that is found by itself, however it is encoded, is found between any two texts, at its place,
/// and the level is at least as high. (Categories may be fewer: what a text would be if it were nothing else,
/// such as a bare VAT number, it is not in company.)
///
/// The value stands in a line of its own between signs: lines of base64 or hexadecimal digits that follow
/// each other are one. The first three bytes choose the value and up to two encodings; the rest is the texts around it, cut at
/// the first NUL.
pub fn planted(data: &[u8]) {
    let Some(([value, first, second], around)) = data.split_first_chunk::<3>() else { return };
    let Planted { entity, text } = chosen(&VALUES, *value);
    let hidden = chosen(&ENCODERS, *second)(&chosen(&ENCODERS, *first)(text));
    let alone = ENGINE.inspect(&[Segment::text(&hidden)]);
    if !alone.complete || !alone.entities.contains_key(*entity) {
        // Which encodings are undone in which order is for the engine's own tests to say.
        return;
    }
    let around = String::from_utf8_lossy(around);
    let (head, tail) = around.split_once('\0').unwrap_or((&around, ""));
    let text = format!("{head}\n\n- {hidden}.\n\n{tail}");
    let place = head.len() + 4..head.len() + 4 + hidden.len();
    let whole = ENGINE.inspect(&[Segment::text(&text)]);
    counts_as_much(&whole, &alone, entity, |segment, span| segment == 0 && meets(span, &place));
    let parts = ENGINE.inspect(&[Segment::text(head), Segment::text(&hidden), Segment::text(tail)]);
    counts_as_much(&parts, &alone, entity, |segment, _| segment == 1);
}

fn counts_as_much(
    whole: &Inspection,
    alone: &Inspection,
    entity: &str,
    is_there: impl Fn(usize, &Range<usize>) -> bool,
) {
    assert!(alone.label.level() <= whole.label.level(), "text around a value lowered the level");
    // What was not looked at to its end has the top level, and need not have found it.
    if whole.complete {
        let found = whole.findings.iter().any(|finding| {
            finding.entity.as_str() == entity && is_there(finding.segment, &(finding.start..finding.end))
        });
        assert!(found, "text around a value hides it");
    }
}

fn meets(span: &Range<usize>, place: &Range<usize>) -> bool {
    span.start < place.end && place.start < span.end
}

#[expect(clippy::expect_used, reason = "the lists are not empty")]
fn chosen<T>(all: &[T], by: u8) -> &T {
    all.iter().cycle().nth(usize::from(by)).expect("a list has an item")
}

/// A value that needs no context.
struct Planted {
    entity: &'static str,
    text: &'static str,
}

const VALUES: [Planted; 6] = [
    Planted { entity: "EMAIL_ADDRESS", text: "jo.doe@example.com" },
    Planted { entity: "IBAN_CODE", text: "DE89370400440532013000" },
    Planted { entity: "CREDIT_CARD", text: "4111 1111 1111 1111" },
    Planted { entity: "CREDIT_CARD", text: "378282246310005" },
    Planted { entity: "SECRET", text: concat!("glpat", "-d7QvC5mSx3JpU8fLr6Bh") },
    Planted { entity: "SECRET", text: concat!("hf", "_aGbWcQdLeUfIgXhPiTjZkMlSmYnOoRqBpVrC") },
];

/// Without the model, which may take what is around for a name, and is slow unoptimised.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut settings = Settings::default();
    settings.data.entities.insert(EntityType::PERSON, EntityRule::Off);
    #[expect(clippy::expect_used, reason = "nothing but a switch")]
    Engine::new(settings).expect("these settings are good")
});

#[cfg(test)]
mod tests {
    use super::encoders::Encoder;
    use super::*;

    fn is_found(value: &Planted, encoder: &Encoder) -> bool {
        ENGINE.inspect(&[Segment::text(&encoder(value.text))]).entities.contains_key(value.entity)
    }

    /// Without this, encoders whose work no view undoes would satisfy the target.
    #[test]
    fn every_encoding_is_undone_for_some_value_and_most_for_all() {
        let found = |encoder: &Encoder| VALUES.iter().filter(|value| is_found(value, encoder)).count();
        let counts: Vec<usize> = ENCODERS.iter().map(found).collect();
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
        assert!(counts.iter().filter(|count| **count == VALUES.len()).count() >= 15, "{counts:?}");
    }
}
