//! The real Statbel tables of 2010, 2011 and 2012, published and counted again another way.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use catalog::cell::{AreaLevel, CellKey, Observation};

use crate::project::{Folder, done, observations, shared_data, statbel_zip, synthetic};

/// Total and foreign persons by Flemish municipality and sex, by plain reading of the published text.
fn counted_by_hand(zip: &Path) -> BTreeMap<(String, String), (i64, i64)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    let mut found: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('|').collect();
        if fields[9] != "02000" {
            continue;
        }
        let persons: i64 = fields[20].parse().unwrap();
        for sex in [fields[12], "_T"] {
            let sums = found.entry((fields[0].to_string(), sex.to_string())).or_default();
            sums.0 += persons;
            sums.1 += if fields[13] == "ETR" { persons } else { 0 };
        }
    }
    found
}

fn receive(folder: &Folder, data: &Path, year: u16, delivered_on: &str) {
    let zip = statbel_zip(data, year);
    let period = format!("{year}-01-01");
    done(
        folder,
        &["receive", "statbel/bevolking", zip.to_str().unwrap(), "--period", &period, "--delivered-on", delivered_on],
    );
}

fn total<'o>(rows: &'o [Observation], area: &str, period: &str, sex: &str) -> &'o Observation {
    let mut found = rows.iter().filter(|row| {
        let key = &row.key;
        key.indicator == "vreemde-nationaliteit"
            && key.ref_area == area
            && key.time_period.to_string() == period
            && key.sex == sex
            && key.group == "_T"
            && key.age_group == "_T"
    });
    let row = found.next().unwrap();
    assert!(found.next().is_none(), "two totals of {area} {period} {sex}");
    row
}

#[test]
fn the_real_population_is_published_to_the_person() {
    let Some(data) = shared_data("the_real_population_is_published_to_the_person") else { return };
    let folder = synthetic("statbel", "0.002");
    receive(&folder, &data, 2010, "2011-12-01");
    receive(&folder, &data, 2011, "2011-12-01");
    receive(&folder, &data, 2012, "2012-12-01");
    done(&folder, &["-q", "run", "--all"]);

    let first = observations(&folder, "2011-12-21");
    let illustrative = observations(&folder, "2013-03-15");
    // The figures of PROVENANCE and of the specification.
    for (rows, area, period, sex, foreign, all) in [
        (&first, "02000", "2011-01-01", "_T", 427_986, 6_306_638),
        (&first, "02000", "2011-01-01", "F", 206_975, 3_193_269),
        (&first, "02000", "2011-01-01", "M", 221_011, 3_113_369),
        (&first, "11002", "2011-01-01", "_T", 86_813, 493_548),
        (&first, "71016", "2011-01-01", "_T", 8_476, 64_986),
        (&first, "13002", "2011-01-01", "_T", 1_252, 2_594),
        (&first, "73028", "2011-01-01", "_T", 3, 85),
        (&first, "73028", "2011-01-01", "F", 0, 40),
        (&first, "02000", "2010-01-01", "_T", 399_433, 6_251_983),
        (&illustrative, "02000", "2012-01-01", "_T", 453_399, 6_350_765),
    ] {
        let row = total(rows, area, period, sex);
        assert_eq!(row.numerator, Some(foreign), "{area} {period} {sex}");
        if (area, sex) != ("73028", "F") {
            assert_eq!(row.denominator, Some(all), "{area} {period} {sex}");
        }
    }
    assert_eq!(total(&first, "02000", "2011-01-01", "_T").share, Some(6.8));
    assert_eq!(total(&first, "02000", "2011-01-01", "_T").mean_of_scores, Some(5.04));
    assert_eq!(total(&first, "02000", "2011-01-01", "_T").members_with_data, Some(308));

    for (rows, year) in [(&first, 2010), (&first, 2011), (&illustrative, 2012)] {
        let period = format!("{year}-01-01");
        let by_hand = counted_by_hand(&statbel_zip(&data, year));
        let mut municipalities = 0;
        for ((area, sex), (all, foreign)) in &by_hand {
            let row = total(rows, area, &period, sex);
            assert_eq!((row.numerator, row.denominator), (Some(*foreign), Some(*all)), "{area} {period} {sex}");
            municipalities += usize::from(sex == "_T");
        }
        assert_eq!(municipalities, 308, "{year}");
        let published = rows.iter().filter(|row| {
            row.key.area_level == AreaLevel::Municipality
                && row.key.indicator == "vreemde-nationaliteit"
                && row.key.time_period.to_string() == period
                && row.key.sex == "_T"
                && row.key.group == "_T"
                && row.key.age_group == "_T"
        });
        assert_eq!(published.count(), 308, "{year}");
    }
}

