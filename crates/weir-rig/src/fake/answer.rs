use super::listen::{LastAct, Over};
use super::script::{Cut, Framing};
use super::sse;
use super::state::Visit;
use super::transcript::Transcript;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The body of an answer.
pub(super) enum Answer {
    /// In one piece, with its length announced.
    Whole(Option<Bytes>),
    /// Piece by piece.
    Pieces(Box<Pieces>),
}

/// What a body in pieces is made of.
pub(super) enum Source {
    /// These pieces.
    Fixed(Vec<Bytes>),
    /// The events of a transcript.
    Events { transcript: Box<Transcript>, framing: Framing, first: Option<Bytes>, bad: Option<(u64, String)> },
}

/// Where a body stops early, and how.
pub(super) struct Stop {
    pub(super) after: u64,
    pub(super) how: StopHow,
}

/// How a body stops early.
pub(super) enum StopHow {
    /// Nothing more comes until it is released, and the connection stays.
    Silence,
    /// It breaks off.
    Cut(Cut),
}

/// A body in pieces. Each piece is handed to the kernel before the next one is made, so that it travels
/// alone.
pub(super) struct Pieces {
    visit: Visit,
    source: Source,
    stop: Option<Stop>,
    gap: Duration,
    last_act: LastAct,
    pause: Pause,
    /// Ends its silence.
    released: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

enum Pause {
    None,
    /// Hand the runtime back once; hyper flushes meanwhile.
    Flush,
    Gap(Pin<Box<Sleep>>),
}

impl Pieces {
    pub(super) fn new(
        visit: Visit,
        source: Source,
        stop: Option<Stop>,
        gap: Duration,
        last_act: LastAct,
    ) -> Self {
        // An answer that breaks off at once still has a head, which hyper must be let to write.
        let pause = if stop.is_some() { Pause::Flush } else { Pause::None };
        Self { visit, source, stop, gap, last_act, pause, released: None }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Over>>> {
        ready!(self.poll_pause(cx));
        if let Some(stop) = self.stop.as_ref().filter(|stop| stop.after == self.visit.events()) {
            match stop.how {
                StopHow::Silence => {
                    let visit = &self.visit;
                    let released = self.released.get_or_insert_with(|| Box::pin(visit.released()));
                    ready!(released.as_mut().poll(cx));
                    self.stop = None;
                }
                StopHow::Cut(cut) => return Poll::Ready(self.cut(cut)),
            }
        }
        Poll::Ready(self.next_piece().map(Ok))
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.pause {
            Pause::None => {}
            Pause::Flush => {
                self.pause = Pause::None;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Pause::Gap(sleep) => {
                ready!(sleep.as_mut().poll(cx));
                self.pause = Pause::None;
            }
        }
        Poll::Ready(())
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        let sent = self.visit.events();
        let total = self.source.len();
        if sent >= total {
            self.visit.finish();
            return None;
        }
        self.visit.count_event();
        let stops_next = self.stop.as_ref().is_some_and(|stop| stop.after == sent + 1);
        if sent + 1 == total && !stops_next {
            self.visit.finish();
        } else {
            self.pause = self.pause_between();
        }
        Some(self.source.piece(sent))
    }

    fn pause_between(&self) -> Pause {
        if self.gap.is_zero() { Pause::Flush } else { Pause::Gap(Box::pin(sleep(self.gap))) }
    }

    fn cut(&mut self, cut: Cut) -> Option<Result<Bytes, Over>> {
        self.visit.finish();
        match cut {
            Cut::End => None,
            Cut::Fin => Some(Err(Over)),
            Cut::Truncate => Some(Err(self.last_act.write(self.half_a_chunk()))),
            Cut::Reset => Some(Err(self.last_act.reset())),
        }
    }

    /// The next piece's chunk, of which half comes. Its size is never 0, which would end the body well.
    fn half_a_chunk(&self) -> Bytes {
        let piece = self.source.piece(self.visit.events());
        let half = piece.get(..piece.len() / 2).unwrap_or_default();
        [format!("{:x}\r\n", piece.len().max(1)).as_bytes(), half].concat().into()
    }
}

impl Source {
    fn len(&self) -> u64 {
        match self {
            Self::Fixed(pieces) => u64::try_from(pieces.len()).unwrap_or(u64::MAX),
            Self::Events { transcript, first, .. } => {
                transcript.events().saturating_add(u64::from(first.is_some()))
            }
        }
    }

    fn piece(&self, i: u64) -> Bytes {
        match self {
            Self::Fixed(pieces) => {
                usize::try_from(i).ok().and_then(|i| pieces.get(i)).cloned().unwrap_or_default()
            }
            Self::Events { first: Some(first), .. } if i == 0 => first.clone(),
            Self::Events { framing, bad: Some((at, data)), .. } if i == *at => sse::event(*framing, data),
            Self::Events { transcript, framing, first, .. } => {
                sse::event(*framing, &transcript.event(i - u64::from(first.is_some())))
            }
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Over;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Over>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Pieces(pieces) => {
                let piece = ready!(pieces.poll_next(cx));
                Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let len = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(len).unwrap_or(u64::MAX))
            }
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}
