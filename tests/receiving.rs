//! Receiving: several at once, killed ones, odd names, and receipts that are set right.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use catalog::receipt::Receipt;

use crate::project::{Folder, done, err, files_below, insz, liim, out, project};

/// A small delivery of vdab/nwwz, another one for each number.
fn nwwz(number: u64) -> String {
    format!("maand;insz;categorie;gemeente\n2010-01;{};00;71016\n", insz(19_700_101, 1 + 2 * number))
}

fn start(folder: &Folder, extract: &str, file: &Path, period: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_liim"))
        .arg("--project")
        .arg(folder.path())
        .args(["-q", "receive", extract, file.to_str().unwrap(), "--period", period, "--delivered-on", "2011-03-01"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn receipt(folder: &Path) -> Receipt {
    serde_yaml::from_str(&fs::read_to_string(folder.join("receipt.yaml")).unwrap()).unwrap()
}

fn deliveries(folder: &Folder) -> PathBuf {
    folder.path().join("sources/vdab/deliveries/2010/nwwz")
}

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    found
}

#[test]
fn six_receives_at_once_lose_nothing_and_leave_nothing() {
    let folder = project("six");
    for round in 0..30 {
        let files: Vec<PathBuf> = (0..6)
            .map(|number| folder.write(&format!("in/{round}/{number}/nwwz.csv"), nwwz(round * 6 + number)))
            .collect();
        let running: Vec<Child> = files.iter().map(|file| start(&folder, "vdab/nwwz", file, "2010")).collect();
        for child in running {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "round {round}: {}", err(&output));
            assert!(Path::new(out(&output).trim()).join("receipt.yaml").exists());
        }
    }
    let base = deliveries(&folder);
    let wanted: Vec<String> = (1..=180).map(|sequence| format!("{sequence:04}")).collect();
    assert_eq!(names(&base), wanted, "a number is missing, twice there, or something was left over");
    let mut found: Vec<String> = Vec::new();
    for sequence in &wanted {
        let own = base.join(sequence);
        assert_eq!(names(&own), ["nwwz.csv", "receipt.yaml"]);
        let receipt = receipt(&own);
        assert_eq!(format!("{:04}", receipt.sequence), *sequence);
        let bytes = fs::read(own.join("nwwz.csv")).unwrap();
        assert_eq!(catalog::digest::sha256(&bytes), receipt.files[0].sha256, "the receipt of another file");
        found.push(String::from_utf8(bytes).unwrap());
    }
    found.sort();
    let mut sent: Vec<String> = (0..180).map(nwwz).collect();
    sent.sort();
    assert_eq!(found, sent);
}

#[test]
fn what_a_killed_receive_left_is_removed_by_the_next_and_never_read() {
    let folder = project("killed");
    let file = folder.write("in/nwwz.csv", nwwz(0));
    // As a receive leaves it that is killed while it copies, of this extract and of another supplier.
    let left = [
        "sources/vdab/deliveries/2010/nwwz/.0001.partial/nwwz.csv",
        "sources/wonen/deliveries/2010/woonwagens/.0003.partial/receipt.yaml",
    ];
    left.iter().for_each(|name| drop(folder.write(name, "half")));
    done(&folder, &["check"]);
    let output = start(&folder, "vdab/nwwz", &file, "2010").wait_with_output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(names(&deliveries(&folder)), ["0001"]);
    assert_eq!(names(&folder.path().join("sources/wonen/deliveries/2010/woonwagens")), Vec::<String>::new());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&deliveries(&folder).join("0001")), 0o700);
    assert_eq!(mode(&deliveries(&folder).join("0001/receipt.yaml")), 0o600);
}

