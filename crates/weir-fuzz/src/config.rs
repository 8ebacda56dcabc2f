use std::io;
use std::path::Path;
use weir_config::{Loaded, Problem, Problems, Source, load};
use weir_label::Label;
use weir_policy::AnyRecipient;

const WEIR: &str = include_str!("../../../examples/two-rules/weir.yaml");
const POLICY: &str = include_str!("../../../examples/two-rules/policy.yaml");

/// A configuration, beside the policy of two rules.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    judge(read(text, POLICY), text);
}

/// A policy, beside the configuration of the two rules.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    judge(read(WEIR, text), text);
}

/// The two rules as they are loaded.
pub(crate) fn two_rules() -> Option<Loaded> {
    read(WEIR, POLICY).ok()
}

fn read(weir: &str, policy: &str) -> Result<Loaded, Problems> {
    let env = |name: &str| (name == "OPENAI_API_KEY").then(|| "sk-0".to_owned());
    let no_file = |_: &Path| Err(io::Error::from(io::ErrorKind::NotFound));
    let no_index = |_: &Path| Err("no such file".to_owned());
    let source = |path, text| Source { path: Path::new(path), text };
    load(source("weir.yaml", weir), source("policy.yaml", policy), &env, &no_file, &no_index)
}

fn judge(result: Result<Loaded, Problems>, text: &str) {
    match result {
        Ok(loaded) => {
            no_cloud_backend_reaches_the_boundary(&loaded);
            loaded.warnings.iter().for_each(|warning| is_placed(warning, text));
        }
        Err(problems) => {
            assert!(!problems.0.is_empty(), "refused without a reason");
            assert!(!problems.to_string().is_empty());
            problems.0.iter().for_each(|problem| is_placed(problem, text));
        }
    }
}

/// INVARIANT (cloud below boundary), of whatever loads: by the clearance and by the boundary's own check.
fn no_cloud_backend_reaches_the_boundary(loaded: &Loaded) {
    let boundary = &loaded.policy.boundary;
    let classified = Label::at(boundary.level());
    for backend in &loaded.config.backends {
        let AnyRecipient::Cloud(recipient) = &backend.recipient else { continue };
        let admitted = recipient.clearance().admits(&classified);
        assert!(!admitted && boundary.check(&classified, recipient).is_err(), "classified data may leave");
    }
}

fn is_placed(problem: &Problem, text: &str) {
    assert!(problem.line >= 1 && problem.column >= 1 && !problem.message.is_empty());
    let of_this_text = [WEIR, POLICY, text].iter().any(|text| text.get(problem.span()).is_some());
    assert!(of_this_text, "a problem is at no place of the file");
}
