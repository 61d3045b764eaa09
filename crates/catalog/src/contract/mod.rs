//! Contracts: what a supplier delivers, in which form, and what its columns mean.
//!
//! One `contract.yaml` per supplier, with its extracts. Everything that ingest, link and the grid need to know about
//! a source stands there, so that a new extract needs no Rust.

use std::fmt;

use crate::day::Day;
use crate::document::Document;
use crate::fault::Fault;
use crate::id::is_id;
use crate::period::{Period, PeriodKind};
use crate::schema::landed_type;

mod floors;
mod layouts;
mod read;
mod roles;

pub use floors::{Floors, Share, in_per_cent};

/// `supplier/extract`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtractId {
    /// Folder under `sources/`.
    pub supplier: String,
    /// Name within the supplier's contract.
    pub extract: String,
}

impl ExtractId {
    /// Reads `supplier/extract`.
    pub fn read(text: &str) -> Option<ExtractId> {
        let (supplier, extract) = text.split_once('/')?;
        (is_id(supplier) && is_id(extract))
            .then(|| ExtractId { supplier: supplier.to_string(), extract: extract.to_string() })
    }

    /// The name of the extract's table in queries: `supplier_extract`.
    pub fn table(&self) -> String {
        format!("{}_{}", self.supplier, self.extract).replace('-', "_")
    }
}

impl fmt::Display for ExtractId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.supplier, self.extract)
    }
}

/// How the text of a file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    Utf8,
    /// ISO-8859-1.
    Latin1,
    /// Windows-1252.
    Windows1252,
}

/// What a delivered file is wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Nothing.
    Plain,
    /// gzip.
    Gzip,
    /// A zip with exactly one member.
    Zip,
}

/// The form of an extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Lines of fields between delimiters, with a header line.
    Delimited {
        /// The byte between fields.
        delimiter: u8,
        /// Whether a field may be in double quotes. Where not, a delivery with fields in quotes is refused.
        quoted: bool,
    },
    /// Lines of a fixed number of bytes, without header.
    FixedWidth {
        /// Bytes of a record, line end not counted.
        record: usize,
    },
    /// A workbook with these sheets, each with a header row; the sheet's name becomes column `sheet_column`.
    Workbook {
        /// Sheets, in reading order.
        sheets: Vec<String>,
        /// Column that names the sheet.
        sheet_column: String,
    },
}

/// Where the allowed values of a code column come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// All municipalities of the reference table, and some further codes.
    Municipalities(Vec<String>),
    /// All register codes of nationalities, and some further codes.
    Nationalities(Vec<String>),
    /// Municipalities and register codes of countries, and some further codes: where a move begins or ends.
    Places(Vec<String>),
    /// These values as written, each with the code it lands as.
    Listed(Vec<(String, String)>),
}

/// What a column holds and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKind {
    /// Free text; lands as string.
    Text,
    /// National or BIS number, checked; lands as int64.
    Insz,
    /// A supplier's pseudonym; lands as string.
    Coded,
    /// A code; lands as string.
    Code(Codes),
    /// A whole number of at least zero; lands as int64.
    Count,
    /// A number with a decimal comma and at most this many decimals; lands as int64 in units of the last decimal.
    Decimal(u8),
    /// A day, `YYYY-MM-DD` or `YYYYMMDD`; lands as date32.
    Day,
    /// `YYYYMMDD` or `YYYY-MM-DD` where month and day may be 00; lands as int32, YYYYMMDD. Empty where nothing is known:
    /// 00000000, 19000000, 19000001; in a history such a date is one that cannot be read.
    PartialDay,
    /// `YYYY-MM`; lands as date32, the first of the month.
    Month,
    /// `YYYY-Q1` to `YYYY-Q4`; lands as date32, the first day of the quarter.
    Quarter,
    /// `YYYY`; lands as int64.
    Year,
    /// `2010-2011`; lands as date32, 1 September of the first year.
    SchoolYear,
}

