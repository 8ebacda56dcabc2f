//! How good the answers of this deployment's targets are: heard, remembered, and asked for by decisions.
//!
//! Whatever is heard is an audit event first (`answer.rated`, `answer.checked`, `answers.compared`), which holds no text;
//! the book of `quality.json` is made of these events, and is made of them again if it is lost.

mod file;
mod recent;
mod shape;

pub(crate) use file::follow;
pub(crate) use recent::Answered;
pub(crate) use shape::shape;

use crate::feedback::LOOKS_MAX;
use crate::gateway::Gateway;
use crate::ids::Digits;
use crate::pipeline::record::Ledger;
use crate::snapshot::Snapshot;
use recent::Recent;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use weir_audit::Ident;
use weir_audit::event::{AnswerChecked, AnswerRated, AnswersCompared};
use weir_policy::{Alias, Quality as Declared, TargetId, TaskType};
use weir_quality::{Book, Heard, Shape, Shapes, Signal};

const WHOLE: f64 = 1_000_000.0;

/// What is known of the quality of answers.
#[derive(Debug)]
pub(crate) struct Quality {
    file: PathBuf,
    book: Mutex<Book>,
    /// Whether the book holds what its file does not.
    is_ahead: AtomicBool,
    /// How many events of the log the book is to be made of, as there was none.
    missing: Option<u64>,
    recent: Mutex<Recent>,
    /// By the shapes of conversations, the digits of the answers to them.
    shapes: Mutex<Shapes<Digits>>,
    key: [u8; 16],
    /// Who may look for an answer in the log.
    pub looks: Semaphore,
}

impl Quality {
    /// Takes up what an earlier process left in a state directory, whose audit log had so many events then.
    pub fn open(state: &Path, events: u64) -> Self {
        let file = state.join("quality.json");
        let book = file::read(&file);
        Self {
            file,
            missing: Some(events).filter(|events| book.is_none() && *events > 0),
            book: Mutex::new(book.unwrap_or_default()),
            is_ahead: AtomicBool::new(false),
            recent: Mutex::default(),
            shapes: Mutex::default(),
            key: random(),
            looks: Semaphore::new(LOOKS_MAX),
        }
    }

    /// How good the targets of an alias are at a task, in millionths, as far as something was heard of them.
    pub fn measured(
        &self,
        snapshot: &Snapshot,
        alias: &Alias,
        task: Option<TaskType>,
    ) -> BTreeMap<TargetId, u64> {
        let catalogue = &snapshot.loaded.catalogue;
        let book = self.book();
        let of_target = |id: &TargetId| {
            let target = catalogue.target(*id)?;
            Some((*id, book.expected_millionths(&target.name, task, &target.quality)?))
        };
        alias.targets().iter().filter_map(of_target).collect()
    }

    /// What was heard of each target and task type, and what to expect: for operators.
    pub fn page(&self, declared: impl Fn(&str) -> Declared) -> Vec<(String, Option<TaskType>, [f64; 3])> {
        let book = self.book();
        let line = |(target, task, heard): (&str, Option<TaskType>, weir_quality::Evidence)| {
            let expected = book.expected_millionths(target, task, &declared(target)).unwrap_or_default();
            (target.to_owned(), task, [heard.good, heard.bad, expected as f64 / WHOLE])
        };
        book.heard().map(line).collect()
    }

    /// Remembers an answer, so that something may be heard of it.
    pub fn answered(&self, answered: Answered, shape: Option<&Shape>, now: i64) {
        if let Some(shape) = shape {
            self.shapes().answered(shape, now, answered.digits);
        }
        self.recent().add(answered);
    }

    /// An answer that is still remembered.
    pub fn recent_answer(&self, digits: Digits) -> Option<Answered> {
        self.recent().find(digits).cloned()
    }

    /// Notes what is said of an answer, and gives what was said before.
    pub fn say(&self, of: &mut Answered, score: u64) -> Option<u64> {
        match self.recent().find(of.digits) {
            Some(remembered) => remembered.say(score),
            None => of.say(score),
        }
    }

