//! The rules that a checker of rows goes by: those of the project's own contracts, read here once more.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use catalog::{Day, Period, PeriodKind, insz};
use serde_yaml::Value;

/// How the rows of an extract are found in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    Lines(u8),
    Records,
    Sheets(Vec<String>),
}

/// An extract; columns are told by their position.
pub struct Extract {
    pub name: String,
    pub form: Form,
    pub container: String,
    latin: bool,
    pub columns: Vec<Column>,
    pub key: Vec<usize>,
    within: Vec<usize>,
    ascending: Vec<(usize, usize)>,
    /// Whose history, first day, end, day of registration.
    pub history: Option<(Vec<usize>, usize, usize, usize)>,
    /// Of what, the column that tells the whole, its code, the counts.
    pub parts: Option<(Vec<usize>, usize, String, Vec<usize>)>,
}

/// A column of an [`Extract`].
pub struct Column {
    pub name: String,
    kind: String,
    /// Codes as written, or codes besides those of the list.
    codes: Vec<String>,
    optional: bool,
    pub width: usize,
}

/// All extracts of a supplier.
pub fn extracts(sources: &Path, supplier: &str) -> Vec<Extract> {
    let contract = fs::read_to_string(sources.join(supplier).join("contract.yaml")).unwrap();
    let contract: Value = serde_yaml::from_str(&contract).unwrap();
    let all = contract["extracts"].as_mapping().unwrap();
    all.iter().map(|(name, node)| extract(format!("{supplier}/{}", name.as_str().unwrap()), node)).collect()
}

fn texts(node: Option<&Value>) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    match node {
        Some(Value::Sequence(values)) => values.iter().map(text).collect(),
        Some(Value::Mapping(pairs)) => pairs.iter().map(|(written, _)| text(written)).collect(),
        _ => Vec::new(),
    }
}

fn extract(name: String, node: &Value) -> Extract {
    let text = |node: &Value, key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    let column = |node: &Value| Column {
        name: text(node, "name"),
        kind: text(node, "type"),
        codes: [texts(node.get("codes")), texts(node.get("also"))].concat(),
        optional: node.get("optional").and_then(Value::as_bool).unwrap_or(false),
        width: node.get("width").and_then(Value::as_u64).unwrap_or(0) as usize,
    };
    let columns: Vec<Column> = node["columns"].as_sequence().unwrap().iter().map(column).collect();
    let at = |name: &String| columns.iter().position(|column| column.name == *name).unwrap();
    let all = |key: &str| texts(node.get(key)).iter().map(at).collect::<Vec<_>>();
    let pairs = node.get("ascending").and_then(Value::as_sequence).cloned().unwrap_or_default();
    let pair = |pair: &Value| {
        let pair = texts(Some(pair));
        (at(&pair[0]), at(&pair[1]))
    };
    let form = &node["form"];
    Extract {
        form: match text(form, "kind").as_str() {
            "delimited" => Form::Lines(text(form, "delimiter").as_bytes()[0]),
            "workbook" => Form::Sheets(texts(form.get("sheets"))),
            _ => Form::Records,
        },
        container: text(node, "container"),
        latin: text(node, "encoding") != "utf-8",
        key: all("unique"),
        within: all("within_period"),
        ascending: pairs.iter().map(pair).collect(),
        history: node.get("history").map(|node| {
            let day = |key: &str| at(&text(node, key));
            (texts(node.get("of")).iter().map(at).collect(), day("from"), day("until"), day("registered_on"))
        }),
        parts: node.get("parts").map(|node| {
            let all = |key: &str| texts(node.get(key)).iter().map(at).collect();
            (all("by"), at(&text(node, "column")), text(node, "whole"), all("columns"))
        }),
        name,
        columns,
    }
}

/// The lists that codes are looked up in.
pub struct Lists {
    municipalities: HashSet<String>,
    nations: HashSet<String>,
}