/// A column of an extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name in the landed table, in roles and in queries.
    pub name: String,
    /// Name in the header of the delivered file: the same unless a layout says otherwise.
    pub header: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub optional: bool,
    /// Whether the quality of a delivery tells in how many rows it is. Not for a column that figures are counted by: those
    /// of an unknown group would be told with it.
    pub count_empty: bool,
    /// Bytes, in a fixed-width record.
    pub width: usize,
}

impl Column {
    /// Whether a landed row may have nothing here: the column is optional, or holds a partial day, of which the register may
    /// know nothing.
    pub fn may_be_null(&self) -> bool {
        self.optional || self.kind == ColumnKind::PartialDay
    }
}

/// What a delivery covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// Its own period only.
    Period,
    /// Everything known up to its period: the newest known delivery stands for all earlier ones.
    History,
}

/// What the absence of a combination in the source means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentMeans {
    /// That there is nobody: a true zero.
    Zero,
    /// Nothing: the source does not say.
    NotInSource,
}

/// Which day a fact is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AsOf {
    /// The first day of the delivery's period.
    PeriodStart,
    /// The day in a column.
    Day(String),
    /// The last day of the month in a column.
    MonthEnd(String),
    /// The last day of the quarter in a column.
    QuarterEnd(String),
    /// 1 February within the school year in a column: the day of the verified enrolment counts.
    FirstOfFebruary(String),
}

/// What linking does with an extract; the names are columns of the extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linking {
    /// Nothing: the extract holds no persons and is counted as delivered.
    None,
    /// The register's persons on a day, and their parents.
    Persons {
        /// INSZ, or a pseudonym where everything is coded.
        person: String,
        /// Birth date.
        birth: String,
        /// Sex.
        sex: String,
        /// Register: population, foreigners', waiting.
        register: String,
        /// Municipality on the day.
        area: String,
    },
    /// Nationality histories.
    Nationalities {
        /// INSZ.
        person: String,
        /// Order within the person.
        order: String,
        /// First day; of type day or partial-day, as are the other days.
        from: String,
        /// First day no longer; empty until the next row begins.
        until: String,
        /// Register code.
        nationality: String,
        /// Day the register learned it.
        registered_on: String,
    },
    /// Who is whose parent.
    Filiations {
        /// INSZ of the child.
        person: String,
        /// INSZ of the parent.
        parent: String,
        /// 1 or 2.
        number: String,
        /// Sex of the parent.
        sex: String,
        /// First day.
        from: String,
        /// First day no longer, empty while it lasts.
        until: String,
        /// Day the register learned it.
        registered_on: String,
    },
    /// Numbers that another number has taken the place of: a BIS number, a second number of one person.
    Replacements {
        /// The number of before.
        old: String,
        /// The number of now.
        new: String,
        /// Day of the change.
        on: String,
        /// Day the register learned it.
        registered_on: String,
    },
    /// From a supplier's pseudonym to the INSZ; only linking reads it.
    Key {
        /// Pseudonym.
        coded: String,
        /// INSZ.
        person: String,
    },
    /// Facts about persons, to be given their attributes as of the fact's own date.
    Facts {
        /// INSZ or pseudonym of the person.
        person: String,
        /// The extract that turns the pseudonym into an INSZ.
        key: Option<ExtractId>,
        /// The fact's own date.
        as_of: AsOf,
        /// The supplier's own area; the register's where there is none.
        area: Option<String>,
        /// The supplier's own word on sex, held against the register's.
        sex: Option<String>,
        /// The supplier's own word on the birth date, held against the register's.
        birth: Option<String>,
        /// The supplier's own word on the nationality, which counts where the register knows none.
        nationality: Option<String>,
        /// Where the person lives from the fact's date on, held against the register of the next 1 January.
        moves_to: Option<String>,
    },
    /// Facts about units that cannot be linked, with a nationality of the supplier's own.
    Unlinked {
        /// Register code of the nationality, empty where unknown.
        nationality: String,
        /// The fact's own date.
        as_of: AsOf,
        /// Area.
        area: String,
    },
}

