use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Something wrong, or probably not meant, in a file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Whether it keeps the files from being used.
    pub severity: Severity,
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    pub(crate) span: Range<usize>,
    pub(crate) source: Arc<NamedSource<String>>,
}

impl Problem {
    /// The line of the file at which it is, without its end.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        self.source.inner().lines().nth(self.line.saturating_sub(1)).unwrap_or_default()
    }

    /// The column after the last character that is meant, in the same line.
    #[must_use]
    pub fn end_column(&self) -> usize {
        let meant = self.source.inner().get(self.span.clone()).unwrap_or_default();
        let characters = meant.lines().next().unwrap_or_default().chars().count();
        self.column.saturating_add(characters.max(1))
    }

    /// The bytes of the file that are meant.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// Where the rules of a policy stand in its file, for what is found out about them later.
#[derive(Debug, Clone)]
pub struct RulePlaces {
    pub(crate) file: String,
    pub(crate) source: Arc<NamedSource<String>>,
    pub(crate) of: BTreeMap<String, RulePlace>,
}

/// Where one rule stands: the bytes of its name, and the line and column of their beginning.
#[derive(Debug, Clone)]
pub(crate) struct RulePlace {
    pub line: usize,
    pub column: usize,
    pub span: Range<usize>,
}

impl RulePlaces {
    /// Something about a rule, at the place of its name; `None` if there is no such rule.
    #[must_use]
    pub fn problem(&self, rule: &str, severity: Severity, message: &str, help: &str) -> Option<Problem> {
        let RulePlace { line, column, span } = self.of.get(rule)?.clone();
        Some(Problem {
            severity,
            file: self.file.clone(),
            line,
            column,
            message: message.to_owned(),
            help: Some(help.to_owned()).filter(|help| !help.is_empty()),
            span,
            source: self.source.clone(),
        })
    }

    /// The policy's file, as it was named.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// `FILE:LINE:COLUMN` of a rule.
    #[must_use]
    pub fn in_words(&self, rule: &str) -> Option<String> {
        let RulePlace { line, column, .. } = self.of.get(rule)?;
        Some(format!("{}:{line}:{column}", self.file))
    }
}

/// Whether a problem keeps the files from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&*self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = SourceSpan::from(self.span.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new_primary_with_span(None, span))))
    }
}

/// The errors of both files, in the order of the files; at least one when loading failed.
#[derive(Debug, Clone)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    /// Plain text, without colours: for logs and tests.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write_plain(problem, f))
    }
}

fn write_plain(problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Problem { severity, file, line, column, message, help, .. } = problem;
    writeln!(f, "{file}:{line}:{column}: {}: {message}", severity.as_str())?;
    writeln!(f, "  | {}", problem.excerpt().trim_end())?;
    if let Some(help) = help {
        writeln!(f, "  = {help}")?;
    }
    Ok(())
}

impl std::error::Error for Problems {}
