//! What a contract says of a delivery as a whole: tolerances, volume, calendar, histories, parts and wholes.

use std::process::Output;

use crate::project::{Folder, done, err, insz, liim, project};

fn receive(folder: &Folder, extract: &str, period: &str, text: &str) -> Output {
    folder.write("file.csv", text);
    let file = folder.path().join("file.csv");
    liim(folder, &["receive", extract, file.to_str().unwrap(), "--period", period, "--delivered-on", "2011-02-01"])
}

fn job_seekers(rows: u64) -> String {
    let row = |row: u64| format!("2010-01;{};00;71016\n", insz(19_700_101 + row / 400 * 100, 1 + row % 400));
    format!("maand;insz;categorie;gemeente\n{}", (0..rows).map(row).collect::<String>())
}

#[test]
fn a_reason_has_a_tolerance_of_its_own() {
    let folder = project("tolerance");
    let contract = "sources/vdab/contract.yaml";
    folder.replace(contract, "tolerance: 0.02", "tolerance: { all: 0.05, check-digit: 0.01 }");
    let wrong = |count: usize| job_seekers(200 - count as u64) + &"2010-01;94021300146;00;71016\n".repeat(count);
    // Two of two hundred are within one in a hundred; three are not, although one in twenty may be wrong in all.
    assert_eq!(receive(&folder, "vdab/nwwz", "2010", &wrong(2)).status.code(), Some(0));
    let output = receive(&folder, "vdab/nwwz", "2010", &wrong(3));
    assert_eq!(output.status.code(), Some(4));
    let words = err(&output);
    assert!(words.contains("3 of 200 rows are rejected for `check-digit` where"), "{words}");
    assert!(words.contains("allows 2"), "{words}");
    folder.replace(contract, "check-digit: 0.01", "check-digits: 0.01");
    let words = err(&liim(&folder, &["check"]));
    assert!(words.contains("`check-digits` is not a reason for a rejection"), "{words}");
    assert!(words.contains("did you mean `check-digit`?"), "{words}");
}

#[test]
fn a_delivery_far_smaller_than_the_one_before_is_refused() {
    let folder = project("volume");
    let contract = folder.read("sources/vdab/contract.yaml");
    assert!(contract.contains("volume_change: 0.5"), "the test rests on this limit");
    assert_eq!(receive(&folder, "vdab/nwwz", "2010", &job_seekers(100)).status.code(), Some(0));
    let later = |rows: u64| job_seekers(rows).replace("2010-01;", "2011-01;");
    let output = receive(&folder, "vdab/nwwz", "2011", &later(49));
    assert_eq!(output.status.code(), Some(4));
    let words = err(&output);
    assert!(words.contains("error[S41]: 49 rows, where the delivery of 2010 had 100"), "{words}");
    assert!(words.contains("volume_change"), "{words}");
    assert_eq!(receive(&folder, "vdab/nwwz", "2011", &later(50)).status.code(), Some(0));
}

#[test]
fn a_late_delivery_is_taken_in_and_said_to_be_late() {
    let folder = project("late");
    let contract = folder.read("sources/vdab/contract.yaml");
    assert!(contract.contains("expected_within_days: 90"), "the test rests on this calendar");
    folder.write("file.csv", job_seekers(3));
    let file = folder.path().join("file.csv");
    let page = folder.path().join("page.html");
    let on = |day: &str| {
        let arguments = ["receive", "vdab/nwwz", file.to_str().unwrap(), "--period", "2010", "--delivered-on", day];
        let output = liim(&folder, &[&arguments[..], &["--report", page.to_str().unwrap()]].concat());
        assert_eq!(output.status.code(), Some(0));
        (err(&output), std::fs::read_to_string(&page).unwrap())
    };
    // Ninety days after 31 December 2010 is 31 March 2011.
    let (words, html) = on("2011-03-31");
    assert!(!words.contains("later than") && !html.contains("dagen later"), "{words}");
    let (words, html) = on("2011-04-10");
    assert!(words.contains("10 days later than sources/vdab/contract.yaml expects"), "{words}");
    assert!(html.contains("De levering kwam 10 dagen later"), "{html}");
}

const NATIONALITIES: &str = "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n";

#[test]
fn a_history_that_contradicts_itself_loses_the_later_line_and_holes_are_counted() {
    let folder = project("history");
    let person = |number: u64| insz(19_700_101, number);
    let rows: String = (1..=200).map(|number| format!("{};1;1990-01-01;;354;;1990-01-05\n", person(number))).collect();
    let one = insz(19_710_101, 1);
    let odd = [
        format!("{one};1;1990-01-01;2000-01-01;351;;2001-01-01\n"),
        // Registered on the same day and reaching back: line 203 contradicts line 202.
        format!("{one};2;1999-12-31;2005-01-01;354;;2001-01-01\n"),
        // Begins when the first ends, and has an empty end, which the next row closes.
        format!("{one};3;2000-01-01;;354;;2001-01-01\n"),
        format!("{one};4;2006-01-01;2007-01-01;150;;2006-02-01\n"),
        // After a hole of a year: kept.
        format!("{one};5;2008-01-01;;150;;2008-02-01\n"),
        // Learned later, about days known before: it replaces them, and contradicts nothing.
        format!("{one};6;1995-01-01;1996-01-01;352;;2009-01-01\n"),
    ];
    let output = receive(
        &folder,
        "rijksregister/nationaliteit",
        "2011-01-01",
        &format!("{NATIONALITIES}{rows}{}", odd.concat()),
    );
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let words = err(&output);
    assert!(words.contains("206 rows = 205 accepted + 1 rejected"), "{words}");
    assert!(
        words.contains(
            "1 row: days that an earlier line of the same history has too, column datum_begin, first at line 203"
        ),
        "{words}"
    );
    assert!(words.contains("1 row begins after a hole in a history and is kept, the first at line 206"), "{words}");
}

#[test]
fn a_whole_smaller_than_its_parts_is_rejected() {
    let folder = project("parts");
    folder.replace("sources/verkiezingen/contract.yaml", "tolerance: 0.02", "tolerance: 0.2");
    let text = "verkiezing;gemeente;groep;ingeschreven;potentieel\n\
        2006-10-08;11001;EU;10;100\n2006-10-08;11002;EU;20;200\n2006-10-08;02000;EU;30;299\n\
        2006-10-08;11001;NIET-EU;1;9\n2006-10-08;11002;NIET-EU;2;8\n2006-10-08;02000;NIET-EU;3;17\n";
    let output = receive(&folder, "verkiezingen/kiezers", "2006-10-08", text);
    let words = err(&output);
    assert_eq!(output.status.code(), Some(0), "{words}");
    assert!(words.contains("6 rows = 5 accepted + 1 rejected"), "{words}");
    assert!(
        words.contains("1 row: whole smaller than its parts together, column potentieel, first at line 4"),
        "{words}"
    );
    folder.replace("sources/verkiezingen/contract.yaml", "whole: \"02000\"", "whole: \"02001\"");
    folder.replace("sources/verkiezingen/contract.yaml", "columns: [ingeschreven, potentieel] }", "columns: [groep] }");
    let words = err(&liim(&folder, &["check"]));
    assert!(words.contains("`02001` is not a code that `gemeente` may hold"), "{words}");
    assert!(words.contains("`groep` is not of type `count`"), "{words}");
    folder.replace("sources/verkiezingen/contract.yaml", "whole: \"02001\"", "whole: \"02000\"");
    folder.replace("sources/verkiezingen/contract.yaml", "columns: [groep] }", "columns: [potentieel] }");
    done(&folder, &["check"]);
}
