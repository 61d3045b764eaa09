//! `liim plan`: what a run would do, and why.

use std::collections::BTreeMap;

use catalog::fault::did_you_mean;
use catalog::pipeline::Edition;
use catalog::project::Project;
use serde::Serialize;
use warehouse::WarehouseError;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::deliveries::{Chosen, choose};
use crate::failure::Failure;
use crate::terminal;

/// What a run would do with an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It would be made.
    ToMake,
    /// It would be made, without a source that pipeline.yaml allows to be missing.
    ToMakeWithout,
    /// It is published, from what is here.
    UpToDate,
    /// It is published, and what it was made from has changed since.
    Changed,
    /// A delivery is missing.
    Waiting,
}

/// The plan of an edition.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// Edition id.
    pub edition: String,
    /// What a run would do.
    pub state: State,
    /// Why.
    pub why: Vec<String>,
}

#[derive(Serialize)]
struct Output {
    version: u32,
    editions: Vec<Planned>,
}

/// Says what a run would do.
pub fn plan(global: &Global, edition: Option<&str>, json: bool) -> Result<(), Failure> {
    let project = super::project(global)?;
    let warehouse = Warehouse::reading(&super::warehouse_folder(global));
    let chosen = match edition {
        Some(id) => vec![named(&project, id)?],
        None => project.pipeline.editions.iter().collect(),
    };
    let mut editions = Vec::new();
    for edition in chosen {
        editions.push(of(&project, &warehouse, edition)?.0);
    }
    if json {
        let text = serde_json::to_string_pretty(&Output { version: 1, editions })
            .map_err(|error| Failure::Broken(error.to_string()))?;
        terminal::say(&text);
        return Ok(());
    }
    for planned in editions {
        let state = match planned.state {
            State::ToMake => "to make",
            State::ToMakeWithout => "to make without a source",
            State::UpToDate => "up to date",
            State::Changed => "changed since it was published; a correction must be named",
            State::Waiting => "waiting",
        };
        terminal::say(&format!("{}: {state}", planned.edition));
        for why in planned.why {
            terminal::say(&format!("  {why}"));
        }
    }
    Ok(())
}

/// An edition by id, or what it may have been meant to be.
pub fn named<'p>(project: &'p Project, id: &str) -> Result<&'p Edition, Failure> {
    project.pipeline.edition(id).ok_or_else(|| {
        let known: Vec<&str> = project.pipeline.editions.iter().map(|edition| edition.id.as_str()).collect();
        let hint = did_you_mean(id, known.iter().copied())
            .map_or_else(|| format!("known: {}", known.join(", ")), |near| format!("did you mean {near}?"));
        Failure::Usage(format!("pipeline.yaml has no edition {id}; {hint}"))
    })
}

/// The plan of one edition, and the deliveries it would be made from.
pub fn of(project: &Project, warehouse: &Warehouse, edition: &Edition) -> Result<(Planned, Chosen), Failure> {
    let chosen = choose(project, edition)?;
    let planned = |state, why| Planned { edition: edition.id.clone(), state, why };
    match warehouse::edition::open(warehouse, &edition.id) {
        Ok(published) => {
            let mut why = differences("definition", &published.manifest.definitions, &project.definitions_of(edition));
            why.extend(differences("delivery", &published.manifest.deliveries, &chosen.digests()));
            if let Some(followed) = &published.manifest.follows {
                match warehouse::edition::open(warehouse, &followed.edition) {
                    Ok(found) if found.manifest_sha256 == followed.manifest_sha256 => {}
                    _ => why.push(format!("edition {} is not the one it followed", followed.edition)),
                }
            }
            let state = if why.is_empty() { State::UpToDate } else { State::Changed };
            return Ok((planned(state, why), chosen));
        }
        Err(WarehouseError::NoEdition(_)) => {}
        Err(other) => return Err(other.into()),
    }
    let mut why: Vec<String> = Vec::new();
    let mut waiting = false;
    for ((extract, period), users) in &chosen.missing {
        let of = period.map(|period| format!(" of {period}")).unwrap_or_default();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        if edition.publish_without.contains(extract) {
            why.push(format!("{extract}{of} is missing; it may be published without it"));
        } else {
            waiting = true;
            why.push(format!(
                "{extract}{of} is missing, by {} at the latest; needed for {}",
                edition.cut_off,
                users.join(", ")
            ));
        }
    }
    let state = match (waiting, why.is_empty()) {
        (true, _) => State::Waiting,
        (false, false) => State::ToMakeWithout,
        (false, true) => {
            why.push("not published yet".to_string());
            State::ToMake
        }
    };
    Ok((planned(state, why), chosen))
}

fn differences(kind: &str, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, digest) in now {
        match before.get(name) {
            None => found.push(format!("{kind} {name} is new")),
            Some(known) if known != digest => found.push(format!("{kind} {name} has changed")),
            Some(_) => {}
        }
    }
    found.extend(before.keys().filter(|name| !now.contains_key(*name)).map(|name| format!("{kind} {name} is gone")));
    found
}
