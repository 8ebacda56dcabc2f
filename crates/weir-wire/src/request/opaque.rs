use super::Attachment;
use crate::json::Object;

/// Something in the body that cannot be inspected.
pub(super) struct Opaque {
    pub(super) reason: &'static str,
    pub(super) path: String,
    /// The bytes, where they are all there is to it and stand in the body.
    pub(super) attachment: Option<Attachment>,
    /// All that the bytes say, once that is known: then it is inspected like any other text.
    pub(super) text: Option<String>,
    /// What the bytes were, once a program has read them.
    pub(super) read: Option<Attachment>,
}

impl Opaque {
    pub(super) fn new(reason: &'static str, path: String) -> Self {
        Self { reason, path, attachment: None, text: None, read: None }
    }

    /// The content of a file that is uploaded.
    pub(super) fn of_file(path: String, attachment: Attachment) -> Self {
        let attachment = Some(attachment).filter(Attachment::is_what_it_says);
        let text = attachment.as_ref().and_then(Attachment::text);
        Self { reason: "file", path, attachment: attachment.filter(|_| text.is_none()), text, read: None }
    }

    pub(super) fn of_part(reason: &'static str, path: String, part: &Object) -> Self {
        let attachment = Attachment::of(part);
        let text = attachment.as_ref().and_then(Attachment::text);
        Self { reason, path, attachment: attachment.filter(|_| text.is_none()), text, read: None }
    }

    /// Takes note of all that the bytes say.
    pub(super) fn says(&mut self, text: String) {
        if let Some(attachment) = self.attachment.take() {
            (self.text, self.read) = (Some(text), Some(attachment));
        }
    }

    /// The bytes whose string in the body says nothing more than this does: those that a program has read, and a file of a
    /// known format, which is opaque as a whole.
    pub(super) fn stands_for(&self) -> Option<&Attachment> {
        let known = self.attachment.as_ref().filter(|attachment| attachment.is_of_known_format());
        self.read.as_ref().or(known)
    }
}
