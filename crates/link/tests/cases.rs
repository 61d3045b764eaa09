//! Every branch of the origin definitions and of the choice of parents, by cases written from the rules and not from the
//! code: `cases/origin.csv` from histories, `cases/histories.csv` from histories that were corrected, or cannot be read or
//! dated, `cases/facts.csv` from facts alone, `cases/parents.csv` for who is a parent.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, DictionaryArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::UInt16Type;
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::contract::{Contract, Extract};
use catalog::origin::{DecidedBy, FACTS, GroupOf, Known, OriginDefinition};
use catalog::reference::Reference;
use link::{LinkError, Linker, Permutation, Register, RegisterBuilder, Residents, STRANGERS, Slots, Tally};

const DEFINITIONS: [&str; 6] = [
    "vreemde-nationaliteit",
    "eigen-historiek-2011",
    "vier-criteria-2013",
    "sem-waso",
    "statbel-herkomst",
    "vdab-2011",
];
const CUT_OFF: &str = "2011-12-15";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn cases(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)).unwrap();
    text.lines().skip(1).map(|line| line.split(';').map(str::to_string).collect()).collect()
}

fn extracts() -> BTreeMap<String, Extract> {
    let text = fs::read_to_string(root().join("sources/rijksregister/contract.yaml")).unwrap();
    let (contract, faults) = Contract::read("contract.yaml", "rijksregister", &text);
    assert!(faults.is_empty(), "{faults:?}");
    contract.unwrap().extracts.into_iter().map(|extract| (extract.id.extract.clone(), extract)).collect()
}

