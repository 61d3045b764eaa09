//! Schemas of the tables through which the stages meet: linked tables, the counting tables, the published tables.

use crate::card::Card;
use crate::contract::{AsOf, ColumnKind, Extract, Form, Linking};

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Text,
    /// 64-bit integer.
    Integer,
    /// 32-bit integer.
    Small,
    /// Double, already rounded to the decimals it is published with.
    Real,
    /// Day.
    Day,
    /// Unsigned 32-bit number of a person.
    Person,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name.
    pub name: String,
    /// Type.
    pub kind: Type,
    /// Whether it may be null.
    pub nullable: bool,
}

fn field(name: &str, kind: Type, nullable: bool) -> Field {
    Field { name: name.to_string(), kind, nullable }
}

/// Attributes of a person beside a fact, as of the fact's own date, under the names that a query sees.
///
/// `nationality_group` and `origin_group` speak of the group scheme, the `origin_` ones of the origin definition, that
/// the card uses in the edition; without a scheme or a definition they are not there. The classes of other definitions
/// stand under the names that they are stored by.
pub fn attributes(scheme: Option<&str>, origin: Option<&str>, others: &[String]) -> Vec<Attribute> {
    let plain = |name: &str, kind, nullable| Attribute { field: field(name, kind, nullable), stored: name.to_string() };
    let mut found = vec![
        plain("person", Type::Person, true),
        plain("as_of", Type::Day, false),
        plain("area", Type::Text, true),
        plain("sex", Type::Text, true),
        plain("age", Type::Small, true),
        plain(BIRTH, Type::Day, true),
        plain("register", Type::Text, true),
        plain("nationality", Type::Text, true),
    ];
    let mut named = |name: &str, stored: String| found.push(Attribute { field: field(name, Type::Text, true), stored });
    if let Some(scheme) = scheme {
        named("nationality_group", nationality_group(scheme));
    }
    named(PARENTS_KNOWN, PARENTS_KNOWN.to_string());
    named(GENERATION, GENERATION.to_string());
    if let Some(origin) = origin {
        named("origin_class", origin_class(origin));
        named("origin_decided_by", origin_decided_by(origin));
        if let Some(scheme) = scheme {
            named("origin_group", origin_group(origin, scheme));
        }
    }
    for other in others {
        named(&origin_class(other), origin_class(other));
    }
    found
}

/// Column with the birth date as the register has it; an unknown month or day is the middle of what it may be.
pub const BIRTH: &str = "birth";
/// Column of a landed history that names, between blanks, the columns that could not be read in a row.
pub const UNREADABLE: &str = "unreadable";
/// Column that says which parents' first nationality is known: `both`, `father`, `mother` or `none`.
pub const PARENTS_KNOWN: &str = "parents_known";
/// Column with the generation of foreign origin: `first`, `second` or `none`; null where a record that could say so cannot be
/// read.
pub const GENERATION: &str = "generation";

/// An attribute: as a query sees it, and the name of the column that holds it in a linked table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// As a query sees it.
    pub field: Field,
    /// The column of the linked table.
    pub stored: String,
}

/// Column with the group of the current nationality in a scheme.
pub fn nationality_group(scheme: &str) -> String {
    format!("nationality@{scheme}")
}

/// Column with the class under an origin definition.
pub fn origin_class(origin: &str) -> String {
    format!("{origin}@class")
}

/// Column with the deciding fact under an origin definition.
pub fn origin_decided_by(origin: &str) -> String {
    format!("{origin}@decided_by")
}

/// Column with the group of the origin under a definition, in a scheme.
pub fn origin_group(origin: &str, scheme: &str) -> String {
    format!("{origin}@{scheme}")
}

/// The supplier's own columns that are kept beside the attributes: never an identifier, nor what became an attribute.
pub fn kept_columns(extract: &Extract) -> Vec<usize> {
    let replaced: Vec<&str> = match &extract.linking {
        Linking::None => Vec::new(),
        Linking::Persons { .. }
        | Linking::Nationalities { .. }
        | Linking::Filiations { .. }
        | Linking::Key { .. }
        | Linking::Replacements { .. } => {
            return Vec::new();
        }
        Linking::Facts { as_of, area, .. } => as_of_column(as_of).into_iter().chain(area.as_deref()).collect(),
        Linking::Unlinked { nationality, as_of, area } => {
            as_of_column(as_of).into_iter().chain([nationality.as_str(), area.as_str()]).collect()
        }
    };
    (0..extract.columns.len())
        .filter(|at| {
            let column = &extract.columns[*at];
            !matches!(column.kind, ColumnKind::Insz | ColumnKind::Coded) && !replaced.contains(&column.name.as_str())
        })
        .collect()
}

