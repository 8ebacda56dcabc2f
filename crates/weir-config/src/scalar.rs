//! What can be written as one word or number.

use crate::Concurrency;
use crate::word::{one_of, unknown};
use crate::yaml::{Scalar, Wrong};
use ipnet::IpNet;
use schemars::{Schema, json_schema};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;
use weir_audit::content::ContentKey;
use weir_label::Jurisdiction;
use weir_policy::Step;

impl Scalar for Step {
    fn parse(text: &str) -> Result<Self, Wrong> {
        if let Some(("queue", time)) = text.split_once(' ') {
            return Ok(Step::Queue(Duration::parse(time.trim())?));
        }
        match text {
            "queue" => Err(Wrong::new("`queue` does not say how long", "write `queue 10s`")),
            "degrade" => Ok(Step::Degrade),
            "burst" => Ok(Step::Burst),
            "reject" => Ok(Step::Reject),
            _ => Err(unknown(text, &["queue 10s", "degrade", "burst", "reject"])),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^(queue [0-9]+(ms|s|m|h)|degrade|burst|reject)$" })
    }
}

/// A time as the files write it: `500ms`, `30s`, `2m`, `1h`.
///
/// # Errors
/// What is wrong with it.
pub fn time(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|Wrong { message, help }| format!("{message}; {help}"))
}

/// The longest time that means something here; a day.
const SECONDS_MAX: u64 = 86_400;

impl Scalar for Duration {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: &str| {
            Wrong::new(
                format!("`{text}` is no time: {why}"),
                "write a number and a unit, such as `500ms`, `30s`, `2m`, `1h`",
            )
        };
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let number: u64 = number.parse().map_err(|_| wrong("it does not begin with a whole number"))?;
        let millis = match unit {
            "ms" => Some(number),
            "s" => number.checked_mul(1_000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            "" => return Err(wrong("the unit is missing")),
            _ => return Err(wrong("the unit is not one of `ms`, `s`, `m`, `h`")),
        };
        match millis {
            Some(0) => Err(wrong("it is zero")),
            Some(millis) if millis <= SECONDS_MAX * 1_000 => Ok(Duration::from_millis(millis)),
            Some(_) | None => Err(wrong("it is longer than a day")),
        }
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h)$", "examples": ["500ms", "30s", "2m"] })
    }
}

/// Whole days, as the files write them: `180d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days(pub NonZeroU32);

impl Days {
    /// So many times 24 hours.
    pub fn time(self) -> Duration {
        Duration::from_secs(u64::from(self.0.get()) * 86_400)
    }
}

impl Scalar for Days {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let number = text.strip_suffix('d').and_then(|number| number.parse().ok());
        number.map(Days).ok_or_else(|| {
            Wrong::new(
                format!("`{text}` is no number of days"),
                "write a whole number and `d`, such as `180d`",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-9][0-9]*d$", "examples": ["180d", "2190d"] })
    }
}

impl Scalar for ContentKey {
    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| {
            Wrong::new(
                format!("`{}` is no public key for content", text.escape_debug()),
                "write the line that `weir audit content-key new FILE` printed: weir-content-key+ and base64",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^weir-content-key\\+[A-Za-z0-9+/]{43}=$" })
    }
}

/// How long something is kept: a time, whole days, or not at all (`0s`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepTime(pub Duration);

impl Scalar for KeepTime {
    fn parse(text: &str) -> Result<Self, Wrong> {
        if text == "0s" {
            return Ok(Self(Duration::ZERO));
        }
        if let Ok(Days(days)) = Days::parse(text) {
            return Ok(Self(Duration::from_secs(u64::from(days.get()) * 86_400)));
        }
        Duration::parse(text).map(Self).map_err(|Wrong { message, .. }| {
            Wrong::new(message, "write a time such as `24h` or `30d`, or `0s` to keep nothing")
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$", "examples": ["24h", "30d", "0s"] })
    }
}

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteSize(pub usize);

impl Scalar for ByteSize {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = |why: &str| {
            Wrong::new(
                format!("`{text}` is no size: {why}"),
                "write bytes or a number and a unit, such as `512KiB`, `32MiB`, `1GiB`",
            )
        };
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let number: usize = number.parse().map_err(|_| wrong("it does not begin with a whole number"))?;
        let factor: usize = match unit {
            "" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(wrong("the unit is not one of `KiB`, `MiB`, `GiB`")),
        };
        number.checked_mul(factor).map(ByteSize).ok_or_else(|| wrong("it is too large"))
    }

    fn schema() -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "pattern": "^[0-9]+(KiB|MiB|GiB)?$",
            "minimum": 0,
            "examples": ["32MiB", "512KiB"],
        })
    }
}

