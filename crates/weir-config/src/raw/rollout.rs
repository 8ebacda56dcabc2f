//! Where the policy comes from and how a new one comes into force, as written.

use crate::yaml::{At, Field, Scalar, Wrong};
use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::time::Duration;
use weir_audit::checkpoint::Verifier;
use weir_rollout::Mode;

/// Where the policy comes from, who signs it, and how a new one comes into force.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "PolicySource")]
pub struct RawPolicySource {
    /// A file, or a directory with `policy.yaml` in it, relative to this file. Default: `policy.yaml`
    /// beside this file.
    pub path: Option<At<String>>,
    /// A directory of a git repository, instead of `path`.
    pub git: Option<RawGit>,
    /// The key that must have signed the policy, as `weir policy keygen` prints it. With it, a policy
    /// without `policy.bundle`, with a changed file or of an older version is refused.
    pub signed_by: Option<Field<Verifier>>,
    /// How a new policy comes into force.
    #[serde(default)]
    pub rollout: RawRollout,
}

/// A directory of a git repository on this machine. Weir reads it and connects to nothing itself: a command of
/// the operator's that it runs, or whoever else fetches or pushes into the repository, brings the policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Git")]
pub struct RawGit {
    /// The repository, bare or not, relative to this file.
    pub repository: At<String>,
    /// The branch. Default: `main`.
    pub branch: Option<Field<Branch>>,
    /// The directory in it that holds `policy.yaml`. Default: the topmost.
    pub path: Option<Field<TreePath>>,
    /// What brings new commits into the repository, from time to time and when the webhook is called.
    pub fetch: Option<RawFetch>,
    /// The secret of the webhook, `POST /policy/webhook` on the admin listener: `${NAME}` or `file:PATH`. Without
    /// it there is no webhook.
    pub webhook_secret: Option<At<String>>,
}

/// A command that brings new commits into the repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Fetch")]
pub struct RawFetch {
    /// Program and arguments, such as `[git, fetch, --quiet]`; no shell. It runs in the repository and gets
    /// `PATH` and `HOME`.
    pub command: At<Vec<At<String>>>,
    /// How often. Default: `1m`.
    pub every: Option<Field<Duration>>,
    /// How long it may take. Default: `30s`.
    pub timeout: Option<Field<Duration>>,
}

/// How a new policy comes into force.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Rollout")]
pub struct RawRollout {
    /// `at_once`; `shadow`: it decides beside the one in force, for comparison, until `weir policy apply`;
    /// `staged`: for a growing share of requests. Default: `at_once`.
    pub mode: Option<Field<Mode>>,
    /// The shares of a staged rollout, growing; all requests come after the last. Default: `[1%, 10%, 50%]`.
    pub stages: Option<At<Vec<Field<Share>>>>,
    /// The least time at a stage. Default: `10m`.
    pub stage_time: Option<Field<Duration>>,
    /// The fewest requests that the new policy decides at a stage. Default: 100.
    pub stage_requests: Option<Field<NonZeroU32>>,
    /// What stops a rollout.
    pub bounds: RawBounds,
}

/// How far a new policy may differ from the one in force before its rollout stops by itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Bounds")]
pub struct RawBounds {
    /// More refused requests, in percentage points. Default: `2%`.
    pub denials: Option<Field<Share>>,
    /// More failed requests, in percentage points. Default: `2%`.
    pub errors: Option<Field<Share>>,
    /// More requests in the cloud, in percentage points. Default: `10%`.
    pub cloud_share: Option<Field<Share>>,
    /// A higher mean cost of a request, in percent of what it was. Default: `25%`.
    pub cost: Option<Field<Increase>>,
}

/// A share in percent: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(pub u8);

/// An increase in percent, of a thousandfold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Increase(pub u32);

/// The name of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch(pub String);

/// A directory in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreePath(pub String);

fn percent(text: &str, most: u32) -> Result<u32, Wrong> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse().ok());
    number.filter(|number| (1..=most).contains(number)).ok_or_else(|| {
        Wrong::new(
            format!("`{text}` is no percentage from 1 to {most}"),
            "write a whole number and `%`, such as `10%`",
        )
    })
}

impl Scalar for Share {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Ok(Share(u8::try_from(percent(text, 100)?).unwrap_or(100)))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^([1-9][0-9]?|100) ?%$", "examples": ["1%", "10%"] })
    }
}

impl Scalar for Increase {
    fn parse(text: &str) -> Result<Self, Wrong> {
        Ok(Increase(percent(text, 100_000)?))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-9][0-9]* ?%$", "examples": ["25%"] })
    }
}

impl Scalar for Branch {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
        let fits = (1..=200).contains(&text.len())
            && text.chars().all(allowed)
            && !text.contains("..")
            && !text.starts_with(['-', '/', '.'])
            && !text.ends_with(['/', '.']);
        if fits {
            return Ok(Branch(text.to_owned()));
        }
        Err(Wrong::new(
            format!("`{}` cannot be the name of a branch here", text.escape_debug()),
            "use letters, digits, `.`, `_`, `-` and `/`, such as `main` or `policy/live`",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "examples": ["main"] })
    }
}

impl Scalar for TreePath {
    fn parse(text: &str) -> Result<Self, Wrong> {
        let path = text.trim_matches('/');
        let is_plain = |name: &str| !name.is_empty() && name != "." && name != ".." && !name.contains('\\');
        if path.is_empty() || path.split('/').all(is_plain) {
            return Ok(TreePath(path.to_owned()));
        }
        Err(Wrong::new(
            format!("`{}` is no directory of a repository", text.escape_debug()),
            "write names with `/` between, such as `weir/production`",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "examples": ["weir/production"] })
    }
}

impl Scalar for Verifier {
    fn parse(text: &str) -> Result<Self, Wrong> {
        text.parse().map_err(|_| {
            Wrong::new(
                format!("`{}` is no verifier key", text.escape_debug()),
                "write the line that `weir policy keygen` printed: NAME+8 hex digits+base64",
            )
        })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9._:/@-]{1,64}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/=]+$" })
    }
}
