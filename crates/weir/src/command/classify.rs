//! `weir classify`: inspection by itself, without a gateway.

mod answer;
mod documents;
mod judge;
mod lines;
mod progress;
mod screen;
mod stream;
mod task;

use crate::exit::Failed;
use judge::Judge;
use std::path::PathBuf;
use std::process::ExitCode;
use weir_classify::Profile;
use weir_label::Level;

/// Says what texts hold and which level that gives them, as the gateway would
///
/// Without a PATH it reads JSON lines from stdin, {"id": …, "text": "…"}, and answers each with
/// a line on stdout, in the same order:
///
///   {"id": …, "level": "confidential", "findings": [{"type", "start", "end", "score"}]}
///
/// `start` and `end` are byte offsets into the UTF-8 of the text. With PATHs every file is one
/// document and every directory stands for the files below it, and the answer is a table.
///
/// With --task each line is answered with what it asks for and how hard it is instead:
///
///   {"id": …, "task": "summarise", "margin": 0.93, "language": "en", "complexity": 0.41,
///    "weak_fail": 0.27}
///
/// Findings are types and places, never values. Nothing is sent anywhere and no program is run, unless
/// --config names the gateway's configuration: then the detectors of the policy, or with --task the
/// encoder, which are inside the network, are asked as the gateway asks them. Extractors read attachments, which are no texts.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub(crate) struct ClassifyArgs {
    /// Files and directories; `-` is stdin as one text. Symbolic links in directories are not followed
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The policy whose `data` section says what counts [default: policy.yaml here if there is one, or
    /// else what Weir counts by itself]
    #[arg(short, long, value_name = "FILE", env = "WEIR_POLICY")]
    policy: Option<PathBuf>,

    /// The gateway's configuration, weir.yaml: judge by it and its policy, and ask the policy's detectors
    /// too, or with --task the encoder. What detectors are not asked in time counts as classified
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// When a person's name counts as personal data, over the policy's `data.profile`
    #[arg(long, value_enum, value_name = "PROFILE")]
    profile: Option<ProfileName>,

    /// For each finding: which recogniser found it in which view of the text, where the evidence stands,
    /// and whether it makes the document classified, and why
    #[arg(long)]
    explain: bool,

    /// Print the values of findings too. They are what must not get about
    #[arg(long, requires = "explain")]
    show_text: bool,

    /// Say what each JSON line asks for and how hard it is, instead of what it holds: task type, by how much it is
    /// likelier than the next, language, complexity, and the probability that a weak model fails
    #[arg(long, conflicts_with_all = ["paths", "policy", "profile", "explain", "show_text", "json", "fail_on"])]
    task: bool,

    /// Print a JSON object for each document instead of the table
    #[arg(long)]
    json: bool,

    /// End with exit code 1 if a document has this level or a higher one
    #[arg(long, value_name = "LEVEL")]
    fail_on: Option<Level>,
}

const EXAMPLES: &str = "\
Examples:
  echo '{\"id\": 1, \"text\": \"write to jo@example.org\"}' | weir classify
  weir classify docs/ notes.txt                          a table: level, findings, path
  weir classify --explain notes.txt                      why
  echo 'is this safe?' | weir classify --explain -       one text
  weir classify --fail-on confidential src/ > /dev/null  in a script or a hook
  weir classify --policy policy.yaml < documents.jsonl   by your own terms, patterns and levels
  weir classify --task < prompts.jsonl                   task type, language and complexity
  weir classify --config weir.yaml notes.txt             as the gateway would, its detectors included

Levels are public < internal < confidential < restricted. A document that could not be read to
its end, or is no UTF-8 text, counts as restricted.

Exit codes: 0 done; 1 a line or file could not be read (the others were), or --fail-on applies;
2 wrong usage; 3 the policy cannot be used.";

/// What an operator calls a profile.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProfileName {
    /// A person's name always counts
    Strict,
    /// A name counts beside a second personal attribute or in a context of personal data
    Balanced,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Strict => Profile::Strict,
            ProfileName::Balanced => Profile::Balanced,
        }
    }
}

/// How much is told of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Type, place and score.
    Places,
    /// Also why.
    Reasons,
    /// Also what the text says there.
    Text,
}

/// What came out of all documents.
#[derive(Debug, Default)]
struct Tally {
    highest: Level,
    /// Lines or files that could not be read.
    unread: u64,
}

pub(crate) fn run(args: &ClassifyArgs) -> Result<ExitCode, Failed> {
    if args.task {
        return task::run(args.config.as_deref());
    }
    let profile = args.profile.map(Profile::from);
    let judge = match &args.config {
        Some(config) => Judge::of_gateway(config, args.policy.as_deref(), profile)?,
        None => Judge::load(args.policy.as_deref(), profile)?,
    };
    let tally = match (args.paths.as_slice(), args.json) {
        ([], _) => stream::run(&judge, args.detail())?,
        (paths, true) => documents::as_json(&judge, paths, args.detail()),
        (paths, false) => documents::as_table(&judge, paths, args.detail()),
    };
    if tally.unread > 0 {
        return Err(Failed::Check(format!("{} could not be read; the others were", tally.unread)));
    }
    let fails = args.fail_on.is_some_and(|level| tally.highest >= level);
    Ok(if fails { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

impl ClassifyArgs {
    fn detail(&self) -> Detail {
        match (self.explain, self.show_text) {
            (false, _) => Detail::Places,
            (true, false) => Detail::Reasons,
            (true, true) => Detail::Text,
        }
    }
}