    fn learn(&self, now: i64, target: &str, task: Option<TaskType>, signal: Signal, score: f64) {
        self.book().learn(now, target, task, signal, score);
        self.is_ahead.store(true, Ordering::Relaxed);
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shapes(&self) -> MutexGuard<'_, Shapes<Digits>> {
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A key for hashes that no one else can compute; what is hashed with it does not outlive the process.
fn random() -> [u8; 16] {
    let half = || RandomState::new().hash_one(0_u8).to_ne_bytes();
    let (mut key, halves) = ([0; 16], [half(), half()]);
    key.iter_mut().zip(halves.as_flattened()).for_each(|(byte, random)| *byte = *random);
    key
}

/// What somebody says of an answer.
#[derive(Debug)]
pub(crate) struct Rating {
    /// From 0 to a million.
    pub score: u64,
    pub reason: Option<Ident>,
    /// `caller`, `admin` or `weir`.
    pub by: &'static str,
    pub key_id: Option<Ident>,
}

impl Gateway {
    /// Hears what a conversation says of the answer before it.
    pub(crate) fn hear(&self, shape: &Shape) {
        let heard = self.quality.shapes().hear(shape, self.wall.unix_seconds());
        let Some(Heard { signal, of }) = heard else { return };
        let Some(of) = self.quality.recent_answer(of) else { return };
        let score = if signal == Signal::Continued { 1_000_000 } else { 0 };
        let rating = Rating { score, reason: None, by: "weir", key_id: None };
        self.rate(&of, signal, rating, None);
    }

    /// Records what is heard of an answer, and takes it to the book. `before` is what the same caller said before.
    pub(crate) fn rate(&self, of: &Answered, signal: Signal, rating: Rating, before: Option<u64>) {
        let Rating { score, reason, by, key_id } = rating;
        let event = AnswerRated {
            request_id: of.digits.request(),
            decision_id: of.digits.decision(),
            signal: Ident::fixed(signal.as_str()),
            score,
            replaces: before,
            reason,
            task: of.task.map(|task| Ident::fixed(task.as_str())),
            target: Ident::of(&of.target),
            zone: of.zone,
            by: Ident::fixed(by),
            key_id,
        };
        if let Err(error) = self.audit.append(&event) {
            tracing::error!(%error, "what was heard of an answer is not recorded");
            return;
        }
        let now = self.wall.unix_seconds();
        if let Some(before) = before {
            self.quality.book().unlearn(now, &of.target, of.task, signal, before as f64 / WHOLE);
        }
        self.quality.learn(now, &of.target, of.task, signal, score as f64 / WHOLE);
        self.metrics.requests.answer_signal(signal.as_str(), of.zone, score);
    }

    /// Records what a cascade found.
    pub(crate) fn checked(&self, event: &AnswerChecked) {
        if let Err(error) = self.audit.append(event) {
            tracing::error!(%error, "what a cascade found is not recorded");
            return;
        }
        let is_good = event.check.as_str() == PASSED;
        let task = event.task.as_ref().and_then(|task| task.as_str().parse().ok());
        let (now, score) = (self.wall.unix_seconds(), f64::from(u8::from(is_good)));
        self.quality.learn(now, event.target.as_str(), task, Signal::Checked, score);
        self.metrics.requests.answer_signal(Signal::Checked.as_str(), event.zone, (score * WHOLE) as u64);
    }

    /// Records whose answer a judge found better.
    pub(crate) fn compared(&self, event: &AnswersCompared) {
        if let Err(error) = self.audit.append(event) {
            tracing::error!(%error, "a comparison of answers is not recorded");
            return;
        }
        let now = self.wall.unix_seconds();
        file::learn_comparison(&mut self.quality.book(), now, event);
        self.quality.is_ahead.store(true, Ordering::Relaxed);
    }
}

/// What `answer.checked` says of an answer with which nothing is wrong.
pub(crate) const PASSED: &str = "passed";

impl Ledger {
    /// Hears what the request says of an earlier answer, and has its own answer remembered.
    pub(crate) fn shaped(&mut self, gateway: &Gateway, shape: Option<Shape>) {
        if let Some(shape) = &shape {
            gateway.hear(shape);
        }
        self.set_shape(shape);
    }
}
