//! What the next turn of a conversation says of the answer before it.

use crate::Signal;
use siphasher::sip::SipHasher13;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// So many conversations are remembered: a map of 16,384 places is tidied up in place while no more than this is in it, and
/// takes twice the room with more.
const REMEMBERED_MAX: usize = 7 * 1024;
/// What is asked again later than this, in seconds, is asked for another reason.
const ATTENTION_SECONDS: i64 = 900;
/// Nobody has read an answer within so many seconds: what asks again at once is a program.
const REACTION_SECONDS: i64 = 2;

/// Room for a turn, so that writing most does not make room step by step.
const USUAL_TURN_BYTES: usize = 512;

/// A conversation that ends with a turn of the user, as keyed hashes: nothing of it can be read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// All of it.
    whole: u64,
    /// All but the last turn, if there is an answer in it: otherwise two conversations of one application begin alike.
    before: Option<u64>,
    /// All but the last turn and the answer before it.
    answered: Option<u64>,
}

impl Shape {
    /// The shape of a conversation of these turns, which the client sends whole each time: of each, whether the model
    /// spoke it, and what `write` writes as its text. `None` if the user does not speak last.
    ///
    /// `scope` tells callers and models apart: what another asks says nothing.
    pub fn of<T>(
        key: [u8; 16],
        scope: &[&str],
        turns: impl IntoIterator<Item = (bool, T)>,
        write: impl Fn(T, &mut Vec<u8>),
    ) -> Option<Self> {
        let mut hasher = SipHasher13::new_with_key(&key);
        for part in scope {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        // Hashes after each of the last turns, the newest last, and whether a model spoke it.
        let mut ends = [None, None, Some((hasher.finish(), false))];
        let (mut has_answer, mut text) = (false, Vec::with_capacity(USUAL_TURN_BYTES));
        for (is_answer, turn) in turns {
            text.clear();
            write(turn, &mut text);
            hasher.write_usize(text.len());
            hasher.write(&text);
            hasher.write_u8(u8::from(is_answer));
            ends.rotate_left(1);
            ends[2] = Some((hasher.finish(), is_answer));
            has_answer |= is_answer;
        }
        let [first, second, last] = ends;
        let ((whole, is_answer), (before, follows_answer)) = (last?, second?);
        if is_answer {
            return None;
        }
        let answered = first.filter(|_| follows_answer).map(|(hash, _)| hash);
        Some(Self { whole, before: has_answer.then_some(before), answered })
    }
}

/// What was heard of an earlier answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard<A> {
    /// By which sign.
    pub signal: Signal,
    /// The answer.
    pub of: A,
}

/// Answers that may be heard of, by the shape of the conversation they answered. Each is heard of once.
#[derive(Debug)]
pub struct Shapes<A> {
    answers: ByHash<Answered<A>>,
    /// The last conversation that has this beginning.
    beginnings: ByHash<u64>,
    order: VecDeque<(u64, Option<u64>)>,
}

#[derive(Debug)]
struct Answered<A> {
    at: i64,
    of: A,
}

impl<A> Default for Shapes<A> {
    fn default() -> Self {
        Self { answers: HashMap::default(), beginnings: HashMap::default(), order: VecDeque::new() }
    }
}

/// By keyed hashes, which are as good a place in the map as any hash of them would be.
type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    /// Asked for nothing but whole hashes.
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
}

impl<A> Shapes<A> {
    /// What a conversation that comes now, in seconds, says of an earlier answer.
    pub fn hear(&mut self, shape: &Shape, now: i64) -> Option<Heard<A>> {
        if let Some(of) = self.take(shape.whole, now) {
            return Some(Heard { signal: Signal::Regenerated, of });
        }
        let same_beginning = shape.before.and_then(|before| self.beginnings.get(&before)).copied();
        if let Some(of) = same_beginning.and_then(|whole| self.take(whole, now)) {
            return Some(Heard { signal: Signal::Edited, of });
        }
        let of = self.take(shape.answered?, now)?;
        Some(Heard { signal: Signal::Continued, of })
    }

    /// Remembers that a conversation was answered.
    pub fn answered(&mut self, shape: &Shape, now: i64, of: A) {
        // Before there is one more, for which map and queue would take twice the room.
        if self.order.len() >= REMEMBERED_MAX && !self.answers.contains_key(&shape.whole) {
            self.forget_oldest();
        }
        if self.answers.insert(shape.whole, Answered { at: now, of }).is_none() {
            self.order.push_back((shape.whole, shape.before));
        }
        if let Some(before) = shape.before {
            self.beginnings.insert(before, shape.whole);
        }
    }

    fn forget_oldest(&mut self) {
        let Some((whole, before)) = self.order.pop_front() else { return };
        self.answers.remove(&whole);
        if let Some(before) = before
            && self.beginnings.get(&before) == Some(&whole)
        {
            self.beginnings.remove(&before);
        }
    }

