//! The book on the disk, and how it is made of the audit log.

use super::PASSED;
use crate::gateway::{Gateway, StartError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use weir_audit::event::AnswersCompared;
use weir_audit::{Event, Ident, Record};
use weir_quality::{Book, Signal};
use weir_store::audit::{AuditError, AuditReader};
use weir_store::whole;

/// How often the book is written, if it has changed.
const POLL: Duration = Duration::from_secs(5);
const WHOLE: f64 = 1_000_000.0;

/// The book of an earlier process, if there is one that can be read.
pub(super) fn read(file: &Path) -> Option<Book> {
    let read = std::fs::read(file).and_then(|bytes| serde_json::from_slice(&bytes).map_err(io::Error::from));
    match read {
        Ok(book) => Some(book),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let file = file.display();
            tracing::warn!(%file, %error, "what is known of answers cannot be read; it is made anew of the audit log");
            None
        }
    }
}

/// What the first events of an audit log say of answers. What this process wrote is in its book already.
fn made_of(audit: &Path, events: u64) -> Result<Book, AuditError> {
    let mut book = Book::default();
    let mut reader = AuditReader::open(audit)?;
    while let Some((head, bytes)) = reader.next_event()? {
        let is_of_quality =
            matches!(head.type_name.as_str(), "answer.rated" | "answer.checked" | "answers.compared");
        if head.seq >= events {
            break;
        }
        if !is_of_quality {
            continue;
        }
        let now = i64::try_from(head.ts_wall.unix_ms() / 1000).unwrap_or_default();
        if let Ok(record) = Record::parse(bytes) {
            learn(&mut book, now, &record.event);
        }
    }
    Ok(book)
}

fn learn(book: &mut Book, now: i64, event: &Event) {
    #[expect(clippy::wildcard_enum_match_arm, reason = "other events say nothing of answers")]
    match event {
        Event::AnswerRated(rated) => {
            let Some(signal) = Signal::of_word(rated.signal.as_str()) else { return };
            let (target, task) = (rated.target.as_str(), task(rated.task.as_ref()));
            if let Some(before) = rated.replaces {
                book.unlearn(now, target, task, signal, before as f64 / WHOLE);
            }
            book.learn(now, target, task, signal, rated.score as f64 / WHOLE);
        }
        Event::AnswerChecked(checked) => {
            let score = f64::from(u8::from(checked.check.as_str() == PASSED));
            let target = checked.target.as_str();
            book.learn(now, target, task(checked.task.as_ref()), Signal::Checked, score);
        }
        Event::AnswersCompared(compared) => learn_comparison(book, now, compared),
        _ => {}
    }
}

/// The better answer was good, the other was not; of equals both were good. What is unclear says nothing.
pub(super) fn learn_comparison(book: &mut Book, now: i64, compared: &AnswersCompared) {
    let (local, cloud) = match compared.verdict.as_str() {
        "local" => (1.0, 0.0),
        "cloud" => (0.0, 1.0),
        "equal" => (1.0, 1.0),
        _ => return,
    };
    let task = task(compared.task.as_ref());
    book.learn(now, compared.local.as_str(), task, Signal::Judged, local);
    book.learn(now, compared.cloud.as_str(), task, Signal::Judged, cloud);
}

fn task(word: Option<&Ident>) -> Option<weir_policy::TaskType> {
    word.and_then(|word| word.as_str().parse().ok())
}

impl Gateway {
    /// Makes the book anew of the log if there was none.
    fn recall(&self, events: u64) {
        let audit = self.snapshot().loaded.config.state.join("audit");
        match made_of(&audit, events) {
            Ok(old) if old.is_empty() => {}
            Ok(mut old) => {
                let mut book = self.quality.book();
                old.join(&book);
                *book = old;
                self.quality.is_ahead.store(true, Ordering::Relaxed);
                tracing::info!("what is known of answers was made anew of the audit log");
            }
            Err(error) => tracing::error!(%error, "what is known of answers cannot be made of the audit log"),
        }
    }

    /// Writes the book down if it has changed.
    pub(crate) fn write_quality(&self) {
        if !self.quality.is_ahead.swap(false, Ordering::Relaxed) {
            return;
        }
        let written = serde_json::to_vec(&*self.quality.book()).map_err(io::Error::from);
        if let Err(error) = written.and_then(|written| whole::replace(&self.quality.file, &written)) {
            self.quality.is_ahead.store(true, Ordering::Relaxed);
            tracing::error!(%error, "what is known of answers cannot be written");
        }
    }
}

/// Keeps the file up to date, in a thread that ends with the gateway.
pub(crate) fn follow(gateway: &Arc<Gateway>) -> Result<(), StartError> {
    let weak = Arc::downgrade(gateway);
    let follow = move || {
        if let Some(gateway) = weak.upgrade()
            && let Some(events) = gateway.quality.missing
        {
            gateway.recall(events);
        }
        while let Some(gateway) = weak.upgrade() {
            gateway.write_quality();
            drop(gateway);
            std::thread::sleep(POLL);
        }
    };
    let thread = std::thread::Builder::new().name("weir-quality".to_owned()).spawn(follow);
    thread.map(drop).map_err(StartError::Thread)
}
