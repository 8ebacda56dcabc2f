//! Rows as a Parquet file, whose columns have types.
//!
//! Source: Apache Parquet format, its logical types, and definition and repetition levels (after Dremel).

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::io::Write;
use std::sync::Arc;
use weir_audit::WallTime;
use weir_audit::search::{Kind, Value};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    /// Moments: a timestamp in milliseconds, UTC.
    Time,
    /// Whole numbers, unsigned.
    Number,
    /// `true` or `false`.
    Flag,
    /// UTF-8.
    Text,
    /// Lists of UTF-8.
    Texts,
}

impl CellKind {
    /// That of a field of events.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Word | Kind::OneOf(_) | Kind::Level => Self::Text,
            Kind::Words => Self::Texts,
            Kind::Flag => Self::Flag,
            Kind::Number(_) => Self::Number,
        }
    }

    fn of_value(value: &Value<'_>) -> Self {
        match value {
            Value::Word(_) => Self::Text,
            Value::Words(_) => Self::Texts,
            Value::Number(_) => Self::Number,
            Value::Flag(_) => Self::Flag,
        }
    }
}

/// Why a file cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum SheetError {
    /// A column has values of two kinds.
    #[error(
        "`{0}` is not of one type in these events, as a column of Parquet must be; leave it out, or use `--format json`"
    )]
    Mixed(String),
    /// The file cannot be written.
    #[error(transparent)]
    Parquet(#[from] ParquetError),
}

/// A value of a row.
#[derive(Debug)]
pub(super) enum Cell<'v> {
    /// A moment.
    Time(WallTime),
    /// A member of an event.
    Member(&'v Value<'v>),
}

/// A file that is written as rows come, in groups of rows.
pub(super) struct Sheet<W: Write + Send> {
    columns: Vec<Column>,
    rows: usize,
    state: State<W>,
}

enum State<W: Write + Send> {
    /// Kinds of columns may still be found out.
    Unwritten(W),
    Writing(SerializedFileWriter<W>),
    /// An error has ended it.
    Broken,
}

/// So many rows become a group: enough for columns to be packed well, and no more than some tens of megabytes.
const ROWS_OF_GROUP: usize = 20_000;

impl<W: Write + Send> Sheet<W> {
    /// A file with these columns. One without a kind gets that of the first value in it.
    pub(super) fn new(columns: impl IntoIterator<Item = (String, Option<CellKind>)>, out: W) -> Self {
        let columns = columns.into_iter().map(|(name, kind)| Column::new(name, kind)).collect();
        Self { columns, rows: 0, state: State::Unwritten(out) }
    }

    /// Adds a row, which has a cell or nothing for each column.
    ///
    /// # Errors
    /// [`SheetError`]; what is written is no file then.
    pub(super) fn push<'v>(
        &mut self,
        row: impl IntoIterator<Item = Option<Cell<'v>>>,
    ) -> Result<(), SheetError> {
        for (column, cell) in self.columns.iter_mut().zip(row) {
            column.push(cell)?;
        }
        self.rows += 1;
        if self.rows == ROWS_OF_GROUP { self.write_group() } else { Ok(()) }
    }

    /// Writes the end of the file.
    ///
    /// # Errors
    /// [`SheetError`]; what is written is no file then.
    pub(super) fn finish(mut self) -> Result<W, SheetError> {
        // A file without rows has its columns all the same.
        if self.rows > 0 || matches!(self.state, State::Unwritten(_)) {
            self.write_group()?;
        }
        match self.state {
            State::Writing(writer) => Ok(writer.into_inner()?),
            State::Unwritten(_) | State::Broken => {
                Err(ParquetError::EOF("nothing was written".to_owned()).into())
            }
        }
    }

    fn write_group(&mut self) -> Result<(), SheetError> {
        let mut writer = match std::mem::replace(&mut self.state, State::Broken) {
            State::Unwritten(out) => SerializedFileWriter::new(out, self.schema()?, properties())?,
            State::Writing(writer) => writer,
            State::Broken => return Err(ParquetError::General("the file is broken".to_owned()).into()),
        };
        if self.rows > 0 {
            let mut group = writer.next_row_group()?;
            for column in &mut self.columns {
                let Some(out) = group.next_column()? else { break };
                column.write(out)?;
            }
            group.close()?;
            self.rows = 0;
        }
        self.state = State::Writing(writer);
        Ok(())
    }

    fn schema(&mut self) -> Result<Arc<Type>, ParquetError> {
        let columns =
            self.columns.iter_mut().map(|column| column.schema().map(Arc::new)).collect::<Result<_, _>>()?;
        Ok(Arc::new(Type::group_type_builder("event").with_fields(columns).build()?))
    }
}

fn properties() -> Arc<WriterProperties> {
    let version = concat!("weir ", env!("CARGO_PKG_VERSION")).to_owned();
    let properties = WriterProperties::builder().set_created_by(version);
    // Pages of the first version are what every reader knows.
    Arc::new(properties.set_writer_version(WriterVersion::PARQUET_1_0).build())
}