fn as_of_column(as_of: &AsOf) -> Option<&str> {
    match as_of {
        AsOf::PeriodStart => None,
        AsOf::Day(column) | AsOf::MonthEnd(column) | AsOf::QuarterEnd(column) | AsOf::FirstOfFebruary(column) => {
            Some(column)
        }
    }
}

/// The table that a card's query sees for an extract.
pub fn query_table(extract: &Extract, card: &Card, origin: Option<&str>) -> Vec<Attribute> {
    let scheme = card.groups.as_ref().map(|groups| groups.scheme.as_str());
    let personal = extract.is_personal();
    let mut fields = if personal { attributes(scheme, origin, &card.definitions) } else { Vec::new() };
    let mut own = |name: &str, kind, nullable| {
        fields.push(Attribute { field: field(name, kind, nullable), stored: name.to_string() });
    };
    for at in kept_columns(extract) {
        let column = &extract.columns[at];
        if extract.is_in_every_layout(column) {
            own(&column.name, landed_type(&column.kind), extract.may_be_empty_in_a_layout(column));
        }
    }
    if let Form::Workbook { sheet_column, .. } = &extract.form {
        own(sheet_column, Type::Text, false);
    }
    fields
}

/// The type in which a column lands.
pub fn landed_type(kind: &ColumnKind) -> Type {
    match kind {
        ColumnKind::Text | ColumnKind::Coded | ColumnKind::Code(_) => Type::Text,
        ColumnKind::Insz | ColumnKind::Count | ColumnKind::Decimal(_) | ColumnKind::Year => Type::Integer,
        ColumnKind::PartialDay => Type::Small,
        ColumnKind::Day | ColumnKind::Month | ColumnKind::Quarter | ColumnKind::SchoolYear => Type::Day,
    }
}

/// `area_members`, for queries that count every area themselves: each area with the municipalities in it.
pub fn area_members() -> Vec<Field> {
    ["area", "area_class", "member"].iter().map(|name| field(name, Type::Text, false)).collect()
}

/// `group_members`, for queries that count every group themselves: each group of the card's scheme, `_T` among them,
/// with the finest groups in it.
pub fn group_members() -> Vec<Field> {
    ["group", "leaf"].iter().map(|name| field(name, Type::Text, false)).collect()
}

/// `period`, of one row: the first and the last day of the indicator's period.
pub fn period_days() -> Vec<Field> {
    ["first_day", "last_day"].iter().map(|name| field(name, Type::Day, false)).collect()
}

/// What a card's query may return, and what it must.
pub fn counted() -> Vec<(Field, bool)> {
    vec![
        (field("area", Type::Text, true), true),
        (field("area_class", Type::Text, true), false),
        (field("sex", Type::Text, true), false),
        (field("age_group", Type::Text, true), false),
        (field("group", Type::Text, true), false),
        (field("detail", Type::Text, true), false),
        (field("detail_2", Type::Text, true), false),
        (field("numerator", Type::Integer, true), true),
        (field("denominator", Type::Integer, true), false),
        (field("contributors", Type::Integer, true), true),
        (field("source", Type::Text, true), false),
    ]
}

/// A published table: name, columns, and the columns it is sorted by.
pub struct PublishedTable {
    /// File name without ending.
    pub name: &'static str,
    /// Columns.
    pub fields: Vec<Field>,
    /// How many of the first columns, in this order of names, sort the table and are unique.
    pub key: Vec<&'static str>,
}

/// `observations.parquet`, as interface.md section 4 gives it.
pub fn observations() -> PublishedTable {
    let text = |name| field(name, Type::Text, false);
    let mut fields: Vec<Field> =
        ["edition_id", "monitor", "theme", "indicator", "ref_area", "ref_area_class", "area_level", "time_period"]
            .into_iter()
            .map(text)
            .collect();
    fields.extend([field("period_start", Type::Day, false), field("period_end", Type::Day, false)]);
    fields.extend(
        ["sex", "age_group", "group_scheme", "group", "detail", "detail_2", "unit", "share_of"].into_iter().map(text),
    );
    fields.extend([
        field("numerator", Type::Integer, true),
        field("divisor", Type::Integer, true),
        field("denominator", Type::Integer, true),
        field("value", Type::Real, true),
        field("share", Type::Real, true),
        field("mean_of_scores", Type::Real, true),
        field("members", Type::Small, true),
        field("members_with_data", Type::Small, true),
    ]);
    fields.extend(["obs_status", "conf_status", "reason", "method", "level", "changed"].into_iter().map(text));
    PublishedTable {
        name: "observations",
        fields,
        key: vec![
            "edition_id",
            "indicator",
            "ref_area",
            "ref_area_class",
            "time_period",
            "sex",
            "age_group",
            "group_scheme",
            "group",
            "detail",
            "detail_2",
            "share_of",
        ],
    }
}

