//! Indexes of an organisation's own records and documents, which hold no text of them.
//!
//! A [`RecordBuilder`] takes the values of a list (names, addresses, account numbers), a
//! [`DocumentBuilder`] the texts of documents; both give a file's bytes. An [`Index`] is read from such
//! bytes, and finds in the [`Words`] of a text the values, or the stretches that quote a document.
//! `docs/formats/index.md` has the layout.
//!
//! No files, clocks or randomness: the salt is an argument.
//!
//! - INVARIANT (no text inside): what is kept of a value or document are bits of keyed hashes.
//! - INVARIANT (linear time): from each word of a text a bounded number of bytes is looked at.
//! - INVARIANT (twelve words): any 12 words in a row of a document are found, but for those that are
//!   excluded as public.

mod bytes;
mod documents;
mod filter;
mod fold;
mod index;
mod keys;
mod records;
mod table;
mod words;
mod work;

pub use documents::DocumentBuilder;
pub use index::{Hit, Index, InvalidIndex, Kind, TooLarge};
pub use keys::Salt;
pub use records::{RecordBuilder, Weakness};
pub use words::Words;

#[cfg(test)]
mod work_test;