struct Column {
    name: String,
    kind: Option<CellKind>,
    numbers: Vec<i64>,
    flags: Vec<bool>,
    texts: Vec<ByteArray>,
    /// 0 for no value; the highest for one.
    definitions: Vec<i16>,
    /// 1 for an element of the list of the one before, else 0.
    repetitions: Vec<i16>,
}

impl Column {
    fn new(name: String, kind: Option<CellKind>) -> Self {
        Self {
            name,
            kind,
            numbers: Vec::new(),
            flags: Vec::new(),
            texts: Vec::new(),
            definitions: Vec::new(),
            repetitions: Vec::new(),
        }
    }

    fn push(&mut self, cell: Option<Cell<'_>>) -> Result<(), SheetError> {
        let Some(cell) = cell else {
            self.level(0, 0);
            return Ok(());
        };
        let kind = match &cell {
            Cell::Time(_) => CellKind::Time,
            Cell::Member(value) => CellKind::of_value(value),
        };
        match (*self.kind.get_or_insert(kind), cell) {
            (CellKind::Time, Cell::Time(time)) => {
                self.numbers.push(time.unix_ms().cast_signed());
                self.level(1, 0);
            }
            (CellKind::Number, Cell::Member(Value::Number(number))) => {
                self.numbers.push(number.cast_signed());
                self.level(1, 0);
            }
            (CellKind::Flag, Cell::Member(Value::Flag(flag))) => {
                self.flags.push(*flag);
                self.level(1, 0);
            }
            (CellKind::Text, Cell::Member(Value::Word(text))) => {
                self.texts.push(text.as_bytes().to_vec().into());
                self.level(1, 0);
            }
            (CellKind::Texts, Cell::Member(Value::Words(words))) => {
                for (at, word) in words.split(',').enumerate() {
                    self.texts.push(word.as_bytes().to_vec().into());
                    self.level(2, i16::from(at > 0));
                }
            }
            _ => return Err(SheetError::Mixed(self.name.clone())),
        }
        Ok(())
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        self.definitions.push(definition);
        self.repetitions.push(repetition);
    }

    fn schema(&mut self) -> Result<Type, ParquetError> {
        let name = &*self.name;
        let optional = |name, physical, logical| {
            let column = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
            column.with_logical_type(logical).build()
        };
        match *self.kind.get_or_insert(CellKind::Text) {
            CellKind::Time => {
                optional(name, Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS)))
            }
            CellKind::Number => optional(name, Physical::INT64, Some(LogicalType::integer(64, false))),
            CellKind::Flag => optional(name, Physical::BOOLEAN, None),
            CellKind::Text => optional(name, Physical::BYTE_ARRAY, Some(LogicalType::String)),
            CellKind::Texts => {
                let element = Type::primitive_type_builder("element", Physical::BYTE_ARRAY)
                    .with_repetition(Repetition::REQUIRED)
                    .with_logical_type(Some(LogicalType::String));
                let list = Type::group_type_builder("list")
                    .with_repetition(Repetition::REPEATED)
                    .with_fields(vec![Arc::new(element.build()?)]);
                Type::group_type_builder(name)
                    .with_repetition(Repetition::OPTIONAL)
                    .with_logical_type(Some(LogicalType::List))
                    .with_fields(vec![Arc::new(list.build()?)])
                    .build()
            }
        }
    }

    /// Writes what was gathered, and begins to gather anew.
    fn write(&mut self, mut out: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let definitions = Some(&*self.definitions);
        let repetitions = (self.kind == Some(CellKind::Texts)).then_some(&*self.repetitions);
        match self.kind.unwrap_or(CellKind::Text) {
            CellKind::Time | CellKind::Number => {
                out.typed::<Int64Type>().write_batch(&self.numbers, definitions, repetitions)?
            }
            CellKind::Flag => out.typed::<BoolType>().write_batch(&self.flags, definitions, repetitions)?,
            CellKind::Text | CellKind::Texts => {
                out.typed::<ByteArrayType>().write_batch(&self.texts, definitions, repetitions)?
            }
        };
        out.close()?;
        self.numbers.clear();
        self.flags.clear();
        self.texts.clear();
        self.definitions.clear();
        self.repetitions.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn a_column_is_of_one_type_or_there_is_no_file() {
        let (number, word) = (Value::Number(7), Value::Word(Cow::Borrowed("seven")));
        for kind in [None, Some(CellKind::Number)] {
            let mut sheet = Sheet::new([("a".to_owned(), None), ("b".to_owned(), kind)], Vec::new());
            sheet.push([None, Some(Cell::Member(&number))]).unwrap();
            let refused = sheet.push([None, Some(Cell::Member(&word))]).unwrap_err();
            assert!(refused.to_string().contains("`b` is not of one type"), "{refused}");
        }
    }
}
