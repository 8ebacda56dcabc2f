use std::cell::RefCell;
use weir_audit::Ident;
use weir_audit::event::{hex, hex_digits};
use weir_wire::dialect::ClientDialect;
use weir_wire::request::Api;

/// A multiple of an id's 16 bytes.
const POOL_BYTES: usize = 4096;

/// What the ids of replies begin with, as SDKs and people know them.
const fn prefix(api: Api) -> &'static str {
    match api.dialect() {
        Some(ClientDialect::Completions) => "cmpl-",
        Some(ClientDialect::Responses) => "resp_",
        Some(ClientDialect::Messages) => "msg_",
        Some(ClientDialect::ChatCompletions | ClientDialect::OllamaChat | ClientDialect::OllamaGenerate)
        | None => "chatcmpl-",
    }
}

/// The digits that all ids of one request have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digits([u8; 16]);

impl Digits {
    /// The digits of an id, whatever it begins with; `None` if it is none of Weir's.
    pub fn of(id: &str) -> Option<Self> {
        let (_, digits) = id.rsplit_once(['_', '-'])?;
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let mut bytes = [0; 16];
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? << 4 | low?).ok()?;
        }
        Some(Self(bytes))
    }

    /// The id of the request.
    pub fn request(self) -> Ident {
        ident(*b"req_", &hex_digits(self.0))
    }

    /// The id of its decision.
    pub fn decision(self) -> Ident {
        ident(*b"dec_", &hex_digits(self.0))
    }
}

fn ident(prefix: [u8; 4], digits: &[u8; 32]) -> Ident {
    let mut id = [0; 36];
    if let Some((before, after)) = id.split_first_chunk_mut() {
        *before = prefix;
        after.copy_from_slice(digits);
    }
    Ident::new(str::from_utf8(&id).unwrap_or_default())
}

/// The identity of one request: what the client sees in `x-request-id` and `x-weir-decision-id`, and
/// what its audit events carry.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    pub digits: Digits,
    pub request: Ident,
    pub decision: Ident,
    /// The id of the answer.
    pub reply: String,
}

impl RequestIds {
    /// 128 random bits, so that an id can be given to a client without telling it of others.
    pub fn new(api: Api) -> Self {
        let digits = Digits(random());
        // Written once for all three.
        let text = hex_digits(digits.0);
        Self {
            digits,
            request: ident(*b"req_", &text),
            decision: ident(*b"dec_", &text),
            reply: [prefix(api), str::from_utf8(&text).unwrap_or_default()].concat(),
        }
    }
}

/// What nobody can foresee, as a word of letters and digits.
pub(crate) fn unforeseeable(prefix: &str) -> String {
    [prefix, &hex(&random())].concat()
}

/// Random bytes are taken from the system a page at a time: one call for each id would cost more than the
/// rest of it.
fn random() -> [u8; 16] {
    thread_local! {
        static POOL: RefCell<(Vec<u8>, usize)> = const { RefCell::new((Vec::new(), 0)) };
    }
    POOL.with_borrow_mut(|(pool, used)| {
        if *used == pool.len() {
            pool.resize(POOL_BYTES, 0);
            // Without random bits from the system there is nothing to serve with: keys and audit need them
            // too, and have failed before. An id of zeros would still only be a worse name.
            let _ = getrandom::fill(pool);
            *used = 0;
        }
        let id = pool.get(*used..*used + 16).and_then(|bytes| bytes.try_into().ok());
        *used += 16;
        id.unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_each_id_make_the_others() {
        let ids = RequestIds::new(Api::CHAT);
        for id in [ids.request.as_str(), ids.decision.as_str(), &ids.reply] {
            let digits = Digits::of(id).unwrap();
            assert_eq!((digits.request(), digits.decision()), (ids.request.clone(), ids.decision.clone()));
        }
    }

    #[test]
    fn an_answer_is_known_by_each_of_its_ids() {
        let digits = "0123456789abcdef0123456789abcdef";
        for prefix in ["dec_", "req_", "chatcmpl-", "msg_", "resp_", "cmpl-"] {
            let decision = Digits::of(&format!("{prefix}{digits}")).map(Digits::decision);
            assert_eq!(decision, Some(Ident::new(&format!("dec_{digits}"))), "{prefix}");
        }
    }

    #[test]
    fn what_is_no_id_has_no_digits() {
        let digits = "0123456789abcdef0123456789abcdef";
        for strange in ["", "dec_", digits, "dec_xyz", &format!("dec_{digits}0"), &format!("dec_{digits}00")]
        {
            assert_eq!(Digits::of(strange), None, "{strange}");
        }
        assert_eq!(Digits::of("dec_0123456789abcdef0123456789abcdeg"), None);
        assert_eq!(Digits::of("dec_../../etc/passwd"), None);
    }

    #[test]
    fn ids_are_hex_and_differ() {
        let (a, b) = (RequestIds::new(Api::CHAT), RequestIds::new(Api::CHAT));
        assert_ne!(a.request, b.request);
        assert_eq!(a.request.as_str().len(), 36);
        assert_eq!(a.request.as_str().strip_prefix("req_"), a.decision.as_str().strip_prefix("dec_"));
    }
}
