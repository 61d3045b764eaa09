//! Deliveries beside those before them: rows, filling and linkage rates that fall further than the contract lets them
//! without a word. A floor stops an edition; a fall is a warning, in the log with its figures and in the manifest without.

use std::collections::BTreeMap;
use std::path::PathBuf;

use catalog::Period;
use catalog::contract::{ExtractId, Linking, in_per_cent};
use catalog::project::Project;
use ingest::delivery::Delivery;
use warehouse::edition::{list, read_ledger};
use warehouse::store::Warehouse;
use warehouse::tables::read_texts;

use crate::deliveries::Chosen;
use crate::failure::Failure;
use crate::floors::LinkageRate;
use crate::landing::Landing;

/// What is compared of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Filled(String),
    Linked,
}

/// Shares by what they are of, and by period: part and whole.
type Shares = BTreeMap<(ExtractId, What), BTreeMap<Period, (u64, u64)>>;

/// Compares the deliveries of an edition with those before them and gives a warning for each fall.
///
/// # Errors
/// Where an earlier edition cannot be read.
pub fn warnings(
    (project, warehouse): (&Project, &Warehouse),
    chosen: &Chosen,
    landings: &BTreeMap<PathBuf, Landing>,
    rates: &[LinkageRate<'_>],
) -> Result<Vec<String>, Failure> {
    let mut now = Shares::new();
    for delivery in chosen.all() {
        let Some(landing) = landings.get(&delivery.folder) else { continue };
        for (column, known) in &landing.summary.known {
            let of = (delivery.extract.clone(), What::Filled(column.clone()));
            now.entry(of).or_default().insert(delivery.period, (*known, landing.summary.accepted));
        }
    }
    for rate in rates {
        let of = (rate.extract.id.clone(), What::Linked);
        now.entry(of).or_default().insert(rate.period, (rate.linked, rate.rows));
    }
    let earlier = linked_in_earlier_editions(project, warehouse)?;
    let mut found: Vec<String> =
        chosen.all().into_iter().filter_map(|delivery| rows(project, chosen, delivery)).collect();
    for (of, by_period) in &now {
        for (period, share) in by_period {
            let within = by_period.range(..period).next_back();
            let before = within.or_else(|| earlier.get(of)?.range(..=period).next_back());
            found.extend(before.and_then(|before| fall(project, of, (*period, *share), (*before.0, *before.1))));
        }
    }
    Ok(found)
}

/// The linkage rates that earlier editions published; a suppressed count gives none.
fn linked_in_earlier_editions(project: &Project, warehouse: &Warehouse) -> Result<Shares, Failure> {
    let mut found = Shares::new();
    let published = list(warehouse)?;
    for (line, _) in read_ledger(warehouse)? {
        let Some(edition) = published.iter().find(|edition| edition.manifest.edition == line.edition) else { continue };
        let rows = read_texts(&edition.verified("quality.parquet")?)?;
        let value = |row: &BTreeMap<String, Option<String>>, name: &str| row.get(name).cloned().flatten();
        let mut counts: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        for row in &rows {
            let is_total =
                value(row, "detail").as_deref() == Some("_T") && value(row, "ref_area").as_deref() == Some("_T");
            if value(row, "stage").as_deref() != Some("link") || !is_total {
                continue;
            }
            if let (Some(source), Some(period), Some(measure), Some(count)) = (
                value(row, "source"),
                value(row, "time_period"),
                value(row, "measure"),
                value(row, "value").and_then(|count| count.parse().ok()),
            ) {
                counts.insert((source, period, measure), count);
            }
        }
        for ((source, period, measure), linked) in &counts {
            let whole = counts.get(&(source.clone(), period.clone(), "rows".to_string()));
            let (Some(id), Ok(of), Some(whole)) = (ExtractId::read(source), period.parse(), whole) else { continue };
            let is_facts = project.extract(&id).is_some_and(|own| matches!(own.linking, Linking::Facts { .. }));
            if measure == "linked" && is_facts {
                found.entry((id, What::Linked)).or_default().insert(of, (*linked, *whole));
            }
        }
    }
    Ok(found)
}

fn fall(
    project: &Project,
    (id, what): &(ExtractId, What),
    (period, now): (Period, (u64, u64)),
    (period_before, before): (Period, (u64, u64)),
) -> Option<String> {
    let extract = project.extract_for(id, period)?;
    let allowed = extract.floors.fall.filter(|allowed| allowed.is_exceeded_by_fall(before, now))?;
    let what = match what {
        What::Filled(column) => format!("column {column} is filled in less"),
        What::Linked => "fewer rows link".to_string(),
    };
    let words = format!("{id} {period}: {what} than in {period_before}, by more than {allowed}");
    let shares = format!("{} now, {} then", in_per_cent(now.0, now.1), in_per_cent(before.0, before.1));
    tracing::warn!("{words}: {shares}; see `floors: fall:` in {}", extract.file);
    Some(words)
}

/// Whether a delivery has far fewer or far more rows than the one it supersedes, or that of the period before.
fn rows(project: &Project, chosen: &Chosen, delivery: &Delivery) -> Option<String> {
    let extract = project.extract_for(&delivery.extract, delivery.period)?;
    let before = chosen.before.get(&delivery.folder)?;
    let rows = |delivery: &Delivery| delivery.receipt.files.iter().map(|file| file.lines).sum::<u64>();
    if extract.is_usual_volume(rows(before), rows(delivery))
        || before.receipt.delivered_by != delivery.receipt.delivered_by
    {
        return None;
    }
    let words = format!(
        "{} {}: far more or far fewer rows than in the delivery before it, {} received on {}",
        delivery.extract, delivery.period, before.period, before.delivered_on
    );
    tracing::warn!("{words}: {} now, {} then; see `volume_change` in {}", rows(delivery), rows(before), extract.file);
    Some(words)
}
