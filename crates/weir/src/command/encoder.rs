use crate::exit::Failed;
use crate::files::{FilesArgs, read_input};
use crate::output::{ASIDE, line, note, paint};
use serde::Deserialize;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use weir_label::ZoneKind;
use weir_policy::TargetId;
use weir_server::Snapshot;
use weir_task::{Example, Figures, Fitted, Kind, Model, fit};

/// How long the encoder may take for one prompt while a head is fitted.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often it is said how far it is.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Has an encoder inside the network tell task types where Weir's own model is unsure
///
/// An encoder is a model that makes vectors of texts: any server inside the network with OpenAI's
/// `/embeddings`. What its vectors mean for task types is learned from prompts that you have labelled.
#[derive(Debug, clap::Args)]
pub(crate) struct EncoderArgs {
    #[command(subcommand)]
    command: EncoderCommand,
}

#[derive(Debug, clap::Subcommand)]
enum EncoderCommand {
    Fit(FitArgs),
}

/// Learns from labelled prompts what an encoder's vectors mean, and writes it to a file for weir.yaml
///
/// Each line of the prompts is `{"text": …, "task": …}` with one of Weir's task types; prompts that have a
/// `group` in common (a template, a conversation) are judged together. The texts go to the encoder, a local
/// target, and to nothing else. Before anything is written it is said how many of the prompts that Weir's own
/// model is unsure of are judged rightly with the encoder and without, each by what was learned from others;
/// if it is no more, nothing is written.
///
/// Use your own prompts: those that Weir's model was trained on it knows by heart.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  weir encoder fit --target gpu/e5-small --labelled prompts.jsonl --prefix 'query: '\n\n\
Exit codes: 0 written; 1 the encoder or the prompts cannot be used, or it does not help; 3 the configuration cannot \
be used."
)]
struct FitArgs {
    #[command(flatten)]
    files: FilesArgs,

    /// The target to ask, of a backend of zone `local`
    #[arg(long, value_name = "BACKEND/MODEL")]
    target: String,

    /// The labelled prompts, JSON lines; `-` is stdin
    #[arg(long, value_name = "FILE")]
    labelled: PathBuf,

    /// What the encoder wants before each text, such as `query: ` for the models of the E5 family
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,

    /// The margin below which the encoder is to be asked
    #[arg(long, value_name = "MARGIN", default_value_t = 0.5)]
    below: f32,

    /// Where to write what was learned
    #[arg(short, long, value_name = "FILE", default_value = "task-head.json")]
    out: PathBuf,
}

pub(crate) fn run(args: &EncoderArgs) -> Result<ExitCode, Failed> {
    match &args.command {
        EncoderCommand::Fit(args) => args.run().map(|()| ExitCode::SUCCESS),
    }
}

/// A line of the labelled prompts.
#[derive(Deserialize)]
struct Labelled {
    text: String,
    task: String,
    group: Option<String>,
}

impl FitArgs {
    fn run(&self) -> Result<(), Failed> {
        if !(0.0..=1.0).contains(&self.below) {
            return Err(Failed::Usage("`--below` goes from 0 to 1".to_owned()));
        }
        let labelled = self.labelled()?;
        let snapshot = self.files.load_with_secrets()?;
        let target = self.target(&snapshot)?;
        let examples = self.examples(&snapshot, target, &labelled)?;
        let model = Model::embedded().map_err(|error| Failed::check("cannot use the task model", &error))?;
        let name = self.target.split_once('/').map_or(self.target.as_str(), |(_, model)| model);
        let Fitted { head, figures } = fit(&examples, (name, &self.prefix), model.digest(), self.below)
            .map_err(|error| Failed::check("nothing can be learned", &error))?;
        tell(&figures, self.below);
        if figures.right_after <= figures.right_before {
            let message = "the encoder does not help with these prompts; nothing is written";
            return Err(Failed::Check(message.to_owned()));
        }
        let out = self.out.display();
        let text = head.to_text().map_err(|error| Failed::check("cannot write the head", &error))?;
        std::fs::write(&self.out, text)
            .map_err(|error| Failed::check(format!("cannot write `{out}`"), &error))?;
        note(paint(ASIDE, "In weir.yaml:"));
        line(format_args!("encoder: {{ target: {}, head: {out}, below: {} }}", self.target, self.below));
        Ok(())
    }