/// The project's reference tables, and a scheme beside in which every country is a group of its own.
fn reference() -> Reference {
    let read = |name: &str| fs::read_to_string(root().join("sources/reference").join(name)).unwrap();
    let mut countries: Vec<String> =
        read("nationalities.csv").lines().skip(1).map(|line| line.rsplit(',').nth(1).unwrap().to_string()).collect();
    countries.sort();
    countries.dedup();
    let text = |name: &str| -> Option<String> {
        let mut text = read(name);
        for (at, country) in countries.iter().enumerate() {
            match name {
                "nationality_groups.csv" => text.push_str(&format!("land,{country},,{country},{},\n", at + 1)),
                "nationality_group_members.csv" => text.push_str(&format!("land,{country},{country},,\n")),
                _ => {}
            }
        }
        Some(text)
    };
    let mut faults = Vec::new();
    let reference = Reference::read(&text, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    reference
}

fn definitions() -> Vec<OriginDefinition> {
    let read = |id: &&str| {
        let text = fs::read_to_string(root().join(format!("sources/reference/origin/{id}.yaml"))).unwrap();
        let (found, faults) = OriginDefinition::read(id, &text);
        assert!(faults.is_empty(), "{faults:?}");
        found.unwrap()
    };
    DEFINITIONS.iter().map(read).collect()
}

fn day(text: &str) -> i32 {
    text.parse::<Day>().unwrap().0
}

/// A date of which month and day may be 00, as `YYYYMMDD`; nothing where it is empty or `?`.
fn partial(text: &str) -> Option<i32> {
    text.replace('-', "").parse().ok()
}

/// A row of a history; dates as `YYYYMMDD`.
struct Spell {
    person: i64,
    order: i64,
    from: Option<i32>,
    until: Option<i32>,
    code: Option<String>,
    registered_on: Option<i32>,
    unreadable: Option<String>,
}
/// Child, parent, number, sex, from, until, registered.
type Tie = (i64, i64, String, Option<String>, i32, Option<i32>, i32);
/// Cases of one day: the rows that they need, and the child of each case.
type OfDay<K> = BTreeMap<String, (Rows, Vec<K>)>;

/// Rows of the register in the making.
#[derive(Default)]
struct Rows {
    persons: Vec<i64>,
    histories: Vec<Spell>,
    ties: Vec<Tie>,
}

impl Rows {
    fn person(&mut self) -> i64 {
        self.persons.push(self.persons.len() as i64 + 1);
        self.persons.len() as i64
    }

    /// A person with a history as the cases write it: `354@1980-03-01..1999-05-04 150@1999-05-04..`, and with the day of
    /// registration and the serial number, where they matter, `150@1985-00-00..^2010-01-01#1`. What is `?` could not be read.
    fn with_history(&mut self, written: &str) -> i64 {
        let person = self.person();
        for (number, row) in written.split_whitespace().enumerate() {
            let (row, order) = row.split_once('#').unwrap_or((row, ""));
            let (row, registered_on) = row.split_once('^').unwrap_or((row, "2000-01-01"));
            let (code, days) = row.split_once('@').unwrap();
            let (from, until) = days.split_once("..").unwrap();
            let fields = [
                ("datum_begin", from),
                ("datum_einde", until),
                ("nationaliteit", code),
                ("geregistreerd_op", registered_on),
            ];
            let unreadable: String =
                fields.iter().filter(|(_, text)| *text == "?").map(|(name, _)| format!(" {name} ")).collect();
            self.histories.push(Spell {
                person,
                order: order.parse().unwrap_or(number as i64 + 1),
                from: partial(from),
                until: partial(until),
                code: (code != "?").then(|| code.to_string()),
                registered_on: partial(registered_on),
                unreadable: (!unreadable.is_empty()).then_some(unreadable),
            });
        }
        person
    }

    fn register(&self, extracts: &BTreeMap<String, Extract>) -> (Register, Slots) {
        let mut builder = RegisterBuilder::new(CUT_OFF.parse().unwrap());
        let mut slots = Slots::default();
        builder.next_delivery(self.persons.len());
        builder.take_persons(&extracts["personen"], &self.person_batch(), Some(&mut slots)).unwrap();
        for (name, batch) in [("nationaliteit", self.history_batch()), ("afstamming", self.tie_batch())] {
            builder.take(&extracts[name], &batch).unwrap();
        }
        (builder.finish(2).unwrap(), slots)
    }

    fn person_batch(&self) -> RecordBatch {
        let rows = self.persons.len();
        batch([
            ("insz", Arc::new(Int64Array::from(self.persons.clone())) as ArrayRef),
            ("geboortedatum", Arc::new(Int32Array::from(vec![19_800_301; rows]))),
            ("geslacht", Arc::new(StringArray::from(vec!["F"; rows]))),
            ("register", Arc::new(StringArray::from(vec!["B"; rows]))),
            ("gemeente", Arc::new(StringArray::from(vec!["11002"; rows]))),
        ])
    }

    fn history_batch(&self) -> RecordBatch {
        let all = &self.histories;
        let days = |of: &dyn Fn(&Spell) -> Option<i32>| Arc::new(Int32Array::from_iter(all.iter().map(of))) as ArrayRef;
        batch([
            ("insz", Arc::new(Int64Array::from_iter_values(all.iter().map(|row| row.person))) as ArrayRef),
            ("volgnr", Arc::new(Int64Array::from_iter_values(all.iter().map(|row| row.order)))),
            ("datum_begin", days(&|row| row.from)),
            ("datum_einde", days(&|row| row.until)),
            ("nationaliteit", Arc::new(StringArray::from_iter(all.iter().map(|row| row.code.as_ref())))),
            ("geregistreerd_op", days(&|row| row.registered_on)),
            ("unreadable", Arc::new(StringArray::from_iter(all.iter().map(|row| row.unreadable.as_ref())))),
        ])
    }

    fn tie_batch(&self) -> RecordBatch {
        let all = &self.ties;
        batch([
            ("insz", Arc::new(Int64Array::from_iter_values(all.iter().map(|row| row.0))) as ArrayRef),
            ("ouder_insz", Arc::new(Int64Array::from_iter_values(all.iter().map(|row| row.1)))),
            ("ouder_nr", Arc::new(StringArray::from_iter_values(all.iter().map(|row| &row.2)))),
            ("ouder_geslacht", Arc::new(StringArray::from_iter(all.iter().map(|row| row.3.as_ref())))),
            ("datum_begin", Arc::new(Date32Array::from_iter_values(all.iter().map(|row| row.4)))),
            ("datum_einde", Arc::new(Date32Array::from_iter(all.iter().map(|row| row.5)))),
            ("geregistreerd_op", Arc::new(Date32Array::from_iter_values(all.iter().map(|row| row.6)))),
        ])
    }

    /// Links everybody on a day, with all definitions; texts by column, in the order of the persons.
    fn linked(&self, day: &str) -> BTreeMap<String, Vec<Option<String>>> {
        let (extracts, reference, definitions) = (extracts(), reference(), definitions());
        let (register, slots) = self.register(&extracts);
        let numbers = Permutation::new(b"key", "case", register.count());
        let strangers = Permutation::of_strangers(b"key", "case", STRANGERS);
        let linker =
            Linker::new(&register, (&numbers, &strangers), &reference, definitions.iter().collect(), vec!["land"]);
        let (extract, batch) = (&extracts["personen"], self.person_batch());
        let batches = || Ok::<_, LinkError>(Box::new([Ok(batch.clone())].into_iter()) as Box<dyn Iterator<Item = _>>);
        let mut residents = Residents::new(&register, extract, &slots, batches).unwrap();
        let linked = linker.link_residents(extract, day.parse().unwrap(), &batch, &mut residents).unwrap();
        let texts = |column: &ArrayRef| -> Option<Vec<Option<String>>> {
            let keyed = column.as_any().downcast_ref::<DictionaryArray<UInt16Type>>()?;
            let words = keyed.values().as_any().downcast_ref::<StringArray>()?;
            Some(keyed.keys().iter().map(|key| key.map(|key| words.value(key.into()).to_string())).collect())
        };
        let schema = linked.schema();
        schema
            .fields()
            .iter()
            .zip(linked.columns())
            .filter_map(|(field, column)| Some((field.name().clone(), texts(column)?)))
            .collect()
    }
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

#[test]
fn suppliers_who_disagree_and_young_parents_are_counted() {
    let mut rows = Rows::default();
    let persons: Vec<i64> = (0..3).map(|_| rows.with_history("150@1980-03-01..")).collect();
    // Everybody here is a woman born on 1 March 1980, so the third cannot be the mother of the first.
    let begin = day("1980-03-01");
    rows.ties.push((persons[0], persons[2], "2".into(), Some("F".into()), begin, None, begin));
    let (register, _) = rows.register(&extracts());
    assert_eq!(register.findings().not_older, 1);
    let text = fs::read_to_string(root().join("sources/inburgering/contract.yaml")).unwrap();
    let (contract, _) = Contract::read("contract.yaml", "inburgering", &text);
    let extract = &contract.unwrap().extracts[0];
    let texts = |value: &str| Arc::new(StringArray::from(vec![value; 3])) as ArrayRef;
    let days = |value: &str| Arc::new(Date32Array::from(vec![day(value); 3])) as ArrayRef;
    let told = batch([
        ("insz", Arc::new(Int64Array::from(persons)) as ArrayRef),
        ("geslacht", Arc::new(StringArray::from(vec!["M", "F", "F"]))),
        ("geboortedatum", Arc::new(Date32Array::from(vec![begin, begin + 1, begin]))),
        ("nationaliteit", texts("354")),
        ("doelgroep", texts("1")),
        ("verplicht", texts("j")),
        ("nieuwkomer_sinds", days("2010-05-01")),
        ("aanmelding", days("2010-05-02")),
        ("contract", days("2010-05-03")),
        ("opschorting", days("2010-05-04")),
        ("reden_opschorting", texts("ziekte")),
        ("attest", days("2010-12-01")),
        ("gemeente", texts("11002")),
    ]);
    let reference = reference();
    let numbers = Permutation::new(b"key", "case", register.count());
    let strangers = Permutation::of_strangers(b"key", "case", STRANGERS);
    let linker = Linker::new(&register, (&numbers, &strangers), &reference, Vec::new(), vec!["land"]);
    let mut tally = Tally::default();
    let linked = linker.link(extract, "2010-12-31".parse().unwrap(), &told, &mut tally).unwrap();
    assert_eq!((tally.linked, tally.sex_differs, tally.birth_differs), (3, 1, 1));
    let sex = arrow::compute::cast(linked.column_by_name("sex").unwrap(), &arrow::datatypes::DataType::Utf8).unwrap();
    assert_eq!(sex.as_any().downcast_ref::<StringArray>().unwrap().value(0), "F", "the register's word is used");
}

#[test]
fn histories_give_the_origin_that_the_rules_say() {
    let (count, wrong) = origins(cases("origin.csv"));
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 1_200, "{count}");
}

#[test]
fn histories_that_are_corrected_or_cannot_be_read_give_the_origin_that_the_rules_say() {
    // A line holds all six definitions: class, group and deciding fact of each.
    let all = cases("histories.csv").into_iter().flat_map(|line| {
        assert_eq!(line.len(), 11, "{}", line[0]);
        DEFINITIONS
            .iter()
            .zip(&line[5..])
            .map(|(definition, expected)| {
                let expected: Vec<&str> = expected.split(' ').collect();
                assert_eq!(expected.len(), 3, "{}: {expected:?}", line[0]);
                let [case, day, own, father, mother] = [0, 1, 2, 3, 4].map(|at| line[at].as_str());
                let case = format!("{case} [{definition}]");
                [case.as_str(), *definition, day, own, father, mother]
                    .into_iter()
                    .chain(expected)
                    .map(str::to_string)
                    .collect()
            })
            .collect::<Vec<Vec<String>>>()
    });
    let (count, wrong) = origins(all.collect());
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 200, "{count}");
}