#[test]
fn the_grid_is_full_and_every_blank_has_its_reason() {
    let folder = synthetic("grid", "0.002");
    done(&folder, &["-q", "run", "--all"]);
    for edition in ["2011-12-21", "2012-03-15", "2013-03-15"] {
        let rows = observations(&folder, edition);
        for row in &rows {
            let shown = row.reason == catalog::cell::Reason::Shown;
            assert_eq!(row.value.is_some(), shown, "{row:?}");
            assert_eq!(row.numerator.is_some(), shown, "{row:?}");
            // Who has a living wage, follows courses or has a file need not be an inhabitant.
            let others =
                matches!(row.key.indicator.as_str(), "leefloon" | "volwassenenonderwijs" | "opvoedingssituaties");
            // A rate per 1,000 inhabitants can be of a balance.
            let is_rate = row.key.share_of == catalog::cell::ShareOf::Population;
            assert!(row.share.is_none_or(|share| (0.0..=100.0).contains(&share) || others || is_rate), "{row:?}");
        }
        let mut areas: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.key.area_level == AreaLevel::Municipality) {
            areas
                .entry((row.key.indicator.clone(), row.key.time_period.to_string()))
                .or_default()
                .insert(row.key.ref_area.clone());
        }
        assert!(areas.values().all(|found| found.len() == 308));
        // The government's table: sex is available for exactly three.
        let by_sex: BTreeSet<&str> =
            rows.iter().filter(|row| row.key.sex != "_T").map(|row| row.key.indicator.as_str()).collect();
        assert_eq!(by_sex, BTreeSet::from(["nieuwkomers", "vreemde-herkomst", "vreemde-nationaliteit"]));
    }
}

#[test]
fn an_update_carries_the_rows_of_the_edition_it_follows() {
    let folder = synthetic("carry", "0.002");
    done(&folder, &["-q", "run", "--all"]);
    let first = observations(&folder, "2011-12-21");
    let update = observations(&folder, "2012-03-15");
    const ADDED: [&str; 3] = ["deelname-secundair", "schoolse-achterstand", "volwassenenonderwijs"];
    let is_added = |row: &&Observation| ADDED.contains(&row.key.indicator.as_str());
    let carried: Vec<&Observation> = update.iter().filter(|row| !is_added(row)).collect();
    assert_eq!(carried.len(), first.len());
    for (before, after) in first.iter().zip(carried) {
        let expected = Observation { edition_id: "2012-03-15".into(), changed: String::new(), ..before.clone() };
        assert_eq!(*after, expected);
    }
    let added = update.iter().filter(is_added);
    assert!(ADDED.iter().all(|indicator| added.clone().any(|row| row.key.indicator == *indicator)));
    assert!(added.clone().all(|row| row.changed == "n"));
    // A share of pupils by form of education: within a group the forms make up the whole.
    let flanders = update.iter().filter(|row| {
        row.key.indicator == "deelname-secundair" && row.key.ref_area == "02000" && row.key.group == "BE"
    });
    let (mut parts, mut whole) = (0, 0);
    for row in flanders {
        assert!(row.denominator.is_some());
        if row.key.detail == "_T" { whole = row.numerator.unwrap() } else { parts += row.numerator.unwrap() }
    }
    assert_eq!(parts, whole);
    // A cell that another definition changed is a break, not a revision; one that it left as it was has not changed.
    let illustrative = observations(&folder, "2013-03-15");
    let before: BTreeMap<&CellKey, &Observation> = update.iter().map(|row| (&row.key, row)).collect();
    let mut marks: BTreeMap<&str, usize> = BTreeMap::new();
    for row in illustrative.iter().filter(|row| row.key.indicator == "vreemde-herkomst") {
        let figure =
            |row: &Observation| (row.numerator, row.denominator, row.reason, row.mean_of_scores, row.members_with_data);
        let expected = match before.get(&row.key) {
            None => "n",
            Some(before) if figure(before) == figure(row) => "",
            Some(_) => "b",
        };
        assert_eq!(
            (row.changed.as_str(), row.method.as_str(), row.level.as_str()),
            (expected, "vier-criteria-2013", "L3"),
            "{:?}",
            row.key
        );
        *marks.entry(&row.changed).or_default() += 1;
    }
    assert!(["", "b", "n"].iter().all(|mark| marks.get(mark).is_some_and(|count| *count > 0)), "{marks:?}");
}

