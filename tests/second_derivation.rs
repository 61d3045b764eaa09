//! The link derived again in SQL: the same in every column of every person, and a difference is seen.
//!
//! `LIIM_VERIFY_SCALE` and `LIIM_TRUTH_CALIBRATE` run it at another scale, full size for one, and on Statbel's table.

use std::sync::Arc;

use arrow::array::{Array, StringArray};
use arrow::record_batch::RecordBatch;
use warehouse::store::{Warehouse, rows};

use crate::project::{done, err, liim, out, project};

/// Editions that need all six definitions, on two days.
const EDITIONS: &str = r#"
  zes-1:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2011-12-15"
    why: De eerste drie definities.
    indicators:
      vreemde-nationaliteit: { periods: ["2010-01-01", "2011-01-01"] }
      vreemde-herkomst: { periods: ["2010-01-01", "2011-01-01"], origin: vier-criteria-2013 }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }
  zes-2:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2011-12-15"
    why: De andere drie definities.
    indicators:
      vreemde-herkomst: { periods: ["2011-01-01"], origin: sem-waso }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: vdab-2011 }
      leefloon: { periods: ["2010-01-01/P1Y"], origin: statbel-herkomst }
"#;

#[test]
fn sql_and_rust_agree_on_every_column_of_every_person() {
    let scale = std::env::var("LIIM_VERIFY_SCALE").unwrap_or_else(|_| "0.02".to_string());
    let folder = project("verify");
    let pipeline = folder.read("pipeline.yaml");
    folder.write("pipeline.yaml", pipeline + EDITIONS);
    let mut synth = vec!["-q", "synth", "--scale", &scale, "--faults", "0.01"];
    let zip = std::env::var("LIIM_TRUTH_CALIBRATE").ok();
    if let Some(zip) = &zip {
        synth.extend(["--calibrate", zip]);
    }
    done(&folder, &synth);
    // Statbel's own table is damaged too, and no fault of it is tolerated otherwise.
    folder.replace(
        "sources/statbel/contract.yaml",
        "    absent_means: zero\n",
        "    absent_means: zero\n    tolerance: 0.02\n",
    );
    done(&folder, &["-q", "run", "--edition", "zes-1", "--edition", "zes-2"]);
    for edition in ["zes-1", "zes-2"] {
        let output = done(&folder, &["-q", "verify", "--stage", "link", "--edition", edition]);
        let words = out(&output);
        assert_eq!(words.lines().count(), 2, "{words}");
        for line in words.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let persons: u64 = fields[2].split(' ').next().unwrap().parse().unwrap();
            assert!(persons > 10_000 && fields[4] == "0 differ", "{line}");
        }
        println!("{}", words.trim_end());
    }
    assert!(!folder.path().join("warehouse/landed/.verify").exists(), "identifiers were left behind");

    // One value changed, and one person gone, are seen.
    let warehouse = Warehouse::writing(&folder.path().join("warehouse")).unwrap();
    let path = warehouse.work().join("zes-1/rijksregister_personen/2011-01-01.parquet");
    let batches: Vec<RecordBatch> = rows(&path, &[]).unwrap().map(Result::unwrap).collect();
    let mut writer = warehouse.write_private(&path, &batches[0].schema()).unwrap();
    for (number, batch) in batches.iter().enumerate() {
        let mut batch = batch.clone();
        if number == 0 {
            batch = batch.slice(1, batch.num_rows() - 1);
            let at = batch.schema().index_of("vier-criteria-2013@decided_by").unwrap();
            let texts = batch.column(at).as_any().downcast_ref::<StringArray>().unwrap();
            let changed: StringArray =
                (0..texts.len()).map(|at| Some(if at == 0 { "nobody" } else { texts.value(at) })).collect();
            let mut columns = batch.columns().to_vec();
            columns[at] = Arc::new(changed);
            batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
        }
        writer.write(&batch).unwrap();
    }
    writer.finish().unwrap();
    drop(warehouse);
    let output = liim(&folder, &["-q", "verify", "--edition", "zes-1"]);
    assert_eq!(output.status.code(), Some(6), "{}", err(&output));
    let words = err(&output);
    assert!(words.contains("zes-1 2011-01-01: vier-criteria-2013@decided_by differs for 1 persons"), "{words}");
    assert!(words.contains("zes-1 2011-01-01: 1 persons that only one has"), "{words}");
}
