use crate::profile::Profile;
use std::collections::VecDeque;
use weir_dispatch::Reported;

/// One server with continuous batching, step by step.
///
/// A step decodes one token of every running sequence and spends what is left of its chunk on prompts, first
/// come first served. A sequence is let in when its prompt and a reserve fit into the cache.
#[derive(Debug)]
pub(crate) struct Replica {
    pub profile: Profile,
    waiting: VecDeque<Sequence>,
    running: Vec<Sequence>,
    /// Tokens that the running sequences hold.
    context: u64,
    /// What the step under way does.
    step: Option<Step>,
    pub busy_s: f64,
    /// For policies that know more than a gateway can: prompt tokens not yet prefilled.
    pub pending_tokens: u64,
}

#[derive(Debug, Clone, Copy)]
struct Sequence {
    id: usize,
    input: u32,
    output: u32,
    left: u32,
    made: u32,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    ends_s: f64,
}

/// What came out of a step.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub first_tokens: Vec<usize>,
    pub ended: Vec<usize>,
    /// Those that have so many tokens by now, from time to time.
    pub produced: Vec<(usize, u32)>,
}

/// Tokens of cache that are left for the answer when a prompt is let in.
const RESERVE_TOKENS: u64 = 64;
/// After so many tokens a sequence's progress is told.
const TELL_EVERY: u32 = 32;

impl Replica {
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            waiting: VecDeque::new(),
            running: Vec::new(),
            context: 0,
            step: None,
            busy_s: 0.0,
            pending_tokens: 0,
        }
    }

    /// The longest prompt that is worked on; longer ones are cut.
    pub fn fitting(&self, input: u32) -> u32 {
        input.min(self.profile.cache_tokens / 2)
    }

    pub fn add(&mut self, id: usize, input: u32, output: u32) {
        let input = self.fitting(input);
        self.pending_tokens += u64::from(input);
        self.waiting.push_back(Sequence { id, input, output, left: input, made: 0 });
    }

    /// The requests that run or wait.
    pub fn requests(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    pub fn reported(&self) -> Reported {
        let count = |number: usize| u32::try_from(number).ok();
        Reported {
            running: count(self.running.len()),
            waiting: count(self.waiting.len()),
            cache_used: Some(self.context as f64 / f64::from(self.profile.cache_tokens)),
            cache_tokens: None,
            loaded: None,
        }
    }

    pub fn is_stepping(&self) -> bool {
        self.step.is_some()
    }

    /// Begins a step, if there is anything to do. Returns when it ends.
    pub fn begin(&mut self, now_s: f64) -> Option<f64> {
        if self.waiting.is_empty() && self.running.is_empty() {
            return None;
        }
        let prefilled = self.prefill();
        let engine = &self.profile.engine;
        let took = engine.decode_step_s(self.context as f64) + engine.prefill_s * f64::from(prefilled);
        self.busy_s += took;
        let ends_s = now_s + took;
        self.step = Some(Step { ends_s });
        Some(ends_s)
    }

    /// Prompt tokens that this step works on.
    fn prefill(&mut self) -> u32 {
        let engine = self.profile.engine;
        let running = u32::try_from(self.running.len()).unwrap_or(u32::MAX);
        let mut budget = engine.chunk_tokens.saturating_sub(running);
        let mut prefilled = 0;
        for sequence in &mut self.running {
            let part = sequence.left.min(budget);
            sequence.left -= part;
            budget -= part;
            prefilled += part;
        }
        let room = |replica: &Self| {
            let next = replica.waiting.front()?;
            let fits = replica.context + u64::from(next.input) + RESERVE_TOKENS
                <= u64::from(replica.profile.cache_tokens);
            let may = replica.running.len() < engine.sequences_max as usize;
            ((fits || replica.running.is_empty()) && may).then_some(*next)
        };
        while budget > 0
            && let Some(mut sequence) = room(self)
        {
            self.waiting.pop_front();
            self.context += u64::from(sequence.input);
            let part = sequence.left.min(budget);
            sequence.left -= part;
            budget -= part;
            prefilled += part;
            self.running.push(sequence);
        }
        self.pending_tokens = self.pending_tokens.saturating_sub(u64::from(prefilled));
        prefilled
    }

    /// Ends the step under way, if it ends then.
    pub fn end(&mut self, now_s: f64) -> Option<Progress> {
        self.step.take_if(|step| step.ends_s <= now_s)?;
        let mut progress = Progress::default();
        let context = &mut self.context;
        self.running.retain_mut(|sequence| {
            if sequence.left > 0 {
                return true;
            }
            sequence.made += 1;
            *context += 1;
            if sequence.made == 1 {
                progress.first_tokens.push(sequence.id);
            }
            if sequence.made >= sequence.output {
                *context = context.saturating_sub(u64::from(sequence.input) + u64::from(sequence.made));
                progress.ended.push(sequence.id);
                return false;
            }
            if sequence.made.is_multiple_of(TELL_EVERY) {
                progress.produced.push((sequence.id, sequence.made));
            }
            true
        });
        Some(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_prefilled_in_chunks_and_its_answer_takes_a_step_a_token() {
        let mut replica = Replica::new(Profile::ALL[1]);
        replica.add(7, 5000, 3);
        let mut now = 0.0;
        let mut steps = Vec::new();
        while let Some(ends) = replica.begin(now) {
            now = ends;
            let progress = replica.end(now).unwrap();
            steps.push((progress.first_tokens.len(), progress.ended.len()));
        }
        // Three chunks of at most 2,048 tokens, the last of which gives the first token; then two more.
        assert_eq!(steps, [(0, 0), (0, 0), (1, 0), (0, 0), (0, 1)]);
        assert_eq!((replica.requests(), replica.pending_tokens, replica.context), (0, 0, 0));
        assert!((now - (5000.0 * 177e-6 + 5.0 * 0.0248 + 5.0 * 5000.0 * 202e-9)).abs() < 1e-3, "{now}");
    }
}
