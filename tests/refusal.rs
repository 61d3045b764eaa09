//! What is refused, and in which words: definitions, whole files, single rows.

use std::process::Output;

use crate::project::{Folder, done, err, insz, liim, project, synthetic};

#[test]
fn broken_definitions_give_all_their_faults_at_once_with_file_and_line() {
    let folder = project("broken");
    folder.replace("pipeline.yaml", "kind: routine", "kind: routin");
    folder.replace("pipeline.yaml", "      leefloon:", "      leeflon:");
    folder.replace("sources/vdab/contract.yaml", "delimiter: \";\"", "delimitr: \";\"");
    folder.replace("indicators/welzijn/leefloon.yaml", "share_of: group", "share_of: groep");
    folder.replace("indicators/welzijn/leefloon.yaml", "title:", "titel:");
    folder.replace("sources/reference/origin/vier-criteria-2013.yaml", "mother: foreign", "mother: forein");
    let output = liim(&folder, &["check"]);
    assert_eq!(output.status.code(), Some(3));
    let words = err(&output);
    let line_of = |file: &str, text: &str| {
        let line = folder.read(file).split(text).next().unwrap().matches('\n').count() + 1;
        format!("{file}, line {line}:")
    };
    for (fault, place, hint) in [
        (
            "error[P06]: `routin` is not known here",
            &line_of("pipeline.yaml", "kind: routin\n"),
            "did you mean `routine`?",
        ),
        (
            "error[S03]: unknown key `delimitr`",
            &line_of("sources/vdab/contract.yaml", "delimitr"),
            "did you mean `delimiter`?",
        ),
        ("error[S04]: `delimiter` is missing", &"sources/vdab/contract.yaml".to_string(), ""),
        (
            "error[I03]: unknown key `titel`",
            &line_of("indicators/welzijn/leefloon.yaml", "titel:"),
            "did you mean `title`?",
        ),
        ("error[I04]: `title` is missing", &"indicators/welzijn/leefloon.yaml".to_string(), ""),
        (
            "error[I06]: `groep` is not known here",
            &line_of("indicators/welzijn/leefloon.yaml", "groep\n"),
            "did you mean `group`?",
        ),
        (
            "error[O06]: `forein` is not known here",
            &line_of("sources/reference/origin/vier-criteria-2013.yaml", "forein"),
            "did you mean `foreign`?",
        ),
    ] {
        let found = words
            .split("\n\n")
            .find(|block| block.contains(fault))
            .unwrap_or_else(|| panic!("no {fault:?} in\n{words}"));
        assert!(found.contains(place) && found.contains(hint), "{found}");
    }
}

#[test]
fn a_card_and_its_query_are_held_to_each_other_without_data() {
    let folder = project("query");
    let card = "indicators/huisvesting/sociale-huur.yaml";
    let sql = "indicators/huisvesting/sociale-huur.sql";
    let check = |folder: &Folder| -> String {
        let output = liim(folder, &["check"]);
        assert_eq!(output.status.code(), Some(3), "{}", err(&output));
        err(&output)
    };
    // A column that may be empty has a floor where a card reads it; here that is not the question.
    folder.replace("sources/wonen/contract.yaml", "filled: { gemeente: 0.9,", "filled: { gemeente: 0.9, huurprijs: 0,");
    let original = (folder.read(card), folder.read(sql));
    let restore = || {
        folder.write(card, &original.0);
        folder.write(sql, &original.1);
    };
    folder.replace(card, "columns: [area, nationality_group, blad]", "columns: [area, blad, huurprijs]");
    let words = check(&folder);
    assert!(words.contains("error[I25]: the query depends on `nationality_group` of wonen/sociale-huur"), "{words}");
    assert!(words.contains("error[I26]: the card says that the query depends on `huurprijs`"), "{words}");
    restore();
    folder.replace(sql, "nationality_group AS", "nationalty_group AS");
    let words = check(&folder);
    assert!(words.contains("error[I20]") && words.contains(&format!("{sql}, line 3")), "{words}");
    restore();
    folder.replace(sql, "COUNT(*) AS contributors", "COUNT(*) AS contributers");
    let words = check(&folder);
    assert!(
        words.contains("error[I21]") && words.contains("did you mean `contributors`?") && words.contains("error[I23]"),
        "{words}"
    );
    restore();
    folder.replace(card, "sex: not-available", "sex: available");
    assert!(check(&folder).contains("error[I24]: sex is available by the card"));
    restore();
    folder.replace(card, "scheme: liim-2011", "scheme: liim-2012");
    assert!(check(&folder).contains("error[I14]: there is no group scheme `liim-2012`"));
    restore();
    // Of the groups outside the Union one is left out: it is what the others leave of the whole.
    folder.replace(card, "MAGHREB, ", "");
    assert!(check(&folder).contains("error[I14]: `MAGHREB` is not there, and others of `NIET-EU` are"));
    restore();
    done(&folder, &["check"]);
}

