//! Floors, layouts and codes of a day: deliveries that would be counted as zero are refused.

use crate::project::{Folder, done, err, insz, liim, project, shared_data, synthetic};

fn receive(folder: &Folder, extract: &str, period: &str, file: &str) -> std::process::Output {
    liim(folder, &["receive", extract, file, "--period", period, "--delivered-on", "2011-06-01"])
}

const BIRTHS: &str = "kind;geboortedatum;gemeente_3112;inkomen;opleiding;arbeid;stimulatie;huisvesting;gezondheid;\
    nationaliteit_moeder_bij_haar_geboorte\n";

#[test]
fn a_column_that_is_empty_throughout_is_refused() {
    let folder = project("empty");
    let file = |rows: &[&str]| {
        let rows = rows.iter().enumerate().map(|(number, row)| format!("k{number};2010-01-{:02};{row}\n", number + 1));
        let text = format!("{BIRTHS}{}", rows.collect::<String>());
        folder.write("births.csv", text).display().to_string()
    };
    let (sound, without, unknown) = ("71016;0;0;0;0;0;0;150", "71016;0;0;0;0;0;0;", "71016;0;0;0;0;0;0;999");
    // Nine of ten rows name the mother's nationality: the floor of the shipped contract.
    let at_floor: Vec<&str> = std::iter::repeat_n(sound, 9).chain([without]).collect();
    for (rows, code) in [(vec![without; 9], 4), (vec![unknown; 9], 4), (at_floor[1..].to_vec(), 4), (at_floor, 0)] {
        let path = file(&rows);
        let output = receive(&folder, "kindengezin/geboorten", "2010", &path);
        assert_eq!(output.status.code(), Some(code), "{rows:?}: {}", err(&output));
    }
    let words = err(&receive(&folder, "kindengezin/geboorten", "2010", &file(&[without; 9])));
    assert!(
        words.contains("error[S62]: kindengezin/geboorten 2010: the column is filled in for 0% of the rows"),
        "{words}"
    );
    assert!(words.contains("column nationaliteit_moeder_bij_haar_geboorte"), "{words}");
    assert!(words.contains("the floor is 90%"), "{words}");
    // Nobody's municipality is known: Flanders would have all, and every municipality zero.
    let words = err(&receive(&folder, "kindengezin/geboorten", "2010", &file(&["99991;0;0;0;0;0;0;150"; 9])));
    assert!(words.contains("column gemeente_3112"), "{words}");
}

#[test]
fn a_contract_without_floors_is_refused() {
    let folder = project("no-floors");
    folder.replace(
        "sources/ksz/contract.yaml",
        "floors: { linkage_rate: 0.9, filled: { gemeente: 0.9 }, fall: 0.02 }",
        "",
    );
    folder.replace("sources/onderwijs/contract.yaml", "graad: 0.8, ", "");
    let output = liim(&folder, &["check"]);
    let words = err(&output);
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(words.contains("error[S60]: the extract is linked and has no floor for its linkage rate"), "{words}");
    assert!(words.contains("error[S61]: column `gemeente` decides a group or an area"), "{words}");
    assert!(words.contains("`graad` may be empty, `deelname-secundair` counts by it, and it has no floor"), "{words}");
}

/// All of synth's deliveries, and damaged ones, are within the floors of the shipped contracts; a key of other pseudonyms
/// is not.
#[test]
fn a_source_that_links_to_nobody_stops_the_edition() {
    let folder = synthetic("nobody", "0.005");
    let key = "sources/ksz/deliveries/2010/sleutel/0001/sleutel.csv";
    let text = folder.read(key);
    let strange: String = text.lines().skip(1).map(|line| format!("x{line}\n")).collect();
    let path = folder.write("in/sleutel.csv", format!("gecodeerd;insz\n{strange}"));
    done(
        &folder,
        &["-q", "receive", "ksz/sleutel", path.to_str().unwrap(), "--period", "2010", "--delivered-on", "2011-12-01"],
    );
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    let words = err(&output);
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(
        words.contains(
            "error[S63]: ksz/leefloon 2010: 0% of the rows link to a person of the register, the floor is 90%"
        ),
        "{words}"
    );
    assert!(words.contains("look whether the pseudonyms are those of ksz/sleutel"), "{words}");
    assert!(!folder.path().join("warehouse/published/edition=2011-12-21").exists());
}

