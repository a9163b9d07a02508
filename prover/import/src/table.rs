//! CSV files with a header.

use csv::{ErrorKind, StringRecord};
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

/// A CSV file that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file could not be opened or read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A row that is no row of the table.
    #[error("{path}, line {line}: {fault}")]
    Row {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong.
        fault: String,
    },
    /// A file without a row.
    #[error("{path} has no rows")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// A CSV file, read row by row.
pub struct Table {
    path: PathBuf,
    header: Vec<String>,
    records: csv::StringRecordsIntoIter<BufReader<File>>,
}

impl Table {
    /// Opens the file and reads its header. A byte-order mark is skipped.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let io = |source| TableError::Io { path: path.into(), source };
        let file = File::open(path).map_err(io)?;
        let mut reader = csv::ReaderBuilder::new().from_reader(BufReader::new(file));
        let header = reader.headers().map_err(|error| table_error(path, error))?;
        let header = header.iter().map(|name| name.trim_start_matches('\u{feff}').into()).collect();
        Ok(Self { path: path.into(), header, records: reader.into_records() })
    }

    /// Names of the columns.
    pub fn header(&self) -> &[String] {
        &self.header
    }
}

impl Iterator for Table {
    type Item = Result<StringRecord, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.records.next()?.map_err(|error| table_error(&self.path, error)))
    }
}

/// The library's messages quote no cell, but name the file nowhere.
fn table_error(path: &Path, error: csv::Error) -> TableError {
    let line = error.position().map_or(1, csv::Position::line);
    let fault = match error.into_kind() {
        ErrorKind::Io(source) => return TableError::Io { path: path.into(), source },
        ErrorKind::Utf8 { .. } => "a cell is not UTF-8".into(),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{len} cells, the header has {expected_len}")
        }
        _ => "this is no CSV".into(),
    };
    TableError::Row { path: path.into(), line, fault }
}
