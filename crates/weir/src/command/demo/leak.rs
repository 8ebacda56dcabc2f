//! Whether anything classified came in at the cloud model.

use super::examples::Example;
use crate::exit::Failed;
use weir_rig::fake::{Fake, Form};

/// What was searched, and found to hold nothing classified.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// Requests with classified data.
    pub classified: usize,
    /// Pieces of classified data that were searched for.
    pub canaries: usize,
    /// Bytes of bodies that the cloud model received.
    pub received: usize,
}

/// Searches everything that the cloud model received for every piece of classified data, in every
/// encoding that the recording knows.
///
/// # Errors
/// [`Failed::Check`] when one is found, and when the recording is not complete: `requests` went there.
pub(super) fn check<'a>(
    examples: impl Iterator<Item = &'a Example>,
    cloud: &Fake,
    requests: usize,
) -> Result<Checked, Failed> {
    let seen = cloud.seen();
    if seen.len() < requests {
        let message = format!("{requests} requests went to the cloud model, but it recorded {}", seen.len());
        return Err(Failed::Check(message));
    }
    let classified: Vec<&Example> = examples.filter(|example| !example.canaries.is_empty()).collect();
    let leaks = leaks(&classified, cloud);
    if !leaks.is_empty() {
        let bytes: usize = leaks.iter().map(|leak| leak.bytes).sum();
        let examples: Vec<String> =
            leaks.iter().map(|leak| format!("`{}` ({:?})", leak.example, leak.form)).collect();
        return Err(Failed::Check(format!(
            "LEAK: the cloud model saw {bytes} bytes of classified data, of {}; this must never happen",
            examples.join(", ")
        )));
    }
    Ok(Checked {
        classified: classified.len(),
        canaries: classified.iter().map(|example| example.canaries.len()).sum(),
        received: seen.iter().map(|request| request.body.len()).sum(),
    })
}

/// An example of which classified data came in.
struct Leak<'a> {
    example: &'a str,
    bytes: usize,
    /// How the first piece was written.
    form: Form,
}

fn leaks<'a>(classified: &[&'a Example], cloud: &Fake) -> Vec<Leak<'a>> {
    classified.iter().filter_map(|example| leak(example, cloud)).collect()
}

fn leak<'a>(example: &'a Example, cloud: &Fake) -> Option<Leak<'a>> {
    let pieces = example.canaries.iter().filter_map(|canary| Some((canary.len(), cloud.leaked(canary)?)));
    let found: Vec<(usize, Form)> = pieces.collect();
    let (_, form) = found.first()?;
    Some(Leak { example: &example.about, bytes: found.iter().map(|(bytes, _)| bytes).sum(), form: *form })
}

#[cfg(test)]
mod tests {
    use super::super::client::Client;
    use super::super::examples;
    use super::*;
    use std::sync::Arc;
    use weir_rig::fake::Script;

    fn examples() -> Vec<Arc<Example>> {
        examples::all().into_iter().flat_map(|act| act.examples).collect()
    }

    /// Sends examples straight to the cloud model, as a gateway without a boundary would.
    async fn send_out(cloud: &Fake, sent: impl Fn(&Example) -> bool) {
        let client = Client::new(cloud.address()).unwrap();
        for example in examples().iter().filter(|example| sent(example)) {
            assert_eq!(client.ask(example).await.failure, None);
        }
    }

    #[tokio::test]
    async fn every_single_classified_example_at_the_cloud_model_fails_the_check() {
        for example in examples().iter().filter(|example| !example.canaries.is_empty()) {
            let cloud = Fake::start(Script::default()).await.unwrap();
            send_out(&cloud, |sent| sent.about == example.about).await;
            for canary in &example.canaries {
                assert!(cloud.leaked(canary).is_some(), "{}: {canary}", example.about);
            }
            let all = examples();
            let Err(Failed::Check(message)) = check(all.iter().map(|e| &**e), &cloud, 1) else {
                panic!("{} leaked unseen", example.about)
            };
            assert!(message.starts_with("LEAK") && message.contains(&example.about), "{message}");
        }
    }

    #[tokio::test]
    async fn what_is_not_classified_passes_the_check() {
        let cloud = Fake::start(Script::default()).await.unwrap();
        send_out(&cloud, |example| example.canaries.is_empty()).await;
        let all = examples();
        let checked = check(all.iter().map(|e| &**e), &cloud, 1).unwrap();
        assert!(checked.received > 0 && checked.classified >= 9 && checked.canaries > checked.classified);
    }

    #[tokio::test]
    async fn a_recording_with_gaps_fails_the_check() {
        let cloud = Fake::start(Script::default().record(false)).await.unwrap();
        send_out(&cloud, |example| example.canaries.is_empty()).await;
        assert!(matches!(check(std::iter::empty(), &cloud, 1), Err(Failed::Check(_))));
    }
}
