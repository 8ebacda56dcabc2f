//! Waiting for what is mostly there already.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// Waits for so long at most. No timer is made for what is there at once.
///
/// # Errors
/// [`Elapsed`] when the time is over.
pub(crate) async fn within<T>(limit: Duration, wait: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut wait = pin!(wait);
    match poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx))).await {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => timeout(limit, wait).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn what_is_there_comes_and_what_is_late_does_not() {
        let (began, limit) = (Instant::now(), Duration::from_secs(1));
        assert_eq!(within(Duration::ZERO, async { 1 }).await, Ok(1));
        assert!(within(limit, sleep(limit / 2)).await.is_ok());
        assert!(within(limit, sleep(2 * limit)).await.is_err());
        assert_eq!(began.elapsed(), limit + limit / 2);
    }
}