const NWWZ: &str = "maand;insz;categorie;gemeente\n2010-01;94021300145;00;71016\n2010-02;06070500252;02;11002\n";

fn receive(folder: &Folder, text: impl AsRef<[u8]>) -> Output {
    let path = folder.write("in/nwwz.csv", text);
    liim(folder, &["receive", "vdab/nwwz", path.to_str().unwrap(), "--period", "2010", "--delivered-on", "2011-03-01"])
}

#[test]
fn a_whole_file_that_breaks_its_contract_is_refused_and_nothing_is_written() {
    let folder = project("files");
    for (name, text, code, says) in [
        ("empty", String::new(), "S19", "the file is empty"),
        ("header only", "maand;insz;categorie;gemeente\n".into(), "S20", "the file has a header and no rows"),
        ("truncated", NWWZ[..NWWZ.len() - 12].to_string(), "S30", "the file is truncated"),
        ("delimiter", NWWZ.replace(';', ","), "S25", "the fields stand between `,`, the contract says `;`"),
        ("renamed", NWWZ.replace("gemeente", "gemeent"), "S27", "column `gemeente` is missing"),
        ("extra", NWWZ.replace("gemeente\n", "gemeente;naam\n"), "S28", "column `naam` is not in the contract"),
        ("reordered", NWWZ.replace("maand;insz", "insz;maand"), "S29", "another order"),
        ("no header", NWWZ.split_once('\n').unwrap().1.to_string(), "S26", "not the header"),
    ] {
        let output = receive(&folder, text);
        assert_eq!(output.status.code(), Some(4), "{name}: {}", err(&output));
        let words = err(&output);
        assert!(words.contains(&format!("error[{code}]")) && words.contains(says), "{name}: {words}");
        assert!(words.contains("nwwz.csv"), "{name}: {words}");
        assert!(!words.contains("94021300145"), "{name} names a person");
    }
    assert!(!folder.path().join("sources/vdab/deliveries").exists(), "a refused delivery left something behind");
    let usage = liim(&folder, &["receive", "vdab/nwz", "x", "--period", "2010"]);
    assert_eq!(usage.status.code(), Some(2));
    assert!(err(&usage).contains("did you mean vdab/nwwz?"));
    let usage = liim(&folder, &["receive", "vdab/nwwz", "x", "--period", "2010-01-01"]);
    assert!(usage.status.code() == Some(2) && err(&usage).contains("not delivered for a period like 2010-01-01"));
}

/// Rows that keep to the contract, each of another person.
fn good(rows: u64) -> String {
    (0..rows).map(|row| format!("2010-01;{};00;71016\n", insz(19_700_101 + row / 400 * 100, 1 + row % 400))).collect()
}

