//! Rules across extracts: what two suppliers, or two extracts, tell of one person is held together and counted; and what a
//! supplier leaves empty is.

use std::collections::HashSet;
use std::io::Read;

use arrow::array::{Array, Int64Array, StringArray};
use warehouse::store::rows;

use crate::project::{Folder, done, synthetic};

/// The published count of the register's moves under a name.
fn told(folder: &Folder, measure: &str) -> Option<i64> {
    let file = folder.path().join("warehouse/published/edition=2011-12-21/quality.parquet");
    for batch in rows(&file, &[]).unwrap().map(Result::unwrap) {
        let column = |name: &str| batch.column_by_name(name).unwrap().clone();
        let (measures, values) = (column("measure"), column("value"));
        let measures = measures.as_any().downcast_ref::<StringArray>().unwrap();
        let values = values.as_any().downcast_ref::<Int64Array>().unwrap();
        for at in 0..batch.num_rows() {
            if measures.value(at) == measure {
                return values.is_valid(at).then(|| values.value(at));
            }
        }
    }
    panic!("{measure} is not told");
}

/// Forty persons whose only move of 2010 is made to lead elsewhere than where the register has them on 1 January 2011, and
/// thirty whom it does not have anywhere.
#[test]
fn a_move_that_the_register_does_not_follow_is_counted() {
    let folder = synthetic("moves", "0.02");
    let base = folder.path().join("sources/rijksregister/deliveries");
    let mut moves = String::new();
    let packed = std::fs::read(base.join("2010/verhuizingen/0001/verhuizingen.csv.gz")).unwrap();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut moves).unwrap();
    let file = std::fs::read_dir(base.join("2011-01-01/personen/0001")).unwrap();
    let file = file.map(|entry| entry.unwrap().path()).find(|path| !path.ends_with("receipt.yaml")).unwrap();
    let persons = std::fs::read(file).unwrap();
    // Who lives in a municipality: number and code at their places in the line.
    let living: HashSet<String> = persons
        .split(|byte| *byte == b'\n')
        .filter(|line| line.len() > 26 && line[21] != b' ' && &line[21..26] != b"00992")
        .map(|line| String::from_utf8_lossy(&line[..11]).into_owned())
        .collect();
    let number = |line: &str| line.split(';').next().unwrap().to_string();
    let once = |line: &&str| moves.lines().filter(|other| number(other) == number(line)).count() == 1;
    let (mut elsewhere, mut nowhere, mut written) = (0, 0, Vec::new());
    for line in moves.lines() {
        let mut fields: Vec<String> = line.split(';').map(String::from).collect();
        if fields[4] == "verhuizing" && elsewhere < 40 && living.contains(&fields[0]) && once(&line) {
            fields[3] = if fields[3] == "11002" { "44021".into() } else { "11002".into() };
            elsewhere += 1;
        } else if fields[4] == "afvoering" && nowhere < 30 && !living.contains(&fields[0]) && once(&line) {
            // Removed, and now said to have moved within Flanders.
            (fields[3], fields[4]) = ("11002".into(), "verhuizing".into());
            nowhere += 1;
        }
        written.push(fields.join(";"));
    }
    assert_eq!((elsewhere, nowhere), (40, 30));

    done(&folder, &["-q", "run", "--edition", "2011-12-21"]);
    let before = (told(&folder, "moved-elsewhere"), told(&folder, "moved-without-residence").unwrap_or(0));
    assert_eq!(before.0, Some(0));
    std::fs::remove_dir_all(folder.path().join("warehouse")).unwrap();
    let file = folder.write("verhuizingen.csv", written.join("\n") + "\n");
    let packed = folder.path().join("verhuizingen.csv.gz");
    let mut writer =
        flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, &std::fs::read(file).unwrap()).unwrap();
    writer.finish().unwrap();
    let file = packed.display().to_string();
    done(
        &folder,
        &["-q", "receive", "rijksregister/verhuizingen", &file, "--period", "2010", "--delivered-on", "2011-12-01"],
    );
    done(&folder, &["-q", "run", "--edition", "2011-12-21"]);
    assert_eq!(told(&folder, "moved-elsewhere"), Some(40));
    // Fewer than five before are withheld, so that the sum is known up to them.
    let nowhere = told(&folder, "moved-without-residence").unwrap();
    assert!((30 + before.1..=34 + before.1).contains(&nowhere), "{nowhere}");
    criteria_that_are_not_filled_in_are_counted(&folder);
}

/// Of births each criterion that is not filled in counts as not weak; in how many births that is so is told, and of columns
/// that figures are counted by it is not.
fn criteria_that_are_not_filled_in_are_counted(folder: &Folder) {
    let delivered = folder.path().join("sources/kindengezin/deliveries/2008/geboorten/0001");
    let file = std::fs::read_dir(delivered).unwrap().map(|entry| entry.unwrap().path());
    let file = file.into_iter().find(|path| !path.ends_with("receipt.yaml")).unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let births: Vec<Vec<&str>> = text.lines().map(|line| line.split(';').collect()).collect();
    let quality = folder.path().join("warehouse/published/edition=2011-12-21/quality.parquet");
    let rows = warehouse::tables::read_texts(&quality).unwrap();
    let of = |row: &std::collections::BTreeMap<String, Option<String>>, column: &str| row[column].clone().unwrap();
    for (at, column) in births[0].iter().enumerate().skip(2) {
        let empty = births[1..].iter().filter(|birth| birth[at].is_empty()).count();
        let filled = births.len() - 1 - empty;
        let told = |measure: &str| -> Option<usize> {
            let row = rows.iter().find(|row| {
                (of(row, "source"), of(row, "time_period")) == ("kindengezin/geboorten".into(), "2008".into())
                    && (of(row, "measure"), of(row, "detail")) == (measure.into(), format!("column:{column}"))
            })?;
            Some(row["value"].as_ref().unwrap().parse().unwrap())
        };
        let is_criterion = (3..9).contains(&at);
        let expected = if is_criterion { (Some(empty), Some(filled)) } else { (None, None) };
        assert!(!is_criterion || empty > 4, "{column}: {empty} would be withheld");
        assert_eq!((told("empty"), told("filled")), expected, "{column}");
    }
}
