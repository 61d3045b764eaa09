//! Rejected rows of histories: counted, and landed all the same with what can be read, where it can be read whose they are.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use catalog::contract::{Contract, Extract};
use catalog::reference::Reference;
use ingest::{Landed, Source, blanked, land};

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources").join(file)).unwrap()
}

fn extract(name: &str) -> Extract {
    let (contract, faults) = Contract::read("contract.yaml", "rijksregister", &text("rijksregister/contract.yaml"));
    assert!(faults.is_empty(), "{faults:?}");
    contract.unwrap().extracts.into_iter().find(|extract| extract.id.extract == name).unwrap()
}

fn landed(name: &str, rows: &str) -> (Landed, Vec<RecordBatch>) {
    let mut faults = Vec::new();
    let reference = Reference::read(&|name: &str| Some(text(&format!("reference/{name}"))), &mut faults);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{:?}.csv", std::thread::current().id()));
    let extract = extract(name);
    let names: Vec<&str> = extract.columns.iter().map(|column| column.name.as_str()).collect();
    fs::write(&path, format!("{}\n{rows}", names.join(";"))).unwrap();
    let mut batches = Vec::new();
    let source = Source { path: &path, shown: "file" };
    let landed = land(&extract, &reference, "2011-01-01".parse().unwrap(), &[source], 2, &mut |batch| {
        batches.push(batch);
        Ok(())
    });
    (landed.unwrap(), batches)
}

/// Rows as text: number, begin, end, nationality, registration, and what could not be read.
fn shown(batches: &[RecordBatch]) -> Vec<String> {
    let names = ["insz", "datum_begin", "datum_einde", "nationaliteit", "geregistreerd_op", "unreadable"];
    let mut found = Vec::new();
    for batch in batches {
        let columns: Vec<_> =
            names.iter().map(|name| cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap()).collect();
        for row in 0..batch.num_rows() {
            let cell = |column: &arrow::array::ArrayRef| {
                let texts = column.as_string::<i32>();
                if texts.is_valid(row) { texts.value(row).to_string() } else { "-".into() }
            };
            found.push(columns.iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    found
}

const ONE: &str = "94021300145";

#[test]
fn what_can_be_read_of_a_rejected_row_lands_and_is_counted_as_rejected() {
    let rows = [
        "94021300145;1;1994-02-13;1999-05-04;354;;1994-02-20",
        // Dates known in part are sound.
        "94021300145;2;1999-00-00;2000-05-00;150;;19990000",
        // A code that is in no list; a date that is none; dates in the wrong order; a number that is none.
        "94021300145;3;2000-05-04;;888;;2000-05-05",
        "94021300145;4;0000-00-00;;150;;2001-01-01",
        "94021300145;5;2002-01-01;2001-01-01;150;;2002-01-01",
        "94021300145;x;2003-01-01;;150;;2003-01-01",
        // A field too many: only whose it is can be told.
        "94021300145;7;2004-01-01;;150;;2004-01-01;",
        // Nobody's: the number itself cannot be read.
        "94021300146;8;2005-01-01;;150;;2005-01-01",
        ";9;2005-01-01;;150;;2005-01-01",
    ];
    let (landed, batches) = landed("nationaliteit", &(rows.join("\n") + "\n"));
    assert_eq!((landed.rows, landed.accepted, landed.rejections.len()), (9, 2, 7));
    let code = " volgnr datum_begin datum_einde nationaliteit reden geregistreerd_op ";
    assert_eq!(
        shown(&batches),
        [
            format!("{ONE}|19940213|19990504|354|19940220|-"),
            format!("{ONE}|19990000|20000500|150|19990000|-"),
            format!("{ONE}|20000504|-|-|20000505| nationaliteit "),
            format!("{ONE}|-|-|150|20010101| datum_begin "),
            format!("{ONE}|-|-|150|20020101| datum_begin datum_einde "),
            format!("{ONE}|20030101|-|150|20030101| volgnr "),
            format!("{ONE}|-|-|-|-|{code}"),
        ]
    );
}

#[test]
fn rows_of_one_key_that_differ_say_only_whose_they_are() {
    let rows = [
        "94021300145;1;1994-02-13;;888;;1994-02-20",
        "94021300145;2;1999-05-04;;150;;1999-05-05",
        "94021300145;2;1999-05-04;;354;;1999-05-06",
        "94021300145;3;2000-05-04;;150;;2000-05-05",
        "94021300145;3;2000-05-04;;150;;2000-05-05",
    ];
    let (landed, batches) = landed("nationaliteit", &(rows.join("\n") + "\n"));
    assert_eq!((landed.rows, landed.accepted, landed.rejections.len()), (5, 1, 4));
    let all = shown(&batches);
    // Positions are among the rows as they are handed out, the salvaged ones between them.
    let at = |positions: &[usize]| positions.iter().map(|at| all[*at].clone()).collect::<Vec<_>>();
    assert_eq!(
        at(&landed.blanked),
        [format!("{ONE}|19990504|-|150|19990505|-"), format!("{ONE}|19990504|-|354|19990506|-")]
    );
    assert_eq!(at(&landed.withdrawn), [format!("{ONE}|20000504|-|150|20000505|-")]);
    let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
    let marked: BooleanArray = (0..batch.num_rows()).map(|at| Some(landed.blanked.contains(&at))).collect();
    let blank = blanked(&extract("nationaliteit"), &batch, &marked).unwrap();
    let gone = " volgnr datum_begin datum_einde nationaliteit reden ";
    let after = shown(std::slice::from_ref(&blank));
    assert_eq!(after[landed.blanked[0]], format!("{ONE}|-|-|-|19990505|{gone}"));
    assert_eq!(after.iter().filter(|row| row.contains("|150|20000505|-")).count(), 2);
    assert_eq!(blank.column(0).as_primitive::<Int64Type>().null_count(), 0);
    assert_eq!(blank.column(2).as_primitive::<Int32Type>().null_count(), 2);
}

#[test]
fn rows_of_one_day_that_contradict_each_other_are_counted_and_land() {
    let rows = ["94021300145;1;1994-02-13;;354;;1994-02-20", "94021300145;2;1994-02-13;;150;;1994-02-20"];
    let (landed, batches) = landed("nationaliteit", &(rows.join("\n") + "\n"));
    assert_eq!((landed.accepted, landed.rejections.len()), (1, 1));
    assert_eq!((landed.withdrawn.len(), landed.blanked.len(), shown(&batches).len()), (0, 0, 2));
}

#[test]
fn a_tie_of_which_the_parent_cannot_be_read_lands_for_the_child() {
    let rows = "94021300145;1;00000000000;1;geboorte;1994-02-13;;1994-02-20\n94021300145;2;94021300145;2;?;1994-02-13;;1994-02-20\n";
    let (landed, batches) = landed("afstamming", rows);
    assert_eq!((landed.rows, landed.accepted), (2, 0));
    let batch = arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap();
    let unreadable = batch.column_by_name("unreadable").unwrap().as_string::<i32>();
    assert_eq!((unreadable.value(0), unreadable.value(1)), (" ouder_insz ", " aard "));
    assert_eq!(batch.column_by_name("ouder_insz").unwrap().as_primitive::<Int64Type>().null_count(), 1);
}
