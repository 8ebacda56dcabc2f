use std::fmt::Write as _;

/// The identity of one request: what the client sees in `x-request-id` and `x-weir-decision-id`, and
/// what its audit events carry.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    pub request: String,
    pub decision: String,
    /// The id of a chat completion.
    pub reply: String,
}

impl RequestIds {
    /// 128 random bits, so that an id can be given to a client without telling it of others.
    pub fn new() -> Self {
        let mut bytes = [0u8; 16];
        // Without random bits from the system there is nothing to serve with: keys and audit need them
        // too, and have failed before. An id of zeros would still only be a worse name.
        let _ = getrandom::fill(&mut bytes);
        let hex = bytes.iter().fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self {
            request: format!("req_{hex}"),
            decision: format!("dec_{hex}"),
            reply: format!("chatcmpl-{hex}"),
        }
    }
}
