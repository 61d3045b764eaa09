//! The stories of `tests/stories/`: villages of a few persons written out, with the cells that a statistician works out by
//! hand. What a story may say stands in its README.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use catalog::cell::Observation;
use catalog::project::Project;
use serde_yaml::Value;

use crate::project::{Folder, done, err, insz, liim, observations, project, without_floors};

const PIPELINE: &str = r#"
title: Verhaal
publisher: Test
licence: Test
contact: test
key_file: keys/person-numbers.key
clusters: [facility-2019, vrind]
protection: { threshold: 1, zeros: shown, why: Een verhaal toont alles. }
editions:
  verhaal:
    monitor: verhaal
    kind: first
    title: Verhaal
    cut_off: "2012-12-31"
    why: Verhaal.
    indicators:
"#;

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn needed<'v>(value: &'v Value, key: &str) -> &'v str {
    text(value, key).unwrap_or_else(|| panic!("`{key}` is missing in {value:?}"))
}

fn entries(value: Option<&Value>) -> Vec<(&str, &Value)> {
    let map = value.and_then(Value::as_mapping).into_iter().flatten();
    map.map(|(key, value)| (key.as_str().expect("keys are text; quote them"), value)).collect()
}

fn list(value: Option<&Value>) -> Vec<&Value> {
    value.and_then(Value::as_sequence).into_iter().flatten().collect()
}

/// A person of a story.
struct Person<'s> {
    number: String,
    born: u64,
    told: &'s Value,
}

/// Persons with their numbers: serials in the order of the story, odd for men and even for women.
fn persons(story: &Value) -> BTreeMap<&str, Person<'_>> {
    let told = entries(story.get("persons"));
    let numbered = told.into_iter().enumerate().map(|(at, (name, told))| {
        let born: u64 = needed(told, "born").replace('-', "").parse().unwrap();
        let serial = 2 * at as u64 + if needed(told, "sex") == "F" { 2 } else { 1 };
        // The month of a BIS number is 40 more.
        let shown = if text(told, "number") == Some("bis") { born + 4_000 } else { born };
        (name, Person { number: insz(shown, serial), born, told })
    });
    numbered.collect()
}

/// `{anna}` becomes Anna's number.
fn named(template: &str, persons: &BTreeMap<&str, Person<'_>>) -> String {
    persons
        .iter()
        .fold(template.to_string(), |text, (name, person)| text.replace(&format!("{{{name}}}"), &person.number))
}

/// The register's extracts of the persons, as the story tells them.
fn register(story: &Value, persons: &BTreeMap<&str, Person<'_>>) -> Vec<(String, String, String)> {
    let days: Vec<&str> = list(story.get("days")).into_iter().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for day in &days {
        let mut rows = String::new();
        for person in persons.values() {
            let lives = person.told.get("lives");
            assert!(lives.is_none_or(|lives| !lives.is_sequence()), "`lives` is a municipality, or one by day");
            let area = lives.and_then(|lives| lives.as_str().or_else(|| lives.get(*day)?.as_str())).unwrap_or("");
            let letter = if area.is_empty() { " " } else { text(person.told, "register").unwrap_or("B") };
            let sex = if needed(person.told, "sex") == "F" { 2 } else { 1 };
            rows.push_str(&format!("{}{}{sex}{letter}{area:<5}{:<30}{:<8}\r\n", person.number, person.born, "", ""));
        }
        found.push(("rijksregister/personen".to_string(), day.to_string(), rows));
    }
    // Two whom nobody's story is about, because an extract without rows is refused.
    let mut ties = format!("{};1;{};1;geboorte;1950-01-01;;1950-01-01\n", insz(19_500_101, 901), insz(19_200_101, 903));
    let mut nationalities = String::new();
    for person in persons.values() {
        let own = list(person.told.get("nationality"));
        for (at, row) in own.iter().enumerate() {
            let (from, code) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
            let next = own.get(at + 1).map_or("", |next| next[0].as_str().unwrap());
            let told = |place: usize| row.get(place).and_then(Value::as_str);
            let (registered_on, until) = (told(2).unwrap_or(from), told(3).unwrap_or(next));
            nationalities.push_str(&format!("{};{};{from};{until};{code};;{registered_on}\n", person.number, at + 1));
        }
        for (number, (parent, sex)) in [("father", 1), ("mother", 2)].into_iter().enumerate() {
            if let Some(parent) = text(person.told, parent) {
                let born = needed(person.told, "born");
                let parent = persons.get(parent).map_or("00000000000", |person| person.number.as_str());
                ties.push_str(&format!("{};{};{parent};{sex};geboorte;{born};;{born}\n", person.number, number + 1));
            }
        }
    }
    if let Some(day) = days.last() {
        let header = "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n";
        found.push(("rijksregister/nationaliteit".into(), day.to_string(), format!("{header}{nationalities}")));
        let header = "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n";
        found.push(("rijksregister/afstamming".into(), day.to_string(), format!("{header}{ties}")));
        let replaced = named(text(story, "replaced").unwrap_or_default(), persons);
        let header = "oud_insz;nieuw_insz;datum;geregistreerd_op\n";
        found.push(("rijksregister/nummerwijziging".into(), day.to_string(), format!("{header}{replaced}")));
    }
    found
}