impl Lists {
    pub fn read(reference: &Path) -> Lists {
        let first = |name: &str| {
            let text = fs::read_to_string(reference.join(name)).unwrap();
            text.lines().skip(1).map(|line| line[..line.find(',').unwrap()].to_string()).collect()
        };
        Lists { municipalities: first("municipalities.csv"), nations: first("nationalities.csv") }
    }

    /// Why a value cannot stand in a column.
    pub fn refuses(&self, extract: &Extract, column: &Column, value: &[u8]) -> Option<&'static str> {
        if value.is_empty() {
            return (!column.optional).then_some("missing");
        }
        let text = String::from_utf8_lossy(value);
        let period = |kind: PeriodKind| text.parse::<Period>().ok().filter(|period| period.kind() == kind).is_none();
        let number = || !text.bytes().all(|digit| digit.is_ascii_digit());
        let other = || column.codes.iter().any(|code| *code == text);
        let (wrong, reason) = match column.kind.as_str() {
            "text" | "coded" if extract.latin => (value.iter().any(|byte| (0x80..0xa0).contains(byte)), "encoding"),
            "text" | "coded" => (std::str::from_utf8(value).is_err(), "encoding"),
            "insz" => match insz::parse(value) {
                Ok(_) => (false, ""),
                Err(insz::InszFault::CheckDigit) => (true, "check-digit"),
                Err(insz::InszFault::Shape) => (true, "not-an-insz"),
                Err(_) => (true, "never-issued"),
            },
            "code" => (!other(), "unknown-code"),
            "municipality" => (!self.municipalities.contains(&*text) && !other(), "unknown-code"),
            "nationality" => (!self.nations.contains(&*text) && !other(), "unknown-code"),
            "place" => {
                let known = self.municipalities.contains(&*text) || self.nations.contains(&*text) || other();
                (!known, "unknown-code")
            }
            "day" => (text.parse::<Day>().is_err(), "not-a-date"),
            "partial-day" => (!partial(&text), "not-a-date"),
            "month" => (period(PeriodKind::Month), "not-a-date"),
            "quarter" => (period(PeriodKind::Quarter), "not-a-date"),
            "school-year" => (period(PeriodKind::SchoolYear), "not-a-date"),
            "count" | "year" => (number(), "not-a-number"),
            "decimal" => (!text.contains(','), "not-a-number"),
            kind => panic!("columns of type {kind}"),
        };
        wrong.then_some(reason)
    }
}

/// `YYYYMMDD` or `YYYY-MM-DD`, month and day perhaps 00.
fn partial(text: &str) -> bool {
    let text = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.replace('-', ""),
        _ => text.to_string(),
    };
    let number: u32 = text.parse().unwrap_or(0);
    let (month, day) = (number / 100 % 100, number % 100);
    let full = number / 10_000 * 10_000 + month.max(1) * 100 + day.max(1);
    text.len() == 8 && Day::from_number(full).is_some() && (month > 0 || day == 0)
}

/// What is wrong with the values of a row together, and the column at fault.
pub fn across(extract: &Extract, fields: &[Vec<u8>], period: Period) -> Option<(&'static str, usize)> {
    let text = |at: usize| String::from_utf8_lossy(&fields[at]).into_owned();
    let outside = |at: &usize| {
        if extract.columns[*at].kind == "year" {
            // A year holds the days of the year.
            return text(*at).parse().is_ok_and(|year: i16| year < period.start().year() || year > period.end().year());
        }
        let value: Option<Period> = text(*at).parse().ok();
        value.is_some_and(|value| value.start() < period.start() || value.end() > period.end())
    };
    if let Some(at) = extract.within.iter().find(|at| outside(at)) {
        return Some(("outside-period", *at));
    }
    let descends = |(low, high): &(usize, usize)| {
        let (low, high) = (text(*low), text(*high));
        match (low.parse::<u64>(), high.parse::<u64>()) {
            (Ok(low), Ok(high)) => low > high,
            _ => !low.is_empty() && !high.is_empty() && low > high,
        }
    };
    extract.ascending.iter().find(|pair| descends(pair)).map(|(_, high)| ("order", *high))
}
