//! Every person's origin against what synth drew, person by person.
//!
//! `LIIM_TRUTH_SCALE` and `LIIM_TRUTH_CALIBRATE` run it at another scale, full size for one, and on Statbel's table.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use arrow::array::{Array, StringArray, UInt32Array};
use catalog::Day;
use catalog::contract::Linking;
use catalog::project::Project;
use link::{Permutation, Register, RegisterBuilder};
use warehouse::store::{Warehouse, rows};

use crate::faults::rejected;
use crate::project::{Folder, done, files_below, project, synthetic};

/// The register as linking numbers it: positions are given in the order in which rows are taken in.
fn register(project: &Project, warehouse: &Warehouse, edition: &str, persons: &[&str], history: &str) -> Register {
    let cut_off = project.pipeline.edition(edition).unwrap().cut_off;
    let mut builder = RegisterBuilder::new(cut_off);
    // Persons first, as a run does; who else there is has been told of by them.
    let own = |wanted: fn(&Linking) -> bool| project.extracts().filter(move |extract| wanted(&extract.linking));
    let of_persons = own(|linking| matches!(linking, Linking::Persons { .. }))
        .flat_map(|extract| persons.iter().map(|period| (&extract.id, *period)));
    let histories = own(|linking| {
        matches!(linking, Linking::Nationalities { .. } | Linking::Filiations { .. } | Linking::Replacements { .. })
    });
    // The key of social security, where the edition reads what comes under its pseudonyms.
    let read = edition.ends_with(OTHER_DAY);
    let keys =
        own(|linking| matches!(linking, Linking::Key { .. })).filter(|_| read).map(|extract| (&extract.id, "2010"));
    for (id, period) in of_persons.chain(histories.map(|extract| (&extract.id, history))).chain(keys) {
        let folder = warehouse.landed().join(&id.supplier).join(&id.extract).join(period);
        let file = files_below(&folder).into_iter().find(|path| path.ends_with("rows.parquet")).unwrap();
        builder.next_delivery(0);
        for batch in rows(&folder.join(file), &[]).unwrap() {
            builder.take(project.extract(id).unwrap(), &batch.unwrap()).unwrap();
        }
    }
    builder.finish(2).unwrap()
}

struct Linked {
    columns: HashMap<u32, Vec<Option<String>>>,
}

fn linked(warehouse: &Warehouse, edition: &str, period: &str, columns: &[String]) -> Linked {
    let path: PathBuf = warehouse.work().join(edition).join("rijksregister_personen").join(format!("{period}.parquet"));
    let mut found = HashMap::new();
    for batch in rows(&path, &[]).unwrap() {
        let batch = batch.unwrap();
        let person = batch.column_by_name("person").unwrap().as_any().downcast_ref::<UInt32Array>().unwrap().clone();
        let texts: Vec<StringArray> = columns
            .iter()
            .map(|name| {
                batch
                    .column_by_name(name)
                    .unwrap_or_else(|| panic!("no column {name}"))
                    .as_any()
                    .downcast_ref::<StringArray>()
                    .unwrap()
                    .clone()
            })
            .collect();
        for at in 0..batch.num_rows() {
            let row = texts.iter().map(|array| array.is_valid(at).then(|| array.value(at).to_string())).collect();
            assert!(found.insert(person.value(at), row).is_none(), "a person number was given twice");
        }
    }
    Linked { columns: found }
}

/// How many persons the truth of a day has, and of which the linked rows differ from it, or are not there.
struct Compared {
    persons: u64,
    differing: Vec<String>,
}

