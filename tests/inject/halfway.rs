//! Commands that are killed halfway, and can be repeated.

use super::*;

#[test]
fn an_init_that_was_killed_is_completed_by_the_next() {
    let sound = Folder::new("init-sound");
    let whole = sound.path().join("p");
    assert!(Command::new(env!("CARGO_BIN_EXE_liim")).arg("init").arg(&whole).status().unwrap().success());
    let expected = contents(&whole);
    let folder = Folder::new("init-killed");
    let fault = Fault { kinds: "w", error: KILLED, on: false };
    let root = folder.path().join("p");
    let init = ["init", root.to_str().unwrap()];
    let (_, calls) = injected(&root, fault, 0, &init);
    for at in points(calls.unwrap(), 60) {
        fs::remove_dir_all(&root).unwrap();
        let (output, _) = injected(&root, fault, at, &init);
        assert_eq!(output.status.signal(), Some(9), "call {at}");
        let key = root.join("keys/person-numbers.key");
        assert!(!key.exists() || fs::read(&key).unwrap().len() == 32, "call {at}: a key that is not whole");
        let again = Command::new(env!("CARGO_BIN_EXE_liim")).args(init).output().unwrap();
        // Killed at its last step it had done all, and says that there is a project.
        assert!(matches!(again.status.code(), Some(0 | 2)), "call {at}: {}", err(&again));
        assert!(contents(&root) == expected, "call {at}");
        assert_eq!(fs::read(&key).unwrap().len(), 32, "call {at}");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o400);
    }
}

#[test]
fn an_init_does_not_write_over_what_is_not_its_own() {
    let folder = Folder::new("init-other");
    folder.write("sources/vdab/contract.yaml", "mine");
    let output = Command::new(env!("CARGO_BIN_EXE_liim")).arg("init").arg(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
    assert!(err(&output).contains("sources/vdab/contract.yaml is there with another content"), "{}", err(&output));
    assert_eq!(folder.read("sources/vdab/contract.yaml"), "mine");
}

#[test]
fn a_synth_that_was_killed_can_be_repeated() {
    let _alone = alone();
    let folder = project("synth-killed");
    let synth = ["-q", "synth", "--scale", "0.0005"];
    done(&folder, &synth);
    let expected = contents(folder.path());
    let fault = Fault { kinds: "w", error: KILLED, on: false };
    let root = folder.path().to_path_buf();
    let arguments = [&["--project", root.to_str().unwrap()], &synth[..]].concat();
    let (_, calls) = injected(&root, fault, 0, &arguments);
    let points = points(calls.unwrap(), 50);
    for (turn, at) in points.iter().enumerate() {
        // Over deliveries that an earlier one made, and those of the killed one.
        let (output, _) = injected(&root, fault, *at, &arguments);
        assert_eq!(output.status.signal(), Some(9), "call {at}");
        for (path, bytes) in contents(&root) {
            let is_named = path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.'));
            let is_hidden = path.iter().any(|part| part.to_string_lossy().starts_with('.'));
            if is_named && !is_hidden {
                assert!(expected.get(&path) == Some(&bytes), "call {at}: {} is not whole", path.display());
            }
        }
        // That it can be repeated each time is seen at the next kill; that it then is the same, now and then.
        if turn % 10 == 9 || turn + 1 == points.len() {
            done(&folder, &synth);
            assert!(contents(&root) == expected, "call {at}");
        }
    }
}

#[test]
fn a_page_is_whole_or_not_there() {
    let sound = undisturbed();
    let folder = Folder::new("report-killed");
    let root = folder.path().join("p");
    copy(sound.project.path(), &root);
    assert!(command(&root, &["-q", "run"]).status.success());
    let pages = root.join("pages");
    let report = ["-q", "report", "--edition", "proef", "--area", "73028", "--out", pages.to_str().unwrap()];
    assert!(command(&root, &report).status.success());
    let expected = contents(&pages);
    let fault = Fault { kinds: "w", error: KILLED, on: false };
    let arguments = [&["--project", root.to_str().unwrap()], &report[..]].concat();
    let (_, calls) = injected(&root, fault, 0, &arguments);
    for at in 1..=calls.unwrap() {
        for _ in 0..2 {
            let (output, _) = injected(&root, fault, at, &arguments);
            assert_eq!(output.status.signal(), Some(9), "call {at}");
            // Killed early, it has not made the folder yet.
            let left = if pages.exists() { contents(&pages) } else { BTreeMap::new() };
            for (path, bytes) in left {
                let is_hidden = path.iter().any(|part| part.to_string_lossy().starts_with('.'));
                assert!(is_hidden || expected.get(&path) == Some(&bytes), "call {at}: {} is half", path.display());
            }
            if pages.exists() {
                fs::remove_dir_all(&pages).unwrap();
            }
        }
    }
    assert!(command(&root, &report).status.success());
    assert!(contents(&pages) == expected);
}
