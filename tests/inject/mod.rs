//! Faults of the system: reads, writes and syncs that fail, a disk that is full, a process that is killed at any moment.
//!
//! They are put between the command and the C library by `inject.c`, which is compiled when the first test needs it.
//! `LIIM_INJECTIONS=N` injects at N points of each kind instead of the few that a day's work can wait for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

use crate::project::{Folder, done, err, files_below, insz, liim, out, project};

mod halfway;
mod system;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
const KILLED: i32 = 0;

/// What is injected.
#[derive(Clone, Copy)]
struct Fault {
    /// `r` reads, `w` writes, `s` syncs alone.
    kinds: &'static str,
    /// The number of `errno.h`, or [`KILLED`].
    error: i32,
    /// Whether all later calls fail too.
    on: bool,
}

/// The library that injects.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/inject/inject.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inject-{}.so", std::process::id()));
        let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
        assert!(compiled.unwrap().success());
        library
    })
}

/// Runs the command with a fault at a call below a folder; gives how many calls there were, if it came to its end.
fn injected(below: &Path, fault: Fault, at: u64, arguments: &[&str]) -> (Output, Option<u64>) {
    let count = below.with_extension("count");
    let _ = fs::remove_file(&count);
    let mut command = Command::new(env!("CARGO_BIN_EXE_liim"));
    command.args(arguments).env("NO_COLOR", "1").env("LD_PRELOAD", library());
    command.env("INJECT_BELOW", below).env("INJECT_KINDS", fault.kinds).env("INJECT_COUNT", &count);
    command.env("INJECT_AT", at.to_string()).env("INJECT_ERROR", fault.error.to_string());
    if fault.on {
        command.env("INJECT_ON", "1");
    }
    let output = command.output().unwrap();
    (output, fs::read_to_string(&count).ok().and_then(|text| text.parse().ok()))
}

/// Points spread over all calls; an odd step, so that they do not fall on the same call of each file.
fn points(calls: u64, few: u64) -> Vec<u64> {
    let wanted = std::env::var("LIIM_INJECTIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(few).min(calls);
    (0..wanted).map(|point| 1 + point * calls / wanted + point % 3).map(|at| at.min(calls)).collect()
}

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

const PIPELINE: &str = r#"
title: Proef
publisher: Test
licence: Test
contact: test
key_file: keys/person-numbers.key
clusters: facility-2019
protection: { system: primary-only, threshold: 1, zeros: shown, why: Proef. }
editions:
  proef:
    monitor: proef
    kind: first
    title: Proef
    cut_off: "2011-12-15"
    why: Proef.
    indicators:
      woonwagenbewoners: { periods: ["2003"] }
      vreemde-herkomst: { periods: ["2011-01-01"] }
"#;

/// A project of four persons and a table of counts, with an edition to be made.
fn small_project(name: &str) -> Folder {
    let folder = project(name);
    folder.write("pipeline.yaml", PIPELINE);
    let (anna, bilal, chris) = (insz(19_600_501, 2), insz(19_650_612, 3), insz(19_900_713, 5));
    // Her parents are on record too, as the contract asks of most residents.
    let dirk = insz(19_300_815, 7);
    let person =
        |number: &str, birth: u64, sex: u8| format!("{number}{birth}{sex}B73028{:<30}{:<8}\r\n", "Herstappe", "");
    let persons = [
        person(&anna, 19_600_501, 2),
        person(&bilal, 19_650_612, 1),
        person(&chris, 19_900_713, 1),
        person(&dirk, 19_300_815, 1),
    ]
    .concat();
    let history = format!(
        "insz;volgnr;datum_begin;datum_einde;nationaliteit;reden;geregistreerd_op\n\
         {anna};1;1960-05-01;;150;;1960-05-01\n{bilal};1;1965-06-12;;354;;1965-06-12\n{chris};1;1990-07-13;;150;;1990-07-13\n\
         {dirk};1;1930-08-15;;150;;1930-08-15\n"
    );
    let ties = format!(
        "insz;ouder_nr;ouder_insz;ouder_geslacht;aard;datum_begin;datum_einde;geregistreerd_op\n\
         {chris};1;{bilal};1;geboorte;1990-07-13;;1990-07-13\n{anna};1;{dirk};1;geboorte;1960-05-01;;1960-05-01\n"
    );
    for (extract, period, file, text) in [
        ("rijksregister/personen", "2011-01-01", "personen.txt", persons.as_str()),
        ("rijksregister/nationaliteit", "2011-01-01", "nationaliteit.csv", history.as_str()),
        ("rijksregister/afstamming", "2011-01-01", "afstamming.csv", ties.as_str()),
        ("rijksregister/nummerwijziging", "2011-01-01", "nummers.csv", "oud_insz;nieuw_insz;datum;geregistreerd_op\n"),
        (
            "wonen/woonwagens",
            "2003",
            "woonwagens.csv",
            "gemeente,jaar,gezinnen,bewoners\n11002,2003,7,21\n02000,2003,7,21\n",
        ),
    ] {
        let path = folder.write(&format!("in/{file}"), text);
        let arguments =
            ["receive", extract, path.to_str().unwrap(), "--period", period, "--delivered-on", "2011-07-15"];
        done(&folder, &[&["-q"], &arguments[..]].concat());
    }
    fs::remove_dir_all(folder.path().join("in")).unwrap();
    folder
}

/// What an undisturbed run of the small project publishes.
struct Undisturbed {
    project: Folder,
    manifest_sha256: String,
}

fn undisturbed() -> &'static Undisturbed {
    static FOUND: OnceLock<Undisturbed> = OnceLock::new();
    FOUND.get_or_init(|| {
        let project = small_project("inject-master");
        let other = Folder::new("inject-undisturbed");
        copy(project.path(), &other.path().join("p"));
        let root = other.path().join("p");
        let run =
            Command::new(env!("CARGO_BIN_EXE_liim")).arg("--project").arg(&root).args(["-q", "run"]).output().unwrap();
        assert!(run.status.success(), "{}", err(&run));
        let manifest_sha256 = out(&run).trim().rsplit('\t').next().unwrap().to_string();
        Undisturbed { project, manifest_sha256 }
    })
}

