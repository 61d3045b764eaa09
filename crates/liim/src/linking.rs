//! The stage that links: the register is taken in, and every landed table of persons gets its attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

use arrow::record_batch::RecordBatch;
use catalog::cell::TOTAL;
use catalog::contract::{Extract, ExtractId, Form, Linking};
use catalog::origin::OriginDefinition;
use catalog::pipeline::Edition;
use catalog::project::Project;
use catalog::schema::UNREADABLE;
use catalog::{Period, workers};
use ingest::delivery::Delivery;
use ingest::landed_schema;
use link::{Linker, Permutation, Register, RegisterBuilder, Residents, STRANGERS, Slots, Tally};
use protect::RawQuality;
use warehouse::store::{PrivateWriter, row_count, typed_rows};

use crate::clock::Stage;
use crate::deliveries::Chosen;
use crate::failure::Failure;
use crate::floors::{self, LinkageRate};
use crate::key;
use crate::landing::Landing;
use crate::progress::{self, Counted};
use crate::stages::Workshop;

/// Stored tables by what they are of.
pub type Tables = BTreeMap<(ExtractId, Period), PathBuf>;

/// Slots of the rows of persons that will be linked, by the folder of their delivery.
pub type SlotsOf = BTreeMap<PathBuf, Slots>;

/// Gives the stored table of each delivery that a card reads: linked, or as landed where it holds no persons; and how much
/// of each source links.
///
/// # Errors
/// Where a table cannot be read or written, or a source links less than its contract wants.
pub fn link<'p>(
    workshop: &Workshop<'p>,
    edition: &Edition,
    chosen: &Chosen,
    landings: &BTreeMap<PathBuf, Landing>,
    quality: &mut Vec<RawQuality>,
) -> Result<(Tables, Vec<LinkageRate<'p>>), Failure> {
    let (project, warehouse) = (workshop.project, workshop.warehouse);
    warehouse.clear_work(&edition.id)?;
    let stage = Stage::begin("link", format!("linking for {}", edition.id));
    let landed = |delivery: &Delivery| landings.get(&delivery.folder);
    // Every chosen delivery was landed; a path to nothing could not be read.
    let rows_of = |delivery: &Delivery| landed(delivery).map_or_else(PathBuf::new, |landing| landing.rows.clone());
    let of_persons = |extract: &Extract| matches!(extract.linking, Linking::Persons { .. });
    let mut slots = SlotsOf::new();
    for (_, delivery) in chosen.by_period.iter().filter(|((id, _), _)| project.extract(id).is_some_and(of_persons)) {
        slots.insert(delivery.folder.clone(), Slots::default());
    }
    let register = register((project, workshop.limits.threads), edition, chosen, &rows_of, &mut slots)?;
    progress::doing("linking what is counted to the register");
    tracing::debug!(stage = "link", "the register of {} persons is taken in", register.count());
    let key = key::read_or_make(project)?;
    let numbers = Permutation::new(&key, &edition.id, register.count());
    let strangers = Permutation::of_strangers(&key, &edition.id, STRANGERS);
    let (origins, schemes) = needs(project, edition);
    let schemes = schemes.iter().map(String::as_str).collect();
    let linker = Linker::new(&register, (&numbers, &strangers), &project.reference, origins, schemes);

    let mut tables = BTreeMap::new();
    let mut tasks = Vec::new();
    for ((id, period), delivery) in &chosen.by_period {
        let Some(extract) = project.extract_for(id, *period) else { continue };
        match extract.linking {
            Linking::None => {
                tables.insert((id.clone(), *period), rows_of(delivery));
            }
            Linking::Persons { .. } | Linking::Facts { .. } | Linking::Unlinked { .. } => {
                let size = landed(delivery).map_or(0, |landing| landing.summary.rows);
                let to = warehouse.work_table(&edition.id, id, *period);
                tasks.push((size, extract, *period, slots.remove(&delivery.folder), rows_of(delivery), to));
            }
            _ => {}
        }
    }
    // The largest first, so that the threads end together.
    tasks.sort_by_key(|(size, extract, period, ..)| (std::cmp::Reverse(*size), extract.id.clone(), *period));
    let counted = Counted::begin("linking", tasks.len());
    let tallies = workers::each(workshop.limits.threads, &tasks, |(_, extract, period, slots, from, to)| {
        progress::doing(&format!("linking {} {period}", extract.id));
        let writer = workshop.warehouse.write_private(to, &linker.schema(extract))?;
        let tally = match (&extract.linking, slots) {
            (Linking::Persons { .. }, Some(slots)) => {
                residents(&linker, (&register, slots), (*extract, *period), from, writer)
            }
            _ => facts(&linker, (*extract, *period), from, writer),
        };
        counted.step();
        tally
    })?;
    drop(counted);
    let mut rates = Vec::new();
    for ((_, extract, period, .., to), tally) in tasks.into_iter().zip(tallies) {
        let tally = tally?;
        match extract.linking {
            Linking::Facts { .. } => {
                rates.push(LinkageRate { extract, period, linked: tally.linked, rows: tally.rows });
            }
            Linking::Persons { .. } => rates.extend(floors::of_residents(workshop, period, &to)?),
            _ => {}
        }
        quality.extend(linked(&extract.id, period, &extract.linking, tally));
        tables.insert((extract.id.clone(), period), to);
    }
    quality.extend(told(&register, edition));
    stage.end(format!("{} persons, {} tables", register.count(), tables.len()));
    floors::hold(&rates)?;
    Ok((tables, rates))
}

