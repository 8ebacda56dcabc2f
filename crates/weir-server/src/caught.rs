//! Panics: bugs in Weir, which cost the one request in which they are.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

/// What was being done panicked, and the log of the process says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Waits for `future` unless it panics. It is not to be polled again after that.
pub(crate) async fn caught<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Result<T, Panicked> {
    poll_fn(move |cx| {
        // Whatever the panic left half done is dropped with the future.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(_) => {
                tracing::error!("a request panicked; this is a bug in Weir");
                Poll::Ready(Err(Panicked))
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[tokio::test]
    async fn a_panic_is_caught() {
        assert_eq!(caught(pin!(async { 1 })).await, Ok(1));
        assert_eq!(caught(pin!(async { panic!("expected by this test") })).await, Err::<(), _>(Panicked));
    }
}