fn is_visible(root: &Path) -> bool {
    let published = root.join("warehouse/published");
    published.join("edition=proef").exists() || published.join("ledger.jsonl").exists()
}

/// Runs the small project with a fault at each point, and looks at what is visible then and after the next run.
fn every_run_publishes_all_or_nothing(name: &str, fault: Fault, few: u64, words: &[&str]) {
    let sound = undisturbed();
    let folder = Folder::new(name);
    let attempt = |at: u64| -> (Output, Option<u64>, PathBuf) {
        let root = folder.path().join(format!("p{at}"));
        copy(sound.project.path(), &root);
        let arguments = ["--project", root.to_str().unwrap(), "-q", "--threads", "1", "run"];
        let (output, calls) = injected(&root, fault, at, &arguments);
        (output, calls, root)
    };
    let (_, calls, root) = attempt(0);
    fs::remove_dir_all(root).unwrap();
    let points = points(calls.unwrap(), few);
    let mut by_code: BTreeMap<Option<i32>, u32> = BTreeMap::new();
    for at in &points {
        let (output, _, root) = attempt(*at);
        let told = err(&output);
        *by_code.entry(output.status.code()).or_default() += 1;
        let shown = format!("call {at} ({}): {:?}\n{told}", fault.kinds, output.status);
        match output.status.code() {
            Some(0) => assert!(out(&output).contains(&sound.manifest_sha256), "{shown}"),
            // Published, and said to be: only `latest` is behind.
            Some(1) if out(&output).contains(&sound.manifest_sha256) => {
                assert!(told.contains("is published, and `latest` was not moved"), "{shown}");
            }
            Some(_) => {
                assert!(!is_visible(&root), "{shown}");
                // The library makes a folder first and looks whether it was there afterwards: it tells of the former.
                let is_folder = fault.kinds == "r" && told.contains("File exists (os error 17)");
                assert!(is_folder || words.iter().all(|word| told.contains(word)), "{shown}");
                let names = ["sources", "indicators", "pipeline.yaml", "warehouse", "keys"];
                assert!(names.iter().any(|name| told.contains(name)), "no path: {shown}");
            }
            None => assert_eq!(output.status.signal(), Some(9), "{shown}"),
        }
        assert_partial_is_closed(&root);
        assert_next_run_publishes(&root, &sound.manifest_sha256, &shown);
        fs::remove_dir_all(root).unwrap();
    }
    println!("{name}: {} of {} calls, by exit code: {by_code:?}", points.len(), calls.unwrap());
}

/// Nobody but the owner reads what has not been audited.
fn assert_partial_is_closed(root: &Path) {
    let partial = root.join("warehouse/published/.edition=proef.partial");
    // Between the new ledger and the rename it is open for a moment, and then it has been audited.
    if let Ok(found) = fs::metadata(&partial)
        && !root.join("warehouse/published/.ledger.jsonl.partial").exists()
    {
        assert_eq!(found.permissions().mode() & 0o777, 0o700);
    }
}

