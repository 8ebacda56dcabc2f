//! Canonical bytes, written straight into their buffer: no value stands between an event and its text.

use super::{Decision, Fact, Outcome, Shadow};
use crate::{Ident, Name, WallTime};
use std::collections::BTreeMap;

/// The name of a member with the signs around it: `,"level":`.
#[derive(Clone, Copy)]
struct Key(&'static str);

macro_rules! key {
    ($name:literal) => {
        Key(concat!(",\"", $name, "\":"))
    };
}

/// Writes the members of an object after its first.
pub(super) struct Members<'o>(pub(super) &'o mut Vec<u8>);

impl Members<'_> {
    fn key(&mut self, Key(key): Key) {
        self.0.extend_from_slice(key.as_bytes());
    }

    fn text(&mut self, key: Key, text: &str) {
        self.key(key);
        push_string(self.0, text);
    }

    fn number(&mut self, key: Key, number: u64) {
        self.key(key);
        push_number(self.0, number);
    }

    fn flag(&mut self, key: Key, flag: bool) {
        self.key(key);
        push_flag(self.0, flag);
    }

    /// An identifier, or one of Weir's own words: none holds anything to escape.
    fn word(&mut self, key: Key, word: &str) {
        self.key(key);
        push_word(self.0, word);
    }

    fn ident_if(&mut self, key: Key, ident: Option<&Ident>) {
        if let Some(ident) = ident {
            self.word(key, ident.as_str());
        }
    }

    fn name_if(&mut self, key: Key, name: Option<&Name>) {
        if let Some(name) = name {
            self.text(key, name.as_str());
        }
    }

    fn number_if(&mut self, key: Key, number: Option<u64>) {
        if let Some(number) = number {
            self.number(key, number);
        }
    }

    /// A list unless it is empty.
    fn list<T>(&mut self, key: Key, items: &[T], item: impl Fn(&mut Vec<u8>, &T)) {
        if !items.is_empty() {
            self.key(key);
            push_list(self.0, items, item);
        }
    }

    /// A map unless it is empty.
    fn map<T>(&mut self, key: Key, map: &BTreeMap<Ident, T>, value: impl Fn(&mut Vec<u8>, &T)) {
        if map.is_empty() {
            return;
        }
        self.key(key);
        self.0.push(b'{');
        for (index, (key, member)) in map.iter().enumerate() {
            separate(self.0, index);
            push_word(self.0, key.as_str());
            self.0.push(b':');
            value(self.0, member);
        }
        self.0.push(b'}');
    }
}

impl Decision {
    /// The fields in the order of the struct, whose serialisation gives the same text.
    pub(super) fn write(&self, out: &mut Members<'_>) {
        self.write_caller(out);
        self.write_inspection(out);
        self.write_choice(out);
    }

    fn write_caller(&self, out: &mut Members<'_>) {
        out.word(key!("request_id"), self.request_id.as_str());
        out.word(key!("decision_id"), self.decision_id.as_str());
        out.number(key!("attempt"), self.attempt.into());
        out.ident_if(key!("trace_id"), self.trace_id.as_ref());
        out.name_if(key!("tenant"), self.tenant.as_ref());
        out.ident_if(key!("key_id"), self.key_id.as_ref());
        out.ident_if(key!("client_addr_pseudonym"), self.client_addr_pseudonym.as_ref());
        out.word(key!("auth_method"), self.auth_method.as_str());
        out.word(key!("api"), self.api.as_str());
        out.flag(key!("stream"), self.stream);
        out.name_if(key!("purpose"), self.purpose.as_ref());
        out.ident_if(key!("legal_basis"), self.legal_basis.as_ref());
        out.list(key!("data_subjects"), &self.data_subjects, push_ident);
    }

    fn write_inspection(&self, out: &mut Members<'_>) {
        out.word(key!("level"), self.level.as_str());
        out.list(key!("categories"), &self.categories, |out, category| push_string(out, category.as_str()));
        out.list(key!("jurisdictions"), &self.jurisdictions, |out, place| push_string(out, place.as_str()));
        out.list(key!("opaque"), &self.opaque, push_ident);
        out.list(key!("findings"), &self.findings, |out, finding| {
            out.extend_from_slice(b"{\"type\":");
            push_string(out, finding.entity.as_str());
            Members(out).number(key!("count"), finding.count);
            out.push(b'}');
        });
        out.list(key!("sources"), &self.sources, |out, source| push_string(out, source.as_str()));
        out.ident_if(key!("scanner_digest"), self.scanner_digest.as_ref());
        out.number(key!("scan_us"), self.scan_us);
        out.flag(key!("scan_complete"), self.scan_complete);
        out.number_if(key!("est_tokens_in"), self.est_tokens_in);
        out.map(key!("facts"), &self.facts, push_fact);
    }