#[test]
fn names_that_would_do_harm_are_changed_on_the_way_in() {
    let folder = project("names");
    let odd: [&[u8]; 5] = [b"a/nwwz.csv", b"b/nwwz.csv", b"receipt.yaml", b"a\x1b[31m\n.csv", b"li\xe8ge.csv"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_liim"));
    command.arg("--project").arg(folder.path()).args(["receive", "vdab/nwwz", "--period", "2010"]);
    for (number, name) in odd.iter().enumerate() {
        let path = folder.path().join("in").join(std::ffi::OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, nwwz(number as u64)).unwrap();
        command.arg(path);
    }
    let output = command.args(["--delivered-on", "2011-03-01"]).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert!(!output.stderr.contains(&0x1b), "a control character reached the terminal");
    let kept = ["a_[31m_.csv", "delivered-receipt.yaml", "li_ge.csv", "nwwz-2.csv", "nwwz.csv", "receipt.yaml"];
    assert_eq!(names(&deliveries(&folder).join("0001")), kept);
    let receipt = receipt(&deliveries(&folder).join("0001"));
    let in_order: Vec<&str> = receipt.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(in_order, ["nwwz.csv", "nwwz-2.csv", "delivered-receipt.yaml", "a_[31m_.csv", "li_ge.csv"]);
    assert!(err(&output).contains("nwwz.csv is kept as nwwz-2.csv"), "{}", err(&output));
}

fn receive(folder: &Folder, file: &Path, more: &[&str]) -> Output {
    let arguments = ["receive", "vdab/nwwz", file.to_str().unwrap(), "--period", "2010"];
    liim(folder, &[&arguments[..], more].concat())
}

#[test]
fn the_days_of_a_receipt_are_set_right_with_a_trace() {
    let folder = project("amended");
    let file = folder.write("in/nwwz.csv", nwwz(0));
    let own = deliveries(&folder).join("0001");
    let first = receive(&folder, &file, &["--delivered-on", "2012-06-01"]);
    assert_eq!(first.status.code(), Some(0));
    assert!(err(&first).contains("no edition will use this delivery"), "{}", err(&first));
    let before = files_below(&own);
    // Without a day nothing is said, and nothing changes.
    assert!(err(&receive(&folder, &file, &[])).contains("nothing new was written"));
    assert_eq!(receipt(&own).history, []);

    let stated =
        ["--delivered-on", "2011-03-01", "--extracted-on", "2011-02-01", "--why", "the letter of 1 March 2011"];
    let output = receive(&folder, &file, &stated);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        err(&output).contains("their receipt now says delivered_on 2011-03-01 (before: 2012-06-01)"),
        "{}",
        err(&output)
    );
    assert!(!err(&output).contains("no edition will use"), "{}", err(&output));
    let changed = receipt(&own);
    assert_eq!((changed.delivered_on.as_str(), changed.extracted_on.as_deref()), ("2011-03-01", Some("2011-02-01")));
    let trace: Vec<(&str, Option<&str>, &str)> = (changed.history.iter())
        .map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_str()))
        .collect();
    assert_eq!(trace, [("delivered_on", Some("2012-06-01"), "2011-03-01"), ("extracted_on", None, "2011-02-01")]);
    assert_eq!(changed.history[0].why.as_deref(), Some("the letter of 1 March 2011"));
    assert_eq!((files_below(&own), names(&deliveries(&folder))), (before, vec!["0001".to_string()]));

    // Of a delivery that another has superseded too, unless it takes the place of the other again.
    let other = folder.write("in/other.csv", nwwz(1));
    assert_eq!(receive(&folder, &other, &["--delivered-on", "2011-06-01"]).status.code(), Some(0));
    assert_eq!(receive(&folder, &file, &["--delivered-on", "2011-02-15"]).status.code(), Some(0));
    assert_eq!(receipt(&own).delivered_on, "2011-02-15");
    assert_eq!(names(&deliveries(&folder)), ["0001", "0002"]);
    assert_eq!(receive(&folder, &file, &["--delivered-on", "2011-06-01"]).status.code(), Some(0));
    assert_eq!(names(&deliveries(&folder)), ["0001", "0002", "0003"]);

    let output = receive(&folder, &file, &["--delivered-on", "2011-03-01", "--extracted-on", "2011-04-01"]);
    assert_eq!(output.status.code(), Some(2), "extracted after it was delivered");
}

#[test]
fn each_missing_delivery_says_in_one_line_what_it_needs() {
    let folder = project("missing");
    let file = folder.write("in/nwwz.csv", nwwz(0));
    receive(&folder, &file, &["--delivered-on", "2012-06-01"]);
    let plan = out(&done(&folder, &["plan", "--edition", "2011-12-21"]));
    let line = |name: &str| plan.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}\n{plan}"));
    let leefloon = line("ksz/leefloon of 2010");
    for part in ["by 2011-12-15 at the latest", "`liim receive ksz/leefloon FILE --period 2010`", "`publish_without`"] {
        assert!(leefloon.contains(part), "{leefloon}");
    }
    let late = line("vdab/nwwz of 2010");
    assert!(late.contains("one was received on 2012-06-01") && late.contains("--delivered-on DAY"), "{late}");
    assert!(!line("rijksregister/afstamming").contains("publish_without"), "persons cannot be linked without it");
}