/// Takes the register in as it was known at the cut-off: its persons first, then all that is said of them side by side.
/// Of deliveries that are asked for by their folder the slots are kept.
pub fn register(
    (project, threads): (&Project, usize),
    edition: &Edition,
    chosen: &Chosen,
    rows_of: &(dyn Fn(&Delivery) -> PathBuf + Sync),
    kept: &mut SlotsOf,
) -> Result<Register, Failure> {
    let mut builder = RegisterBuilder::new(edition.cut_off);
    let rows = |delivery: &Delivery, extract: &Extract| {
        typed_rows(&rows_of(delivery), &register_columns(&extract.linking), &landed_schema(extract))
    };
    let known = chosen
        .register
        .iter()
        .filter_map(|delivery| Some((delivery, project.extract_for(&delivery.extract, delivery.period)?)));
    let (persons, others): (Vec<_>, Vec<_>) =
        known.partition(|(_, extract)| matches!(extract.linking, Linking::Persons { .. }));
    for (delivery, extract) in persons {
        builder.next_delivery(row_count(&rows_of(delivery))?);
        let batches = rows(delivery, extract)?;
        let mut slots = kept.get_mut(&delivery.folder);
        // The next rows are decoded while the last are taken in.
        workers::scoped(|scope| -> Result<(), Failure> {
            let (give, take) = sync_channel(4);
            scope.spawn(move || batches.into_iter().all(|batch| give.send(batch).is_ok()));
            for batch in take {
                builder.take_persons(extract, &batch?, slots.as_deref_mut())?;
            }
            Ok(())
        })??;
    }
    builder.end_of_persons();
    // The longest first, so that the threads end together; but they are settled in the order of the deliveries.
    let mut order = Vec::new();
    for (place, (delivery, extract)) in others.iter().enumerate() {
        let rows = row_count(&rows_of(delivery))?;
        // A pseudonym is put where its number is found, which takes several times as long as finding a number.
        let each = if matches!(extract.linking, Linking::Key { .. }) { 4 } else { 1 };
        order.push((rows * each, rows, place));
    }
    order.sort_unstable_by(|a, b| b.cmp(a));
    let gathered = workers::each(threads, &order, |(_, expected, place)| -> Result<_, Failure> {
        let (delivery, extract) = &others[*place];
        let mut gatherer = builder.gather(*expected);
        for batch in rows(delivery, extract)? {
            gatherer.take(extract, &batch?)?;
        }
        Ok(gatherer.finish())
    })?;
    let mut gathered: Vec<_> = order.into_iter().map(|(.., place)| place).zip(gathered).collect();
    gathered.sort_unstable_by_key(|(place, _)| *place);
    for (_, gathered) in gathered {
        builder.settle(gathered?)?;
    }
    Ok(builder.finish(threads)?)
}

/// Links the residents of a day.
fn residents(
    linker: &Linker<'_>,
    (register, slots): (&Register, &Slots),
    (extract, period): (&Extract, Period),
    from: &Path,
    writer: PrivateWriter,
) -> Result<Tally, Failure> {
    let schema = landed_schema(extract);
    let mut residents = Residents::new(register, extract, slots, || -> Result<_, Failure> {
        let batches = typed_rows(from, &residents_columns(extract), &schema)?;
        Ok(Box::new(batches.map(|batch| Ok(batch?))) as Box<dyn Iterator<Item = Result<RecordBatch, Failure>>>)
    })?;
    let batches = typed_rows(from, &residents_columns(extract), &schema)?;
    writer.write_all(
        batches.map(|batch| -> Result<_, Failure> {
            Ok(linker.link_residents(extract, period, &batch?, &mut residents)?)
        }),
    )?;
    Ok(residents.finish()?)
}

/// Links the facts of a period.
fn facts(
    linker: &Linker<'_>,
    (extract, period): (&Extract, Period),
    from: &Path,
    writer: PrivateWriter,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let batches = typed_rows(from, &[], &landed_schema(extract))?;
    writer.write_all(
        batches.map(|batch| -> Result<_, Failure> { Ok(linker.link(extract, period, &batch?, &mut tally)?) }),
    )?;
    Ok(tally)
}