#[test]
fn a_bad_row_is_counted_and_placed_and_too_many_stop_the_delivery() {
    let folder = project("rows");
    let good = good(500);
    let header = "maand;insz;categorie;gemeente\n";
    let bad = [
        ("2010-01;94021300146;00;71016\n", "check digits wrong, column insz"),
        ("2010-13;94021300145;00;71016\n", "not a date, column maand"),
        ("2010-01;94021300145;00;99998\n", "code not in the list of its day, column gemeente"),
        ("2010-01;94021300145;07;71016\n", "code not in the list of its day, column categorie"),
        ("2010-01;94021300145;00\n", "number of fields unlike the header"),
        ("2010-01;;00;71016\n", "value missing, column insz"),
    ];
    let text: String = [header, &good].into_iter().chain(bad.iter().map(|(line, _)| *line)).collect();
    let output = receive(&folder, &text);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let words = err(&output);
    assert!(words.contains("506 rows = 500 accepted + 6 rejected"), "{words}");
    for (number, (_, says)) in bad.iter().enumerate() {
        let line = 502 + number;
        assert!(
            words.contains(&format!("1 row: {says}")) && words.contains(&format!("first at line {line}")),
            "{says}, line {line}: {words}"
        );
    }
    for identifier in ["94021300145", "94021300146"] {
        assert!(!words.contains(identifier), "a person is named: {words}");
    }
    // Above the tolerance of the contract, one row in fifty.
    let folder = project("too-many");
    let text = format!("{header}{}", "2010-01;94021300146;00;71016\n".repeat(3)) + &good[..29 * 40];
    let output = receive(&folder, text);
    assert_eq!(output.status.code(), Some(4));
    let words = err(&output);
    assert!(
        words.contains("error[S40]: check digits wrong   (and 2 more rows)") && words.contains("line 2, column insz"),
        "{words}"
    );
    assert!(words.contains("3 of 43 rows are rejected where sources/vdab/contract.yaml allows 0"), "{words}");
}

#[test]
fn a_stray_quote_swallows_no_line() {
    let folder = project("quote");
    folder.replace("sources/vdab/contract.yaml", "delimiter: \";\" }", "delimiter: \";\", quoted: true }");
    let good = good(100);
    let text = format!("maand;insz;categorie;gemeente\n2010-01;\"94021300145;00;71016\n{good}");
    let output = receive(&folder, text);
    assert!(err(&output).contains("101 rows = 100 accepted + 1 rejected"), "{}", err(&output));
}

#[test]
fn a_delivery_that_changed_after_its_receipt_stops_the_run() {
    let folder = synthetic("changed", "0.002");
    let file = "sources/vdab/deliveries/2010/nwwz/0001/nwwz.csv";
    let text = folder.read(file);
    folder.write(file, &text[..text.len() / 2]);
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(err(&output).contains("error[S32]: the file is truncated"), "{}", err(&output));
    assert!(!folder.path().join("warehouse/published/edition=2011-12-21").exists());
    folder.write(file, text.replacen(";00;", ";03;", 1));
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert!(err(&output).contains("error[S33]"), "{}", err(&output));
    folder.write(file, &text);
    done(&folder, &["run", "--edition", "2011-12-21"]);
}

#[test]
fn what_may_be_missing_is_published_as_not_delivered() {
    let folder = synthetic("without", "0.002");
    std::fs::remove_dir_all(folder.path().join("sources/wonen/deliveries")).unwrap();
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(output.status.code(), Some(75), "{}", err(&output));
    folder.replace(
        "pipeline.yaml",
        "    why: Eerste editie.\n",
        "    why: Eerste editie.\n    publish_without: [wonen/sociale-huur, wonen/woonwagens]\n",
    );
    let output = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    let rows = crate::project::observations(&folder, "2011-12-21");
    let missing: Vec<_> = rows.iter().filter(|row| row.key.indicator == "sociale-huur").collect();
    assert!(
        !missing.is_empty()
            && missing.iter().all(|row| row.reason == catalog::cell::Reason::NotDelivered && row.value.is_none())
    );
}