fn assert_next_run_publishes(root: &Path, manifest_sha256: &str, shown: &str) {
    let command = |verb: &str| {
        Command::new(env!("CARGO_BIN_EXE_liim")).arg("--project").arg(root).args(["-q", verb]).output().unwrap()
    };
    let next = command("run");
    assert!(matches!(next.status.code(), Some(0 | 99)), "{shown}\nand then {:?} {}", next.status, err(&next));
    let published = root.join("warehouse/published");
    let manifest = fs::read(published.join("edition=proef/manifest.json")).unwrap();
    assert_eq!(catalog::digest::sha256(&manifest), manifest_sha256, "{shown}");
    let ledger = fs::read_to_string(published.join("ledger.jsonl")).unwrap();
    assert!(ledger.lines().count() == 1 && ledger.contains(manifest_sha256), "{shown}\n{ledger}");
    let latest = fs::read_link(root.join("warehouse/latest/proef")).unwrap();
    assert_eq!(latest, Path::new("../published/edition=proef"), "{shown}");
    assert!(command("editions").status.success(), "{shown}");
    for parent in [&published, &root.join("warehouse/confidential")] {
        for entry in fs::read_dir(parent).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().to_string();
            assert!(!name.ends_with(".partial"), "{name} is left over\n{shown}");
        }
    }
    for path in files_below(&published) {
        let mode = fs::metadata(published.join(&path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "{}", path.display());
    }
    let folder = fs::metadata(published.join("edition=proef")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o755);
}

#[test]
fn what_cannot_be_read_stops_the_edition_and_is_named() {
    let fault = Fault { kinds: "r", error: EIO, on: false };
    every_run_publishes_all_or_nothing("inject-reads", fault, 90, &["(os error 5)"]);
}

#[test]
fn what_cannot_be_synced_is_not_published() {
    let fault = Fault { kinds: "s", error: EIO, on: false };
    every_run_publishes_all_or_nothing("inject-syncs", fault, 40, &["(os error 5)"]);
}

#[test]
fn a_full_disk_says_which_file_and_what_to_do_and_publishes_nothing() {
    let fault = Fault { kinds: "w", error: ENOSPC, on: true };
    every_run_publishes_all_or_nothing("inject-full", fault, 40, &["no room is left on the disk", "MiB are free"]);
}

#[test]
fn a_run_killed_at_any_moment_has_published_all_or_nothing_and_the_next_one_ends_it() {
    let fault = Fault { kinds: "w", error: KILLED, on: false };
    every_run_publishes_all_or_nothing("inject-kills", fault, 40, &[]);
}

/// Serialises tests that need much of the machine.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The files below a folder with their bytes, but those whose bytes are drawn at random.
fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let read = |path: PathBuf| (path.clone(), fs::read(root.join(path)).unwrap());
    files_below(root).into_iter().filter(|path| !path.starts_with("keys")).map(read).collect()
}

/// The command's own words, with a folder as its project.
fn command(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_liim"))
        .arg("--project")
        .arg(root)
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

#[test]
fn a_file_of_the_wrong_kind_is_no_absent_one() {
    let sound = undisturbed();
    let folder = Folder::new("inject-kinds");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    // A file where a folder is expected, a link that leads to itself, a folder where a file is expected.
    let deliveries = root.join("sources/rijksregister/deliveries/2011-01-01");
    let in_the_way = |path: &Path, put: &dyn Fn(&Path), words: &str, code: i32| {
        let aside = folder.path().join("aside");
        fs::rename(path, &aside).unwrap();
        put(path);
        let output = command(&root, &["-q", "run"]);
        let told = err(&output);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(words) && told.contains(path.file_name().unwrap().to_str().unwrap()), "{told}");
        assert!(!is_visible(&root));
        let _ = fs::remove_dir(path).or_else(|_| fs::remove_file(path));
        fs::rename(&aside, path).unwrap();
    };
    let file = |path: &Path| fs::write(path, "no folder").unwrap();
    let circle = |path: &Path| std::os::unix::fs::symlink(path, path).unwrap();
    let empty = |path: &Path| fs::create_dir(path).unwrap();
    // Refused before anything of it is read: nothing but definitions lies where this file does.
    in_the_way(&root.join("sources/rijksregister/deliveries"), &file, "neither a definition", 3);
    in_the_way(&deliveries.join("personen"), &circle, "Too many levels", 1);
    in_the_way(&deliveries.join("personen/0001/receipt.yaml"), &empty, "Is a directory", 1);
    in_the_way(&root.join("keys/person-numbers.key"), &empty, "key file keys/person-numbers.key", 1);
    in_the_way(
        &root.join("keys/person-numbers.key"),
        &|path| fs::write(path, b"short").unwrap(),
        "person-numbers.key",
        1,
    );
    let done = command(&root, &["-q", "run"]);
    assert!(out(&done).contains(&sound.manifest_sha256), "{}", err(&done));
}