/// An extract as its contract describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// `supplier/extract`.
    pub id: ExtractId,
    /// Dutch title.
    pub title: String,
    /// Form.
    pub form: Form,
    /// Encoding.
    pub encoding: Encoding,
    /// Wrapping.
    pub container: Container,
    /// The kind of period that a delivery is about.
    pub period: PeriodKind,
    /// What a delivery covers.
    pub covers: Covers,
    /// What an absent combination means.
    pub absent_means: AbsentMeans,
    /// Whether a delivery without rows is a delivery.
    pub may_be_empty: bool,
    /// Columns, in file order.
    pub columns: Vec<Column>,
    /// Columns whose values together occur once in a delivery; none where rows may repeat.
    pub unique: Vec<usize>,
    /// Columns whose day, month, quarter or year must lie within the delivery's period.
    pub within_period: Vec<usize>,
    /// Pairs of columns whose values must not descend: a first day and a last, a part and a whole.
    pub ascending: Vec<(usize, usize)>,
    /// Rows that together are a history.
    pub history: Option<History>,
    /// Rows of parts and of their whole.
    pub parts: Option<Parts>,
    /// How many rows may be rejected.
    pub tolerance: Tolerance,
    /// How much must be filled in and must link.
    pub floors: Floors,
    /// By how much the number of rows may differ from the previous period's, as a share of it.
    pub volume_change: Option<f64>,
    /// Days after the end of the period by which the delivery is expected.
    pub expected_within_days: Option<u64>,
    /// What linking does with it.
    pub linking: Linking,
    /// The layouts of the extract, in the order of their periods, where the supplier changed it; all else is that of the
    /// last one. None where there is one layout for all periods.
    pub layouts: Vec<Layout>,
    /// The contract's file, for diagnostics.
    pub file: String,
}

/// An extract as it is delivered for some periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The first period; all before the others where there is none.
    pub from: Option<Period>,
    /// The last period; all after the others where there is none.
    pub to: Option<Period>,
    /// The extract as it is delivered for these.
    pub extract: Extract,
}

impl Layout {
    /// Whether a delivery of a period has this layout.
    pub fn is_of(&self, period: Period) -> bool {
        self.from.is_none_or(|from| from.start() <= period.start())
            && self.to.is_none_or(|to| period.start() <= to.start())
    }
}

/// Rows that together are a history: what was registered on one day must not claim a day twice, and holes are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Columns that say whose history.
    pub of: Vec<usize>,
    /// Column of the first day.
    pub from: usize,
    /// Column of the first day no longer; empty while it lasts, or until the next row begins.
    pub until: usize,
    /// Column of the day of registration; without one all was registered together.
    pub registered_on: Option<usize>,
}

/// Rows of counts of which one is the whole of the others; the others together must not exceed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// Columns that say of which whole.
    pub by: Vec<usize>,
    /// Column that tells parts and whole apart.
    pub column: usize,
    /// What stands there in the row of the whole.
    pub whole: String,
    /// Columns of counts.
    pub columns: Vec<usize>,
}

impl Parts {
    /// The most columns of counts that are compared.
    pub const MOST_COLUMNS: usize = 4;
}

/// How many rows of a delivery may be rejected, as shares of its rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tolerance {
    /// For all reasons together.
    pub all: f64,
    /// For single reasons.
    pub reasons: Vec<(String, f64)>,
}

/// Who may read the figures of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Terms {
    /// Everybody: the supplier publishes them itself, or lets them be used freely.
    FreeUse,
    /// The monitor alone, which protects what it publishes of them.
    Confidential,
}

