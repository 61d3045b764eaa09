//! What a command leaves behind, and what it does when nobody can hear it.

use std::collections::BTreeSet;

use super::*;

#[test]
fn what_the_engine_put_aside_is_swept_by_whoever_writes_next() {
    let folder = project("swept");
    for left in
        ["work/spill/datafusion-x/numbers.tmp", "landed/.verify/spill/numbers.tmp", "landed/.verify/ties.parquet"]
    {
        folder.write(&format!("warehouse/{left}"), "60050100200");
    }
    for zone in ["landed", "work"] {
        fs::set_permissions(folder.path().join("warehouse").join(zone), fs::Permissions::from_mode(0o700)).unwrap();
    }
    assert_eq!(liim(&folder, &["run", "--all"]).status.code(), Some(75));
    let left: Vec<PathBuf> = files_below(&folder.path().join("warehouse"));
    assert!(!left.iter().any(|path| path.to_string_lossy().contains("numbers.tmp")), "{left:?}");
    assert!(!left.iter().any(|path| path.starts_with("landed/.verify")), "{left:?}");
}

#[test]
fn no_verb_may_dump_its_memory() {
    let folder = project("core");
    let mut child = Command::new(env!("CARGO_BIN_EXE_liim"))
        .arg("--project")
        .arg(folder.path())
        .args(["-q", "synth", "--scale", "0.01"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let own = PathBuf::from(format!("/proc/{}", child.id()));
    let mut limits = String::new();
    let mut filter = String::new();
    while child.try_wait().unwrap().is_none() {
        let read = |name: &str| fs::read_to_string(own.join(name)).unwrap_or_default();
        (limits, filter) = (read("limits"), read("coredump_filter"));
        if limits.contains("Max core file size        0                    0") && filter.trim() == "00000000" {
            let _ = child.kill();
            child.wait().unwrap();
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{limits}\n{filter}");
}

#[test]
fn standard_output_that_cannot_be_written_is_an_error() {
    let sound = undisturbed();
    let folder = Folder::new("full-output");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    let delivery =
        folder.write("woonwagens.csv", "gemeente,jaar,gezinnen,bewoners\n11002,2003,8,22\n02000,2003,8,22\n");
    let pages = folder.path().join("pages");
    let receive = ["receive", "wonen/woonwagens", delivery.to_str().unwrap(), "--period", "2003"];
    for arguments in [
        &["plan"][..],
        &["plan", "--json"],
        &["run"],
        &["editions"],
        &["editions", "--json"],
        &["trace", "vreemde-herkomst", "--area", "73028", "--edition", "proef"],
        &["report", "--edition", "proef", "--area", "73028", "--out", pages.to_str().unwrap()],
        &receive,
        &["synth", "--scale", "0.0005", "--out", folder.path().to_str().unwrap()],
        &["--help"],
        &["--version"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_liim"))
            .arg("--project")
            .arg(&root)
            .args(arguments)
            .stdout(full)
            .output()
            .unwrap();
        let told = err(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(told.contains("standard output could not be written: No space left"), "{arguments:?}: {told}");
    }
    // What was to be done is done all the same.
    assert!(root.join("warehouse/published/edition=proef").exists() && pages.join("proef/73028.html").exists());
}

#[test]
fn nothing_is_verified_with_a_key_that_is_not_the_one_of_the_edition() {
    let sound = undisturbed();
    let folder = Folder::new("no-key");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    assert!(command(&root, &["-q", "run"]).status.success());
    let key = root.join("keys/person-numbers.key");
    fs::rename(&key, folder.path().join("kept.key")).unwrap();
    let output = command(&root, &["verify", "--stage", "link"]);
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("key file keys/person-numbers.key is not here"), "{}", err(&output));
    assert!(!key.exists());
    fs::write(&key, b"").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    let output = command(&root, &["verify", "--stage", "link"]);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains("it has 0 bytes, where a key has at least 32"), "{}", err(&output));
    fs::remove_file(&key).unwrap();
    fs::rename(folder.path().join("kept.key"), &key).unwrap();
    let output = command(&root, &["verify", "--stage", "link"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn an_edition_is_made_when_its_cut_off_day_has_passed() {
    let sound = undisturbed();
    let folder = Folder::new("cut-off");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    let pipeline = root.join("pipeline.yaml");
    let text = fs::read_to_string(&pipeline).unwrap();
    fs::write(&pipeline, text.replace("cut_off: \"2011-12-15\"", "cut_off: \"2999-12-15\"")).unwrap();
    let bare = command(&root, &["run"]);
    assert_eq!(bare.status.code(), Some(99), "{}", err(&bare));
    for arguments in [&["run", "--edition", "proef"][..], &["run", "--all"]] {
        let named = command(&root, arguments);
        assert_eq!(named.status.code(), Some(75), "{}", err(&named));
        let told = err(&named);
        assert!(told.contains("up to and on 2999-12-15 counts, so from 2999-12-16 on; or with --now"), "{told}");
    }
    assert!(out(&command(&root, &["plan"])).contains("proef: waiting for its cut-off day"));
    assert!(out(&command(&root, &["plan", "--json"])).contains("\"not-due\""));
    let now = command(&root, &["run", "--edition", "proef", "--now"]);
    assert_eq!(now.status.code(), Some(0), "{}", err(&now));
    assert!(err(&now).contains("made before its cut-off day has passed"), "{}", err(&now));
}

#[test]
fn changed_inputs_of_a_published_edition_ask_for_a_correction_and_end_with_99() {
    let sound = undisturbed();
    let folder = Folder::new("changed");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    assert!(command(&root, &["-q", "run"]).status.success());
    let later = folder.write("woonwagens.csv", "gemeente,jaar,gezinnen,bewoners\n11002,2003,8,22\n02000,2003,8,22\n");
    let receive =
        ["receive", "wonen/woonwagens", later.to_str().unwrap(), "--period", "2003", "--delivered-on", "2011-12-15"];
    assert!(command(&root, &receive).status.success());
    for arguments in [&["run"][..], &["-q", "run"], &["run", "--edition", "proef"]] {
        let output = command(&root, arguments);
        let told = err(&output);
        assert_eq!(output.status.code(), Some(99), "{arguments:?}: {told}");
        assert!(told.contains("wonen/woonwagens 2003 woonwagens.csv") && told.contains("kind `correction`"), "{told}");
    }
}

/// The first field of every row delivered by the register.
fn national_numbers(deliveries: &Path) -> BTreeSet<i64> {
    let csv = files_below(deliveries).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "csv"));
    let mut found = BTreeSet::new();
    for path in csv {
        let text = fs::read_to_string(deliveries.join(path)).unwrap();
        found.extend(text.lines().filter_map(|line| line.split(';').next()?.parse::<i64>().ok()));
    }
    found
}

#[test]
fn what_the_second_derivation_writes_holds_no_national_number() {
    let sound = undisturbed();
    let folder = Folder::new("ranks");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    assert!(command(&root, &["-q", "run"]).status.success());
    let between = root.join("warehouse/landed/.verify");
    let verify = ["--project", root.to_str().unwrap(), "-q", "verify", "--stage", "link"];
    let fault = Fault { kinds: "w", error: KILLED, on: false };
    let (output, calls) = injected(&between, fault, 0, &verify);
    assert!(output.status.success(), "{}", err(&output));
    assert!(!between.exists(), "it is swept at the end");
    // All tables have been written when the first of them is to be removed; 21 of them and their folders go at the end.
    let (output, _) = injected(&between, fault, calls.unwrap() * 3 / 4, &verify);
    assert_eq!(output.status.signal(), Some(9));
    let numbers = national_numbers(&root.join("sources/rijksregister/deliveries"));
    assert_eq!(numbers.len(), 4, "the national numbers of the small project");
    let mut columns = 0;
    for path in
        files_below(&between).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "parquet"))
    {
        for batch in warehouse::store::rows(&between.join(&path), &[]).unwrap() {
            for column in batch.unwrap().columns() {
                if let Some(written) = column.as_any().downcast_ref::<arrow::array::Int64Array>() {
                    columns += 1;
                    assert!(!written.iter().flatten().any(|number| numbers.contains(&number)), "{}", path.display());
                }
            }
        }
    }
    assert!(columns > 10, "{columns} columns of whole numbers");
    assert!(command(&root, &["-q", "verify", "--stage", "link"]).status.success());
    assert!(!between.exists());
}
