//! AWS's signatures, checked, and its event stream, written.
//!
//! Sources: AWS General Reference, "Create a signed AWS API request"; Smithy, "Amazon Event Stream
//! specification".

use super::{AWS_KEYS, Asked, Checked, refuse};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const SCOPE: &str = "eu-central-1/bedrock/aws4_request";

/// Checks the signature of a request as the service does: from what came in, not from what was meant.
pub(super) fn check_signature(asked: &Asked<'_>) -> Checked {
    let bad =
        || refuse(403, "The request signature we calculated does not match the signature you provided.");
    let Some(parts) = asked.header("authorization").strip_prefix("AWS4-HMAC-SHA256 ") else {
        return refuse(403, "Missing Authentication Token");
    };
    let part = |name: &str| {
        parts.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    let date = asked.header("x-amz-date");
    let day = date.get(..8).unwrap_or_default();
    if part("Credential") != format!("{}/{day}/{SCOPE}", AWS_KEYS.0) {
        return refuse(403, "The security token included in the request is invalid.");
    }
    let names: Vec<&str> = part("SignedHeaders").split(';').collect();
    if !names.contains(&"host") || !names.contains(&"x-amz-date") || !names.is_sorted() {
        return bad();
    }
    let headers: String =
        names.iter().map(|name| format!("{name}:{}\n", asked.header(name).trim())).collect();
    let path: String = asked.path().bytes().map(escaped).collect();
    let canonical = format!(
        "POST\n{path}\n{}\n{headers}\n{}\n{}",
        asked.query(),
        names.join(";"),
        hex(&Sha256::digest(asked.bytes))
    );
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{day}/{SCOPE}\n{}", hex(&Sha256::digest(canonical)));
    let steps = [day].into_iter().chain(SCOPE.split('/'));
    let key = steps.fold(format!("AWS4{}", AWS_KEYS.1).into_bytes(), |key, step| mac(&key, step));
    if hex(&mac(&key, &to_sign)) == part("Signature") { Ok(()) } else { bad() }
}

fn escaped(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
        return char::from(byte).to_string();
    }
    format!("%{byte:02X}")
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One message of an event stream.
pub(super) fn message(kind: &str, name: &str, payload: &str) -> Bytes {
    let of_kind = if kind == "exception" { ":exception-type" } else { ":event-type" };
    let headers: Vec<u8> = [(of_kind, name), (":content-type", "application/json"), (":message-type", kind)]
        .iter()
        .flat_map(|(name, value)| header(name, value))
        .collect();
    let total = u32::try_from(16 + headers.len() + payload.len()).unwrap_or(u32::MAX);
    let mut out = total.to_be_bytes().to_vec();
    out.extend_from_slice(&u32::try_from(headers.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&checksum(&out).to_be_bytes());
    out.extend_from_slice(&headers);
    out.extend_from_slice(payload.as_bytes());
    out.extend_from_slice(&checksum(&out).to_be_bytes());
    out.into()
}

fn header(name: &str, value: &str) -> Vec<u8> {
    let mut out = vec![u8::try_from(name.len()).unwrap_or(u8::MAX)];
    out.extend_from_slice(name.as_bytes());
    out.push(7);
    out.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(value.as_bytes());
    out
}

/// CRC-32 of ISO 3309, bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}
