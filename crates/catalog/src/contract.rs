//! Contracts: what a supplier delivers, in which form, and what its columns mean.
//!
//! One `contract.yaml` per supplier, with its extracts. Everything that ingest, link and the grid need to know about
//! a source stands there, so that a new extract needs no Rust.

use std::fmt;

use crate::document::{Document, Node};
use crate::fault::Fault;
use crate::period::{Period, PeriodKind};

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
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        (plain(supplier) && plain(extract))
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
        /// Whether a field may stand in double quotes.
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
    /// `YYYYMMDD` where month and day may be 00; lands as int32 as written.
    PartialDay,
    /// `YYYY-MM`; lands as date32, the first of the month.
    Month,
    /// `YYYY`; lands as int64.
    Year,
    /// `2010-2011`; lands as date32, 1 September of the first year.
    SchoolYear,
}

/// A column of an extract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, as in the header where there is one.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub optional: bool,
    /// Bytes, in a fixed-width record.
    pub width: usize,
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
        /// INSZ.
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
        /// First day.
        from: String,
        /// Last day, empty while it lasts.
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
        /// Last day, empty while it lasts.
        until: String,
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
    /// Columns, in file order.
    pub columns: Vec<Column>,
    /// Share of the rows that may be rejected, 0 to 1.
    pub tolerance: f64,
    /// What linking does with it.
    pub linking: Linking,
    /// The contract's file, for diagnostics.
    pub file: String,
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
    /// Its extracts.
    pub extracts: Vec<Extract>,
}

impl Contract {
    /// Reads a contract.
    pub fn read(file: &str, supplier: &str, text: &str) -> (Option<Contract>, Vec<Fault>) {
        let document = Document::read(file, 'S', text);
        let found = if document.is_readable() { contract(file, supplier, &document.root()) } else { None };
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

    /// Position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

fn contract(file: &str, supplier: &str, root: &Node<'_>) -> Option<Contract> {
    root.keys(&["supplier", "title", "legal_basis", "contact", "licence", "extracts"]);
    if let Some(node) = root.need("supplier")
        && let Some(name) = node.text()
        && name != supplier
    {
        node.fault(10, format!("the contract of `{name}` stands in the folder of `{supplier}`"), "");
    }
    let text = |key: &str| root.need(key).and_then(|node| node.text());
    let (title, legal_basis, contact, licence) = (text("title"), text("legal_basis"), text("contact"), text("licence"));
    let mut extracts = Vec::new();
    for (name, node) in root.need("extracts")?.entries() {
        match ExtractId::read(&format!("{supplier}/{name}")) {
            Some(id) => extracts.extend(extract(file, id, &node)),
            None => node.fault(
                10,
                format!("`{name}` cannot be an extract's name"),
                "lower-case letters, digits and hyphens",
            ),
        }
    }
    Some(Contract {
        supplier: supplier.to_string(),
        title: title?,
        legal_basis: legal_basis?,
        contact: contact?,
        licence: licence?,
        extracts,
    })
}

fn extract(file: &str, id: ExtractId, node: &Node<'_>) -> Option<Extract> {
    node.keys(&[
        "title",
        "form",
        "encoding",
        "container",
        "period",
        "covers",
        "absent_means",
        "columns",
        "tolerance",
        "linking",
        "note",
    ]);
    let title = node.need("title").and_then(|found| found.text());
    let encoding = node.need("encoding").and_then(|found| {
        found.one_of(&[
            ("utf-8", Encoding::Utf8),
            ("iso-8859-1", Encoding::Latin1),
            ("windows-1252", Encoding::Windows1252),
        ])
    });
    let container = match node.get("container") {
        Some(found) => found.one_of(&[("gzip", Container::Gzip), ("zip", Container::Zip), ("plain", Container::Plain)]),
        None => Some(Container::Plain),
    };
    let period = node.need("period").and_then(|found| found.one_of(&PeriodKind::WORDS));
    let covers =
        node.need("covers").and_then(|found| found.one_of(&[("period", Covers::Period), ("history", Covers::History)]));
    let absent_means = node
        .need("absent_means")
        .and_then(|found| found.one_of(&[("zero", AbsentMeans::Zero), ("not-in-source", AbsentMeans::NotInSource)]));
    let tolerance = match node.get("tolerance") {
        Some(found) => found.number().filter(|share| {
            let fits = (0.0..=1.0).contains(share);
            if !fits {
                found.fault(10, "a tolerance is a share of the rows, between 0 and 1", "");
            }
            fits
        }),
        None => Some(0.0),
    };
    let columns_node = node.need("columns")?;
    let columns: Vec<Column> = columns_node.items().iter().filter_map(column).collect();
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].iter().any(|earlier| earlier.name == column.name) {
            columns_node.fault(7, format!("column `{}` is written twice", column.name), "");
        }
    }
    let form = node.need("form").and_then(|found| form(&found, &columns));
    let linking = match node.get("linking") {
        Some(found) => linking(&found, &columns),
        None => Some(Linking::None),
    };
    Some(Extract {
        id,
        title: title?,
        form: form?,
        encoding: encoding?,
        container: container?,
        period: period?,
        covers: covers?,
        absent_means: absent_means?,
        columns,
        tolerance: tolerance?,
        linking: linking?,
        file: file.to_string(),
    })
}

