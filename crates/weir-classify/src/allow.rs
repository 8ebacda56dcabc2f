use crate::EntityType;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Longer findings are compared with nothing: no value that people write down is.
const VALUE_BYTES_MAX: usize = 1024;

/// Values that are no findings of a type.
#[derive(Debug, Default)]
pub(crate) struct Allow(BTreeMap<EntityType, Vec<Allowed>>);

enum Allowed {
    /// Exactly this, its letters and digits compared.
    Value(String),
    /// `*` stands for any characters and `?` for one.
    Glob(String),
    Network(IpNet),
}

// An address that is allowed is somebody's address.
impl std::fmt::Debug for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Allowed::Value(_) => "Value",
            Allowed::Glob(_) => "Glob",
            Allowed::Network(_) => "Network",
        })
    }
}

impl Allow {
    pub(crate) fn new(lists: &BTreeMap<EntityType, Vec<String>>) -> Self {
        let compile = |values: &Vec<String>| values.iter().map(|value| Allowed::new(value)).collect();
        Self(lists.iter().map(|(entity, values)| (entity.clone(), compile(values))).collect())
    }

    /// Whether `text`, found as an `entity`, is allowed.
    pub(crate) fn allows(&self, entity: &EntityType, text: &str) -> bool {
        let Some(values) = self.0.get(entity).filter(|_| text.len() <= VALUE_BYTES_MAX) else { return false };
        let text = text.trim().to_lowercase();
        values.iter().any(|allowed| allowed.is(&text))
    }
}

impl Allowed {
    fn new(written: &str) -> Self {
        let written = written.trim().to_lowercase();
        match written.parse() {
            Ok(network) => Allowed::Network(network),
            Err(_) if written.contains(['*', '?']) => Allowed::Glob(written),
            Err(_) => Allowed::Value(written),
        }
    }

    fn is(&self, text: &str) -> bool {
        match self {
            Allowed::Value(value) => {
                value == text || !compact(value).is_empty() && compact(value) == compact(text)
            }
            Allowed::Glob(glob) => matches(glob, text),
            Allowed::Network(network) => {
                text.parse::<IpAddr>().is_ok_and(|address| network.contains(&address))
            }
        }
    }
}

fn compact(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The usual match with one place to go back to: the last `*`.
fn matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while let Some(c) = text.get(read) {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(g) if *g == '?' || g == c => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                (at, read) = (star_at + 1, taken + 1);
            }
        }
    }
    glob.get(at..).unwrap_or_default().iter().all(|g| *g == '*')
}
