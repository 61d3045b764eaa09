//! Who counts on a day, each person once, whatever the batches; and what is said of whom the register does not know.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Int32Array, Int64Array, StringArray};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use catalog::Day;
use catalog::contract::{Contract, Extract};
use catalog::origin::OriginDefinition;
use catalog::reference::Reference;
use link::{LinkError, Linker, Permutation, Register, RegisterBuilder, Residents, STRANGERS, Slots, Tally};

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources").join(file)).unwrap()
}

fn extracts() -> BTreeMap<String, Extract> {
    let (contract, faults) = Contract::read("contract.yaml", "rijksregister", &text("rijksregister/contract.yaml"));
    assert!(faults.is_empty(), "{faults:?}");
    contract.unwrap().extracts.into_iter().map(|extract| (extract.id.extract.clone(), extract)).collect()
}

fn reference() -> Reference {
    let mut faults = Vec::new();
    let reference = Reference::read(&|name: &str| Some(text(&format!("reference/{name}"))), &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    reference
}

fn day(text: &str) -> i32 {
    text.parse::<Day>().unwrap().0
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap()
}

fn persons(rows: &[(i64, Option<&str>)]) -> RecordBatch {
    batch([
        ("insz", Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.0))) as ArrayRef),
        ("geboortedatum", Arc::new(Int32Array::from(vec![19_800_301; rows.len()]))),
        ("geslacht", Arc::new(StringArray::from(vec!["F"; rows.len()]))),
        ("register", Arc::new(StringArray::from(vec!["B"; rows.len()]))),
        ("gemeente", Arc::new(StringArray::from_iter(rows.iter().map(|row| row.1)))),
    ])
}

/// Numbers that another took the place of on one day.
fn replaced(pairs: &[(i64, i64)]) -> RecordBatch {
    let days = || Arc::new(Date32Array::from(vec![day("2005-01-01"); pairs.len()])) as ArrayRef;
    batch([
        ("oud_insz", Arc::new(Int64Array::from_iter_values(pairs.iter().map(|pair| pair.0))) as ArrayRef),
        ("nieuw_insz", Arc::new(Int64Array::from_iter_values(pairs.iter().map(|pair| pair.1)))),
        ("datum", days()),
        ("geregistreerd_op", days()),
    ])
}

/// Parts of so many rows.
fn parts(whole: &RecordBatch, rows: usize) -> Vec<RecordBatch> {
    (0..whole.num_rows()).step_by(rows).map(|at| whole.slice(at, rows.min(whole.num_rows() - at))).collect()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let column: &StringArray = column.as_any().downcast_ref().unwrap();
    column.iter().map(|text| text.map(str::to_string)).collect()
}

fn taken_in(rows: &RecordBatch, size: usize, pairs: &[(i64, i64)]) -> (Register, Slots) {
    let extracts = extracts();
    let mut builder = RegisterBuilder::new("2011-12-15".parse().unwrap());
    let mut slots = Slots::default();
    builder.next_delivery(rows.num_rows());
    for part in parts(rows, size) {
        builder.take_persons(&extracts["personen"], &part, Some(&mut slots)).unwrap();
    }
    builder.end_of_persons();
    builder.take(&extracts["nummerwijziging"], &replaced(pairs)).unwrap();
    (builder.finish(2).unwrap(), slots)
}

/// Links the residents in batches of so many rows, after they were taken in by so many.
fn linked(
    (register, slots): (&Register, &Slots),
    rows: &RecordBatch,
    size: usize,
) -> Result<(RecordBatch, Tally), LinkError> {
    let (extracts, reference) = (extracts(), reference());
    let numbers = Permutation::new(b"key", "case", register.count());
    let strangers = Permutation::of_strangers(b"key", "case", STRANGERS);
    let linker = Linker::new(register, (&numbers, &strangers), &reference, Vec::new(), vec!["liim-2011"]);
    let extract = &extracts["personen"];
    let all = parts(rows, size);
    let mut residents = Residents::new(register, extract, slots, || -> Result<_, LinkError> {
        let all: Vec<_> = all.iter().cloned().map(Ok).collect();
        Ok(Box::new(all.into_iter()) as Box<dyn Iterator<Item = _>>)
    })?;
    let mut linked = Vec::new();
    for part in &all {
        linked.push(linker.link_residents(extract, "2010-01-01".parse().unwrap(), part, &mut residents)?);
    }
    Ok((concat_batches(&linker.schema(extract), &linked)?, residents.finish()?))
}

#[test]
fn residents_are_the_same_in_one_batch_and_in_many() {
    let rows = persons(&[
        (1, Some("11002")),
        (2, None),
        // Number 4 took the place of 3, and both stand there: the row under 4 counts.
        (3, Some("11002")),
        (4, Some("11003")),
        // Number 7 took the place of 5 and 6, and stands nowhere: of these two the lowest area counts.
        (5, Some("24001")),
        (6, Some("23002")),
        (1, Some("11002")),
    ]);
    let replaced = [(3, 4), (5, 7), (6, 7)];
    let mut known = None;
    for (taken, size) in [(7, 7), (3, 2), (2, 3), (1, 1)] {
        let (register, slots) = taken_in(&rows, taken, &replaced);
        let (linked, tally) = linked((&register, &slots), &rows, size).unwrap();
        let areas: Vec<String> = texts(&linked, "area").into_iter().flatten().collect();
        assert_eq!(areas, ["11002", "11003", "23002"], "taken in by {taken}, linked by {size}");
        assert_eq!((tally.rows, tally.linked, tally.not_resident, tally.repeated), (7, 3, 1, 3));
        let numbers = texts(&linked, "person");
        assert_eq!(*known.get_or_insert(numbers.clone()), numbers, "taken in by {taken}, linked by {size}");
    }
}

