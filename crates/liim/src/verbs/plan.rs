//! `liim plan`: what a run would do, and why.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use catalog::contract::ExtractId;
use catalog::fault::did_you_mean;
use catalog::pipeline::{Edition, may_be_published_without};
use catalog::project::Project;
use catalog::{Day, Fault, Period};
use ingest::LandError;
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
    /// Nothing is missing, and its cut-off day has not passed: what is received until then counts.
    NotDue,
    /// A delivery is not what was received: nothing can be made from it, and what was made cannot be proved.
    Altered,
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
    /// Deliveries that are not what was received.
    #[serde(skip)]
    pub altered: Vec<Fault>,
}

/// Holds deliveries against their receipts, each once for all editions that are made from it.
pub struct Receipts<'p> {
    project: &'p Project,
    checked: RefCell<BTreeMap<PathBuf, Vec<Fault>>>,
}

impl<'p> Receipts<'p> {
    /// Of the deliveries of a project.
    pub fn new(project: &'p Project) -> Receipts<'p> {
        Receipts { project, checked: RefCell::new(BTreeMap::new()) }
    }

    /// What is wrong with the files of the deliveries of an edition.
    fn altered(&self, chosen: &Chosen) -> Result<Vec<Fault>, Failure> {
        let mut checked = self.checked.borrow_mut();
        let mut found = Vec::new();
        for delivery in chosen.all() {
            let faults = match checked.get(&delivery.folder) {
                Some(faults) => faults.clone(),
                None => match delivery.verify(&self.project.root) {
                    Ok(()) => Vec::new(),
                    Err(LandError::Faults(faults)) => faults,
                    Err(other) => return Err(other.into()),
                },
            };
            found.extend(faults.iter().cloned());
            checked.insert(delivery.folder.clone(), faults);
        }
        Ok(found)
    }
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
    let today = super::today()?;
    let receipts = Receipts::new(&project);
    let mut editions = Vec::new();
    for edition in chosen {
        editions.push(of(&project, &warehouse, edition, (today, &receipts))?.0);
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
            State::NotDue => "waiting for its cut-off day",
            State::Altered => "a delivery is not the one that was received",
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
///
/// # Errors
/// What is published or delivered cannot be read.
pub fn of(
    project: &Project,
    warehouse: &Warehouse,
    edition: &Edition,
    (today, receipts): (Day, &Receipts<'_>),
) -> Result<(Planned, Chosen), Failure> {
    let chosen = choose(project, edition)?;
    let planned = |state, why| Planned { edition: edition.id.clone(), state, why, altered: Vec::new() };
    let altered = receipts.altered(&chosen)?;
    if !altered.is_empty() {
        let why = altered.iter().map(|fault| format!("{}: {}", fault.place, fault.message)).collect();
        return Ok((Planned { altered, ..planned(State::Altered, why) }, chosen));
    }
    match warehouse::edition::open(warehouse, &edition.id) {
        Ok(published) => {
            let mut why = differences("definition", &published.manifest.definitions, &project.definitions_of(edition));
            let salt = warehouse::confidential::salt_of(warehouse, &published)?;
            why.extend(differences("delivery", &published.manifest.deliveries, &chosen.commitments(&salt)));
            if let Some(followed) = &published.manifest.follows {
                let found = warehouse::edition::open(warehouse, &followed.edition)?;
                if found.manifest_sha256 != followed.manifest_sha256 {
                    why.push(format!("edition {} is not the one it followed", followed.edition));
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
        let may_be_missing = edition.publish_without.contains(extract);
        waiting |= !may_be_missing;
        why.push(missing(project, edition, (extract, *period), users, &chosen));
    }
    let state = match (waiting, why.is_empty()) {
        (true, _) => State::Waiting,
        (false, _) if !edition.is_due(today) => {
            let from = edition.cut_off.plus(1);
            why.push(format!(
                "what is received up to and on {} counts, so from {from} on; or with --now",
                edition.cut_off
            ));
            State::NotDue
        }
        (false, false) => State::ToMakeWithout,
        (false, true) => {
            why.push("not published yet".to_string());
            State::ToMake
        }
    };
    Ok((planned(state, why), chosen))
}

/// One line about a delivery that is missing: who waits for it, and each way out.
fn missing(
    project: &Project,
    edition: &Edition,
    (extract, period): (&ExtractId, Option<Period>),
    users: &BTreeSet<String>,
    chosen: &Chosen,
) -> String {
    let of = period.map(|period| format!(" of {period}")).unwrap_or_default();
    if edition.publish_without.contains(extract) {
        return format!("{extract}{of} is missing; it may be published without it");
    }
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let shown = period.map_or("PERIOD".to_string(), |period| period.to_string());
    let take_in = format!("liim receive {extract} FILE --period {shown}");
    let late =
        chosen.late.get(extract).and_then(|late| late.iter().find(|own| period.is_none_or(|of| of == own.period)));
    let way_in = match late {
        Some(late) => format!(
            "one was received on {}, after that day: if it was delivered earlier, `{take_in} --delivered-on DAY` of the same \
             files sets its receipt right",
            late.delivered_on
        ),
        None => format!("take it in with `{take_in}`, with `--delivered-on DAY` where it came earlier"),
    };
    let role = project.extract(extract).map(|extract| &extract.linking);
    let without = match may_be_published_without(role) {
        true => ", or name it under `publish_without`",
        false => "",
    };
    format!(
        "{extract}{of} is missing, by {} at the latest; needed for {}; {way_in}{without}",
        edition.cut_off,
        users.join(", ")
    )
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
