use crate::config::two_rules;
use std::path::Path;
use weir_audit::checkpoint::{Origin, Signer};
use weir_config::{Source, load_cases};
use weir_rollout::bundle::Manifest;

/// Cases of the two rules.
pub fn policy_cases(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(loaded) = two_rules() else { return };
    match load_cases(Source { path: Path::new("policy.test.yaml"), text }, &loaded) {
        Ok(cases) => {
            for case in cases {
                // Facts that were read are facts that can be had.
                assert!(case.facts(None).is_ok(), "a case of facts that there cannot be");
            }
        }
        Err(problems) => assert!(!problems.0.is_empty(), "refused without a reason"),
    }
}

/// The text of a signed bundle: signed here, because nobody forges a signature.
pub fn policy_bundle(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(name) = Origin::parse("fuzz") else { return };
    let signer = Signer::new(name, &[7; 32]);
    let note = signer.sign_note(text);
    if let Ok(manifest) = Manifest::open(&note, signer.verifier()) {
        assert!(manifest.sign(&signer) == note, "another notation of the same manifest");
        for path in manifest.paths() {
            let leads_out =
                path.starts_with('/') || path.split('/').any(|name| name == ".." || name.is_empty());
            assert!(!leads_out, "a path leads out of the bundle");
            assert!(manifest.check(path, b"nobody has signed this").is_err(), "any file passes");
        }
    }
    // As it is, it is signed by nobody.
    assert!(Manifest::open(text, signer.verifier()).is_err(), "signed by somebody else");
}
