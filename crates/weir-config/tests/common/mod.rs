//! The one place where tests call `load`.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use weir_config::{Loaded, Problems, Source};
use weir_index::{Index, RecordBuilder, Salt};

pub const EXAMPLE_WEIR: &str = include_str!("../../../../examples/two-rules/weir.yaml");
pub const EXAMPLE_POLICY: &str = include_str!("../../../../examples/two-rules/policy.yaml");

/// Loads both texts as `/etc/weir/weir.yaml` and `/etc/weir/policy.yaml`, beside `files`.
pub fn load(weir: &str, policy: &str, files: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let env = |name: &str| match name {
        "OPENAI_API_KEY" => Some("from-environment".to_owned()),
        "HOME" => Some("/home/weir".to_owned()),
        _ => None,
    };
    let read = |path: &Path| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        found.map(|(_, text)| (*text).to_owned()).ok_or(Error::new(ErrorKind::NotFound, "no such file"))
    };
    weir_config::load(
        Source { path: Path::new("/etc/weir/weir.yaml"), text: weir },
        Source { path: Path::new("/etc/weir/policy.yaml"), text: policy },
        &env,
        &read,
        &|path| index(path).ok_or_else(|| "no such file".to_owned()),
    )
}

/// The one index there is, of records.
fn index(path: &Path) -> Option<Arc<Index>> {
    let mut builder = RecordBuilder::new(Salt([7; 16]));
    builder.add("jane.doe@example.com").ok()?;
    let index = Index::from_bytes(builder.finish().ok()?).ok()?;
    (path == Path::new("/etc/weir/customers.widx")).then(|| Arc::new(index))
}

/// The same, for texts that are right.
#[allow(dead_code, reason = "not every test binary uses every function of this module")]
pub fn loaded(weir: &str, policy: &str) -> Loaded {
    load(weir, policy, &[]).unwrap_or_else(|problems| panic!("{problems}"))
}
