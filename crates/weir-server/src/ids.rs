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
        let hex = hex(bytes);
        Self {
            request: ["req_", &hex].concat(),
            decision: ["dec_", &hex].concat(),
            reply: ["chatcmpl-", &hex].concat(),
        }
    }
}

fn hex(bytes: [u8; 16]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let mut text = String::with_capacity(32);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hex_and_differ() {
        assert_eq!(hex([0xab; 16]), "ab".repeat(16));
        let (a, b) = (RequestIds::new(), RequestIds::new());
        assert_ne!(a.request, b.request);
        assert_eq!(a.request.len(), 36);
        assert_eq!(a.request.strip_prefix("req_"), a.decision.strip_prefix("dec_"));
    }
}