fn compare(root: &Path, edition: &str, period: &str, register: &Register, definitions: &[&str]) -> Compared {
    let project = Project::load(root).unwrap();
    let warehouse = Warehouse::reading(&root.join("warehouse"));
    let key = std::fs::read(root.join(&project.pipeline.key_file)).unwrap();
    let numbers = Permutation::new(&key, edition, register.count());
    let mut columns: Vec<String> = ["area", "sex", "register", "nationality"].map(str::to_string).to_vec();
    for definition in definitions {
        columns.extend([
            format!("{definition}@class"),
            format!("{definition}@liim-2011"),
            format!("{definition}@decided_by"),
        ]);
    }
    let linked = linked(&warehouse, edition, period, &columns);
    let scheme = &project.reference.schemes["liim-2011"];
    let day: Day = period.parse().unwrap();
    let mut groups: BTreeMap<String, String> = BTreeMap::new();
    let mut group_of = |code: &str| {
        groups
            .entry(code.to_string())
            .or_insert_with(|| scheme.groups[project.reference.group(scheme, code, day).unwrap()].code.clone())
            .clone()
    };
    let text = std::fs::read_to_string(root.join(format!("truth/origin_{period}.csv"))).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(';').collect();
    let column =
        |name: &str| header.iter().position(|known| *known == name).unwrap_or_else(|| panic!("no {name} in the truth"));
    let mut compared = Compared { persons: 0, differing: Vec::new() };
    let mut there = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(';').collect();
        let truth = |name: &str| fields[column(name)].to_string();
        compared.persons += 1;
        let position = register.position(fields[0].parse().unwrap());
        let Some(found) = position.and_then(|position| linked.columns.get(&numbers.number(position))) else {
            compared.differing.push(fields[0].to_string());
            continue;
        };
        there += 1;
        let mut expected = vec![truth("municipality"), truth("sex"), truth("register"), truth("nationality")];
        for definition in definitions {
            expected.push(truth(&format!("{definition}.class")));
            expected.push(group_of(&truth(&format!("{definition}.group"))));
            expected.push(truth(&format!("{definition}.decided_by")));
        }
        let found: Vec<String> = found.iter().map(|text| text.clone().unwrap_or_default()).collect();
        if found != expected {
            if compared.differing.is_empty() {
                println!("{edition} {period}: {columns:?} linked as {found:?}, drawn as {expected:?}");
            }
            compared.differing.push(fields[0].to_string());
        }
    }
    let linked_residents = linked.columns.values().filter(|row| row[2].as_deref() != Some("W"));
    // The register also holds residents of Brussels and Wallonia, as parents; the truth is of Flanders.
    let flemish = linked_residents
        .filter(|row| project.reference.areas.iter().any(|area| Some(area.code.as_str()) == row[0].as_deref()));
    assert_eq!(flemish.count(), there, "linked residents of Flanders that the truth does not have");
    compared
}

/// The day on which an edition by the other definitions is published.
const OTHER_DAY: &str = "17";

/// Editions that need all six definitions between them, each with what the register knew in its year.
const EDITIONS: &str = r#"
  2011-12-16:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2011-12-15"
    why: Alle definities naast de waarheid.
    indicators:
      vreemde-nationaliteit: { periods: ["2010-01-01", "2011-01-01"] }
      vreemde-herkomst: { periods: ["2008-01-01", "2009-01-01", "2010-01-01", "2011-01-01"], origin: vier-criteria-2013 }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }
  2012-12-16:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2012-12-15"
    why: Alle definities naast de waarheid.
    indicators:
      vreemde-nationaliteit: { periods: ["2012-01-01"] }
      vreemde-herkomst: { periods: ["2012-01-01"], origin: vier-criteria-2013 }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }
  2011-12-17:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2011-12-15"
    why: De andere definities naast de waarheid.
    indicators:
      vreemde-herkomst: { periods: ["2008-01-01", "2009-01-01", "2010-01-01", "2011-01-01"], origin: sem-waso }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: vdab-2011 }
      leefloon: { periods: ["2010-01-01/P1Y"], origin: statbel-herkomst }
  2012-12-17:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2012-12-15"
    why: De andere definities naast de waarheid.
    indicators:
      vreemde-herkomst: { periods: ["2012-01-01"], origin: sem-waso }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: vdab-2011 }
      leefloon: { periods: ["2010-01-01/P1Y"], origin: statbel-herkomst }
"#;

const FIRST: [&str; 3] = ["vreemde-nationaliteit", "eigen-historiek-2011", "vier-criteria-2013"];
const OTHERS: [&str; 3] = ["sem-waso", "statbel-herkomst", "vdab-2011"];

