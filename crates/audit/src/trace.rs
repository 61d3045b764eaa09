//! Tracing a published cell back to its card, its query, its steps and the receipts of its sources.
//!
//! Everything is read from the published edition itself: the definitions archived in it, its tables of provenance and
//! quality, its manifest. Every file is held against the manifest before it is believed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use catalog::cell::{Observation, ShareOf, TOTAL};
use catalog::link_measure::LinkTable;
use serde::Serialize;
use thiserror::Error;
use warehouse::WarehouseError;
use warehouse::edition::{Published, open};
use warehouse::store::Warehouse;
use warehouse::tables::read_texts;

use crate::query::{CellQuery, QueryError, find};

/// Why a cell could not be traced.
#[derive(Debug, Error)]
pub enum TraceError {
    /// No published row is what was asked for, or more than one is.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The edition is not what its manifest says, or cannot be read.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// The proof of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trace {
    /// Version of this layout.
    pub version: u32,
    /// Edition asked about.
    pub edition: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
    /// The edition that counted the cell, when it was carried from there.
    pub counted_in: String,
    /// The published row.
    pub cell: BTreeMap<&'static str, serde_json::Value>,
    /// What the indicator is, as its edition said.
    pub indicator: BTreeMap<String, Option<String>>,
    /// What was done, in order.
    pub steps: Vec<Step>,
    /// The card's text.
    pub card: String,
    /// The query's text.
    pub query: String,
    /// The origin definition's text, where one was used.
    pub origin_definition: Option<String>,
    /// What came from the suppliers.
    pub receipts: Vec<Receipt>,
}

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Stage.
    pub stage: String,
    /// What it did.
    pub what: String,
}

/// A delivered file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// Extract.
    pub source: String,
    /// Its period.
    pub period: String,
    /// File.
    pub file: String,
    /// Salted commitment to it, which `liim verify` proves.
    pub commitment: String,
    /// Day of reception.
    pub delivered_on: String,
    /// Columns that the query depends on.
    pub columns: Vec<String>,
}

type Row = BTreeMap<String, Option<String>>;

/// Returns the proof of the one cell that a question is about.
///
/// # Errors
///
/// `Query` if no row or more than one is what was asked for; `Warehouse` if the edition cannot be read or is not what its
/// manifest says.
pub fn trace(warehouse: &Warehouse, question: &CellQuery) -> Result<Trace, TraceError> {
    let published = open(warehouse, &question.edition)?;
    let observations = published.observations()?;
    let row = find(&observations, question)?;
    let indicators = read_texts(&published.verified("indicators.parquet")?)?;
    let of = |row: &Row, column: &str| row.get(column).cloned().flatten().unwrap_or_default();
    let indicator =
        indicators.iter().find(|known| of(known, "indicator") == question.indicator).cloned().unwrap_or_default();
    let counted_in = of(&indicator, "counted_in");
    let source_edition = if counted_in == question.edition || counted_in.is_empty() {
        published.clone()
    } else {
        open(warehouse, &counted_in)?
    };

    let theme = of(&indicator, "theme");
    let text = |file: String| -> Result<String, TraceError> {
        let path = source_edition.verified(&format!("definitions/{file}"))?;
        std::fs::read_to_string(&path).map_err(|error| TraceError::Warehouse(WarehouseError::Io { file, error }))
    };
    let card = text(format!("indicators/{theme}/{}.yaml", question.indicator))?;
    let query = text(format!("indicators/{theme}/{}.sql", question.indicator))?;
    let origin = of(&indicator, "origin_definition");
    let origin_definition =
        if origin.is_empty() { None } else { Some(text(format!("sources/reference/origin/{origin}.yaml"))?) };

    let receipts = receipts(&source_edition, row)?;
    let steps = steps(&source_edition, row, &receipts, &indicator, question, &published)?;
    Ok(Trace {
        version: 1,
        edition: question.edition.clone(),
        manifest_sha256: published.manifest_sha256.clone(),
        counted_in: source_edition.manifest.edition.clone(),
        cell: cell(row),
        indicator,
        steps,
        card,
        query,
        origin_definition,
        receipts,
    })
}

