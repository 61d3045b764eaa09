//! Words of a run: the log as JSON of runs that succeed and that fail, silence where it is asked for, the line on a terminal.

use std::process::{Command, Output};

use serde_json::Value;

use crate::project::{Folder, err, liim, project, synthetic};

/// The lines of standard error, each an object with what every line has.
fn lines(output: &Output) -> Vec<Value> {
    let text = err(output);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?} of\n{text}")))
        .collect();
    let run = lines.first().map(|line| line["run_id"].clone());
    for line in &lines {
        assert!(
            line["run_id"].as_str().is_some_and(|id| id.len() == 16) && Some(&line["run_id"]) == run.as_ref(),
            "{line}"
        );
        assert!(line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
        for (name, value) in line.as_object().unwrap() {
            let number = ["seconds", "peak_mib", "exit_code", "line", "position", "count", "rows", "differing"];
            assert!(!number.contains(&name.as_str()) || value.is_number() || value.is_null(), "{name} in {line}");
        }
    }
    lines
}

fn json(folder: &Folder, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let output = liim(folder, &[&["--log-format", "json"], arguments].concat());
    (output.status.code(), lines(&output))
}

/// The last line of a failure says how the command ends.
fn assert_ends(folder: &Folder, arguments: &[&str], code: i32, name: &str) -> Vec<Value> {
    let (exit, lines) = json(folder, arguments);
    assert_eq!(exit, Some(code), "{lines:?}");
    let last = lines.last().expect("a failure says something");
    assert_eq!((&last["exit_code"], &last["code"]), (&code.into(), &name.into()), "{last}");
    assert!(last["hints"].is_array() && last["message"].as_str().is_some_and(|text| !text.is_empty()), "{last}");
    lines
}

#[test]
fn the_log_is_json_and_nothing_else_when_a_run_fails() {
    let folder = project("log-failing");
    assert_ends(&folder, &["nonsense"], 2, "usage");
    assert_ends(&folder, &["--scale"], 2, "usage");
    assert_ends(&folder, &["run", "--edition", "2011-12-22"], 2, "usage");
    let missing = assert_ends(&folder, &["run", "--all"], 75, "delivery-missing");
    assert!(missing.iter().any(|line| line["edition"] == "2011-12-21" && line["level"] == "ERROR"), "{missing:?}");
    assert_ends(&folder, &["verify", "--stage", "link"], 99, "nothing-to-do");
    let held = warehouse::store::Warehouse::writing(&folder.path().join("warehouse")).unwrap();
    assert_ends(&folder, &["run", "--all"], 7, "locked");
    drop(held);
    folder.replace("pipeline.yaml", "threshold: 5", "threshold: vijf\n  thresold: 5");
    let unsound = assert_ends(&folder, &["check"], 3, "unsound-definitions");
    let fault = &unsound[0];
    assert!(fault["code"].as_str().unwrap().starts_with('P') && fault["file"] == "pipeline.yaml", "{fault}");
    assert!(fault["line"].is_u64(), "{fault}");
    let broken = folder.write("in/nwwz.csv", "maand;insz\n");
    let receive = ["receive", "vdab/nwwz", broken.to_str().unwrap(), "--period", "2010"];
    assert_eq!(json(&folder, &receive).0, Some(3));
}

#[test]
fn the_log_is_json_and_nothing_else_when_a_run_succeeds() {
    let folder = project("log-succeeding");
    assert_eq!(json(&folder, &["synth", "--scale", "0.002"]).0, Some(0));
    let (exit, lines) = json(&folder, &["run", "--edition", "2011-12-21"]);
    assert_eq!(exit, Some(0), "{lines:?}");
    let stages: Vec<&Value> = lines.iter().filter(|line| line["stage"].is_string()).collect();
    assert!(stages.iter().all(|line| line["edition"] == "2011-12-21"), "{stages:?}");
    for stage in ["land", "link", "count", "protect", "publish", "audit"] {
        let own = stages.iter().find(|line| line["stage"] == stage).unwrap_or_else(|| panic!("no line of {stage}"));
        assert!(own["seconds"].is_f64() && own["peak_mib"].is_u64(), "{own}");
    }
    let (_, quiet) = json(&folder, &["-q", "editions"]);
    assert_eq!(quiet, Vec::<Value>::new());
}

#[test]
fn quiet_says_nothing_where_nothing_is_wrong() {
    let folder = synthetic("quiet", "0.002");
    let run = liim(&folder, &["-q", "run", "--edition", "2011-12-21"]);
    assert!(run.status.success());
    let words = err(&run);
    assert!(words.lines().all(|line| line.starts_with("warning: ")), "{words}");
}

/// On a terminal the line says the edition, the stage, how much of it is done and for how long; never a colour.
#[test]
fn on_a_terminal_a_run_says_how_far_it_is() {
    let folder = synthetic("terminal", "0.002");
    let terminal = "import os, pty, sys\npty.spawn(sys.argv[1:])\n";
    let run = Command::new("python3")
        .args(["-c", terminal, env!("CARGO_BIN_EXE_liim"), "--project"])
        .arg(folder.path())
        .args(["run", "--edition", "2011-12-21", "--edition", "2012-03-15"])
        .env("NO_COLOR", "1")
        .env("TERM", "xterm")
        .env("COLUMNS", "120")
        .output();
    let Ok(run) = run else {
        println!("SKIPPED on_a_terminal_a_run_says_how_far_it_is: there is no python3 to make a terminal");
        return;
    };
    let shown = String::from_utf8_lossy(&run.stdout).to_string();
    assert!(!shown.contains("\u{1b}[3"), "a colour: {shown}");
    for words in
        ["2011-12-21 (1/2)", "2012-03-15 (2/2)", "counting ", "/17", "reading pages back", "/314", "protecting the "]
    {
        assert!(shown.contains(words), "the terminal does not show {words:?}");
    }
}