/// How many cases there are, and those that come out otherwise.
fn origins(cases: Vec<Vec<String>>) -> (usize, Vec<String>) {
    let reference = reference();
    let mut by_day: OfDay<(i64, Vec<String>)> = BTreeMap::new();
    for case in cases {
        let (rows, known) = by_day.entry(case[2].clone()).or_default();
        let child = rows.with_history(&case[3]);
        for (parent, (number, sex)) in [&case[4], &case[5]].into_iter().zip([("1", "M"), ("2", "F")]) {
            if parent != "-" {
                let parent = rows.with_history(parent);
                let begin = day("1980-03-01");
                rows.ties.push((child, parent, number.into(), Some(sex.into()), begin, None, begin));
            }
        }
        known.push((child, case));
    }
    let mut count = 0;
    let mut wrong = Vec::new();
    for (day, (rows, known)) in by_day {
        let linked = rows.linked(&day);
        for (child, case) in known {
            let of = |what: &str| linked[&format!("{}@{what}", case[1])][child as usize - 1].clone().unwrap();
            let found = (of("class"), of("land"), of("decided_by"));
            let group = if case[7] == "-" { "999" } else { &case[7] };
            let expected = (case[6].clone(), reference.nationalities[group].country.clone(), case[8].clone());
            if found != expected {
                wrong.push(format!("{}: {found:?}, not {expected:?}", case[0]));
            }
            count += 1;
        }
    }
    (count, wrong)
}