fn cell(row: &Observation) -> BTreeMap<&'static str, serde_json::Value> {
    use serde_json::json;
    let key = &row.key;
    BTreeMap::from([
        ("ref_area", json!(key.ref_area)),
        ("ref_area_class", json!(key.ref_area_class)),
        ("area_level", json!(key.area_level.word())),
        ("time_period", json!(key.time_period.to_string())),
        ("sex", json!(key.sex)),
        ("age_group", json!(key.age_group)),
        ("group_scheme", json!(key.group_scheme)),
        ("group", json!(key.group)),
        ("detail", json!(key.detail)),
        ("detail_2", json!(key.detail_2)),
        ("unit", json!(row.unit)),
        ("share_of", json!(key.share_of.word())),
        ("numerator", json!(row.numerator)),
        ("divisor", json!(row.divisor)),
        ("denominator", json!(row.denominator)),
        ("value", json!(row.value)),
        ("share", json!(row.share)),
        ("mean_of_scores", json!(row.mean_of_scores)),
        ("members", json!(row.members)),
        ("members_with_data", json!(row.members_with_data)),
        ("reason", json!(row.reason.word())),
        ("method", json!(row.method)),
        ("level", json!(row.level)),
        ("changed", json!(row.changed)),
    ])
}

fn receipts(edition: &Published, row: &Observation) -> Result<Vec<Receipt>, TraceError> {
    let of = |row: &Row, column: &str| row.get(column).cloned().flatten().unwrap_or_default();
    let mut used: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for line in read_texts(&edition.verified("lineage.parquet")?)? {
        if of(&line, "indicator") == row.key.indicator && of(&line, "time_period") == row.key.time_period.to_string() {
            used.entry((of(&line, "source"), of(&line, "source_period"))).or_default().push(of(&line, "source_column"));
        }
    }
    let mut found = Vec::new();
    for line in read_texts(&edition.verified("sources.parquet")?)? {
        let source = (of(&line, "source"), of(&line, "period"));
        if let Some(columns) = used.get(&source) {
            found.push(Receipt {
                source: source.0,
                period: source.1,
                file: of(&line, "file"),
                commitment: of(&line, "commitment"),
                delivered_on: of(&line, "delivered_on"),
                columns: columns.clone(),
            });
        }
    }
    Ok(found)
}

fn steps(
    edition: &Published,
    row: &Observation,
    receipts: &[Receipt],
    indicator: &Row,
    question: &CellQuery,
    asked: &Published,
) -> Result<Vec<Step>, TraceError> {
    let of = |row: &Row, column: &str| row.get(column).cloned().flatten();
    let quality = read_texts(&edition.verified("quality.parquet")?)?;
    let count = |stage: &str, source: &str, period: &str, measure: &str| -> Option<String> {
        let line = quality.iter().find(|line| {
            of(line, "stage").as_deref() == Some(stage)
                && of(line, "source").as_deref() == Some(source)
                && of(line, "time_period").as_deref() == Some(period)
                && of(line, "measure").as_deref() == Some(measure)
                && of(line, "detail").as_deref() == Some(TOTAL)
        })?;
        Some(of(line, "value").unwrap_or_else(|| "withheld".to_string()))
    };
    let mut steps = Vec::new();
    let mut step = |stage: &str, what: String| steps.push(Step { stage: stage.to_string(), what });
    let mut told: Vec<(&str, &str)> = Vec::new();
    for receipt in receipts {
        let pair = (receipt.source.as_str(), receipt.period.as_str());
        if told.contains(&pair) {
            continue;
        }
        told.push(pair);
        let rows = |measure: &str| count("land", pair.0, pair.1, measure).unwrap_or_else(|| "?".to_string());
        step(
            "land",
            format!(
                "{} {}: {} rows = {} accepted + {} rejected",
                pair.0,
                pair.1,
                rows("rows"),
                rows("accepted"),
                rows("rejected")
            ),
        );
        let linked: Vec<String> = ["rows", "resident", "not-resident", "linked", "unlinked"]
            .iter()
            .filter_map(|measure| count("link", pair.0, pair.1, measure).map(|value| format!("{measure} {value}")))
            .collect();
        if !linked.is_empty() {
            step("link", format!("{} {}: {}", pair.0, pair.1, linked.join(", ")));
        }
        // The quality of the link in the area that was asked for; of the definition that was used, where it has one.
        let mut local: Vec<(String, Vec<String>)> = Vec::new();
        for line in quality.iter().filter(|line| {
            of(line, "source").as_deref() == Some(pair.0)
                && of(line, "time_period").as_deref() == Some(pair.1)
                && of(line, "ref_area").as_deref() == Some(&question.area)
        }) {
            let detail = of(line, "detail").unwrap_or_default();
            let definition = match LinkTable::read(&detail) {
                LinkTable::DecidedBy(definition) | LinkTable::OriginBounds(definition) => Some(definition),
                _ => None,
            };
            if definition.is_some() && definition != of(indicator, "origin_definition") {
                continue;
            }
            let value = of(line, "value").unwrap_or_else(|| "withheld".to_string());
            let words = format!("{} {value}", of(line, "measure").unwrap_or_default());
            match local.iter_mut().find(|(known, _)| *known == detail) {
                Some((_, all)) => all.push(words),
                None => local.push((detail, vec![words])),
            }
        }
        for (detail, all) in local {
            step("link", format!("{} {} in {}: {detail}: {}", pair.0, pair.1, question.area, all.join(", ")));
        }
    }
    let method = match of(indicator, "origin_definition") {
        Some(origin) => format!(", origin by {origin}"),
        None => String::new(),
    };
    let period = row.key.time_period.to_string();
    let outside = count("count", &question.indicator, &period, "outside-flanders").unwrap_or_else(|| "?".to_string());
    step("count", format!("query of {} for {period}{method}; {outside} outside Flanders left out", question.indicator));
    let contributors = match row.reason {
        catalog::cell::Reason::Shown => "shown",
        _ => "not shown",
    };
    step("protect", format!("{}; {contributors}: {}", edition.manifest.protection, row.reason.word()));
    step(
        "publish",
        format!("edition {}, observations.parquet, manifest {}", edition.manifest.edition, edition.manifest_sha256),
    );
    if asked.manifest.edition != edition.manifest.edition {
        step("carry", format!("carried into edition {}, manifest {}", asked.manifest.edition, asked.manifest_sha256));
    }
    Ok(steps)
}