/// Origin definitions and group schemes that an edition's cards use.
pub fn needs<'p>(project: &'p Project, edition: &Edition) -> (Vec<&'p OriginDefinition>, BTreeSet<String>) {
    let mut origins: BTreeMap<&str, &OriginDefinition> = BTreeMap::new();
    let mut schemes = BTreeSet::new();
    for choice in &edition.indicators {
        if let Some(origin) = project.origin_of(choice) {
            origins.insert(&origin.id, origin);
        }
        let Some(card) = project.card(choice) else { continue };
        schemes.extend(card.groups.as_ref().map(|groups| groups.scheme.clone()));
        for other in &card.definitions {
            origins.extend(project.origins.get(other).map(|origin| (origin.id.as_str(), origin)));
        }
    }
    (origins.into_values().collect(), schemes)
}

/// Says what was noticed in the register at the cut-off, and gives it as counts for the quality table.
fn told(register: &Register, edition: &Edition) -> Vec<RawQuality> {
    let findings = register.findings();
    for (what, count) in [
        ("persons of whom only the number is known", findings.without_record),
        ("rows registered after the cut-off, not used", findings.after_cut_off),
        ("persons that stand twice in a delivery, one row used", findings.repeated_persons),
        ("numbers said to be replaced by two others, the later used", findings.replaced_twice),
        ("numbers whose replacements lead into a circle, left as they are", findings.circular),
        ("parents who are not older than their child, kept as the register has them", findings.not_older),
        (
            "persons of whom a row of the nationality history cannot be read, or cannot be dated to the day",
            findings.histories_in_doubt,
        ),
        ("persons of whom a tie to a parent cannot be read", findings.parents_in_doubt),
        ("ties to a parent beyond a father and a mother, or alike, not used", findings.unused_filiations),
    ] {
        if count > 0 {
            tracing::warn!(count, "{what}");
        }
    }
    [
        ("persons", findings.persons),
        ("without-record", findings.without_record),
        ("after-cut-off", findings.after_cut_off),
        ("repeated-persons", findings.repeated_persons),
        ("replaced-numbers", findings.replaced),
        ("replaced-twice", findings.replaced_twice),
        ("replaced-in-a-circle", findings.circular),
        ("parents-not-older", findings.not_older),
        ("histories-in-doubt", findings.histories_in_doubt),
        ("parents-in-doubt", findings.parents_in_doubt),
        ("unused-ties", findings.unused_filiations),
    ]
    .map(|(measure, value)| {
        // Each stands for itself: none can be worked out from the others.
        RawQuality::of("link", "register", &edition.cut_off.to_string(), measure, &format!("{measure}:"), value)
    })
    .into()
}

fn linked(id: &ExtractId, period: Period, linking: &Linking, tally: Tally) -> Vec<RawQuality> {
    let (source, of) = (id.to_string(), period.to_string());
    let count = |measure: &str, value: u64| RawQuality::of("link", &source, &of, measure, TOTAL, value);
    match linking {
        Linking::Unlinked { .. } => vec![count("rows", tally.rows)],
        Linking::Persons { .. } => {
            vec![
                count("rows", tally.rows),
                count("resident", tally.linked),
                count("not-resident", tally.not_resident),
                count("repeated", tally.repeated),
            ]
        }
        _ => {
            let unlinked = tally.rows - tally.linked;
            if unlinked > 0 {
                tracing::warn!(
                    rows = tally.rows,
                    unlinked,
                    "{id} {period}: rows of persons whom the register does not know"
                );
            }
            let mut found = vec![count("rows", tally.rows), count("linked", tally.linked), count("unlinked", unlinked)];
            for (what, differing) in [("sex-differs", tally.sex_differs), ("birth-differs", tally.birth_differs)] {
                if differing > 0 {
                    tracing::warn!(differing, "{id} {period}: {what} from the register, whose word is used");
                    found.push(RawQuality::of("link", &source, &of, what, &format!("{what}:"), differing));
                }
            }
            found
        }
    }
}

/// The columns of a landed table of persons that linking reads of those who are resident.
fn residents_columns(extract: &Extract) -> Vec<&str> {
    let mut columns = match &extract.linking {
        Linking::Persons { register, area, .. } => vec![register.as_str(), area.as_str()],
        _ => Vec::new(),
    };
    if let Form::Workbook { sheet_column, .. } = &extract.form {
        columns.push(sheet_column);
    }
    columns
}

/// The columns of a landed table that linking reads when it takes the register in.
fn register_columns(linking: &Linking) -> Vec<&str> {
    match linking {
        Linking::Persons { person, birth, sex, .. } => vec![person, birth, sex],
        Linking::Nationalities { person, order, from, until, nationality, registered_on } => {
            vec![person, order, from, until, nationality, registered_on, UNREADABLE]
        }
        Linking::Filiations { person, parent, number, sex, from, until, registered_on } => {
            vec![person, parent, number, sex, from, until, registered_on, UNREADABLE]
        }
        Linking::Key { coded, person } => vec![coded, person],
        Linking::Replacements { old, new, on, registered_on } => vec![old, new, on, registered_on],
        _ => Vec::new(),
    }
}