/// `record.parquet` in the confidential zone: every cell of an edition with its counts, shown or not.
pub fn record() -> PublishedTable {
    let texts = [
        "indicator",
        "ref_area",
        "ref_area_class",
        "area_level",
        "time_period",
        "sex",
        "age_group",
        "group_scheme",
        "group",
        "detail",
        "detail_2",
        "share_of",
    ];
    let counts = ["numerator", "divisor", "denominator", "contributors"];
    let fields = texts
        .iter()
        .chain(&["source", "method"])
        .map(|name| field(name, Type::Text, false))
        .chain(counts.iter().map(|name| field(name, Type::Integer, true)))
        // Why there are no counts, what is published, and a share that is published without its count, in tenths.
        .chain(["counted", "reason"].map(|name| field(name, Type::Text, false)))
        .chain([field("rounded_share", Type::Integer, true)])
        .collect();
    PublishedTable { name: "record", fields, key: texts.to_vec() }
}

/// `decisions.parquet` in the confidential zone: every figure that an edition newly withholds, why, and what a reader must
/// be left with.
pub fn decisions() -> PublishedTable {
    let texts =
        ["indicator", "period", "method", "base", "area", "sex", "age_group", "group", "detail", "detail_2", "why"];
    let mut fields = vec![field("figure", Type::Integer, false)];
    fields.extend(texts.iter().map(|name| field(name, Type::Text, false)));
    fields.push(field("value", Type::Integer, false));
    fields.extend(["low", "high"].map(|name| field(name, Type::Integer, true)));
    PublishedTable { name: "decisions", fields, key: vec!["figure"] }
}

/// `certificates.parquet` in the confidential zone: for each end of a need other tables that agree with all that is shown,
/// as the figures in which they differ from the truth.
pub fn certificates() -> PublishedTable {
    let integer = |name| field(name, Type::Integer, false);
    let fields =
        vec![integer("figure"), field("end", Type::Text, false), integer("table"), integer("moved"), integer("by")];
    PublishedTable { name: "certificates", fields, key: vec!["figure", "end", "table", "moved"] }
}

/// The tables of words and of provenance beside the observations.
pub fn companions() -> Vec<PublishedTable> {
    let table = |name: &'static str, texts: &[(&str, bool)], key: &[&'static str]| PublishedTable {
        name,
        fields: texts.iter().map(|(name, nullable)| field(name, Type::Text, *nullable)).collect(),
        key: key.to_vec(),
    };
    let mut quality = table(
        "quality",
        &[
            ("edition_id", false),
            ("stage", false),
            ("source", false),
            ("time_period", false),
            ("measure", false),
            ("detail", false),
            ("ref_area", false),
        ],
        &["edition_id", "stage", "source", "time_period", "measure", "detail", "ref_area"],
    );
    quality.fields.push(field("value", Type::Integer, true));
    quality.fields.extend(["obs_status", "conf_status", "reason"].map(|name| field(name, Type::Text, false)));
    vec![
        table(
            "indicators",
            &[
                ("edition_id", false),
                ("indicator", false),
                ("theme", false),
                ("title", false),
                ("definition", false),
                ("numerator", false),
                ("denominator", true),
                ("denominator_source", true),
                ("unit", false),
                ("share_of", false),
                ("share_per", false),
                ("share_decimals", false),
                ("sex_available", false),
                ("group_scheme", false),
                ("origin_definition", true),
                ("method", false),
                ("level", false),
                ("source", false),
                ("source_line", false),
                ("caveats", false),
                ("public_elsewhere", true),
                ("counted_in", false),
                ("position", false),
            ],
            &["edition_id", "indicator"],
        ),
        table(
            "areas",
            &[
                ("ref_area", false),
                ("ref_area_class", false),
                ("area_level", false),
                ("name", false),
                ("valid_from", true),
                ("valid_to", true),
            ],
            &["ref_area", "ref_area_class"],
        ),
        table(
            "area_members",
            &[("ref_area", false), ("ref_area_class", false), ("member", false)],
            &["ref_area", "ref_area_class", "member"],
        ),
        table(
            "codes",
            &[("list", false), ("code", false), ("parent", true), ("title", false), ("position", false)],
            &["list", "code"],
        ),
        table(
            "sources",
            &[
                ("edition_id", false),
                ("source", false),
                ("period", false),
                ("sequence", false),
                ("file", false),
                ("commitment", false),
                ("delivered_on", false),
                ("delivered_by", false),
                ("extracted_on", true),
                ("title", false),
                ("legal_basis", false),
                ("licence", false),
                ("contact", false),
            ],
            &["edition_id", "source", "period", "sequence", "file"],
        ),
        table(
            "lineage",
            &[
                ("edition_id", false),
                ("indicator", false),
                ("time_period", false),
                ("source", false),
                ("source_period", false),
                ("source_column", false),
                ("delivery_commitments", false),
            ],
            &["edition_id", "indicator", "time_period", "source", "source_period", "source_column"],
        ),
        quality,
    ]
}