#[test]
fn histories_of_other_persons_stop_the_edition() {
    let folder = synthetic("strangers", "0.005");
    let other = |number: u64| insz(19_000_101 + number / 400 * 100, 1 + number % 400);
    let rows: String = (0..200).map(|n| format!("{};1;1990-01-01;;150;;1990-01-01\n", other(n))).collect();
    let head = "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n";
    folder.replace(
        "sources/rijksregister/contract.yaml",
        "volume_change: 0.5\n    expected_within_days: 200\n    floors: { linkage_rate: 0.95",
        "expected_within_days: 200\n    floors: { linkage_rate: 0.95",
    );
    let path = folder.write("in/nationaliteit.csv", format!("{head}{rows}"));
    done(
        &folder,
        &[
            "-q",
            "receive",
            "rijksregister/nationaliteit",
            path.to_str().unwrap(),
            "--period",
            "2011-01-01",
            "--delivered-on",
            "2011-12-01",
        ],
    );
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    let words = err(&output);
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(words.contains("error[S63]: rijksregister/nationaliteit 2011-01-01: 0% of the residents"), "{words}");
}

/// The deliveries of a 2011 coded by the municipalities of 2019.
#[test]
fn municipalities_of_another_day_are_refused_and_the_merger_is_named() {
    let folder = project("codes");
    let caravans = |area: &str, year: &str| {
        let text =
            format!("gemeente,jaar,gezinnen,bewoners\n11001,{year},3,9\n{area},{year},5,15\n02000,{year},8,24\n");
        let path = folder.write("caravans.csv", text);
        receive(&folder, "wonen/woonwagens", year, path.to_str().unwrap())
    };
    for (area, year, merger) in [
        (
            "71072",
            "2011",
            "71072 (Hasselt) is valid from 2025-01-01; on 2011-01-01 it was 71022 (Hasselt) and 73040 (Kortessem)",
        ),
        ("12030", "2019", "12030 (Puurs) is valid until 2018-12-31; on 2019-12-31 it is 12041 (Puurs-Sint-Amands)"),
    ] {
        let output = caravans(area, year);
        let words = err(&output);
        assert_eq!(output.status.code(), Some(4), "{words}");
        assert!(words.contains("error[S64]: unknown-code on its day") && words.contains(merger), "{words}");
        assert!(words.contains("column gemeente"), "{words}");
    }
    assert_eq!(caravans("71022", "2011").status.code(), Some(0));
    // A slip among many rows of the right code is one rejected row.
    let person = |number: u64| insz(19_700_101 + number / 400 * 100, 1 + number % 400);
    let row = |(number, area): (u64, &str)| format!("2010-01;{};00;{area}\n", person(number));
    let rows: String = (0..200).map(|number| (number, "12030")).chain([(200, "12041")]).map(row).collect();
    let path = folder.write("nwwz.csv", format!("maand;insz;categorie;gemeente\n{rows}"));
    let output = receive(&folder, "vdab/nwwz", "2010", path.to_str().unwrap());
    let words = err(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("1 row: code not in the list of its day, column gemeente, first at line 202"), "{words}");
}

#[test]
fn the_day_of_a_code_is_that_of_its_row() {
    let folder = project("days");
    folder.replace("sources/vdab/contract.yaml", "within_period: [maand]", "within_period: []");
    let person = |number: u64| insz(19_700_101, 1 + number);
    // The end of the month counts: in January 2019 the former municipality is gone, in December 2018 the new one is not there.
    let text =
        format!("maand;insz;categorie;gemeente\n2018-12;{};00;12030\n2019-01;{};00;12041\n", person(0), person(1));
    let path = folder.write("nwwz.csv", &text);
    let output = receive(&folder, "vdab/nwwz", "2010", path.to_str().unwrap());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let path = folder.write("nwwz.csv", text.replace("2018-12", "2019-02"));
    assert_eq!(receive(&folder, "vdab/nwwz", "2010", path.to_str().unwrap()).status.code(), Some(4));
    let path = folder.write("nwwz.csv", text.replace("2019-01", "2018-11"));
    assert_eq!(receive(&folder, "vdab/nwwz", "2010", path.to_str().unwrap()).status.code(), Some(4));
}

#[test]
fn statbels_table_by_a_later_division_is_refused() {
    let Some(data) = shared_data("statbels_table_by_a_later_division_is_refused") else { return };
    let folder = project("later-division");
    let file = data.join("cases/sb_2011_new_codes.zip");
    let output = receive(&folder, "statbel/bevolking", "2011-01-01", file.to_str().unwrap());
    let words = err(&output);
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(
        words.contains("12041 (Puurs-Sint-Amands) is valid from 2019-01-01; on 2011-01-01 it was 12030 (Puurs) and 12034 (Sint-Amands)"),
        "{words}"
    );
    assert!(!folder.path().join("sources/statbel/deliveries/2011-01-01").exists());
}

