//! `liim verify`: derives again, by another way, and compares.

use catalog::pipeline::Edition;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::clock::Stage;
use crate::failure::Failure;
use crate::stages::Workshop;
use crate::verbs::plan;
use crate::{rederive, terminal};

/// Derives the link of editions again in SQL and compares every column of every person.
pub fn link(global: &Global, edition: Option<&str>) -> Result<(), Failure> {
    let project = super::project(global)?;
    super::check::definitions(global, &project)?;
    let chosen: Vec<&Edition> = match edition {
        Some(id) => vec![plan::named(&project, id)?],
        None => {
            let folder = super::warehouse_folder(global).join("published");
            let published = |edition: &&Edition| folder.join(format!("edition={}", edition.id)).exists();
            project.pipeline.editions.iter().filter(published).collect()
        }
    };
    if chosen.is_empty() {
        return Err(Failure::Nothing("no edition is published here".into()));
    }
    let warehouse = Warehouse::writing(&super::warehouse_folder(global))?;
    let workshop = Workshop { project: &project, warehouse: &warehouse, limits: super::limits(global) };
    let mut wrong = Vec::new();
    let mut underived = Vec::new();
    for edition in chosen {
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
    let (planned, chosen) = plan::of(workshop.project, workshop.warehouse, edition)?;
    if planned.state == plan::State::Changed {
        let why = planned.why.join("; ");
        tracing::warn!("{}: what it was made from has changed since, so a difference may be that: {why}", edition.id);
    }
    let mut quality = Vec::new();
    let landings = workshop.land(&chosen, &mut quality)?;
    let tables = workshop.linked(edition, &chosen, &landings)?;
    let rows_of = |delivery: &ingest::delivery::Delivery| {
        landings.get(&delivery.folder).map(|landing| landing.rows.clone()).unwrap_or_default()
    };
    let found = rederive::compare(workshop, edition, &chosen, &rows_of, &tables)?;
    let (origins, _) = crate::linking::needs(workshop.project, edition);
    let without = origins.iter().filter(|origin| link::sql::table_of(&origin.id).is_none());
    Ok((found, without.map(|origin| origin.id.clone()).collect()))
}
