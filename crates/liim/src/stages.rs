//! The data's way, one screen of plain calls: land each extract, link persons, count each indicator, protect, publish.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use catalog::card::{Balance, Card};
use catalog::cell::{Cell, Reason, Recorded, TOTAL, Wording};
use catalog::contract::{ExtractId, Linking};
use catalog::digest::{hex, sha256};
use catalog::pipeline::{Choice, Edition};
use catalog::project::Project;
use catalog::{Day, Period, injection, workers};
use indicators::{Asked, Tie};
use ingest::delivery::Delivery;
use protect::{Guarded, RawQuality, Setting, Stamp};
use warehouse::confidential;
use warehouse::edition::{Publication, Published, prepare};
use warehouse::session::{Limits, Session};
use warehouse::store::{Warehouse, exists};

use crate::clock::Stage;
use crate::companions;
use crate::deliveries::Chosen;
use crate::failure::Failure;
use crate::falls;
use crate::key;
use crate::landing::{Landing, land};
use crate::link_quality;
use crate::linking::{self, Tables};
use crate::progress::Counted;

/// Rows about persons from which on nobody guesses all that was landed for an edition.
const UNGUESSABLE_ROWS: u64 = 10_000;

/// What an edition is made with.
pub struct Workshop<'w> {
    /// The project.
    pub project: &'w Project,
    /// The warehouse, locked for writing.
    pub warehouse: &'w Warehouse,
    /// Threads, memory.
    pub limits: Limits,
}

/// What publishing an edition came to.
pub struct Done {
    /// The edition.
    pub published: Published,
    /// Whether it was published without a source, or `latest` does not point at it yet.
    pub incomplete: bool,
}