impl Scalar for SocketAddr {
    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| {
            Wrong::new(
                format!("`{text}` is no address to listen on"),
                "write an IP address and a port, such as `127.0.0.1:8080`, `0.0.0.0:8080` or `[::1]:8080`",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "examples": ["127.0.0.1:8080", "0.0.0.0:8080"] })
    }
}

/// A network that the operator counts as inside.
impl Scalar for IpNet {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let net: IpNet = text.parse().map_err(|_| {
            Wrong::new(
                format!("`{text}` is no network"),
                "write an address and a prefix length, such as `100.64.0.0/10`",
            )
        })?;
        let least = match net {
            IpNet::V4(_) => 8,
            IpNet::V6(_) => 16,
        };
        if net.prefix_len() < least {
            return Err(Wrong::new(
                format!("`{text}` would make much of the internet count as inside"),
                format!("list the networks of your own, with a prefix of at least /{least}"),
            ));
        }
        Ok(net.trunc())
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "examples": ["100.64.0.0/10"] })
    }
}

impl Scalar for Jurisdiction {
    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|error: weir_label::InvalidJurisdiction| Wrong::new(error.to_string(), ""))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z0-9-]{2,16}$", "examples": ["EU", "DE", "US"] })
    }
}

/// A count that may not be zero.
impl Scalar for NonZeroU32 {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let number: u32 = text.parse().map_err(|_| {
            Wrong::new(format!("`{text}` is no whole number from 1 to {}", u32::MAX), "write digits only")
        })?;
        NonZeroU32::new(number)
            .ok_or_else(|| Wrong::new("this may not be 0", "write 1 or more, or leave it out"))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
}

impl Scalar for u32 {
    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| {
            Wrong::new(format!("`{text}` is no whole number from 0 to {}", u32::MAX), "write digits only")
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl Scalar for bool {
    fn parse(text: &str) -> Result<Self, Wrong> {
        one_of(text, &[("true", true), ("false", false)])
    }

    fn schema() -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

/// An amount in micro-USD, written in USD with up to six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MicroUsd(pub u64);

impl Scalar for MicroUsd {
    fn parse(text: &str) -> Result<Self, Wrong> {
        const DECIMALS: usize = 6;
        let wrong = || {
            Wrong::new(format!("`{text}` is no price"), "write USD with up to six decimals, such as `0.15`")
        };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > DECIMALS {
            return Err(wrong());
        }
        format!("{whole}{decimals:0<DECIMALS$}").parse().map(MicroUsd).map_err(|_| wrong())
    }

    fn schema() -> Schema {
        json_schema!({ "type": "number", "minimum": 0 })
    }
}

/// Power drawn by a site for each watt of its servers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pue(pub f64);

impl Scalar for Pue {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let factor = text.parse().ok().filter(|factor| (1.0..=3.0).contains(factor));
        factor.map(Pue).ok_or_else(|| {
            Wrong::new(
                format!("`{text}` is no power usage effectiveness"),
                "it goes from 1 to 3, such as `1.3`",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "number", "minimum": 1, "maximum": 3 })
    }
}

impl Scalar for Concurrency {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = || {
            let help = "write 1 or more, `auto` or `unlimited`, or leave it out";
            Wrong::new(format!("`{text}` is no number of requests"), help)
        };
        match text {
            "auto" => Ok(Concurrency::Auto),
            "unlimited" => Ok(Concurrency::Unlimited),
            number => number.parse().map(Concurrency::AtMost).map_err(|_| wrong()),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 1, "maximum": u32::MAX },
                { "type": "string", "enum": ["auto", "unlimited"] },
            ],
        })
    }
}

/// A file format version; there is one.
#[derive(Debug, Clone, Copy)]
pub struct Version;

impl Scalar for Version {
    fn parse(text: &str) -> Result<Self, Wrong> {
        if text == "1" {
            Ok(Version)
        } else {
            Err(Wrong::new(
                format!("version `{text}` of this format is not known"),
                "this Weir reads version 1",
            ))
        }
    }

    fn schema() -> Schema {
        json_schema!({ "const": 1 })
    }
}

/// The name of a backend or a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub String);

impl Scalar for Name {
    fn parse(text: &str) -> Result<Self, Wrong> {
        named(text, "._-").map(Name)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$" })
    }
}

/// The name of a model or an alias.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelName(pub String);

impl Scalar for ModelName {
    fn parse(text: &str) -> Result<Self, Wrong> {
        named(text, "._-/:").map(ModelName)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._/:-]{1,128}$" })
    }
}

const NAME_BYTES_MAX: usize = 128;

fn named(text: &str, marks: &str) -> Result<String, Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    if (1..=NAME_BYTES_MAX).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    let marks: Vec<String> = marks.chars().map(|mark| format!("`{mark}`")).collect();
    Err(Wrong::new(
        format!("`{}` cannot be a name", text.escape_debug()),
        format!("use 1 to {NAME_BYTES_MAX} of letters, digits, {}", marks.join(", ")),
    ))
}
