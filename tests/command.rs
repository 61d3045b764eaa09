//! The command's doors: help, exit codes, JSON.

use crate::project::{Folder, done, err, liim, out, project, synthetic};

#[test]
fn help_teaches_the_first_steps_and_the_exit_codes() {
    let folder = Folder::new("help");
    let help = out(&liim(&folder, &["--help"])).split_whitespace().collect::<Vec<_>>().join(" ");
    for word in
        ["liim init", "liim synth", "liim run --all", "liim trace", "75 a delivery is missing", "99 nothing to do"]
    {
        assert!(help.contains(word), "help does not say {word:?}");
    }
    for verb in ["init", "synth", "receive", "check", "plan", "run", "editions", "trace", "report"] {
        let help = liim(&folder, &[verb, "--help"]);
        assert!(help.status.success() && out(&help).lines().count() > 5, "{verb}");
    }
}

#[test]
fn exit_codes_are_as_documented() {
    let folder = project("codes");
    assert_eq!(liim(&folder, &["nonsense"]).status.code(), Some(2));
    assert_eq!(liim(&folder, &["run", "--edition", "2011-12-22"]).status.code(), Some(2));
    let missing = liim(&folder, &["run", "--all"]);
    assert_eq!(missing.status.code(), Some(75));
    assert!(err(&missing).contains("statbel/bevolking of 2011-01-01 is missing"), "{}", err(&missing));
    assert_eq!(
        liim(&folder, &["trace", "vreemde-herkomst", "--area", "11002", "--edition", "2011-12-21"]).status.code(),
        Some(2)
    );
    let nowhere = Folder::new("nowhere");
    let unsound = liim(&nowhere, &["check"]);
    assert_eq!(unsound.status.code(), Some(3));
    assert!(err(&unsound).contains("liim init"));
}

#[test]
fn a_project_is_not_written_over() {
    let folder = project("twice");
    let again = std::process::Command::new(env!("CARGO_BIN_EXE_liim")).arg("init").arg(folder.path()).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn plan_run_editions_trace_and_report_follow_an_edition() {
    let folder = synthetic("follow", "0.002");
    let planned: serde_json::Value = serde_json::from_str(&out(&done(&folder, &["plan", "--json"]))).unwrap();
    assert_eq!(planned["version"], 1);
    assert_eq!(planned["editions"][0]["state"], "to-make");
    let run = done(&folder, &["run", "--all"]);
    for line in err(&run).lines().filter(|line| line.starts_with("landing ")) {
        let numbers: Vec<u64> = line
            .split(": ")
            .nth(1)
            .unwrap()
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        assert_eq!(numbers[0], numbers[1] + numbers[2], "{line}");
    }
    assert_eq!(out(&run).lines().count(), 4);
    let again = liim(&folder, &["run", "--all"]);
    assert_eq!(again.status.code(), Some(99), "{}", err(&again));
    assert!(out(&done(&folder, &["plan"])).contains("2012-03-15: up to date"));

    let editions: serde_json::Value = serde_json::from_str(&out(&done(&folder, &["editions", "--json"]))).unwrap();
    assert_eq!(editions["editions"][1]["follows"], "2011-12-21");
    assert_eq!(editions["editions"][2]["kind"], "illustrative");

    let trace = ["trace", "vreemde-herkomst", "--area", "02000", "--edition", "2012-03-15", "--json"];
    let proof: serde_json::Value = serde_json::from_str(&out(&done(&folder, &trace))).unwrap();
    assert_eq!(proof["counted_in"], "2011-12-21");
    assert!(proof["query"].as_str().unwrap().contains("FROM rijksregister_personen"));
    assert!(proof["origin_definition"].as_str().unwrap().contains("eigen-historiek-2011"));
    let sources: Vec<&str> =
        proof["receipts"].as_array().unwrap().iter().map(|receipt| receipt["source"].as_str().unwrap()).collect();
    assert!(
        sources.contains(&"rijksregister/personen") && sources.contains(&"rijksregister/nationaliteit"),
        "{sources:?}"
    );

    crate::trace::every_row_answers_to_its_own_key(&folder);
    crate::trace::the_command_answers_for_the_cell_that_was_given_or_for_none(&folder);

    let reports = folder.path().join("pages");
    let page =
        done(&folder, &["report", "--edition", "2012-03-15", "--area", "71016", "--out", reports.to_str().unwrap()]);
    let html = std::fs::read_to_string(out(&page).trim()).unwrap();
    for word in
        ["Onvolledig beschermd", "Vlaams Gewest", "Vergelijkbare gemeenten", "Onderwijs en vorming", "per 1.000"]
    {
        assert!(html.contains(word), "the page does not say {word:?}");
    }
    an_edition_of_synthetic_deliveries_says_so(&folder, &html, &editions);

    // What was published is never rewritten, even when what it was made from has changed.
    folder.replace(
        "indicators/demografie/vreemde-herkomst.yaml",
        "Inwoners van vreemde herkomst op",
        "Personen van vreemde herkomst op",
    );
    let changed = liim(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(changed.status.code(), Some(99));
    let words = err(&changed);
    assert!(
        words.contains("definition indicators/demografie/vreemde-herkomst.yaml has changed")
            && words.contains("correction"),
        "{words}"
    );
    assert!(out(&done(&folder, &["plan", "--edition", "2012-03-15"])).contains("up to date"));
}

/// Receipts, manifest, footer, list of editions and page; an edition that only carries from one says so too.
fn an_edition_of_synthetic_deliveries_says_so(folder: &Folder, page: &str, editions: &serde_json::Value) {
    let receipt = folder.read("sources/vdab/deliveries/2010/nwwz/0001/receipt.yaml");
    assert!(receipt.contains("synthetic: true"), "{receipt}");
    for (at, edition) in ["2011-12-21", "2012-03-15"].into_iter().enumerate() {
        let manifest = folder.read(&format!("warehouse/published/edition={edition}/manifest.json"));
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!((&manifest["synthetic"], &editions["editions"][at]["synthetic"]), (&true.into(), &true.into()));
        let file = folder.path().join(format!("warehouse/published/edition={edition}/observations.parquet"));
        let bytes = std::fs::read(file).unwrap();
        let footer = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(16_384)..]).to_string();
        assert!(
            footer.split("synthetic").nth(1).is_some_and(|rest| rest
                .chars()
                .take(8)
                .collect::<String>()
                .contains("true"))
        );
    }
    // Voters are published by the service that counts them: none is withheld, and the page says so.
    let rows = crate::project::observations(folder, "2011-12-21");
    let voters = || rows.iter().filter(|row| row.key.indicator == "kiezers");
    assert!(voters().count() > 0 && voters().all(|row| row.reason.word() != "withheld"));
    assert!(page.contains("Ook kleine aantallen zijn getoond waar ze elders openbaar zijn. De dienst Verkiezingen"));
    for words in
        ["<title>Genk - synthetische gegevens - ", "<h1>Genk - synthetische gegevens</h1>", "Synthetische gegevens. "]
    {
        assert!(page.contains(words), "the page does not say {words:?}");
    }
}

