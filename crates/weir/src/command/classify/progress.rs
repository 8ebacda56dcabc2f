use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How long a run is before it is worth telling how far it is, and how often that is told.
const PATIENCE: Duration = Duration::from_millis(500);

/// How far a long run is, on a terminal whose line is free.
pub(super) struct Progress {
    begin: Instant,
    next: Option<Instant>,
    documents: u64,
    bytes: u64,
    is_shown: bool,
}

impl Progress {
    /// Nothing is shown where stderr is no terminal, or where answers go to the terminal themselves.
    pub(super) fn new() -> Self {
        let begin = Instant::now();
        let is_wanted = io::stderr().is_terminal() && !io::stdout().is_terminal();
        let next = is_wanted.then(|| begin + PATIENCE);
        Self { begin, next, documents: 0, bytes: 0, is_shown: false }
    }

    /// One more document is done.
    pub(super) fn add(&mut self, bytes: usize) {
        let Some(next) = self.next else { return };
        self.documents += 1;
        self.bytes += bytes as u64;
        let now = Instant::now();
        if now >= next {
            self.show(now);
            self.next = Some(now + PATIENCE);
        }
    }

    /// Frees the line for something else.
    pub(super) fn hide(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            write("\r\x1b[K");
        }
    }

    /// The run is over.
    pub(super) fn end(mut self) {
        self.hide();
    }

    fn show(&mut self, now: Instant) {
        let megabytes = self.bytes as f64 / 1e6;
        let speed = megabytes / now.duration_since(self.begin).as_secs_f64();
        write(&format!("\r\x1b[K{} documents, {megabytes:.1} MB, {speed:.1} MB/s", self.documents));
        self.is_shown = true;
    }
}

fn write(text: &str) {
    let mut out = io::stderr().lock();
    // Nobody is left to tell.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