impl Workshop<'_> {
    /// Makes one edition.
    pub fn make(&self, edition: &Edition, chosen: &Chosen) -> Result<Done, Failure> {
        let mut quality = Vec::new();
        warehouse::release::settle(self.warehouse)?;
        let landings = self.land(chosen, &mut quality)?;
        let (tables, rates) = linking::link(self, edition, chosen, &landings, &mut quality)?;
        self.check_tables(&tables)?;
        self.link_quality(edition, chosen, &tables, &mut quality)?;
        let (cells, mut warnings) = self.count(edition, chosen, &tables, &mut quality)?;
        warnings.extend(falls::warnings((self.project, self.warehouse), chosen, &landings, &rates)?);
        injection::point("run.counted")?;
        let words = self.words(edition);
        let earlier = self.records()?;
        let (rules, balances) = (&self.project.pipeline.protection, self.balances());
        let key = key::read(self.project)?;
        let setting = Setting {
            rules,
            balances: &balances,
            reference: &self.project.reference,
            words: &words,
            earlier: &earlier,
            key: &key,
            threads: self.limits.threads,
        };
        let guarded = self.protect(edition, &cells, &setting, quality)?;
        let recorded = self.with_carried(edition, &guarded.recorded)?;
        let stage = Stage::begin("publish", format!("publishing {}", edition.id));
        let salt = self.salt(edition, chosen, &landings)?;
        injection::point("run.protected")?;
        let waiting = confidential::write(self.warehouse, &edition.id, (&recorded, &guarded), &salt)?;
        let prepared = prepare(
            self.warehouse,
            &Publication {
                edition,
                pipeline: &self.project.pipeline,
                protected: &guarded.protected,
                words: companions::words(self.project, self.warehouse, edition, (chosen, &salt), &cells)?,
                definitions: self.project.definitions_of(edition),
                deliveries: chosen.commitments(&salt),
                synthetic: chosen.all().iter().any(|delivery| delivery.receipt.synthetic),
                archive: &self.project.files,
                warnings,
                proof_sha256: &waiting.sha256,
            },
        )?;
        stage.end(format!("{} rows written", guarded.protected.observations().len()));
        let stage = Stage::begin("audit", format!("auditing {}", edition.id));
        injection::point("run.written")?;
        let written = prepared.open()?;
        let observations = written.observations()?;
        let rules = audit::Rules { protection: rules, balances: &balances };
        let evidence = audit::Evidence { rules, record: &waiting.record()?, earlier: &earlier };
        let mut found = audit::released(&written, &observations, &evidence, &guarded)?;
        let mut pages = 0;
        for page in crate::pages::rendered(&written, &observations)? {
            let (_, told) = page?;
            injection::point("audit.page")?;
            pages += 1;
            found.extend(told);
        }
        if !found.is_empty() {
            stage.end(format!("{} findings", found.len()));
            prepared.discard()?;
            waiting.discard()?;
            return Err(Failure::Exposed(told(&found)));
        }
        stage.end(format!("every proof holds, {pages} pages read back"));
        injection::point("run.audited")?;
        waiting.settle(self.warehouse, &prepared)?;
        let published = prepared.publish()?;
        tracing::info!("{} is at {}", edition.id, published.folder.display());
        let latest = warehouse::release::point_at_latest(self.warehouse);
        if let Err(error) = &latest {
            tracing::warn!("{} is published, and `latest` was not moved: {error}; the next run moves it", edition.id);
        }
        Ok(Done { published, incomplete: !chosen.missing.is_empty() || latest.is_err() })
    }

    /// Lands what is not landed yet, and adds its counts.
    pub fn land(&self, chosen: &Chosen, quality: &mut Vec<RawQuality>) -> Result<BTreeMap<PathBuf, Landing>, Failure> {
        let mut landings = BTreeMap::new();
        let mut faults = Vec::new();
        let stage = Stage::begin("land", "all deliveries");
        let deliveries = chosen.all();
        for (delivery, landed) in deliveries.iter().zip(self.land_all(&deliveries)?) {
            // One broken delivery does not hide the next.
            match landed {
                Ok(landing) => {
                    quality.extend(landing.quality(delivery));
                    landings.insert(delivery.folder.clone(), landing);
                }
                Err(Failure::Contract(found)) => faults.extend(found),
                Err(other) => return Err(other),
            }
        }
        stage.end(format!("{} landed", landings.len()));
        if faults.is_empty() { Ok(landings) } else { Err(Failure::Contract(faults)) }
    }

    /// Lands deliveries side by side, the largest first: while one reads, another puts its keys in order or writes.
    fn land_all(&self, deliveries: &[&Delivery]) -> Result<Vec<Result<Landing, Failure>>, Failure> {
        let size = |delivery: &Delivery| delivery.receipt.files.iter().map(|file| file.bytes).sum::<u64>();
        let mut order: Vec<usize> = (0..deliveries.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(size(deliveries[*at])));
        let threads = self.limits.threads.clamp(1, deliveries.len().max(1));
        let each = (self.limits.threads / threads).max(1);
        let counted = Counted::begin("landing", deliveries.len());
        let landed = workers::each(threads, &order, |at| {
            let landed = land(self.project, self.warehouse, deliveries[*at], each);
            counted.step();
            landed
        })?;
        let mut found: Vec<(usize, Result<Landing, Failure>)> = order.into_iter().zip(landed).collect();
        found.sort_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, landed)| landed).collect())
    }

    /// The linked tables of an edition: those of its run, where it left them whole, else made again.
    pub fn linked(
        &self,
        edition: &Edition,
        chosen: &Chosen,
        landings: &BTreeMap<PathBuf, Landing>,
    ) -> Result<Tables, Failure> {
        let tables: Vec<_> = chosen
            .by_period
            .keys()
            .map(|(id, period)| ((id.clone(), *period), self.warehouse.work_table(&edition.id, id, *period)))
            .collect();
        let mut stored = Tables::new();
        for (key, path) in tables {
            if exists(&path)? {
                stored.insert(key, path);
            }
        }
        let wanted = chosen.by_period.keys().filter(|(id, _)| {
            self.project.extract(id).is_some_and(|extract| matches!(extract.linking, Linking::Persons { .. }))
        });
        if wanted.into_iter().all(|key| stored.contains_key(key)) {
            self.check_tables(&stored)?;
            return Ok(stored);
        }
        Ok(linking::link(self, edition, chosen, landings, &mut Vec::new())?.0)
    }

    /// Checks that linked tables are as they were written, before they are read.
    fn check_tables(&self, tables: &Tables) -> Result<(), Failure> {
        let files: Vec<&PathBuf> = tables.values().collect();
        let checked = workers::each(self.limits.threads, &files, |file| warehouse::store::checked(file))?;
        checked.into_iter().try_for_each(|checked| checked.map(|_| ())).map_err(Failure::from)
    }

    /// The salt of an edition's commitments: a hash over all that was landed for it. It is the same for who makes the edition
    /// again from the same deliveries, and can be known only by who holds every one of them, so that a commitment to a small
    /// table tells nothing to who lacks the register. Where few rows are about persons all of it could be guessed, and the
    /// key of the project is mixed in.
    fn salt(
        &self,
        edition: &Edition,
        chosen: &Chosen,
        landings: &BTreeMap<PathBuf, Landing>,
    ) -> Result<String, Failure> {
        let of_persons: u64 = chosen
            .all()
            .into_iter()
            .filter(|delivery| self.project.extract(&delivery.extract).is_some_and(|extract| extract.is_personal()))
            .filter_map(|delivery| landings.get(&delivery.folder))
            .map(|landing| landing.summary.rows)
            .sum();
        let mixed_in = if of_persons < UNGUESSABLE_ROWS { hex(&key::read(self.project)?) } else { String::new() };
        let landed: Vec<&str> = landings.values().map(|landing| landing.sha256.as_str()).collect();
        Ok(sha256(format!("salt 1 {} {mixed_in}\n{}", edition.id, landed.join("\n")).as_bytes()))
    }

    /// Counts how good the link is.
    fn link_quality(
        &self,
        edition: &Edition,
        chosen: &Chosen,
        tables: &Tables,
        quality: &mut Vec<RawQuality>,
    ) -> Result<(), Failure> {
        let stage = Stage::begin("quality", format!("counting the quality of the link for {}", edition.id));
        let session = Session::new(&self.limits)?;
        let (origins, _) = linking::needs(self.project, edition);
        let before = quality.len();
        for (id, period) in chosen.by_period.keys() {
            let (Some(extract), Some(file)) = (self.project.extract(id), tables.get(&(id.clone(), *period))) else {
                continue;
            };
            if matches!(extract.linking, Linking::Persons { .. } | Linking::Facts { .. }) {
                let reference = &self.project.reference;
                quality.extend(link_quality::counts(&session, reference, extract, *period, file, &origins)?);
            }
            // Moves are held against the register's residents of the first 1 January after them.
            if let Linking::Facts { moves_to: Some(to), .. } = &extract.linking
                && let Some(residents) = self.residents(tables, period.end().plus(1))
            {
                quality.extend(link_quality::arrivals(&session, (extract, *period), (file, to), residents)?);
            }
        }
        stage.end(format!("{} counts", quality.len() - before));
        Ok(())
    }

    /// The linked residents of a day, where the edition has them.
    fn residents<'t>(&self, tables: &'t Tables, day: Day) -> Option<&'t Path> {
        let found = tables.iter().find(|((id, period), _)| {
            let persons = self.project.extract(id).is_some_and(|own| matches!(own.linking, Linking::Persons { .. }));
            persons && *period == Period::day(day)
        });
        found.map(|(_, file)| file.as_path())
    }

    fn count(
        &self,
        edition: &Edition,
        chosen: &Chosen,
        tables: &BTreeMap<(ExtractId, Period), PathBuf>,
        quality: &mut Vec<RawQuality>,
    ) -> Result<(Vec<Cell>, Vec<String>), Failure> {
        let session = Session::new(&self.limits)?;
        let mut cells = Vec::new();
        let mut warnings = Vec::new();
        let mut asked = Vec::new();
        let periods = edition.indicators.iter().map(|choice| choice.periods.len()).sum();
        let counted = Counted::begin("counting", periods);
        for choice in &edition.indicators {
            let Some(card) = self.project.card(choice) else { continue };
            for period in &choice.periods {
                let stage = Stage::begin("count", format!("counting {} {period}", card.id));
                if chosen.lacks(card, *period) {
                    asked.push((card, *period, None));
                    stage.end("not delivered");
                } else {
                    let answer = self.ask(&session, choice, card, *period, (chosen, tables))?;
                    stage.end(format!("{} rows", answer.rows()));
                    asked.push((card, *period, Some(answer)));
                }
                counted.step();
            }
        }
        drop(counted);
        // Adding up and completing needs no engine, and cards do not wait for each other.
        let stage = Stage::begin("complete", format!("completing {}", edition.id));
        let completed = workers::each(self.limits.threads, &asked, |(_, _, answer)| {
            answer.as_ref().map(|answer| answer.complete().map_err(Failure::from)).transpose()
        })?;
        for ((card, period, _), counted) in asked.iter().zip(completed) {
            let Some(counted) = counted? else {
                cells.extend(indicators::not_delivered(self.project, card, *period)?);
                continue;
            };
            warnings.extend(ties(card, *period, &counted.ties));
            let outside = u64::try_from(counted.outside).unwrap_or(0);
            let of = period.to_string();
            quality.push(RawQuality::of("count", &card.id, &of, "outside-flanders", TOTAL, outside));
            cells.extend(counted.cells);
        }
        stage.end(format!("{} cells", cells.len()));
        for told in indicators::implausible(&self.project.plausibility, &cells) {
            tracing::warn!("{told}");
            warnings.push(told);
        }
        Ok((cells, warnings))
    }

    /// Gives a card's query its tables, and asks it.
    fn ask<'c>(
        &'c self,
        session: &Session,
        choice: &Choice,
        card: &'c Card,
        period: Period,
        (chosen, tables): (&Chosen, &Tables),
    ) -> Result<Asked<'c>, Failure> {
        let origin = self.project.origin_of(choice).map(|origin| origin.id.as_str());
        for (extract, attributes) in indicators::tables(self.project, card, origin) {
            let read = card.reads.iter().find(|read| read.extract == *extract);
            let files: Vec<PathBuf> = read
                .into_iter()
                .flat_map(|read| chosen.periods(read, period))
                .filter_map(|of| tables.get(&(extract.clone(), of)).cloned())
                .collect();
            if files.is_empty() && read.is_some_and(|read| read.since.is_some()) {
                let fields: Vec<_> = attributes.into_iter().map(|own| own.field).collect();
                session.register_empty(&extract.table(), &fields)?;
                continue;
            }
            let columns: Vec<(String, String)> =
                attributes.into_iter().map(|own| (own.stored, own.field.name)).collect();
            session.register_files(&extract.table(), &files, &columns)?;
        }
        Ok(indicators::ask(self.project, session, card, period)?)
    }

    fn words(&self, edition: &Edition) -> BTreeMap<String, Wording> {
        let choices = edition.indicators.iter();
        choices.filter_map(|choice| Some((choice.indicator.clone(), wording(self.project, choice)?))).collect()
    }

    /// The balances of all cards.
    fn balances(&self) -> BTreeMap<String, Balance> {
        let cards = self.project.cards.values();
        cards.filter_map(|card| Some((card.id.clone(), card.balance.clone()?))).collect()
    }

    /// What was counted behind every edition published so far, in the order of the ledger.
    fn records(&self) -> Result<Vec<Vec<Recorded>>, Failure> {
        let lines = warehouse::edition::read_ledger(self.warehouse)?;
        let records = lines.iter().map(|(line, _)| confidential::record_of(self.warehouse, &line.edition));
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// Equalities between tables that the counts of the published editions show and the definitions do not name.
    pub fn equalities(&self) -> Result<Vec<protect::linked::Equality>, Failure> {
        let rules = &self.project.pipeline.protection;
        Ok(protect::equalities(&self.records()?, (rules, &self.balances(), &self.project.reference)))
    }

    /// The record of an edition: its own cells, and those that it carries.
    fn with_carried(&self, edition: &Edition, own: &[Recorded]) -> Result<Vec<Recorded>, Failure> {
        let mut recorded = own.to_vec();
        if let Some(followed) = &edition.follows {
            let counted: BTreeSet<&str> = edition.indicators.iter().map(|choice| choice.indicator.as_str()).collect();
            let earlier = confidential::record_of(self.warehouse, followed)?;
            // Counts about the work are not carried.
            let is_carried = |row: &Recorded| {
                let indicator = row.cell.key.indicator.as_str();
                !counted.contains(indicator) && self.project.cards.contains_key(indicator)
            };
            recorded.extend(earlier.into_iter().filter(is_carried));
        }
        recorded.sort_by(|a, b| a.cell.key.cmp(&b.cell.key));
        Ok(recorded)
    }

    fn protect<'s>(
        &self,
        edition: &Edition,
        cells: &[Cell],
        setting: &Setting<'s>,
        quality: Vec<RawQuality>,
    ) -> Result<Guarded<'s>, Failure> {
        let stage = Stage::begin("protect", format!("protecting the {} cells of {}", cells.len(), edition.id));
        let stamp = Stamp { edition_id: edition.id.clone(), monitor: edition.monitor.clone() };
        let mut guarded = protect::protect(cells, quality, setting, &stamp)?;
        for equality in &guarded.equalities {
            tracing::info!("{equality}");
        }
        let earlier = match &edition.follows {
            Some(id) => warehouse::edition::open(self.warehouse, id)?.observations()?,
            None => Vec::new(),
        };
        guarded.protected = std::mem::take(&mut guarded.protected).following(&stamp, earlier).with_cost();
        let by_reason = guarded.protected.by_reason();
        let of = |reason: Reason| by_reason.get(reason.word()).copied().unwrap_or(0);
        stage.end(format!(
            "{} rows, {} withheld, {} with a rounded share only, protection: {}",
            guarded.protected.observations().len(),
            of(Reason::Withheld),
            of(Reason::ShareOnly),
            guarded.protected.method()
        ));
        Ok(guarded)
    }
}

/// What an audit found, the first of it in full.
fn told(found: &[String]) -> String {
    const TOLD: usize = 5;
    let first = found.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    if found.len() > TOLD { format!("{first}; and {} more findings", found.len() - TOLD) } else { first }
}

/// Says where two sources give a total; those that differ, to be told in the manifest.
fn ties(card: &Card, period: Period, ties: &[Tie]) -> Vec<String> {
    let mut differing = Vec::new();
    for tie in ties {
        let said = format!(
            "{} {period}: {} says {}, the groups of {} add up to {}",
            card.id, tie.given_by, tie.given, tie.added_by, tie.added
        );
        if tie.given == tie.added {
            tracing::info!("{said}: they agree");
        } else {
            tracing::warn!("{said}");
            differing.push(said);
        }
    }
    differing
}

/// How an indicator's rows are worded in an edition: where origin is used, its definition is the method.
pub fn wording(project: &Project, choice: &Choice) -> Option<Wording> {
    let card: &Card = project.card(choice)?;
    let mut wording = card.wording.clone();
    if let Some(origin) = project.origin_of(choice) {
        wording.method = origin.id.clone();
        wording.level = origin.level.clone();
    }
    Some(wording)
}