#[test]
fn a_tampered_edition_is_noticed_before_it_is_believed() {
    let folder = synthetic("tamper", "0.002");
    done(&folder, &["-q", "run", "--edition", "2011-12-21"]);
    let file = folder.path().join("warehouse/published/edition=2011-12-21/observations.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let trace = liim(&folder, &["trace", "vreemde-herkomst", "--area", "02000", "--edition", "2011-12-21"]);
    assert_eq!(trace.status.code(), Some(6));
    assert!(err(&trace).contains("observations.parquet is not as it was written"), "{}", err(&trace));
}

#[test]
fn two_runs_do_not_write_at_once() {
    let folder = project("lock");
    let held = warehouse::store::Warehouse::writing(&folder.path().join("warehouse")).unwrap();
    assert_eq!(liim(&folder, &["run", "--all"]).status.code(), Some(7));
    drop(held);
    assert_eq!(liim(&folder, &["run", "--all"]).status.code(), Some(75));
}

#[test]
fn a_run_that_was_killed_while_it_wrote_the_ledger_is_settled_by_the_next() {
    let folder = synthetic("torn", "0.002");
    done(&folder, &["-q", "run", "--edition", "2011-12-21"]);
    let ledger = folder.read("warehouse/published/ledger.jsonl");
    let confidential = folder.path().join("warehouse/confidential/edition=2011-12-21");
    for torn in [&ledger[..ledger.len() / 2], ledger.trim_end(), ""] {
        folder.write("warehouse/published/ledger.jsonl", torn);
        // The line that the run was about to write: without it a torn ledger is one that was cut.
        std::fs::rename(confidential.join("ledger-line.json"), confidential.join("intent.json")).unwrap();
        assert_eq!(liim(&folder, &["run", "--edition", "2011-12-21"]).status.code(), Some(99));
        assert_eq!(folder.read("warehouse/published/ledger.jsonl"), ledger);
    }
    done(&folder, &["-q", "run", "--edition", "2012-03-15"]);
    assert!(folder.read("warehouse/published/ledger.jsonl").starts_with(&ledger));
}