/// Writes a file in the form in which the supplier delivers it.
fn file(folder: &Folder, extract: &str, text: &str, sheets: &[(&str, String)]) -> PathBuf {
    let name = extract.split('/').nth(1).unwrap();
    match extract {
        "rijksregister/personen" => folder.write("in/personen.txt", text),
        "rijksregister/verhuizingen" | "ksz/posities" => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(text.as_bytes()).unwrap();
            folder.write(&format!("in/{name}.csv.gz"), writer.finish().unwrap())
        }
        "statbel/bevolking" => {
            let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            writer.start_file("bevolking.txt", zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
            folder.write("in/bevolking.zip", writer.finish().unwrap().into_inner())
        }
        _ if !sheets.is_empty() => {
            let mut book = rust_xlsxwriter::Workbook::new();
            for (sheet, text) in sheets {
                let page = book.add_worksheet();
                page.set_name(*sheet).unwrap();
                for (row, line) in text.lines().enumerate() {
                    for (column, field) in line.split(';').enumerate().filter(|(_, field)| !field.is_empty()) {
                        page.write_string(row as u32, column as u16, field).unwrap();
                    }
                }
            }
            folder.write(&format!("in/{name}.xlsx"), book.save_to_buffer().unwrap())
        }
        _ => folder.write(&format!("in/{name}.csv"), text),
    }
}

fn tell(name: &str, story: &Value) -> Vec<Observation> {
    let folder = told(name, story, &[]);
    done(&folder, &["-q", "run", "--all"]);
    observations(&folder, "verhaal")
}

/// A project with the story's deliveries, and definitions of its own.
fn told(name: &str, story: &Value, definitions: &[(String, &str)]) -> Folder {
    let folder = project(name);
    without_floors(&folder);
    for (file, text) in definitions {
        folder.write(file, text);
    }
    let (indicator, periods) = (needed(story, "indicator"), list(story.get("periods")));
    let periods: Vec<&str> = periods.into_iter().filter_map(Value::as_str).collect();
    let origin = text(story, "origin").map(|origin| format!(", origin: {origin}")).unwrap_or_default();
    folder.write("pipeline.yaml", format!("{PIPELINE}      {indicator}: {{ periods: {periods:?}{origin} }}\n"));
    if let Some(tolerance) = story.get("tolerance").and_then(Value::as_f64) {
        let contract = "sources/rijksregister/contract.yaml";
        let text = folder.read(contract).replace("tolerance: 0.02", &format!("tolerance: {tolerance}"));
        folder.write(contract, text);
    }
    let persons = persons(story);
    let mut deliveries: Vec<(String, String, PathBuf)> = Vec::new();
    for (extract, period, text) in register(story, &persons) {
        let path = file(&folder, &extract, &text, &[]);
        receive(&folder, &extract, &period, &path);
    }
    for delivery in list(story.get("deliveries")) {
        let (extract, period) = (needed(delivery, "extract"), needed(delivery, "period"));
        let sheets: Vec<(&str, String)> = entries(delivery.get("sheets"))
            .into_iter()
            .map(|(sheet, text)| (sheet, named(text.as_str().unwrap(), &persons)))
            .collect();
        let words = named(text(delivery, "text").unwrap_or_default(), &persons);
        deliveries.push((extract.into(), period.into(), file(&folder, extract, &words, &sheets)));
        let (extract, period, path) = &deliveries[deliveries.len() - 1];
        receive(&folder, extract, period, path);
    }
    folder
}

fn read(path: &Path) -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn stories() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/stories")
}

fn receive(folder: &Folder, extract: &str, period: &str, path: &Path) {
    let path = path.display().to_string();
    done(folder, &["-q", "receive", extract, &path, "--period", period, "--delivered-on", "2012-12-30"]);
}

