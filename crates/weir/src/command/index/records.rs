use super::{Progress, TargetArgs, salt};
use crate::exit::Failed;
use crate::output::note;
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use weir_index::{RecordBuilder, Weakness};

/// Rows between two looks at the clock.
const ROWS_PER_LOOK: usize = 4_096;

#[derive(Debug, clap::Args)]
pub(super) struct RecordsArgs {
    /// A CSV file whose first row names the columns; `-` for stdin
    file: PathBuf,

    /// The columns to index, by name. `first+last` indexes both together, in either order: values that
    /// would be found everywhere by themselves, such as a first name
    #[arg(long, value_name = "NAMES", value_delimiter = ',', required = true)]
    columns: Vec<String>,

    /// What is between two columns of the file; `tab` for a tabulator
    #[arg(long, value_name = "CHAR", default_value = ",", value_parser = parse_delimiter)]
    delimiter: u8,

    #[command(flatten)]
    target: TargetArgs,
}

pub(super) fn run(args: &RecordsArgs) -> Result<(), Failed> {
    let mut reader = open(args)?;
    let header = reader.byte_headers().map_err(|error| unreadable(&args.file, &error))?.clone();
    let columns =
        args.columns.iter().map(|name| Column::find(name, &header)).collect::<Result<Vec<_>, _>>()?;
    let mut builder = RecordBuilder::new(salt()?);
    let mut tally = Tally::default();
    let mut progress = Progress::of("rows");
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(|error| unreadable(&args.file, &error))? {
        tally.rows += 1;
        if tally.rows.is_multiple_of(ROWS_PER_LOOK) {
            progress.at(tally.rows);
        }
        for column in &columns {
            column.values(&row).into_iter().for_each(|value| tally.count(column, builder.add(&value)));
        }
    }
    tally.report(builder.added());
    if builder.added() == 0 {
        return Err(Failed::Check(
            "no value is left to index; name other columns, or combine some with `+`".to_owned(),
        ));
    }
    let bytes = builder.finish().map_err(|error| Failed::check("no index was made", &error))?;
    args.target.write(&args.file, bytes)
}

fn open(args: &RecordsArgs) -> Result<Reader<Box<dyn Read>>, Failed> {
    let input: Box<dyn Read> = match args.file == Path::new("-") {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(File::open(&args.file).map_err(|error| unreadable(&args.file, &error))?),
    };
    Ok(ReaderBuilder::new().delimiter(args.delimiter).flexible(true).from_reader(input))
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failed {
    Failed::check(format!("cannot read `{}`", path.display()), error)
}

/// One column, or several whose values count together.
struct Column {
    name: String,
    fields: Vec<usize>,
}

impl Column {
    fn find(name: &str, header: &ByteRecord) -> Result<Self, Failed> {
        let names: Vec<String> = header
            .iter()
            .map(|field| String::from_utf8_lossy(field).trim_start_matches('\u{feff}').trim().to_owned())
            .collect();
        let find = |part: &str| {
            names.iter().position(|known| known == part.trim()).ok_or_else(|| {
                let known: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                Failed::Usage(format!("there is no column `{part}`; there are {}", known.join(", ")))
            })
        };
        let fields = name.split('+').map(find).collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), fields })
    }

    /// The value of a row; of several fields, in both orders.
    fn values(&self, row: &ByteRecord) -> Vec<String> {
        let fields: Vec<_> =
            self.fields.iter().map(|at| String::from_utf8_lossy(row.get(*at).unwrap_or_default())).collect();
        if fields.iter().all(|field| field.trim().is_empty()) {
            return Vec::new();
        }
        let there = fields.join(" ");
        let back: Vec<_> = fields.into_iter().rev().collect();
        if back.len() > 1 { vec![there, back.join(" ")] } else { vec![there] }
    }
}

/// What was left out, by column and reason.
#[derive(Default)]
struct Tally {
    rows: usize,
    skipped: BTreeMap<(String, Weakness), usize>,
}

impl Tally {
    fn count(&mut self, column: &Column, added: Result<(), Weakness>) {
        if let Err(weakness) = added {
            *self.skipped.entry((column.name.clone(), weakness)).or_default() += 1;
        }
    }

    fn report(&self, added: usize) {
        note(format_args!("{} rows, {added} values", self.rows));
        for ((column, weakness), count) in &self.skipped {
            let why = match weakness {
                Weakness::Empty => "hold no letter or digit",
                Weakness::Common => {
                    "are too short or common to give anything away by themselves; combine columns with `+`"
                }
                Weakness::Long => "are longer than 127 letters and digits; index them as documents",
            };
            note(format_args!("`{column}`: {count} left out that {why}"));
        }
    }
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] => Ok(*byte),
        _ => Err("use one ASCII character, or `tab`".to_owned()),
    }
}