    fn labelled(&self) -> Result<Vec<(Kind, Labelled)>, Failed> {
        let bytes = read_input(&self.labelled)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failed::Check(format!("`{}` is not in UTF-8", self.labelled.display())))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = |(number, line): (usize, &str)| {
            let number = number + 1;
            // The parser's own words may quote the line.
            let labelled: Labelled = serde_json::from_str(line).map_err(|_| {
                let message = format!("line {number} is no {{\"text\": …, \"task\": …}}");
                Failed::Check(message)
            })?;
            let Some(kind) = Kind::named(&labelled.task) else {
                let types = Kind::ALL.map(Kind::as_str).join(", ");
                return Err(Failed::Check(format!("line {number}: `task` is none of {types}")));
            };
            if labelled.text.trim().is_empty() {
                return Err(Failed::Check(format!("line {number}: `text` is empty")));
            }
            Ok((kind, labelled))
        };
        lines.map(read).collect()
    }

    fn target(&self, snapshot: &Snapshot) -> Result<TargetId, Failed> {
        let catalogue = &snapshot.loaded.catalogue;
        let id = catalogue.target_named(&self.target);
        match id.and_then(|id| Some((id, catalogue.target(id)?.zone()))) {
            Some((id, ZoneKind::Local)) => Ok(id),
            Some((_, ZoneKind::Cloud)) => {
                Err(Failed::Check(format!("`{}` is outside the network; name a local target", self.target)))
            }
            None => {
                let local = catalogue.targets().filter(|(_, target)| target.zone() == ZoneKind::Local);
                let names: Vec<&str> = local.map(|(_, target)| &*target.name).collect();
                let message =
                    format!("there is no target `{}`; local ones: {}", self.target, names.join(", "));
                Err(Failed::Check(message))
            }
        }
    }

    fn examples(
        &self,
        snapshot: &Snapshot,
        target: TargetId,
        labelled: &[(Kind, Labelled)],
    ) -> Result<Vec<Example>, Failed> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failed::check("cannot wait for the encoder", &error))?;
        let mut last = Instant::now();
        let mut examples = Vec::with_capacity(labelled.len());
        for (number, (kind, Labelled { text, group, .. })) in labelled.iter().enumerate() {
            let vector = runtime.block_on(snapshot.vector_of(target, (&self.prefix, text), TIMEOUT));
            let vector = vector.map_err(|error| Failed::check(format!("`{}`", self.target), &error))?;
            let judged = snapshot.judge_alone(text);
            let scores = judged.map(|judged| judged.scores).unwrap_or_default();
            let mut hasher = DefaultHasher::new();
            group.as_ref().unwrap_or(text).hash(&mut hasher);
            examples.push(Example { kind: *kind, scores, vector, group: hasher.finish() });
            if last.elapsed() >= TELL_EVERY {
                last = Instant::now();
                note(format_args!("{} of {} prompts", number + 1, labelled.len()));
            }
        }
        Ok(examples)
    }
}

fn tell(figures: &Figures, below: f32) {
    let Figures { examples, unsure, right_before, right_after, all_right_before } = *figures;
    let share = |of: usize, all: usize| format!("{:.1} %", 100.0 * of as f64 / all.max(1) as f64);
    note(format_args!(
        "{examples} prompts, of which Weir's own model judges {} rightly",
        share(all_right_before, examples)
    ));
    note(format_args!(
        "of the {unsure} whose margin is below {below}: {} rightly without the encoder, {} with it",
        share(right_before, unsure),
        share(right_after, unsure)
    ));
}
