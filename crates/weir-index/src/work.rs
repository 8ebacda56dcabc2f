//! Counts table look-ups, for the tests of linear time.

#[cfg(test)]
thread_local! {
    static LOOKUPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(not(test))]
pub(crate) fn count() {}

#[cfg(test)]
pub(crate) fn count() {
    LOOKUPS.with(|count| count.set(count.get() + 1));
}

/// The look-ups of this thread since the last call.
#[cfg(test)]
pub(crate) fn taken() -> usize {
    LOOKUPS.with(std::cell::Cell::take)
}