#[test]
fn a_delivery_in_the_wrong_place_is_never_published_with_the_definitions() {
    let folder = project("stray");
    folder.write("sources/vdab/nwwz_2010.csv", NWWZ);
    let output = liim(&folder, &["check"]);
    assert_eq!(output.status.code(), Some(3));
    let words = err(&output);
    assert!(words.contains("error[S15]") && words.contains("sources/vdab/nwwz_2010.csv"), "{words}");
}

#[test]
fn columns_with_a_role_have_the_type_that_linking_reads() {
    let folder = project("roles");
    let contract = "sources/rijksregister/contract.yaml";
    folder.replace(
        contract,
        "- { name: geregistreerd_op, type: day }",
        "- { name: geregistreerd_op, type: day, optional: true }",
    );
    folder.replace(contract, "- { name: nationaliteit, type: nationality }", "- { name: nationaliteit, type: text }");
    let words = err(&liim(&folder, &["check"]));
    assert!(words.contains("error[S14]: column `geregistreerd_op` has this role and may be empty"), "{words}");
    assert!(words.contains("column `nationaliteit` has this role and is not of type nationality"), "{words}");
}

/// How many are of an unknown group is a figure, and is protected as one; nor is what is never empty counted as such.
#[test]
fn empty_rows_are_counted_of_no_column_that_figures_are_counted_by() {
    let folder = project("count-empty");
    let contract = "sources/kindengezin/contract.yaml";
    folder.replace(
        contract,
        "type: nationality, optional: true }",
        "type: nationality, optional: true, count_empty: true }",
    );
    folder.replace(
        contract,
        "{ name: geboortedatum, type: day }",
        "{ name: geboortedatum, type: day, count_empty: true }",
    );
    let words = err(&liim(&folder, &["check"]));
    let nationality =
        "error[S14]: column `nationaliteit_moeder_bij_haar_geboorte` has this role and its empty rows are counted";
    assert!(words.contains(nationality), "{words}");
    assert!(words.contains("error[S10]: what is never empty cannot be counted as such"), "{words}");
}

#[test]
fn nothing_is_published_without_what_links_persons() {
    let folder = project("without-key");
    folder.replace(
        "pipeline.yaml",
        "    why: Eerste editie.\n",
        "    why: Eerste editie.\n    publish_without: [ksz/sleutel]\n",
    );
    let words = err(&liim(&folder, &["check"]));
    assert!(words.contains("error[P17]: edition 2011-12-21 may not be published without `ksz/sleutel`"), "{words}");
}

#[test]
fn a_delivery_can_be_put_back_by_receiving_it_again() {
    let folder = project("again");
    let sequence = |output: &Output| crate::project::out(output).trim().rsplit('/').next().unwrap().to_string();
    let other = NWWZ.replace(";00;", ";03;");
    assert_eq!(sequence(&receive(&folder, NWWZ)), "0001");
    assert_eq!(sequence(&receive(&folder, NWWZ)), "0001");
    assert_eq!(sequence(&receive(&folder, &other)), "0002");
    assert_eq!(sequence(&receive(&folder, NWWZ)), "0003");
}

#[test]
fn contract_and_pipeline_agree_on_what_everybody_may_read() {
    let folder = project("terms");
    assert!(!err(&done(&folder, &["check"])).contains("warning"));
    folder.replace("pipeline.yaml", "    verkiezingen/kiezers:\n      public: true\n", "    verkiezingen/kiezers:\n");
    let words = err(&done(&folder, &["check"]));
    assert!(words.contains("warning: the contract of verkiezingen/kiezers says that everybody may use it"), "{words}");
    folder.replace("sources/statbel/contract.yaml", "terms: free-use", "terms: confidential");
    let refused = liim(&folder, &["check"]);
    assert_eq!(refused.status.code(), Some(3));
    let words = err(&refused);
    assert!(
        words.contains("error[P19]: `statbel/bevolking` is called public") && words.contains("pipeline.yaml, line"),
        "{words}"
    );
}