fn form(node: &Node<'_>, columns: &[Column]) -> Option<Form> {
    node.keys(&["kind", "delimiter", "quoted", "record", "sheets", "sheet_column"]);
    match node.need("kind")?.one_of(&[("delimited", 0), ("fixed-width", 1), ("workbook", 2)])? {
        0 => {
            let found = node.need("delimiter")?;
            let text = found.text()?;
            let &[delimiter] = text.as_bytes() else {
                found.fault(10, "a delimiter is one character", "");
                return None;
            };
            let quoted = node.get("quoted").and_then(|found| found.truth()).unwrap_or(false);
            Some(Form::Delimited { delimiter, quoted })
        }
        1 => {
            let found = node.need("record")?;
            let record = found.count()? as usize;
            let sum: usize = columns.iter().map(|column| column.width).sum();
            if sum != record || columns.iter().any(|column| column.width == 0) {
                found.fault(
                    11,
                    format!("the columns' widths add up to {sum}, the record has {record} bytes"),
                    "each column needs a `width`",
                );
            }
            Some(Form::FixedWidth { record })
        }
        _ => {
            let sheets = node.need("sheets")?.items().iter().filter_map(Node::text).collect();
            let sheet_column = node.need("sheet_column")?.text()?;
            Some(Form::Workbook { sheets, sheet_column })
        }
    }
}

fn column(node: &Node<'_>) -> Option<Column> {
    node.keys(&["name", "type", "optional", "width", "codes", "also", "decimals", "note"]);
    let name = node.need("name").and_then(|found| found.text());
    let also = || -> Vec<String> {
        node.get("also").map(|found| found.items().iter().filter_map(Node::text).collect()).unwrap_or_default()
    };
    let kind = match node.need("type")?.one_of(&[
        ("text", 0),
        ("insz", 1),
        ("coded", 2),
        ("code", 3),
        ("municipality", 4),
        ("nationality", 5),
        ("count", 6),
        ("decimal", 7),
        ("day", 8),
        ("partial-day", 9),
        ("month", 10),
        ("year", 11),
        ("school-year", 12),
    ])? {
        0 => ColumnKind::Text,
        1 => ColumnKind::Insz,
        2 => ColumnKind::Coded,
        3 => {
            let codes = node.need("codes")?;
            let listed = if codes.is_mapping() {
                codes.entries().into_iter().filter_map(|(written, code)| Some((written, code.text()?))).collect()
            } else {
                codes.items().iter().filter_map(|code| code.text().map(|text| (text.clone(), text))).collect()
            };
            ColumnKind::Code(Codes::Listed(listed))
        }
        4 => ColumnKind::Code(Codes::Municipalities(also())),
        5 => ColumnKind::Code(Codes::Nationalities(also())),
        6 => ColumnKind::Count,
        7 => ColumnKind::Decimal(node.need("decimals")?.count()?.min(9) as u8),
        8 => ColumnKind::Day,
        9 => ColumnKind::PartialDay,
        10 => ColumnKind::Month,
        11 => ColumnKind::Year,
        _ => ColumnKind::SchoolYear,
    };
    Some(Column {
        name: name?,
        kind,
        optional: node.get("optional").and_then(|found| found.truth()).unwrap_or(false),
        width: node.get("width").and_then(|found| found.count()).unwrap_or(0) as usize,
    })
}