const LAYOUT_2026: &str = r#"
    layouts:
      - periods: { to: "2025-12-31" }
      - periods: { from: "2026-01-01" }
        within_period: []
        columns:
          - { name: CD_MUNTY_REFNIS, header: CD_REFNIS, type: municipality }
          - { name: TX_MUNTY_DESCR_NL, header: TX_DESCR_NL, type: text }
          - { name: TX_MUNTY_DESCR_FR, header: TX_DESCR_FR, type: text }
"#;

#[test]
fn a_contract_holds_several_layouts_each_for_its_periods() {
    let Some(data) = shared_data("a_contract_holds_several_layouts_each_for_its_periods") else { return };
    let folder = project("layouts");
    let file = data.join("cases/sb_layout_2026.zip");
    let receive = |period: &str, file: &std::path::Path| {
        let file = file.to_str().unwrap();
        liim(&folder, &["receive", "statbel/bevolking", file, "--period", period, "--delivered-on", "2026-06-01"])
    };
    let before = receive("2026-01-01", &file);
    assert_eq!(before.status.code(), Some(4), "{}", err(&before));
    // What the new layout has beyond its first columns is as it was, but for the year, which is gone.
    let contract = folder.read("sources/statbel/contract.yaml");
    let columns = contract.split("      - { name: TX_MUNTY_DESCR_FR, type: text }\n").nth(1).unwrap();
    let kept: String =
        columns.lines().filter(|line| !line.contains("CD_YEAR")).map(|line| format!("    {line}\n")).collect();
    folder.write("sources/statbel/contract.yaml", format!("{}{LAYOUT_2026}{kept}", contract.trim_end()));
    done(&folder, &["check"]);
    let output = receive("2026-01-01", &file);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(err(&output).contains("240 rows = 240 accepted + 0 rejected"), "{}", err(&output));
    // The years before keep theirs.
    let real = crate::project::statbel_zip(&data, 2011);
    let output = receive("2011-01-01", &real);
    assert_ne!(output.status.code(), Some(3), "{}", err(&output));
    assert!(!err(&output).contains("S27"), "the former layout is read: {}", err(&output));
    let words = err(&receive("2025-01-01", &file));
    assert!(words.contains("column `CD_MUNTY_REFNIS` is missing"), "the new layout is not that of 2025: {words}");
    folder.replace("sources/statbel/contract.yaml", "to: \"2025-12-31\"", "to: \"2024-12-31\"");
    let words = err(&liim(&folder, &["check"]));
    assert!(words.contains("between 2024-12-31 and 2026-01-01 there is no layout"), "{words}");
}

/// Rates that fall: a warning in the log with its figures, in the manifest without.
#[test]
fn a_fall_is_warned_of_in_log_and_manifest() {
    let folder = synthetic("falls", "0.005");
    let file = "sources/onderwijs/deliveries/2011-2012/secundair/0001/secundair.csv";
    let bytes = std::fs::read(folder.path().join(file)).unwrap();
    // The grade and year of every tenth pupil are taken away: 85 in 100 are left where the year before has 95.
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().map(|(number, line)| {
        let mut fields: Vec<&[u8]> = line.split(|byte| *byte == b';').collect();
        if number > 0 && number % 10 == 0 && fields.len() > 4 {
            (fields[3], fields[4]) = (b"", b"");
        }
        fields.join(&b';')
    });
    let text = lines.collect::<Vec<_>>().join(&b'\n');
    let path = folder.write("in/secundair.csv", text);
    done(
        &folder,
        &[
            "-q",
            "receive",
            "onderwijs/secundair",
            path.to_str().unwrap(),
            "--period",
            "2011-2012",
            "--delivered-on",
            "2012-12-01",
        ],
    );
    let words = err(&done(&folder, &["run", "--edition", "2013-03-29"]));
    let warned = "onderwijs/secundair 2011-2012: column graad is filled in less than in 2010-2011, by more than 2%";
    assert!(words.contains(&format!("warning: {warned}: 85.")), "{words}");
    let manifest = folder.read("warehouse/published/edition=2013-03-29/manifest.json");
    assert!(manifest.contains(&format!("\"{warned}\"")), "{manifest}");
}