    fn take(&mut self, whole: u64, now: i64) -> Option<A> {
        let age = now.saturating_sub(self.answers.get(&whole)?.at);
        if age < REACTION_SECONDS {
            return None;
        }
        // Its place in the order is given up when its turn comes.
        let answered = self.answers.remove(&whole)?;
        (age <= ATTENTION_SECONDS).then_some(answered.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: bool = false;
    const MODEL: bool = true;

    fn shape(turns: &[(bool, &str)]) -> Option<Shape> {
        shape_for("key", turns)
    }

    fn shape_for(key: &str, turns: &[(bool, &str)]) -> Option<Shape> {
        let write = |text: &str, out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
        Shape::of([7; 16], &[key, "auto"], turns.iter().copied(), write)
    }

    fn answered(turns: &[(bool, &str)]) -> Shapes<&'static str> {
        let mut shapes = Shapes::default();
        shapes.answered(&shape(turns).unwrap(), 0, "answer");
        shapes
    }

    fn heard(turns: &[(bool, &str)], next: &[(bool, &str)], now: i64) -> Option<Signal> {
        answered(turns).hear(&shape(next).unwrap(), now).map(|heard| heard.signal)
    }

    const FIRST: &[(bool, &str)] = &[(USER, "system"), (USER, "q")];
    const SECOND: &[(bool, &str)] = &[(USER, "system"), (USER, "q"), (MODEL, "a"), (USER, "and?")];

    #[test]
    fn the_newest_conversations_are_remembered_and_take_no_room_for_more() {
        let mut shapes = Shapes::default();
        let of = |number: usize| shape(&[(USER, &number.to_string())]).unwrap();
        (0..20 * REMEMBERED_MAX).for_each(|number| shapes.answered(&of(number), 0, number));
        assert_eq!((shapes.order.len(), shapes.answers.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        let room = (shapes.order.capacity(), shapes.answers.capacity());
        assert!(room.0 < 2 * REMEMBERED_MAX && room.1 <= 2 * REMEMBERED_MAX, "{room:?}");
        assert!(shapes.hear(&of(19 * REMEMBERED_MAX - 1), 60).is_none());
        assert_eq!(shapes.hear(&of(19 * REMEMBERED_MAX), 60).unwrap().of, 19 * REMEMBERED_MAX);
    }

    #[test]
    fn what_is_asked_again_was_not_answered_well() {
        assert_eq!(heard(FIRST, FIRST, 60), Some(Signal::Regenerated));
        assert_eq!(heard(FIRST, FIRST, ATTENTION_SECONDS + 1), None);
    }

    #[test]
    fn a_program_that_asks_the_same_at_once_says_nothing() {
        assert_eq!(heard(FIRST, FIRST, REACTION_SECONDS - 1), None);
    }

    #[test]
    fn what_goes_on_was_taken() {
        assert_eq!(heard(FIRST, SECOND, 60), Some(Signal::Continued));
    }

    #[test]
    fn what_is_put_differently_within_a_conversation_was_edited() {
        let other = [&SECOND[..3], &[(USER, "or else?")]].concat();
        assert_eq!(heard(SECOND, &other, 60), Some(Signal::Edited));
    }

    #[test]
    fn first_turns_that_differ_are_other_conversations() {
        assert_eq!(heard(FIRST, &[(USER, "system"), (USER, "r")], 60), None);
        assert_eq!(heard(FIRST, &[(USER, "system"), (USER, "r"), (MODEL, "a"), (USER, "and?")], 60), None);
    }

    #[test]
    fn what_another_asks_says_nothing() {
        let mut shapes = answered(FIRST);
        let other = shape_for("another", FIRST).unwrap();
        assert_eq!(shapes.hear(&other, 5), None);
        let same = shape(FIRST).unwrap();
        assert_eq!(shapes.hear(&same, 5).map(|heard| heard.of), Some("answer"));
    }

    #[test]
    fn an_answer_is_heard_of_once() {
        let mut shapes = answered(FIRST);
        assert!(shapes.hear(&shape(FIRST).unwrap(), 5).is_some());
        assert!(shapes.hear(&shape(FIRST).unwrap(), 6).is_none());
    }

    #[test]
    fn a_conversation_that_a_model_ends_asks_nothing() {
        assert_eq!(shape(&SECOND[..3]), None);
        assert_eq!(shape(&[]), None);
    }

    #[test]
    fn turns_cannot_be_shifted_into_each_other() {
        assert_ne!(shape(&[(USER, "ab"), (USER, "c")]), shape(&[(USER, "a"), (USER, "bc")]));
    }

    #[test]
    fn the_number_of_conversations_is_bounded() {
        let mut shapes = Shapes::default();
        for number in 0..2 * REMEMBERED_MAX {
            let question = format!("q{number}");
            shapes.answered(&shape(&[(USER, &question), (MODEL, "a"), (USER, "x")]).unwrap(), 0, number);
        }
        assert_eq!((shapes.answers.len(), shapes.beginnings.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
    }
}
