//! From the text of a contract to its checked values.

use super::{
    AbsentMeans, Codes, Column, ColumnKind, Container, Contract, Covers, Encoding, Extract, ExtractId, Floors, Form,
    History, Linking, Parts, REJECTION_REASONS, Terms, Tolerance,
};
use crate::document::Node;
use crate::period::PeriodKind;
use crate::schema::UNREADABLE;

pub(super) fn contract(file: &str, supplier: &str, root: &Node<'_>) -> Option<Contract> {
    root.keys(&["supplier", "title", "legal_basis", "contact", "licence", "terms", "extracts"]);
    if let Some(node) = root.need("supplier")
        && let Some(name) = node.text()
        && name != supplier
    {
        node.fault(10, format!("the contract of `{name}` stands in the folder of `{supplier}`"), "");
    }
    let text = |key: &str| root.need(key).and_then(|node| node.text());
    let (title, legal_basis, contact, licence) = (text("title"), text("legal_basis"), text("contact"), text("licence"));
    let terms = root.need("terms").and_then(|node| node.one_of(&Terms::WORDS));
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
        terms: terms?,
        extracts,
    })
}

/// The keys of an extract that a layout may have in their place.
pub(super) const LAYOUT_KEYS: [&str; 10] =
    ["form", "encoding", "container", "columns", "unique", "within_period", "ascending", "history", "parts", "floors"];

/// The other keys of an extract.
const EXTRACT_KEYS: [&str; 11] = [
    "title",
    "period",
    "covers",
    "absent_means",
    "may_be_empty",
    "tolerance",
    "volume_change",
    "expected_within_days",
    "linking",
    "layouts",
    "note",
];

fn extract(file: &str, id: ExtractId, node: &Node<'_>) -> Option<Extract> {
    node.keys(&[&EXTRACT_KEYS[..], &LAYOUT_KEYS[..]].concat());
    match node.get("layouts") {
        None => laid_out(file, id, (node, None)),
        Some(layouts) => super::layouts::read(file, &id, node, &layouts),
    }
}

/// The extract as it is delivered for the periods of a layout, or for all.
pub(super) fn laid_out(file: &str, id: ExtractId, (node, layout): (&Node<'_>, Option<&Node<'_>>)) -> Option<Extract> {
    let own = |key: &str| layout.and_then(|layout| layout.get(key)).or_else(|| node.get(key));
    let need = |key: &str| own(key).or_else(|| layout.unwrap_or(node).need(key));
    let title = node.need("title").and_then(|found| found.text());
    let encoding = need("encoding").and_then(|found| {
        found.one_of(&[
            ("utf-8", Encoding::Utf8),
            ("iso-8859-1", Encoding::Latin1),
            ("windows-1252", Encoding::Windows1252),
        ])
    });
    let container = match own("container") {
        Some(found) => found.one_of(&[("gzip", Container::Gzip), ("zip", Container::Zip), ("plain", Container::Plain)]),
        None => Some(Container::Plain),
    };
    let period = node.need("period").and_then(|found| found.one_of(&PeriodKind::WORDS));
    let covers =
        node.need("covers").and_then(|found| found.one_of(&[("period", Covers::Period), ("history", Covers::History)]));
    let absent_means = node
        .need("absent_means")
        .and_then(|found| found.one_of(&[("zero", AbsentMeans::Zero), ("not-in-source", AbsentMeans::NotInSource)]));
    let tolerance = node.get("tolerance").map_or_else(Tolerance::default, |found| tolerance(&found));
    let columns = columns(&need("columns")?);
    let form = need("form").and_then(|found| form(&found, &columns));
    let named = |key: &str| own(key).map(|found| positions(&found, &columns)).unwrap_or_default();
    let linking = match node.get("linking") {
        Some(found) => super::roles::linking(&found, &columns),
        None => Some(Linking::None),
    };
    let linking = linking?;
    if let (Some(Form::Workbook { .. }), Linking::Nationalities { .. } | Linking::Filiations { .. }) = (&form, &linking)
    {
        let message = "a history cannot come in a workbook: of a rejected row it could not be kept whose it is";
        node.fault(10, message, "ask for it as text");
    }
    Some(Extract {
        id,
        title: title?,
        form: form?,
        encoding: encoding?,
        container: container?,
        period: period?,
        covers: covers?,
        absent_means: absent_means?,
        may_be_empty: node.get("may_be_empty").and_then(|found| found.truth()).unwrap_or(false),
        unique: named("unique"),
        within_period: named("within_period"),
        ascending: own("ascending").map(|found| ascending(&found, &columns)).unwrap_or_default(),
        history: own("history").and_then(|found| history(&found, &columns)),
        parts: own("parts").and_then(|found| parts(&found, &columns)),
        floors: Floors::read(own("floors"), layout.unwrap_or(node), &columns, &linking),
        columns,
        tolerance,
        volume_change: node.get("volume_change").and_then(|found| found.number()),
        expected_within_days: node.get("expected_within_days").and_then(|found| found.count()),
        linking,
        layouts: Vec::new(),
        file: file.to_string(),
    })
}

fn columns(node: &Node<'_>) -> Vec<Column> {
    let columns: Vec<Column> = node.items().iter().filter_map(column).collect();
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].iter().any(|earlier| earlier.name == column.name) {
            node.fault(7, format!("column `{}` is written twice", column.name), "");
        }
        if column.name == UNREADABLE {
            let message = format!("`{UNREADABLE}` names what could not be read of a row");
            node.fault(7, message, "name the column otherwise");
        }
    }
    if columns.len() > MOST_COLUMNS {
        node.fault(10, format!("{} columns, and at most {MOST_COLUMNS} can be read", columns.len()), "");
    }
    columns
}

