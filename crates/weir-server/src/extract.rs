//! The text of attachments, by programs on this machine that the policy names.
//!
//! INVARIANT (fails closed): an attachment stays opaque unless its whole text is known: the program ended well
//! and in time, and what it wrote is text and not too much. A program that finds no text has covered nothing:
//! it is a picture then, whatever its type.

use crate::metrics::Metrics;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use weir_config::Extractor;
use weir_wire::request::{Attachment, ClientRequest};

/// The most programs at a time: each may take a CPU and much memory.
const AT_A_TIME: usize = 4;

/// All extractors of one snapshot.
#[derive(Debug)]
pub(crate) struct Extractors {
    all: Vec<Extractor>,
    slots: Semaphore,
}

impl Extractors {
    pub fn new(all: &[Extractor]) -> Self {
        Self { all: all.to_vec(), slots: Semaphore::new(AT_A_TIME) }
    }

    /// The request, with the texts of the attachments that could be read whole.
    pub async fn read(&self, request: ClientRequest, metrics: &Metrics) -> ClientRequest {
        if self.all.is_empty() || request.attachments().next().is_none() {
            return request;
        }
        let mut texts = Vec::new();
        for (index, attachment) in request.attachments() {
            if let Some(extractor) = self.covering(attachment) {
                let text = Box::pin(self.run(extractor, attachment)).await;
                let outcome = text.as_ref().err().copied().unwrap_or("read");
                metrics.asked.extracted(&attachment.media_type, outcome);
                match text {
                    Ok(text) => texts.push((index, text)),
                    Err(why) => {
                        tracing::warn!(media_type = attachment.media_type, why, "an attachment stays opaque")
                    }
                }
            }
        }
        texts.into_iter().fold(request, |request, (index, text)| request.with_text_of(index, text))
    }

    fn covering(&self, attachment: &Attachment) -> Option<&Extractor> {
        self.all.iter().find(|extractor| extractor.types.contains(&attachment.media_type))
    }

    async fn run(&self, extractor: &Extractor, attachment: &Attachment) -> Result<String, &'static str> {
        if attachment.bytes.len() > extractor.bytes_max {
            return Err("too_long");
        }
        let whole = async {
            // Closed only when dropped, which a borrow of it excludes.
            let _slot = self.slots.acquire().await.map_err(|_| "no_slot")?;
            output(extractor, &attachment.bytes).await
        };
        let output = tokio::time::timeout(extractor.timeout, whole).await.map_err(|_| "timeout")??;
        let text = String::from_utf8(output).map_err(|_| "not_text")?;
        if text.trim().is_empty() { Err("no_text") } else { Ok(text) }
    }
}

/// What the program writes. Dropping the future kills it, and what it started.
async fn output(extractor: &Extractor, input: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut child = start(extractor).map_err(|_| "not_started")?;
    let mut group = Group::of(child.id());
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("not_started");
    };
    let feed = async {
        // A program that knows enough closes its end; its exit status says whether that was well.
        let _ = stdin.write_all(input).await;
        drop(stdin);
        Ok(())
    };
    let ((), output) = tokio::try_join!(feed, read_to_end(stdout, extractor.bytes_max))?;
    let status = child.wait().await;
    group.has_ended();
    if status.is_ok_and(|status: ExitStatus| status.success()) { Ok(output) } else { Err("failed") }
}

fn start(extractor: &Extractor) -> std::io::Result<Child> {
    let mut command = Command::new(&extractor.program);
    command.args(&extractor.arguments).env_clear();
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// The group of processes that a program leads: shells start others, which outlive them. Killed when dropped.
pub(crate) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    /// The group of the program with this number, if it still runs.
    #[cfg(unix)]
    pub fn of(leader: Option<u32>) -> Self {
        let id = leader.and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    pub fn of(_leader: Option<u32>) -> Self {
        Self {}
    }

    /// Its leader has ended by itself: from now on the system may give its number to others.
    pub fn has_ended(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            // A group that is gone already cannot be killed, and need not be.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

async fn read_to_end(source: impl AsyncRead + Unpin, bytes_max: usize) -> Result<Vec<u8>, &'static str> {
    let mut output = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    source.take(limit).read_to_end(&mut output).await.map_err(|_| "failed")?;
    if output.len() > bytes_max { Err("output_too_long") } else { Ok(output) }
}
