//! The link derived again in SQL: the same in every column of every person, and a difference is seen.
//!
//! `LIIM_VERIFY_SCALE` and `LIIM_TRUTH_CALIBRATE` run it at another scale, full size for one, and on Statbel's table.

use std::sync::Arc;

use arrow::array::{Array, StringArray};
use arrow::record_batch::RecordBatch;
use warehouse::store::{Warehouse, rows};

use crate::project::{Folder, done, err, liim, out, project, without_floors};
use crate::same_persons::rewrite;

/// Editions that need all six definitions, on two days.
const EDITIONS: &str = r#"
  2011-12-15:
    monitor: toets
    kind: illustrative
    title: Toets
    cut_off: "2011-12-15"
    why: De eerste drie definities.
    indicators:
      vreemde-nationaliteit: { periods: ["2010-01-01", "2011-01-01"] }
      vreemde-herkomst: { periods: ["2010-01-01", "2011-01-01"], origin: vier-criteria-2013 }
      werkzoekenden: { periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }
  2011-12-16:
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

/// Gives every few rows of the histories what synth does not draw: dates that are known in part or not at all, corrections that
/// were registered later, two nationalities from one day, and contradictions of one day.
fn histories_as_registers_have_them(folder: &Folder) {
    let delivered = |extract: &str| format!("rijksregister/deliveries/2011-01-01/{extract}/0001/{extract}.csv");
    rewrite(folder, &delivered("nationaliteit"), |text| {
        let mut out = String::new();
        for (number, line) in text.lines().enumerate() {
            let fields: Vec<&str> = line.split(';').collect();
            let [person, serial, from, until, code, why, learned] = fields[..] else {
                out.push_str(&format!("{line}\n"));
                continue;
            };
            let row = |serial: &str, from: &str, until: &str, code: &str, learned: &str| {
                format!("{person};{serial};{from};{until};{code};{why};{learned}\n")
            };
            let (year, month) = (|day: &str| format!("{}-00-00", &day[..4]), |day: &str| format!("{}-00", &day[..7]));
            let sound = row(serial, from, until, code, learned);
            let dated = number > 0 && [from, learned].iter().all(|day| day.len() == 10);
            out.push_str(&match number % 60 {
                _ if !dated => sound,
                0 => row(serial, &year(from), until, code, learned),
                1 => row(serial, &month(from), until, code, learned),
                2 if until.len() == 10 => row(serial, from, &year(until), code, learned),
                3 => row(serial, from, until, code, &year(learned)),
                4 => row(serial, "0000-00-00", until, code, learned),
                5 => row(serial, from, "unknown", code, learned),
                6 => row(serial, from, until, code, "9999-99-99"),
                7 => row(serial, from, until, "xxx", learned),
                8 => sound + &row("91", from, until, "150", "2010-05-06"),
                9 => sound + &row("92", from, "", "354", "2010-05-06"),
                10 => sound + &row("93", from, "", "150", learned),
                11 => sound + &row("94", from, "2005-06-07", "129", learned),
                12 => sound + &row("95", "1999-03-04", "2003-04-05", "262", "2009-08-07"),
                13 => sound + &row("96", "1999-00-00", "2003-00-00", "xxx", "2009-08-07"),
                14 => sound + &row("97", "0000-00-00", "", "354", "2010-00-00"),
                15 => sound + &row("98", from, "", "150", "2012-06-01"),
                16 => row(serial, &year(from), until, code, learned) + &row("99", &month(from), "", "128", learned),
                _ => sound,
            });
        }
        out
    });
    rewrite(folder, &delivered("afstamming"), |text| {
        let mut out = String::new();
        for (number, line) in text.lines().enumerate() {
            let mut fields: Vec<String> = line.split(';').map(str::to_string).collect();
            let dated = number > 0 && fields.len() == 8 && fields[5].len() == 10;
            match number % 40 {
                _ if !dated => {}
                0 => fields[5] = format!("{}-00-00", &fields[5][..4]),
                1 => fields[2] = "00000000000".to_string(),
                2 => fields[3] = "9".to_string(),
                3 => fields[7] = "9999-99-99".to_string(),
                4 => fields[4] = "other".to_string(),
                5 => fields[6] = "2009-00-00".to_string(),
                _ => {}
            }
            out.push_str(&format!("{}\n", fields.join(";")));
        }
        out
    });
    // Far more is damaged than a delivery may be.
    let contract = "sources/rijksregister/contract.yaml";
    folder.write(contract, folder.read(contract).replace("tolerance: 0.02", "tolerance: 0.5"));
    without_floors(folder);
}

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
    histories_as_registers_have_them(&folder);
    done(&folder, &["-q", "run", "--edition", "2011-12-15", "--edition", "2011-12-16"]);
    for edition in ["2011-12-15", "2011-12-16"] {
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
    let path = warehouse.work().join("2011-12-15/rijksregister_personen/2011-01-01.parquet");
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
    let output = liim(&folder, &["-q", "verify", "--stage", "link", "--edition", "2011-12-15"]);
    assert_eq!(output.status.code(), Some(6), "{}", err(&output));
    let words = err(&output);
    assert!(words.contains("2011-12-15 2011-01-01: vier-criteria-2013@decided_by differs for 1 persons"), "{words}");
    assert!(words.contains("2011-12-15 2011-01-01: 1 persons that only one has"), "{words}");
}