fn ascending(node: &Node<'_>, columns: &[Column]) -> Vec<(usize, usize)> {
    let pair = |pair: &Node<'_>| match positions(pair, columns)[..] {
        [first, second] => Some((first, second)),
        _ => {
            pair.fault(10, "two columns are expected here", "write [first, second]");
            None
        }
    };
    node.items().iter().filter_map(pair).collect()
}

fn tolerance(node: &Node<'_>) -> Tolerance {
    let share = |node: &Node<'_>| {
        let found = node.number().unwrap_or(0.0);
        if !(0.0..=1.0).contains(&found) {
            node.fault(10, "a tolerance is a share of the rows, between 0 and 1", "");
        }
        found
    };
    if !node.is_mapping() {
        return Tolerance { all: share(node), reasons: Vec::new() };
    }
    let mut found = Tolerance::default();
    for (reason, node) in node.entries() {
        match reason.as_str() {
            "all" => found.all = share(&node),
            _ if REJECTION_REASONS.contains(&reason.as_str()) => found.reasons.push((reason, share(&node))),
            _ => {
                let near = crate::fault::did_you_mean(&reason, REJECTION_REASONS.iter().copied());
                let hint = near.map_or_else(|| REJECTION_REASONS.join(", "), |near| format!("did you mean `{near}`?"));
                node.fault(6, format!("`{reason}` is not a reason for a rejection"), hint);
            }
        }
    }
    found
}

fn history(node: &Node<'_>, columns: &[Column]) -> Option<History> {
    node.keys(&["of", "from", "until", "registered_on"]);
    let day = |node: &Node<'_>| {
        let at = position(node, columns)?;
        if !matches!(columns[at].kind, ColumnKind::Day | ColumnKind::PartialDay) {
            let message = format!("`{}` is not of type `day` or `partial-day`", columns[at].name);
            node.fault(10, message, "a history is made of days");
        }
        Some(at)
    };
    Some(History {
        of: positions(&node.need("of")?, columns),
        from: day(&node.need("from")?)?,
        until: day(&node.need("until")?)?,
        registered_on: node.get("registered_on").and_then(|found| day(&found)),
    })
}

fn parts(node: &Node<'_>, columns: &[Column]) -> Option<Parts> {
    node.keys(&["by", "column", "whole", "columns"]);
    let found = Parts {
        by: positions(&node.need("by")?, columns),
        column: position(&node.need("column")?, columns)?,
        whole: node.need("whole")?.text()?,
        columns: positions(&node.need("columns")?, columns),
    };
    let Column { name, kind, .. } = &columns[found.column];
    let listed = match kind {
        ColumnKind::Code(Codes::Listed(codes)) => codes.iter().any(|(written, _)| *written == found.whole),
        ColumnKind::Code(Codes::Municipalities(also) | Codes::Nationalities(also) | Codes::Places(also)) => {
            also.contains(&found.whole)
        }
        _ => false,
    };
    if !listed {
        node.fault(10, format!("`{}` is not a code that `{name}` may hold", found.whole), "name it there under `also`");
    }
    if found.columns.is_empty() || found.columns.len() > Parts::MOST_COLUMNS {
        node.fault(10, format!("one to {} columns of counts are compared", Parts::MOST_COLUMNS), "");
    }
    for at in &found.columns {
        if columns[*at].kind != ColumnKind::Count {
            node.fault(10, format!("`{}` is not of type `count`", columns[*at].name), "");
        }
    }
    Some(found)
}

fn positions(node: &Node<'_>, columns: &[Column]) -> Vec<usize> {
    node.items().iter().filter_map(|item| position(item, columns)).collect()
}

/// The position of the column that is named.
fn position(node: &Node<'_>, columns: &[Column]) -> Option<usize> {
    let name = node.text()?;
    let found = columns.iter().position(|column| column.name == name);
    if found.is_none() {
        let near = crate::fault::did_you_mean(&name, columns.iter().map(|column| column.name.as_str()));
        let hint = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
        node.fault(12, format!("`{name}` is not a column of this extract"), hint);
    }
    found
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
    node.keys(&["name", "header", "type", "optional", "count_empty", "width", "codes", "also", "decimals", "note"]);
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
        ("quarter", 13),
        ("place", 14),
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
        13 => ColumnKind::Quarter,
        14 => ColumnKind::Code(Codes::Places(also())),
        _ => ColumnKind::SchoolYear,
    };
    let is_true = |key: &str| node.get(key).and_then(|found| found.truth()).unwrap_or(false);
    if is_true("count_empty") && !is_true("optional") {
        node.fault(
            10,
            "what is never empty cannot be counted as such",
            "add `optional: true`, or take `count_empty` away",
        );
    }
    let name = name?;
    Some(Column {
        header: node.get("header").and_then(|found| found.text()).unwrap_or_else(|| name.clone()),
        name,
        kind,
        optional: is_true("optional"),
        count_empty: is_true("count_empty"),
        width: node.get("width").and_then(|found| found.count()).unwrap_or(0) as usize,
    })
}

/// No extract has more columns than rows are read with.
const MOST_COLUMNS: usize = 64;