impl Trace {
    /// The proof for people.
    pub fn words(&self) -> String {
        let mut out = String::new();
        let text = |name: &str| match self.cell.get(name) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Null) | None => "-".to_string(),
            Some(other) => other.to_string(),
        };
        let title = self.indicator.get("title").cloned().flatten().unwrap_or_default();
        let _ = writeln!(out, "{title}");
        let _ = writeln!(
            out,
            "  area {} ({}, {})   period {}   sex {}   age {}",
            text("ref_area"),
            text("area_level"),
            text("ref_area_class"),
            text("time_period"),
            text("sex"),
            text("age_group")
        );
        let _ = writeln!(
            out,
            "  group {} ({})   detail {}   second detail {}   share of {}",
            text("group"),
            text("group_scheme"),
            text("detail"),
            text("detail_2"),
            text("share_of")
        );
        let _ = writeln!(
            out,
            "  value {} {}   = {} / {}   share {} {} {}   reason {}",
            text("value"),
            text("unit"),
            text("numerator"),
            text("divisor"),
            text("share"),
            if text("share_of") == ShareOf::Population.word() { "per 1,000 of" } else { "% of" },
            text("denominator"),
            text("reason")
        );
        let _ = writeln!(
            out,
            "  method {}   level {}   edition {}{}",
            text("method"),
            text("level"),
            self.edition,
            if self.counted_in == self.edition { String::new() } else { format!(", carried from {}", self.counted_in) }
        );
        let _ = writeln!(out, "\nsteps");
        for step in &self.steps {
            let _ = writeln!(out, "  {:<8} {}", step.stage, step.what);
        }
        let _ = writeln!(out, "\nreceipts");
        for receipt in &self.receipts {
            let _ = writeln!(
                out,
                "  {} {}  {}  delivered {}",
                receipt.source, receipt.period, receipt.file, receipt.delivered_on
            );
            let _ = writeln!(out, "    commitment {}", receipt.commitment);
            let _ = writeln!(out, "    columns {}", receipt.columns.join(", "));
        }
        let section = |out: &mut String, name: &str, body: &str| {
            let _ = writeln!(out, "\n{name}");
            for line in body.trim_end().lines() {
                let _ = writeln!(out, "  {line}");
            }
        };
        section(&mut out, "card", &self.card);
        section(&mut out, "query", &self.query);
        if let Some(definition) = &self.origin_definition {
            section(&mut out, "origin definition", definition);
        }
        out
    }
}