/// The real table of 2011 lands whole; a copy with a hundred damages reports exactly those.
#[test]
fn a_hundred_damages_in_the_real_table_are_found_and_nothing_else() {
    let Some(data) = shared_data("a_hundred_damages_in_the_real_table_are_found_and_nothing_else") else { return };
    let folder = crate::project::project("damaged-statbel");
    let project = catalog::project::Project::load(folder.path()).unwrap();
    let extract = project.extract(&catalog::contract::ExtractId::read("statbel/bevolking").unwrap()).unwrap();
    let land = |path: &Path, year: u16| {
        let source = ingest::Source { path, shown: "TF_SOC_POP_STRUCT.zip" };
        let period = format!("{year}-01-01").parse().unwrap();
        let mut persons = 0;
        let landed = ingest::land(extract, &project.reference, period, &[source], 2, &mut |batch| {
            let counts = batch.column_by_name("MS_POPULATION").unwrap();
            let counts = counts.as_any().downcast_ref::<arrow::array::Int64Array>().unwrap();
            persons += counts.iter().flatten().sum::<i64>();
            Ok(())
        });
        (landed.unwrap(), persons)
    };
    // The totals of Belgium and the rows that the publisher's files have.
    for (year, rows, belgium) in [(2010, 443_817, 10_839_905), (2011, 447_513, 10_951_266), (2012, 450_542, 11_035_948)]
    {
        let (landed, persons) = land(&statbel_zip(&data, year), year);
        assert_eq!(
            (landed.rows, landed.accepted, landed.rejections.len(), persons),
            (rows, rows, 0, belgium),
            "{year}"
        );
    }

    let mut archive = zip::ZipArchive::new(std::fs::File::open(statbel_zip(&data, 2011)).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_index(0).unwrap().read_to_string(&mut text).unwrap();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
    let mut expected = Vec::new();
    for number in 0..100usize {
        let at = 1_000 + number * 4_000;
        let fields: Vec<&str> = lines[at].trim_end().split('|').collect();
        let with = |column: usize, value: &str| -> String {
            let mut fields = fields.clone();
            fields[column] = value;
            format!("{}\r\n", fields.join("|"))
        };
        let (line, reason) = match number % 10 {
            0 => (with(0, "99998"), "unknown-code"),
            1 => (with(20, "12a"), "not-a-number"),
            2 => (with(12, ""), "missing"),
            3 => (format!("{}|x\r\n", fields.join("|")), "field-count"),
            4 => (fields[..21].join("|") + "\r\n", "field-count"),
            5 => (with(21, "2010"), "outside-period"),
            6 => (with(13, "BEL ETR"), "unknown-code"),
            7 => (lines[0].trim_start_matches('\u{feff}').to_string(), "header-repeated"),
            8 => ("\r\n".to_string(), "blank-line"),
            // The row of the line before it once more.
            _ => (lines[at - 1].clone(), "duplicate-key"),
        };
        lines[at] = line;
        expected.push((at as u64 + 1, reason));
    }
    let path = folder.path().join("damaged.zip");
    let mut packed = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    packed.start_file("TF_SOC_POP_STRUCT_2011.txt", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut packed, lines.concat().as_bytes()).unwrap();
    packed.finish().unwrap();
    let (landed, _) = land(&path, 2011);
    let found: Vec<(u64, &str)> = landed.rejections.iter().map(|own| (own.line, own.reason.words().0)).collect();
    assert_eq!(found, expected);
    assert_eq!((landed.rows, landed.accepted), (447_513, 447_413));
}