#[test]
fn every_person_is_classified_as_drawn() {
    let scale = std::env::var("LIIM_TRUTH_SCALE").unwrap_or_else(|_| "0.05".to_string());
    let folder = project("truth");
    let pipeline = folder.read("pipeline.yaml");
    folder.write("pipeline.yaml", pipeline + EDITIONS);
    let mut synth = vec!["-q", "synth", "--scale", &scale];
    let zip = std::env::var("LIIM_TRUTH_CALIBRATE").ok();
    if let Some(zip) = &zip {
        synth.extend(["--calibrate", zip]);
    }
    done(&folder, &synth);
    for edition in ["2011-12-16", "2012-12-16", "2011-12-17", "2012-12-17"] {
        done(&folder, &["-q", "run", "--edition", edition]);
    }
    let root = folder.path();
    let project = Project::load(root).unwrap();
    let warehouse = Warehouse::reading(&root.join("warehouse"));
    let mut persons = 0;
    let all = ["2008-01-01", "2009-01-01", "2010-01-01", "2011-01-01", "2012-01-01"];
    for (month, deliveries, periods) in [("2011-12", &all[..4], &all[..4]), ("2012-12", &all[..], &all[4..])] {
        for (edition, definitions) in [(format!("{month}-16"), FIRST), (format!("{month}-{OTHER_DAY}"), OTHERS)] {
            let register = register(&project, &warehouse, &edition, deliveries, deliveries[deliveries.len() - 1]);
            for period in periods {
                let compared = compare(root, &edition, period, &register, &definitions);
                assert_eq!(compared.differing.len(), 0, "{edition} {period}");
                persons += compared.persons;
            }
        }
    }
    println!("{persons} persons classified as drawn, by three definitions each, at scale {scale}");
    assert!(persons > 20_000);
}

/// The rows of a delivered file of the register, without those of the lines that were rejected.
fn delivered(folder: &Folder, extract: &str, period: &str, rejected: &HashSet<u64>) -> HashSet<Vec<u8>> {
    let base = folder.path().join(format!("sources/rijksregister/deliveries/{period}/{extract}/0001"));
    let file = files_below(&base).into_iter().find(|path| !path.ends_with("receipt.yaml")).unwrap();
    let bytes = std::fs::read(base.join(file)).unwrap();
    let lines = bytes.split(|byte| *byte == b'\n').zip(1..);
    lines.filter(|(_, line)| !rejected.contains(line)).map(|(row, _)| row.to_vec()).collect()
}

/// With faults in the deliveries a person may come out otherwise than drawn only where a row of that person, or of the
/// history of a parent, was rejected.
#[test]
fn with_faults_every_difference_from_the_truth_has_a_rejected_row() {
    let scale = std::env::var("LIIM_TRUTH_FAULTS_SCALE").unwrap_or_else(|_| "0.02".to_string());
    let sound = synthetic("sound", &scale);
    let folder = project("explained");
    let pipeline = folder.read("pipeline.yaml");
    folder.write("pipeline.yaml", pipeline + EDITIONS);
    done(&folder, &["-q", "synth", "--scale", &scale, "--faults", "0.01"]);
    // Statbel's own table is damaged too, and no fault of it is tolerated otherwise.
    folder.replace(
        "sources/statbel/contract.yaml",
        "    absent_means: zero\n",
        "    absent_means: zero\n    tolerance: 0.02\n",
    );
    for edition in ["2011-12-16", "2011-12-17"] {
        done(&folder, &["-q", "run", "--edition", edition]);
    }

    // What of a sound delivery was not taken in, because it was damaged or contradicted.
    let rejections = rejected(&folder);
    let number = |field: &[u8]| String::from_utf8(field.to_vec()).unwrap().parse::<i64>().unwrap();
    let field = |row: &[u8], at: usize| number(row.split(|byte| *byte == b';').nth(at).unwrap());
    let lost = |extract: &str, period: &str| -> Vec<Vec<u8>> {
        let lines = rejections.iter().filter(|row| row.0 == format!("rijksregister/{extract}") && row.1 == period);
        let taken = delivered(&folder, extract, period, &lines.map(|row| row.2).collect());
        delivered(&sound, extract, period, &HashSet::new()).difference(&taken).cloned().collect()
    };
    const HISTORY: &str = "2011-01-01";
    const DAYS: [&str; 4] = ["2008-01-01", "2009-01-01", "2010-01-01", HISTORY];
    let whole = |extract: &str| delivered(&sound, extract, HISTORY, &HashSet::from([1]));
    let newer: HashMap<i64, i64> = whole("nummerwijziging")
        .iter()
        .filter(|row| !row.is_empty())
        .map(|row| (field(row, 0), field(row, 1)))
        .collect();
    let person = |mut number: i64| {
        while let Some(newest) = newer.get(&number) {
            number = *newest;
        }
        number
    };
    let renumbered: Vec<i64> =
        lost("nummerwijziging", HISTORY).iter().flat_map(|row| [field(row, 0), field(row, 1)]).map(person).collect();
    // A damaged line of a history is kept as far as it can be read, so that it tells of its person beside the sound ones.
    let kept = |extract: &str| -> Vec<i64> {
        let of = |row: &&(String, String, u64, String, String)| {
            row.0 == format!("rijksregister/{extract}") && row.1 == HISTORY
        };
        let lines: HashSet<u64> = rejections.iter().filter(of).map(|row| row.2).collect();
        let taken = delivered(&folder, extract, HISTORY, &lines);
        let damaged = delivered(&folder, extract, HISTORY, &HashSet::new());
        let first =
            |row: &Vec<u8>| String::from_utf8(row.split(|byte| *byte == b';').next()?.to_vec()).ok()?.parse().ok();
        damaged.difference(&taken).filter_map(first).map(person).collect()
    };
    let mut facts: HashSet<i64> = lost("nationaliteit", HISTORY).iter().map(|row| person(field(row, 0))).collect();
    facts.extend(&renumbered);
    facts.extend(kept("nationaliteit"));
    let mut own = facts.clone();
    own.extend(kept("afstamming"));
    own.extend(lost("afstamming", HISTORY).iter().map(|row| person(field(row, 0))));
    own.extend(
        ["2010-01-01", HISTORY]
            .iter()
            .flat_map(|period| lost("personen", period))
            .map(|row| person(number(&row[..11]))),
    );
    for tie in whole("afstamming").iter().filter(|row| !row.is_empty()) {
        if facts.contains(&person(field(tie, 2))) {
            own.insert(person(field(tie, 0)));
        }
    }

    let root = folder.path();
    let project = Project::load(root).unwrap();
    let warehouse = Warehouse::reading(&root.join("warehouse"));
    for (edition, definitions) in [("2011-12-16", FIRST), ("2011-12-17", OTHERS)] {
        let register = register(&project, &warehouse, edition, &DAYS, HISTORY);
        let compared = compare(root, edition, HISTORY, &register, &definitions);
        let unexplained = compared.differing.iter().filter(|number| !own.contains(&number.parse().unwrap())).count();
        assert_eq!(unexplained, 0, "{edition}: of {} differing persons", compared.differing.len());
        assert!(compared.differing.len() > 1_000 && compared.differing.len() < own.len(), "faults changed nothing");
        println!(
            "{edition}: {} of {} persons differ, each for a rejected row",
            compared.differing.len(),
            compared.persons
        );
    }
}

