use std::num::NonZeroU32;
use std::time::Duration;
use weir_policy::TargetId;
use weir_task::Head;

/// A model inside the network that is asked for the task type where the embedded one is unsure.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoder {
    /// The local target.
    pub target: TargetId,
    /// What its vectors mean.
    pub head: Head,
    /// The margin below which it is asked, 0 to 1.
    pub below: f32,
    /// How long it may take.
    pub timeout: Duration,
    /// The most questions at a time.
    pub concurrency: NonZeroU32,
}
