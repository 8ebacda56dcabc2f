//! An engine that remembers gives the answers of one that does not.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use weir_classify::{Engine, Segment, Settings};
use weir_label::Level;

fn forgetful() -> Engine {
    Engine::new(Settings::default()).unwrap()
}

fn remembering(bytes_max: usize) -> Engine {
    forgetful().remembering([7; 16], bytes_max)
}

/// Bodies that share texts, in other places, under other keys and cut in other ways.
fn bodies() -> Vec<Vec<Segment<'static>>> {
    let (greeting, card) =
        ("write to jo.doe@example.com about the delivery", "4111 1111 1111 1111 is the number");
    let passport = "the number is C01X00T47 and nothing else";
    vec![
        vec![Segment::key("content"), Segment::text(greeting)],
        vec![Segment::key("content"), Segment::text(greeting), Segment::text(card)],
        vec![Segment::text(card), Segment::text(greeting)],
        vec![Segment::key("passport"), Segment::text(passport)],
        vec![Segment::key("content"), Segment::text(passport)],
        vec![Segment::text("my card number is 4111 1111 11"), Segment::text("11 1111, please charge it now")],
        vec![
            Segment::text("my card number is 4111 1111 11"),
            Segment::text("please tell me what is missing"),
        ],
        vec![Segment::text("an image of the whiteboard follows"), Segment::opaque("image")],
        vec![Segment::number("4111111111111111"), Segment::text("4111111111111111 4111111111111111")],
        vec![Segment::text("nothing of interest in this sentence at all")],
        vec![Segment::text("{\"name\": \"none\", \"mail\": \"jo.doe@example.com\"}")],
    ]
}

#[test]
fn what_is_remembered_is_what_was_read() {
    let (forgetful, remembering) = (forgetful(), remembering(1 << 20));
    for round in 0..3 {
        for (index, body) in bodies().iter().enumerate() {
            assert_eq!(remembering.inspect(body), forgetful.inspect(body), "body {index} in round {round}");
        }
    }
}

#[test]
fn little_room_forgets_and_is_never_wrong() {
    let (forgetful, remembering) = (forgetful(), remembering(16 << 10));
    for round in 0..3 {
        for (index, body) in bodies().iter().enumerate() {
            assert_eq!(remembering.inspect(body), forgetful.inspect(body), "body {index} in round {round}");
        }
    }
}

#[test]
fn a_text_is_judged_anew_under_another_key() {
    let engine = remembering(1 << 20);
    for value in ["the value C01X00T47 was given to us", "C01X00T47"] {
        let level = |key| engine.inspect(&[Segment::key(key), Segment::text(value)]).label.level();
        assert_eq!(level("build"), Level::Internal);
        assert_eq!(level("passport number"), Level::Confidential);
        assert_eq!(level("build"), Level::Internal);
    }
}