#[test]
fn facts_give_the_origin_that_the_rules_say() {
    let definitions = definitions();
    let mut count = 0;
    for case in cases("facts.csv") {
        let definition = definitions.iter().find(|definition| definition.id == case[0]).unwrap();
        let known = |code: &str| match code {
            "" => Known::Unknown,
            "?" => Known::Unreadable,
            "150" => Known::Belgian,
            _ => Known::Foreign,
        };
        let codes = [&case[3], &case[4], &case[2], &case[1]];
        let mut facts = [Known::Unknown; FACTS];
        facts.iter_mut().zip(codes).for_each(|(fact, code)| *fact = known(code));
        let decision = definition.decide(facts);
        let group = match decision.group {
            GroupOf::Belgium => "150",
            GroupOf::Fact(fact) => codes[fact as usize],
            GroupOf::Unknown => "-",
        };
        let word = DecidedBy::WORDS.iter().find(|(_, known)| *known == decision.decided_by).unwrap().0;
        let found = (definition.classes[usize::from(decision.class)].as_str(), group, word);
        assert_eq!(found, (case[5].as_str(), case[6].as_str(), case[7].as_str()), "{case:?}");
        count += 1;
    }
    assert!(count >= 261, "{count}");
}

#[test]
fn ties_give_the_parents_that_the_rules_say() {
    // Fathers and mothers show in the group that they give: each label of a case has a nationality of its own.
    let codes = ["103", "109", "111", "113", "114", "128"];
    let mut by_day: OfDay<(i64, Vec<String>, BTreeMap<String, usize>)> = BTreeMap::new();
    for case in cases("parents.csv") {
        let (rows, known) = by_day.entry(case[1].clone()).or_default();
        let child = rows.with_history("150@1980-01-01..");
        let mut labels: BTreeMap<String, (usize, i64)> = BTreeMap::new();
        for tie in case[3].split_whitespace() {
            let fields: Vec<&str> = tie.split(':').collect();
            let next = labels.len();
            let (_, parent) = *labels
                .entry(fields[1].to_string())
                .or_insert_with(|| (next, rows.with_history(&format!("{}@1950-01-01..", codes[next]))));
            let (from, until) = fields[4].split_once("..").unwrap();
            let sex = (fields[2] != "-").then(|| fields[2].to_string());
            let until = (!until.is_empty()).then(|| day(until));
            rows.ties.push((child, parent, fields[0].into(), sex, day(from), until, day(fields[5])));
        }
        known.push((child, case, labels.into_iter().map(|(label, (at, _))| (label, at)).collect()));
    }
    let reference = reference();
    let mut wrong = Vec::new();
    let mut count = 0;
    for (day, (rows, known)) in by_day {
        let linked = rows.linked(&day);
        for (child, case, labels) in known {
            let of = |column: &str| linked[column][child as usize - 1].clone().unwrap();
            let country = |label: &str| labels.get(label).map(|at| reference.nationalities[codes[*at]].country.clone());
            let (father, mother) = (country(&case[4]), country(&case[5]));
            let expected = match (&father, &mother) {
                (Some(father), Some(_)) => ("both", "father", father.clone()),
                (Some(father), None) => ("father", "father", father.clone()),
                (None, Some(mother)) => ("mother", "mother", mother.clone()),
                (None, None) => ("none", "known-belgian", "BE".to_string()),
            };
            let found = (of("parents_known"), of("vier-criteria-2013@decided_by"), of("vier-criteria-2013@land"));
            if (found.0.as_str(), found.1.as_str(), found.2.clone()) != expected {
                wrong.push(format!("{}: {found:?}, not {expected:?}", case[0]));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 97, "{count}");
}
