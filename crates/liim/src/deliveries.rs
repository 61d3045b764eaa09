//! Which deliveries an edition is made from: the newest that were known at its cut-off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use catalog::Period;
use catalog::card::{At, Card, Read};
use catalog::contract::{Covers, ExtractId, Linking};
use catalog::digest::commitment;
use catalog::pipeline::Edition;
use catalog::project::Project;
use catalog::receipt::DeliveredFile;
use ingest::delivery::{Delivery, deliveries};

use crate::failure::Failure;

/// The deliveries of an edition.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Deliveries by extract and period.
    pub by_period: BTreeMap<(ExtractId, Period), Delivery>,
    /// Deliveries that only linking reads, older before newer.
    pub register: Vec<Delivery>,
    /// The period of the newest delivery of sources that deliver everything since their beginning.
    pub newest: BTreeMap<ExtractId, Period>,
    /// What is not there, each with the indicators that wait for it.
    pub missing: BTreeMap<(ExtractId, Option<Period>), BTreeSet<String>>,
    /// By the folder of each delivery that was known at the cut-off: the one that it supersedes, or else the one in use of
    /// the nearest period before.
    pub before: BTreeMap<PathBuf, Delivery>,
    /// Deliveries that were received after the cut-off, and are not used.
    pub late: BTreeMap<ExtractId, Vec<Delivery>>,
}

impl Chosen {
    /// All deliveries, each once.
    pub fn all(&self) -> Vec<&Delivery> {
        let mut found: Vec<&Delivery> = Vec::new();
        for delivery in self.register.iter().chain(self.by_period.values()) {
            if !found.iter().any(|known| known.folder == delivery.folder) {
                found.push(delivery);
            }
        }
        found
    }

    /// Commitments to the files that determine the edition, under its salt.
    pub fn commitments(&self, salt: &str) -> BTreeMap<String, String> {
        let files = self.all().into_iter().flat_map(|delivery| {
            delivery
                .receipt
                .files
                .iter()
                .map(move |file| (named(delivery, &file.name), commitment_to(salt, delivery, file)))
        });
        files.collect()
    }

    /// The periods of the deliveries that a card reads of a source for a period of the indicator.
    pub fn periods(&self, read: &Read, period: Period) -> Vec<Period> {
        match read.at {
            At::Newest => self.newest.get(&read.extract).copied().into_iter().collect(),
            _ => read.periods(period),
        }
    }

    /// Whether a delivery that a card reads for a period of the indicator is missing.
    pub fn lacks(&self, card: &Card, period: Period) -> bool {
        card.reads.iter().any(|read| {
            let missing = |of: Option<Period>| self.missing.contains_key(&(read.extract.clone(), of));
            read.at == At::Newest && missing(None) || self.periods(read, period).into_iter().any(|of| missing(Some(of)))
        })
    }
}

/// What a delivered file is called in a manifest.
pub fn named(delivery: &Delivery, file: &str) -> String {
    format!("{} {} {file}", delivery.extract, delivery.period)
}

/// What is published of a delivered file: not its hash, against which the counts of a small table could be tried out.
pub fn commitment_to(salt: &str, delivery: &Delivery, file: &DeliveredFile) -> String {
    commitment(salt, &named(delivery, &file.name), &file.sha256)
}

/// Chooses the deliveries of an edition.
pub fn choose(project: &Project, edition: &Edition) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    let mut known: BTreeMap<ExtractId, Vec<Delivery>> = BTreeMap::new();
    for extract in project.extracts() {
        let mut found = deliveries(project, &extract.id)?;
        let late = found.extract_if(.., |delivery| delivery.delivered_on > edition.cut_off).collect();
        chosen.late.insert(extract.id.clone(), late);
        known.insert(extract.id.clone(), found);
    }
    // In their order the delivery before is either an earlier one of the period or the last of the period before.
    let pairs = known.values().flat_map(|found| found.windows(2));
    chosen.before = pairs.map(|pair| (pair[1].folder.clone(), pair[0].clone())).collect();
    let newest_of = |extract: &ExtractId, period: Period| {
        // In the order of reception, the last of a period supersedes those before it.
        known.get(extract).and_then(|found| found.iter().rfind(|delivery| delivery.period == period)).cloned()
    };
    let mut linked = false;
    for choice in &edition.indicators {
        let Some(card) = project.card(choice) else { continue };
        for period in &choice.periods {
            for read in &card.reads {
                let newest = known.get(&read.extract).and_then(|found| found.last()).map(|delivery| delivery.period);
                let wanted: Vec<Option<Period>> = match (read.at, newest) {
                    (At::Newest, Some(newest)) => {
                        chosen.newest.insert(read.extract.clone(), newest);
                        vec![Some(newest)]
                    }
                    (At::Newest, None) => vec![None],
                    _ => read.periods(*period).into_iter().map(Some).collect(),
                };
                let Some(extract) = project.extract(&read.extract) else { continue };
                linked |= matches!(extract.linking, Linking::Persons { .. } | Linking::Facts { .. });
                let key = match &extract.linking {
                    Linking::Facts { key, .. } => key.as_ref(),
                    _ => None,
                };
                // A key that covers everything since its beginning is the newest; another is that of the same period.
                let whole_key = key.and_then(|key| project.extract(key)).filter(|key| key.covers == Covers::History);
                let newest_key =
                    whole_key.map(|key| known.get(&key.id).and_then(|found| found.last()).map(|own| own.period));
                for of in wanted {
                    let keyed = key.map(|key| (key, newest_key.unwrap_or(of)));
                    for (extract, of) in std::iter::once((&read.extract, of)).chain(keyed) {
                        match of.and_then(|of| newest_of(extract, of)) {
                            Some(delivery) => {
                                chosen.by_period.insert((extract.clone(), delivery.period), delivery);
                            }
                            None => {
                                chosen.missing.entry((extract.clone(), of)).or_default().insert(card.id.clone());
                            }
                        }
                    }
                }
            }
        }
    }
    if linked {
        for extract in project.extracts() {
            let found = known.get(&extract.id).map(Vec::as_slice).unwrap_or_default();
            let history = extract.covers == Covers::History
                && matches!(
                    extract.linking,
                    Linking::Nationalities { .. } | Linking::Filiations { .. } | Linking::Replacements { .. }
                );
            let persons = matches!(extract.linking, Linking::Persons { .. });
            if !history && !persons {
                continue;
            }
            match found.last() {
                // A history stands for all earlier ones; of persons every known day may tell of somebody the others do not.
                Some(newest) if history => chosen.register.push(newest.clone()),
                Some(_) => {
                    let periods: BTreeSet<Period> = found.iter().map(|delivery| delivery.period).collect();
                    chosen.register.extend(periods.into_iter().filter_map(|period| newest_of(&extract.id, period)));
                }
                None => {
                    chosen.missing.entry((extract.id.clone(), None)).or_default().insert("linking".to_string());
                }
            }
        }
        let keys: Vec<Delivery> = chosen
            .by_period
            .values()
            .filter(|delivery| {
                project.extract(&delivery.extract).is_some_and(|extract| matches!(extract.linking, Linking::Key { .. }))
            })
            .cloned()
            .collect();
        chosen.register.extend(keys);
    }
    Ok(chosen)
}