impl Terms {
    /// The words used in contracts.
    pub const WORDS: [(&'static str, Terms); 2] = [("free-use", Terms::FreeUse), ("confidential", Terms::Confidential)];
}

/// A supplier's contract.
#[derive(Debug, Clone, PartialEq)]
pub struct Contract {
    /// Folder under `sources/`.
    pub supplier: String,
    /// Dutch name.
    pub title: String,
    /// Why the data may be used.
    pub legal_basis: String,
    /// Whom to ask.
    pub contact: String,
    /// Licence of the source, or how it may be used.
    pub licence: String,
    /// Who may read its figures.
    pub terms: Terms,
    /// Its extracts.
    pub extracts: Vec<Extract>,
}

impl Contract {
    /// Reads a contract.
    pub fn read(file: &str, supplier: &str, text: &str) -> (Option<Contract>, Vec<Fault>) {
        let document = Document::read(file, 'S', text);
        let found = if document.is_readable() { read::contract(file, supplier, &document.root()) } else { None };
        let faults = document.into_faults();
        (found.filter(|_| faults.is_empty()), faults)
    }
}

impl Extract {
    /// Whether its rows are about persons and must stay in the confidential zone.
    pub fn is_personal(&self) -> bool {
        self.linking != Linking::None
    }

    /// Whether a period is of the kind that this extract is delivered for.
    pub fn fits(&self, period: Period) -> bool {
        period.kind() == self.period
    }

    /// The extract as it is delivered for a period; nothing where no layout is of it.
    pub fn for_period(&self, period: Period) -> Option<&Extract> {
        if self.layouts.is_empty() {
            return Some(self);
        }
        self.layouts.iter().find(|layout| layout.is_of(period)).map(|layout| &layout.extract)
    }

    /// Whether a column is there, and lands alike, whatever the layout: only then can a query over all periods read it.
    pub fn is_in_every_layout(&self, column: &Column) -> bool {
        let alike = |own: &Column| own.name == column.name && landed_type(&own.kind) == landed_type(&column.kind);
        self.layouts.iter().all(|layout| layout.extract.columns.iter().any(alike))
    }

    /// Whether a column may be empty in any of the layouts.
    pub fn may_be_empty_in_a_layout(&self, column: &Column) -> bool {
        let mut others = self.layouts.iter().flat_map(|layout| &layout.extract.columns);
        column.may_be_null() || others.any(|own| own.name == column.name && own.may_be_null())
    }

    /// Whether a delivery of `rows` is about as large as one of `before`; where the contract says nothing, any is.
    pub fn is_usual_volume(&self, before: u64, rows: u64) -> bool {
        let Some(allowed) = self.volume_change else { return true };
        let (low, high) = (before as f64 * (1.0 - allowed), before as f64 * (1.0 + allowed));
        (low..=high).contains(&(rows as f64))
    }

    /// By how many days a delivery of a period is later than expected; nothing when it is in time or has no calendar.
    pub fn days_late(&self, period: Period, delivered_on: Day) -> Option<u64> {
        let expected = i64::from(period.end().0) + i64::try_from(self.expected_within_days?).ok()?;
        u64::try_from(i64::from(delivered_on.0) - expected).ok().filter(|days| *days > 0)
    }

    /// The column that says whose history a row is part of, of an extract whose rows land also where something else in
    /// them cannot be read: nationalities and ties to parents. Left out, such a row would be taken for a person without
    /// one.
    pub fn whose_history(&self) -> Option<usize> {
        match &self.linking {
            Linking::Nationalities { person, .. } | Linking::Filiations { person, .. } => self.column(person),
            _ => None,
        }
    }

    /// Position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Reasons for which a row may be rejected, as written in contracts and tables.
pub const REJECTION_REASONS: [&str; 40] = [
    "field-count",
    "record-length",
    "quote",
    "encoding",
    "line-too-long",
    "blank-line",
    "header-repeated",
    "missing",
    "not-an-insz",
    "check-digit",
    "never-issued",
    "unknown-code",
    "not-a-number",
    "not-a-date",
    "number-for-code",
    "serial-date",
    "outside-period",
    "order",
    "duplicate-key",
    "duplicate-key-differs",
    "overlap",
    "parts-above-whole",
    "blanks",
    "punctuation",
    "in-quotes",
    "other-quotes",
    "absence-word",
    "formula-as-text",
    "formula-without-result",
    "cell-error",
    "truth-value",
    "leading-zero",
    "scientific",
    "decimal-point",
    "too-many-decimals",
    "grouped-number",
    "date-form",
    "control-character",
    "line-end",
    "footer",
];