fn linking(node: &Node<'_>, columns: &[Column]) -> Option<Linking> {
    let own_column = |key: &str| -> Option<String> {
        let found = node.need(key)?;
        let name = found.text()?;
        if !columns.iter().any(|column| column.name == name) {
            let hint = crate::fault::did_you_mean(&name, columns.iter().map(|column| column.name.as_str()))
                .map(|near| format!("did you mean `{near}`?"))
                .unwrap_or_default();
            found.fault(12, format!("`{name}` is not a column of this extract"), hint);
        }
        Some(name)
    };
    let as_of = || -> Option<AsOf> {
        let found = node.need("as_of")?;
        if found.is_text() {
            return found.one_of(&[("period-start", ())]).map(|()| AsOf::PeriodStart);
        }
        found.keys(&["day", "month-end", "first-of-february"]);
        let [(word, column)] = &found.entries()[..] else {
            found.fault(10, "one of `day`, `month-end` and `first-of-february` is expected", "");
            return None;
        };
        let name = column.text()?;
        if !columns.iter().any(|own| own.name == name) {
            column.fault(12, format!("`{name}` is not a column of this extract"), "");
        }
        match word.as_str() {
            "day" => Some(AsOf::Day(name)),
            "month-end" => Some(AsOf::MonthEnd(name)),
            _ => Some(AsOf::FirstOfFebruary(name)),
        }
    };
    let role = node.need("role")?.one_of(&[
        ("persons", 0),
        ("nationalities", 1),
        ("filiations", 2),
        ("key", 3),
        ("facts", 4),
        ("unlinked", 5),
    ])?;
    let known: &[&str] = match role {
        0 => &["role", "person", "birth", "sex", "register", "area"],
        1 => &["role", "person", "order", "from", "until", "nationality", "registered_on"],
        2 => &["role", "person", "parent", "number", "sex", "until", "registered_on"],
        3 => &["role", "coded", "person"],
        4 => &["role", "person", "key", "as_of", "area"],
        _ => &["role", "nationality", "as_of", "area"],
    };
    node.keys(known);
    Some(match role {
        0 => Linking::Persons {
            person: own_column("person")?,
            birth: own_column("birth")?,
            sex: own_column("sex")?,
            register: own_column("register")?,
            area: own_column("area")?,
        },
        1 => Linking::Nationalities {
            person: own_column("person")?,
            order: own_column("order")?,
            from: own_column("from")?,
            until: own_column("until")?,
            nationality: own_column("nationality")?,
            registered_on: own_column("registered_on")?,
        },
        2 => Linking::Filiations {
            person: own_column("person")?,
            parent: own_column("parent")?,
            number: own_column("number")?,
            sex: own_column("sex")?,
            until: own_column("until")?,
            registered_on: own_column("registered_on")?,
        },
        3 => Linking::Key { coded: own_column("coded")?, person: own_column("person")? },
        4 => {
            let key = match node.get("key") {
                Some(found) => {
                    let text = found.text()?;
                    let id = ExtractId::read(&text);
                    if id.is_none() {
                        found.fault(10, "an extract is written `supplier/extract`", "");
                    }
                    id
                }
                None => None,
            };
            let area = match node.get("area") {
                Some(_) => Some(own_column("area")?),
                None => None,
            };
            Linking::Facts { person: own_column("person")?, key, as_of: as_of()?, area }
        }
        _ => Linking::Unlinked { nationality: own_column("nationality")?, as_of: as_of()?, area: own_column("area")? },
    })
}
