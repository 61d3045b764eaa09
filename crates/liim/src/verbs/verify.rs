//! `liim verify`: holds every file against what was written down of it, and derives again by another way.

use std::collections::BTreeSet;

use std::path::PathBuf;

use catalog::pipeline::Edition;
use ingest::custody::{self, Custody};
use warehouse::edition::Published;
use warehouse::integrity;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::clock::Stage;
use crate::deliveries::{commitment_to, named};
use crate::failure::Failure;
use crate::stages::Workshop;
use crate::verbs::plan;
use crate::{key, rederive, terminal};

/// Checks every file: published files against the manifest of their edition, manifests against the ledger, confidential files
/// against the manifest, landed and linked tables against their hashes, deliveries against their receipts, and receipts against
/// what the editions commit to. Whatever is wrong is named.
pub fn files(global: &Global) -> Result<(), Failure> {
    let project = super::project(global)?;
    let warehouse = Warehouse::writing(&super::warehouse_folder(global))?;
    let stage = Stage::begin("verify", "checking every file".to_string());
    let report = integrity::check(&warehouse);
    let custody = custody::check(&project);
    let mut wrong = report.findings;
    wrong.extend(custody.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.message)));
    for edition in &report.editions {
        wrong.extend(unproved(&warehouse, edition, &custody));
    }
    stage.end(format!("{} findings", wrong.len()));
    terminal::say(&format!(
        "{} editions\t{} files of the warehouse\t{} files of deliveries\t{} wrong",
        report.editions.len(),
        report.sound,
        custody.sound,
        wrong.len()
    ));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::NotReproduced(format!("not everything is as it was written:\n  {}", wrong.join("\n  "))))
}

/// The deliveries that an edition was made from and that are not here as they were.
fn unproved(warehouse: &Warehouse, edition: &Published, custody: &Custody) -> Vec<String> {
    // Without its salt the edition proves nothing, and that is a finding already.
    let Ok(salt) = warehouse::confidential::salt_of(warehouse, edition) else { return Vec::new() };
    let received: BTreeSet<(String, String)> = custody
        .deliveries
        .iter()
        .flat_map(|delivery| delivery.receipt.files.iter().map(move |file| (delivery, file)))
        .map(|(delivery, file)| (named(delivery, &file.name), commitment_to(&salt, delivery, file)))
        .collect();
    let of_edition = edition.manifest.deliveries.iter();
    let missing = of_edition.filter(|(name, commitment)| !received.contains(&((*name).clone(), (*commitment).clone())));
    let id = &edition.manifest.edition;
    missing.map(|(name, _)| format!("{name}: no delivery that is here is the one edition {id} was made from")).collect()
}

/// Derives the link of editions again in SQL and compares every column of every person.
pub fn link(global: &Global, edition: Option<&str>) -> Result<(), Failure> {
    let project = super::project(global)?;
    super::check::definitions(global, &project)?;
    let chosen: Vec<&Edition> = match edition {
        Some(id) => vec![plan::named(&project, id)?],
        None => {
            let published = warehouse::edition::list(&Warehouse::reading(&super::warehouse_folder(global)))?;
            let is_published = |edition: &&Edition| published.iter().any(|own| own.manifest.edition == edition.id);
            project.pipeline.editions.iter().filter(is_published).collect()
        }
    };
    if chosen.is_empty() {
        return Err(Failure::Nothing("no edition is published here".into()));
    }
    // Under another key every number differs, so none is made here.
    key::read(&project)?;
    let warehouse = Warehouse::writing(&super::warehouse_folder(global))?;
    let workshop = Workshop { project: &project, warehouse: &warehouse, limits: super::limits(global) };
    let mut wrong = Vec::new();
    let mut underived = Vec::new();
    let all = chosen.len();
    for (at, edition) in chosen.into_iter().enumerate() {
        terminal::edition(Some(&edition.id), at + 1, all);
        let stage = Stage::begin("verify", format!("deriving the link of {} again", edition.id));
        let (found, without) = one(&workshop, edition)?;
        for (period, compared) in &found {
            terminal::say(&format!(
                "{}\t{period}\t{} persons\t{} columns\t{} differ",
                edition.id,
                compared.persons,
                compared.columns,
                compared.missing + compared.differing.values().sum::<u64>()
            ));
            if compared.missing > 0 {
                wrong.push(format!("{} {period}: {} persons that only one has", edition.id, compared.missing));
            }
            for (column, count) in &compared.differing {
                wrong.push(format!("{} {period}: {column} differs for {count} persons", edition.id));
            }
        }
        underived.extend(without.into_iter().map(|id| format!("{id} ({})", edition.id)));
        stage.end(format!("{} days", found.len()));
    }
    terminal::edition(None, 0, all);
    if !wrong.is_empty() {
        return Err(Failure::NotReproduced(format!(
            "the link and its second derivation differ:\n  {}",
            wrong.join("\n  ")
        )));
    }
    if !underived.is_empty() {
        tracing::warn!("these definitions have no second derivation in SQL: {}", underived.join(", "));
        return Err(Failure::Handled);
    }
    Ok(())
}

type Found = std::collections::BTreeMap<catalog::Period, rederive::Compared>;

fn one(workshop: &Workshop<'_>, edition: &Edition) -> Result<(Found, Vec<String>), Failure> {
    let receipts = plan::Receipts::new(workshop.project);
    let (planned, chosen) = plan::of(workshop.project, workshop.warehouse, edition, (super::today()?, &receipts))?;
    if planned.state == plan::State::Altered {
        return Err(Failure::Contract(planned.altered));
    }
    if planned.state == plan::State::Changed {
        let why = planned.why.join("; ");
        tracing::warn!("{}: what it was made from has changed since, so a difference may be that: {why}", edition.id);
    }
    let mut quality = Vec::new();
    let landings = workshop.land(&chosen, &mut quality)?;
    let tables = workshop.linked(edition, &chosen, &landings)?;
    let rows_of = |delivery: &ingest::delivery::Delivery| {
        landings.get(&delivery.folder).map_or_else(PathBuf::new, |landing| landing.rows.clone())
    };
    let found = rederive::compare(workshop, edition, &chosen, &rows_of, &tables)?;
    let (origins, _) = crate::linking::needs(workshop.project, edition);
    let without = origins.iter().filter(|origin| link::sql::table_of(&origin.id).is_none());
    Ok((found, without.map(|origin| origin.id.clone()).collect()))
}
