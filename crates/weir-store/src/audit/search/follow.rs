//! New events as they come.

use super::super::AuditError;
use super::super::files::Layout;
use super::super::index::{Entry, Index};
use super::{Search, SearchError};
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use weir_audit::frame::{self, SEGMENT_HEADER_BYTES};
use weir_audit::search::{DECISION, Found, OUTCOME, Query, members};

/// Reads the records that fit a query as they come, also while a process writes the log. A decision comes when its
/// request has ended, with its outcome; other events at once. Holds the requests that run.
///
/// Ask [`next`](Self::next) from time to time.
#[derive(Debug)]
pub struct Follower {
    layout: Layout,
    query: Query,
    next: u64,
    at: Option<Open>,
    /// Decisions of requests that run.
    running: HashMap<String, Vec<(u64, Vec<u8>)>>,
}

/// The segment that is read.
#[derive(Debug)]
struct Open {
    entry: Entry,
    file: File,
    offset: u64,
}

/// So much of a segment is read at a time: more than the longest frame.
const READ_BYTES: usize = 1024 * 1024;

impl Follower {
    /// Begins with the event that comes next now. The decisions of requests that run are known.
    ///
    /// # Errors
    /// [`SearchError`] if the log or its index cannot be read.
    pub fn open(dir: &Path, query: Query) -> Result<Self, SearchError> {
        Self::behind(&Search::open(dir)?, query)
    }

    /// Begins with the event behind those that a search sees.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn behind(search: &Search, query: Query) -> Result<Self, SearchError> {
        let layout = search.layout.clone();
        let mut follower = Self { layout, query, next: search.next(), at: None, running: HashMap::new() };
        for (seq, event) in search.running()? {
            follower.note_decision(seq, event);
        }
        Ok(follower)
    }

    /// Hands over the records that have come since it was last asked, in the order in which they were complete.
    ///
    /// # Errors
    /// [`AuditError`] if the log cannot be read or what should be there is not.
    pub fn next(&mut self, mut visit: impl FnMut(Found)) -> Result<(), AuditError> {
        loop {
            if self.at.is_none() {
                self.at = self.open_segment()?;
            }
            let Some(open) = &mut self.at else { return Ok(()) };
            let mut bytes = vec![0; READ_BYTES];
            let path = || self.layout.segment(open.entry.number);
            let read =
                open.file.read_at(&mut bytes, open.offset).map_err(|error| AuditError::io(path())(error))?;
            bytes.truncate(read);
            let (mut at, mut is_over) = (0, false);
            let mut events = Vec::new();
            // A frame that is not whole is being written, or goes on behind what was read.
            while let Ok(Some(frame)) = frame::read(&bytes, at) {
                at = frame.end();
                events.push(frame.event);
            }
            open.offset += at as u64;
            if events.is_empty() {
                is_over = self.is_over()?;
            }
            for event in events {
                self.take(event, &mut visit)?;
            }
            match (at, is_over) {
                (0, false) => return Ok(()),
                (0, true) => self.at = None,
                _ => {}
            }
        }
    }

    /// The segment with the next event, if it is there.
    fn open_segment(&self) -> Result<Option<Open>, AuditError> {
        let index = Index::read(&self.layout)?;
        let Some(entry) = index.position_of(self.next).and_then(|at| index.entries.get(at).copied()) else {
            return match index.entries.first() {
                Some(first) if first.first > self.next => Err(self.gap(first)),
                _ => Ok(None),
            };
        };
        let path = self.layout.segment(entry.number);
        let file = File::open(&path).map_err(AuditError::io(path))?;
        // Events before the next one are passed over by their index.
        Ok(Some(Open { entry, file, offset: SEGMENT_HEADER_BYTES as u64 }))
    }

    fn gap(&self, entry: &Entry) -> AuditError {
        let what =
            format!("the log begins with event {}; those before it were deleted meanwhile", entry.first);
        AuditError::Damaged { path: self.layout.segments(), index: self.next, what }
    }

    /// Whether a later segment goes on where this one has nothing more.
    fn is_over(&self) -> Result<bool, AuditError> {
        let Some(open) = &self.at else { return Ok(false) };
        let index = Index::read(&self.layout)?;
        let later = index.entries.iter().filter(|entry| entry.number > open.entry.number);
        Ok(later.map(|entry| entry.first).min().is_some_and(|first| first <= self.next))
    }

    fn take(&mut self, event: &[u8], visit: &mut impl FnMut(Found)) -> Result<(), AuditError> {
        let head = Head::read(event);
        let Some(Head { seq, type_name, request }) = head.filter(|head| head.seq <= self.next) else {
            let (path, index) = (self.layout.segments(), self.next);
            return Err(AuditError::Damaged {
                path,
                index,
                what: "another event is in its place".to_owned(),
            });
        };
        if seq < self.next {
            return Ok(());
        }
        self.next += 1;
        if self.query.is_about(&type_name) && type_name != DECISION {
            self.offer(Found { seq, event: event.to_vec(), outcome: None }, visit);
        }
        match type_name.as_str() {
            DECISION => self.note_decision(seq, event.to_vec()),
            OUTCOME => {
                for (seq, decision) in self.running.remove(&request).unwrap_or_default() {
                    self.offer(Found { seq, event: decision, outcome: Some(event.to_vec()) }, visit);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn note_decision(&mut self, seq: u64, event: Vec<u8>) {
        let is_wanted = self.query.is_about(DECISION);
        if let Some(head) = Head::read(&event).filter(|_| is_wanted) {
            self.running.entry(head.request).or_default().push((seq, event));
        }
    }

    fn offer(&self, found: Found, visit: &mut impl FnMut(Found)) {
        if found.members().is_ok_and(|members| self.query.takes(&members)) {
            visit(found);
        }
    }
}

struct Head {
    seq: u64,
    type_name: String,
    request: String,
}

impl Head {
    fn read(event: &[u8]) -> Option<Self> {
        let mut head = Self { seq: 0, type_name: String::new(), request: String::new() };
        let mut has_seq = false;
        let read = members(event, |path, value| match (path, value) {
            ("seq", weir_audit::search::Value::Number(seq)) => (head.seq, has_seq) = (seq, true),
            ("type", value) => head.type_name = value.text().into_owned(),
            ("request_id", value) => head.request = value.text().into_owned(),
            _ => {}
        });
        (read.is_ok() && has_seq).then_some(head)
    }
}