#[test]
fn rows_that_the_register_did_not_take_in_are_refused() {
    let rows = persons(&[(1, Some("11002")), (2, Some("11002")), (3, Some("11002"))]);
    for replaced in [&[][..], &[(1, 2)][..]] {
        let (register, slots) = taken_in(&rows, 3, replaced);
        let of = |rows: &RecordBatch| linked((&register, &slots), rows, 2).map(|(linked, _)| linked.num_rows());
        assert_eq!(of(&rows).unwrap(), 3 - replaced.len());
        let more = persons(&[(1, Some("11002")), (2, Some("11002")), (3, Some("11002")), (4, Some("11002"))]);
        assert!(matches!(of(&more), Err(LinkError::OtherRows)));
        assert!(matches!(of(&rows.slice(0, 2)), Err(LinkError::OtherRows)));
    }
}

#[test]
fn of_strangers_between_others_nothing_is_said_but_that_they_are_one() {
    let (extracts, reference) = (extracts(), reference());
    let mut builder = RegisterBuilder::new("2011-12-15".parse().unwrap());
    builder.next_delivery(1);
    builder.take(&extracts["personen"], &persons(&[(1, Some("11002"))])).unwrap();
    // Moroccan by birth, Belgian since 1999.
    let history = batch([
        ("insz", Arc::new(Int64Array::from(vec![1, 1])) as ArrayRef),
        ("volgnr", Arc::new(Int64Array::from(vec![1, 2]))),
        ("datum_begin", Arc::new(Date32Array::from(vec![day("1980-03-01"), day("1999-05-04")]))),
        ("datum_einde", Arc::new(Date32Array::from(vec![Some(day("1999-05-04")), None]))),
        ("nationaliteit", Arc::new(StringArray::from(vec!["354", "150"]))),
        ("geregistreerd_op", Arc::new(Date32Array::from(vec![day("2000-01-01"); 2]))),
    ]);
    builder.take(&extracts["nationaliteit"], &history).unwrap();
    let register = builder.finish(2).unwrap();
    let numbers = Permutation::new(b"key", "case", register.count());
    let strangers = Permutation::of_strangers(b"key", "case", STRANGERS);
    let (origin, _) =
        OriginDefinition::read("eigen-historiek-2011", &text("reference/origin/eigen-historiek-2011.yaml"));
    let origin = origin.unwrap();
    let linker = Linker::new(&register, (&numbers, &strangers), &reference, vec![&origin], vec!["eu"]);

    // The stranger 77 stands there twice, somebody without a number once, on the second of three days.
    let before = day("1990-01-01");
    let after = day("2000-01-01");
    let rows = batch([
        (
            "insz",
            Arc::new(Int64Array::from(vec![Some(1), Some(1), Some(77), None, Some(1), Some(77), Some(1)])) as ArrayRef,
        ),
        ("datum", Arc::new(Date32Array::from(vec![before, before, after, after, after, after, before]))),
        ("van", Arc::new(StringArray::from(vec!["11002"; 7]))),
        ("naar", Arc::new(StringArray::from(vec!["11003"; 7]))),
        ("soort", Arc::new(StringArray::from(vec!["verhuizing"; 7]))),
    ]);
    let mut tally = Tally::default();
    let linked = linker.link(&extracts["verhuizingen"], "1990".parse().unwrap(), &rows, &mut tally).unwrap();
    assert_eq!((tally.rows, tally.linked), (7, 4));

    let seven = |words: &str| -> Vec<Option<String>> {
        words.split(' ').map(|word| (word != "-").then(|| word.to_string())).collect()
    };
    for (column, expected) in [
        ("sex", "F F - - F - F"),
        ("age", "9 9 - - 19 - 9"),
        ("nationality", "354 354 - - 150 - 354"),
        ("nationality@eu", "NIET-EU NIET-EU ONBEKEND ONBEKEND BE ONBEKEND NIET-EU"),
        ("parents_known", "none none - - none - none"),
        ("generation", "first first - - first - first"),
        ("eigen-historiek-2011@decided_by", "own-first own-first - - own-first - own-first"),
        ("eigen-historiek-2011@eu", "NIET-EU NIET-EU ONBEKEND ONBEKEND NIET-EU ONBEKEND NIET-EU"),
        ("naar", "11003 11003 11003 11003 11003 11003 11003"),
    ] {
        assert_eq!(texts(&linked, column), seven(expected), "{column}");
    }
    let person = texts(&linked, "person");
    assert!(person[0].is_some() && [1, 4, 6].iter().all(|at| person[*at] == person[0]));
    assert!(person[2].is_some() && person[2] == person[5] && person[2] != person[0] && person[3].is_none());
}
