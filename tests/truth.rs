//! Every person's origin against what synth drew, person by person.
//!
//! `LIIM_TRUTH_SCALE` and `LIIM_TRUTH_CALIBRATE` run it at another scale, full size for one, and on Statbel's table.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use arrow::array::{Array, StringArray, UInt32Array};
use catalog::Day;
use catalog::contract::Linking;
use catalog::project::Project;
use link::{Permutation, Register, RegisterBuilder};
use warehouse::store::{Warehouse, rows};

use crate::project::{done, files_below, project, synthetic};

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
    for (id, period) in of_persons.chain(histories.map(|extract| (&extract.id, history))) {
        let folder = warehouse.landed().join(&id.supplier).join(&id.extract).join(period);
        let file = files_below(&folder).into_iter().find(|path| path.ends_with("rows.parquet")).unwrap();
        builder.next_delivery();
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

fn compare(root: &std::path::Path, edition: &str, period: &str, register: &Register, definitions: &[&str]) -> u64 {
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
    let mut persons = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(';').collect();
        let truth = |name: &str| fields[column(name)].to_string();
        let position =
            register.position(fields[0].parse().unwrap()).expect("a person of the truth is not in the register");
        let found = linked.columns.get(&numbers.number(position)).expect("a person of the truth was not linked");
        let mut expected = vec![truth("municipality"), truth("sex"), truth("register"), truth("nationality")];
        for definition in definitions {
            expected.push(truth(&format!("{definition}.class")));
            expected.push(group_of(&truth(&format!("{definition}.group"))));
            expected.push(truth(&format!("{definition}.decided_by")));
        }
        let found: Vec<String> = found.iter().map(|text| text.clone().unwrap_or_default()).collect();
        assert!(found == expected, "truth line {persons}: {columns:?} linked as {found:?}, drawn as {expected:?}");
        persons += 1;
    }
    let linked_residents = linked.columns.values().filter(|row| row[2].as_deref() != Some("W"));
    // The register also holds residents of Brussels and Wallonia, as parents; the truth is of Flanders.
    let flemish = linked_residents
        .filter(|row| project.reference.areas.iter().any(|area| Some(area.code.as_str()) == row[0].as_deref()));
    assert_eq!(flemish.count() as u64, persons, "linked residents of Flanders that the truth does not have");
    persons
}

/// Editions that need all three definitions, each with what the register knew in its year.
const EDITIONS: &str = r#"
  toets-2011:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2011-12-15"
    why: Alle definities naast de waarheid.
    indicators:
      vreemde-nationaliteit: { periods: ["2010-01-01", "2011-01-01"] }
      vreemde-herkomst: { periods: ["2010-01-01", "2011-01-01"], origin: vier-criteria-2013 }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }
  toets-2012:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2012-12-15"
    why: Alle definities naast de waarheid.
    indicators:
      vreemde-nationaliteit: { periods: ["2012-01-01"] }
      vreemde-herkomst: { periods: ["2012-01-01"], origin: vier-criteria-2013 }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }
"#;

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
    done(&folder, &["-q", "run", "--edition", "toets-2011", "--edition", "toets-2012"]);
    let root = folder.path();
    let project = Project::load(root).unwrap();
    let warehouse = Warehouse::reading(&root.join("warehouse"));
    let definitions = ["vreemde-nationaliteit", "eigen-historiek-2011", "vier-criteria-2013"];
    let mut persons = 0;
    let all = ["2010-01-01", "2011-01-01", "2012-01-01"];
    for (edition, deliveries, periods) in [("toets-2011", &all[..2], &all[..2]), ("toets-2012", &all[..], &all[2..])] {
        let register = register(&project, &warehouse, edition, deliveries, deliveries[deliveries.len() - 1]);
        for period in periods {
            persons += compare(root, edition, period, &register, &definitions);
        }
    }
    println!("{persons} persons classified as drawn, by three definitions, at scale {scale}");
    assert!(persons > 10_000);
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
    let mut identifiers = std::collections::HashSet::new();
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