/// Holds a cell of the story against the published one.
fn holds(name: &str, indicator: &str, rows: &[Observation], cell: &Value) {
    let code = |key: &str| text(cell, key).unwrap_or("_T").to_string();
    let found = rows.iter().filter(|row| {
        let key = &row.key;
        key.indicator == indicator
            && key.ref_area == needed(cell, "area")
            && text(cell, "class").is_none_or(|class| key.ref_area_class == class)
            && text(cell, "period").is_none_or(|period| key.time_period.to_string() == period)
            && text(cell, "of").is_none_or(|of| key.share_of.word() == of)
            && (&key.sex, &key.age_group, &key.group, &key.detail, &key.detail_2)
                == (&code("sex"), &code("age"), &code("group"), &code("detail"), &code("detail_2"))
    });
    let found: Vec<&Observation> = found.collect();
    assert_eq!(found.len(), 1, "{name}: {} rows for {cell:?}", found.len());
    for (key, wanted) in entries(Some(cell)) {
        let row = found[0];
        let holds = match key {
            "numerator" => row.numerator == wanted.as_i64(),
            "denominator" => row.denominator == wanted.as_i64(),
            "divisor" => row.divisor == wanted.as_i64(),
            "value" => row.value == wanted.as_f64(),
            "share" => row.share == wanted.as_f64(),
            "mean" => row.mean_of_scores == wanted.as_f64(),
            "reason" => Some(row.reason.word()) == wanted.as_str(),
            "area" | "class" | "period" | "of" | "sex" | "age" | "group" | "detail" | "detail_2" => true,
            other => panic!("{name}: a cell has no `{other}`"),
        };
        assert!(holds, "{name}: {key} of {cell:?} is not that of {row:#?}");
    }
}

#[test]
fn every_story_comes_out_as_it_is_told() {
    let mut told = BTreeMap::new();
    for entry in std::fs::read_dir(stories()).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().to_string();
        let story = read(&path);
        let persons = entries(story.get("persons")).len();
        assert!(persons <= 12, "{name} has {persons} persons: too many to work out by hand");
        let rows = tell(&name, &story);
        let cells = list(story.get("cells"));
        assert!(!cells.is_empty(), "{name} expects nothing");
        cells.iter().for_each(|cell| holds(&name, needed(&story, "indicator"), &rows, cell));
        *told.entry(needed(&story, "indicator").to_string()).or_insert(0) += cells.len();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let project = Project::load(&root).unwrap_or_else(|faults| panic!("{faults:?}"));
    let untold: Vec<&String> = project.cards.keys().filter(|id| !told.contains_key(*id)).collect();
    assert!(untold.is_empty(), "these cards have no story: {untold:?}");
    println!("cells worked out by hand, by indicator: {told:?}");
}

#[test]
fn a_promised_breakdown_by_sex_that_the_query_does_not_make_stops_the_run() {
    let folder = told("no-sex", &read(&stories().join("contracten.yaml")), &[]);
    let card = "indicators/inburgering/contracten";
    folder.replace(&format!("{card}.yaml"), "sex: not-available", "sex: available");
    let query = folder.read(&format!("{card}.sql"));
    folder.write(&format!("{card}.sql"), format!("SELECT counted.*, '_T' AS sex FROM (\n{query}\n) AS counted\n"));
    done(&folder, &["check"]);
    let output = liim(&folder, &["-q", "run", "--all"]);
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    let words = "error[I31]: the query returns women and men together, where the card says that sex is available";
    assert!(err(&output).contains(words), "{}", err(&output));
}

/// The blocks of a document that are set in, without their indent.
fn blocks(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let is_in = |line: &str| line.is_empty() || line.starts_with("    ");
    let parts =
        lines.chunk_by(|a, b| is_in(a) == is_in(b)).filter(|part| part.iter().any(|line| line.starts_with("    ")));
    parts.map(|part| part.iter().map(|line| format!("{}\n", line.get(4..).unwrap_or_default())).collect()).collect()
}

#[test]
fn the_indicator_that_the_documentation_adds_comes_out_as_its_story_tells() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join("docs/indicators.md")).unwrap();
    let example = text.split("## An example").nth(1).unwrap();
    let found = blocks(example.split("\n## ").next().unwrap());
    let block = |begin: &str| found.iter().find(|block| block.trim_start().starts_with(begin)).unwrap().trim_start();
    let story: Value = serde_yaml::from_str(block("story:")).unwrap();
    let indicator = needed(&story, "indicator");
    assert!(block(indicator).contains(list(story.get("periods"))[0].as_str().unwrap()), "the line of the pipeline");
    let file = |kind: &str| format!("indicators/demografie/{indicator}.{kind}");
    let folder = told("example", &story, &[(file("yaml"), block("id:")), (file("sql"), block("SELECT"))]);
    done(&folder, &["-q", "run", "--all"]);
    let rows = observations(&folder, "verhaal");
    let cells = list(story.get("cells"));
    assert!(cells.len() >= 5, "{} cells", cells.len());
    cells.iter().for_each(|cell| holds("example", indicator, &rows, cell));
}