    fn write_choice(&self, out: &mut Members<'_>) {
        out.word(key!("policy_revision"), self.policy_revision.as_str());
        out.ident_if(key!("stage"), self.stage.as_ref());
        out.word(key!("config_digest"), self.config_digest.as_str());
        out.word(key!("binary_version"), self.binary_version.as_str());
        out.name_if(key!("rule"), self.rule.as_ref());
        out.list(key!("tags"), &self.tags, push_ident);
        out.list(key!("requires"), &self.requires, push_ident);
        out.word(key!("action"), self.action.as_str());
        out.word(key!("reason"), self.reason.as_str());
        out.list(key!("candidates"), &self.candidates, |out, candidate| {
            out.extend_from_slice(b"{\"target\":");
            push_string(out, candidate.target.as_str());
            let mut members = Members(out);
            members.word(key!("zone"), candidate.zone.as_str());
            members.word(key!("verdict"), candidate.verdict.as_str());
            out.push(b'}');
        });
        out.ident_if(key!("target"), self.target.as_ref());
        out.ident_if(key!("backend"), self.backend.as_ref());
        if let Some(zone) = self.zone {
            out.word(key!("zone"), zone.as_str());
        }
        out.ident_if(key!("region"), self.region.as_ref());
        out.ident_if(key!("model"), self.model.as_ref());
        out.flag(key!("egress_permitted"), self.egress_permitted);
        out.ident_if(key!("content_digest"), self.content_digest.as_ref());
        out.list(key!("overrides_denied"), &self.overrides_denied, push_ident);
        if let Some(shadow) = &self.shadow {
            out.key(key!("shadow"));
            push_shadow(out.0, shadow);
        }
        out.map(key!("cut"), &self.cut, |out, number| push_number(out, *number));
    }
}

impl Outcome {
    /// The fields in the order of the struct, whose serialisation gives the same text.
    pub(super) fn write(&self, out: &mut Members<'_>) {
        out.word(key!("request_id"), self.request_id.as_str());
        out.word(key!("decision_id"), self.decision_id.as_str());
        out.word(key!("outcome"), self.outcome.as_str());
        out.number_if(key!("http_status"), self.http_status.map(u64::from));
        if let Some(reason) = self.finish_reason {
            out.word(key!("finish_reason"), reason.as_str());
        }
        out.number_if(key!("tokens_in"), self.tokens_in);
        out.number_if(key!("tokens_out"), self.tokens_out);
        out.flag(key!("tokens_estimated"), self.tokens_estimated);
        out.number_if(key!("cost_micro_usd"), self.cost_micro_usd);
        out.number_if(key!("ttft_us"), self.ttft_us);
        out.number_if(key!("total_us"), self.total_us);
        out.number_if(key!("queue_us"), self.queue_us);
        out.number_if(key!("bytes_out"), self.bytes_out);
        out.number_if(key!("bytes_in"), self.bytes_in);
        out.ident_if(key!("peer_ip"), self.peer_ip.as_ref());
        out.ident_if(key!("model_used"), self.model_used.as_ref());
        out.ident_if(key!("error_code"), self.error_code.as_ref());
        out.number(key!("attempts"), self.attempts.into());
        out.number_if(key!("answered_attempt"), self.answered_attempt.map(u64::from));
        out.ident_if(key!("content_digest"), self.content_digest.as_ref());
    }
}

fn push_shadow(out: &mut Vec<u8>, shadow: &Shadow) {
    out.extend_from_slice(b"{\"policy_revision\":");
    push_word(out, shadow.policy_revision.as_str());
    let mut members = Members(out);
    members.text(key!("rule"), shadow.rule.as_str());
    members.ident_if(key!("target"), shadow.target.as_ref());
    if let Some(zone) = shadow.zone {
        members.word(key!("zone"), zone.as_str());
    }
    members.ident_if(key!("denied"), shadow.denied.as_ref());
    out.push(b'}');
}

fn push_ident(out: &mut Vec<u8>, ident: &Ident) {
    push_word(out, ident.as_str());
}

fn push_fact(out: &mut Vec<u8>, fact: &Fact) {
    match fact {
        Fact::Bool(flag) => push_flag(out, *flag),
        Fact::Number(number) => push_number(out, *number),
        Fact::Word(word) => push_ident(out, word),
        Fact::Name(name) => push_string(out, name.as_str()),
        Fact::Words(words) => push_list(out, words, push_ident),
    }
}

fn push_list<T>(out: &mut Vec<u8>, items: &[T], item: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, each) in items.iter().enumerate() {
        separate(out, index);
        item(out, each);
    }
    out.push(b']');
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

fn push_flag(out: &mut Vec<u8>, flag: bool) {
    out.extend_from_slice(if flag { b"true" } else { b"false" });
}

/// A JSON string. Words of events rarely hold anything to escape.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    // Without an early end the loop looks at many bytes at once.
    if text.bytes().fold(false, |found, b| found | (b < 0x20) | (b == b'"') | (b == b'\\')) {
        // Writing a `str` to a `Vec` cannot fail.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    push_word(out, text);
}

/// A JSON string of a text that holds nothing to escape.
fn push_word(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

pub(super) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [b'0'; DIGITS_MAX];
    let mut begin = DIGITS_MAX;
    for (place, digit) in text.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        begin = place;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(text.get(begin..).unwrap_or_default());
}

/// Digits of the greatest number.
const DIGITS_MAX: usize = 20;

/// A moment as [`WallTime`] shows it, in quotes.
pub(super) fn push_time(out: &mut Vec<u8>, time: WallTime) {
    let (year, month, day) = time.date();
    let ms = time.ms_of_day();
    let digit = |number: u64, unit: u64| b'0' + (number / unit % 10) as u8;
    let two = |number: u64| [digit(number, 10), digit(number, 1)];
    let ([y1, y2], [y3, y4]) = (two(year / 100), two(year));
    let ([m1, m2], [d1, d2]) = (two(month), two(day));
    let ([h1, h2], [n1, n2]) = (two(ms / 3_600_000), two(ms / 60_000 % 60));
    let ([s1, s2], [t1, t2, t3]) = (two(ms / 1000 % 60), [digit(ms, 100), digit(ms, 10), digit(ms, 1)]);
    out.extend_from_slice(&[
        b'"', y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'.', t1,
        t2, t3, b'Z', b'"',
    ]);
}