/// No identifier reaches the work tables or an edition, and what is about persons is private.
#[test]
fn nothing_after_the_link_has_an_identifier_and_all_of_it_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = synthetic("private", "0.002");
    done(&folder, &["-q", "run", "--all"]);
    let base = folder.path().join("warehouse");
    for zone in ["landed", "work"] {
        assert_eq!(std::fs::metadata(base.join(zone)).unwrap().permissions().mode() & 0o777, 0o700, "{zone}");
        for path in files_below(&base.join(zone)) {
            assert_eq!(
                std::fs::metadata(base.join(zone).join(&path)).unwrap().permissions().mode() & 0o777,
                0o600,
                "{}",
                path.display()
            );
        }
    }
    let key = std::fs::metadata(folder.path().join("keys/person-numbers.key")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o400);
    let mut identifiers = HashSet::new();
    let personen =
        std::fs::read(folder.path().join("sources/rijksregister/deliveries/2011-01-01/personen/0001/personen.txt"))
            .unwrap();
    let numbers = personen.split(|byte| *byte == b'\n').filter(|line| line.len() > 11);
    identifiers.extend(
        numbers.map(|line| String::from_utf8(line[..11].to_vec()).unwrap().trim_start_matches('0').to_string()),
    );
    let sleutel = folder.read("sources/ksz/deliveries/2010/sleutel/0001/sleutel.csv");
    identifiers.extend(sleutel.lines().skip(1).map(|line| line.split(';').next().unwrap().to_string()));
    let mut values = 0;
    for zone in ["work", "published"] {
        for path in files_below(&base.join(zone))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "parquet"))
        {
            for batch in rows(&base.join(zone).join(&path), &[]).unwrap() {
                let batch = batch.unwrap();
                for column in batch.columns() {
                    let texts = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
                    let texts = texts.as_any().downcast_ref::<StringArray>().unwrap().clone();
                    for text in texts.iter().flatten() {
                        values += 1;
                        assert!(!identifiers.contains(text), "{zone}/{} holds an identifier", path.display());
                    }
                }
            }
        }
    }
    assert!(values > 100_000 && identifiers.len() > 10_000, "{values} values, {} identifiers", identifiers.len());
}
