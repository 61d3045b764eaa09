//! The laws of the house, read off the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::project::files_below;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

const CRATES: [&str; 10] =
    ["catalog", "ingest", "link", "indicators", "protect", "warehouse", "report", "audit", "synth", "liim"];

/// Source files of a crate with their text, tests left out.
fn sources(name: &str) -> Vec<(PathBuf, String)> {
    let base = root().join("crates").join(name).join("src");
    let top = fs::read_to_string(base.join("lib.rs")).or_else(|_| fs::read_to_string(base.join("main.rs"))).unwrap();
    let tests: Vec<String> =
        top.split("#[cfg(test)]\nmod ").skip(1).map(|rest| format!("{}.rs", rest.split(';').next().unwrap())).collect();
    files_below(&base)
        .into_iter()
        .filter(|path| {
            path.extension().is_some_and(|ending| ending == "rs") && !tests.iter().any(|test| path.ends_with(test))
        })
        .map(|path| {
            let text = fs::read_to_string(base.join(&path)).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_string();
            (Path::new(name).join(path), code)
        })
        .collect()
}

fn dependencies(name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
    let own = text.split("[dependencies]").nth(1).unwrap_or_default();
    let own = own.split("\n[").next().unwrap();
    own.lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|word| !word.is_empty())
        .map(str::to_string)
        .collect()
}

#[test]
fn law_1_stages_do_not_import_each_other() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("catalog", &[][..]),
        ("ingest", &["catalog"]),
        ("synth", &["catalog"]),
        ("protect", &["catalog"]),
        ("warehouse", &["catalog", "protect"]),
        ("link", &["catalog", "warehouse"]),
        ("indicators", &["catalog", "warehouse"]),
        ("report", &["catalog", "warehouse"]),
        ("audit", &["catalog", "protect", "warehouse"]),
        ("liim", &CRATES),
    ]);
    for name in CRATES {
        for dependency in dependencies(name).iter().filter(|dependency| CRATES.contains(&dependency.as_str())) {
            assert!(allowed[name].contains(&dependency.as_str()), "{name} may not use {dependency}");
        }
    }
    let folders: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, CRATES.iter().map(|name| name.to_string()).collect(), "a crate that the laws do not know");
}

#[test]
fn law_2_only_protect_makes_protected_figures_and_publish_takes_no_others() {
    let text = fs::read_to_string(root().join("crates/protect/src/lib.rs")).unwrap();
    let body = text.split("pub struct Protected {").nth(1).unwrap().split('}').next().unwrap();
    assert!(!body.contains("pub "), "a field of Protected is public");
    let publication = fs::read_to_string(root().join("crates/warehouse/src/edition.rs")).unwrap();
    assert!(publication.contains("pub protected: &'p Protected"));
    for name in CRATES.iter().filter(|name| **name != "protect") {
        for (path, code) in sources(name) {
            assert!(
                !code.contains("Protected {") || code.contains("struct Protected"),
                "{} makes Protected",
                path.display()
            );
        }
    }
    // Only the published tables and the definitions are written into an edition, and the first are made from Protected.
    let writers = publication.matches("write_published(").count();
    assert_eq!(writers, 1, "published tables are written in one place");
}

#[test]
fn law_3_one_crate_names_datafusion_and_one_writes_the_warehouse() {
    for name in CRATES.iter().filter(|name| **name != "warehouse") {
        let used = dependencies(name);
        assert!(!used.contains("datafusion") && !used.contains("parquet"), "{name} names the engine");
        for (path, code) in sources(name) {
            let code: String = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            assert!(!code.contains("datafusion"), "{} names datafusion", path.display());
        }
    }
    for name in ["link", "indicators", "report", "audit", "protect", "catalog"] {
        for (path, code) in sources(name) {
            for word in ["fs::write", "File::create", "create_dir", "fs::rename"] {
                assert!(!code.contains(word), "{} writes files", path.display());
            }
        }
    }
}

#[test]
fn law_4_integers_to_the_last_page() {
    // Floats are made in share.rs, carried as published values, written by report, and drawn with by synth. Protection
    // looks for its proofs with them, and holds what it finds against the sums in whole numbers. The audit of pages reads
    // what was printed.
    let allowed = [
        "catalog/share.rs",
        "catalog/cell.rs",
        "catalog/contract/mod.rs",
        "catalog/contract/read.rs",
        "catalog/document.rs",
        "warehouse/tables.rs",
        "ingest/tolerance.rs",
        "protect/search/mod.rs",
        "protect/search/pivot.rs",
        "protect/attack.rs",
        "protect/secondary/mod.rs",
        "protect/secondary/near.rs",
        "protect/secondary/reduced.rs",
        "audit/pages.rs",
    ];
    for name in ["catalog", "ingest", "link", "indicators", "protect", "warehouse", "audit"] {
        for (path, code) in sources(name) {
            let shown = path.display().to_string();
            if allowed.contains(&shown.as_str()) {
                continue;
            }
            for line in code.lines().filter(|line| line.contains("f64") || line.contains("f32")) {
                let known = ["// law 4:", "as_secs_f64", "Float64"].iter().any(|word| line.contains(word))
                    || (shown.starts_with("ingest/")
                        && (line.contains("Number(f64)")
                            || line.contains("*value as f64")
                            || line.contains("tolerance")));
                assert!(known, "{shown} computes with floats: {line}");
            }
        }
    }
}

#[test]
fn law_6_nothing_but_the_command_prints() {
    for name in CRATES.iter().filter(|name| **name != "liim") {
        for (path, code) in sources(name) {
            for word in ["println!", "print!(", "eprintln!", "dbg!(", "stdout()", "stderr()"] {
                assert!(!code.contains(word), "{} prints", path.display());
            }
        }
    }
}

/// Results of a thread that panicked are an error and never a default, so threads are waited for in one place.
#[test]
fn threads_are_waited_for_in_one_place_and_nothing_of_protection_has_a_default() {
    for name in CRATES {
        for (path, code) in sources(name).into_iter().filter(|(path, _)| !path.ends_with("catalog/workers.rs")) {
            let shown = path.display().to_string();
            assert!(!code.contains(".join()"), "{shown} waits for a thread itself");
            // A synthetic Flanders is on no way to an edition, and a panic of its threads stops it.
            let is_drawn = name == "synth";
            assert!(is_drawn || !code.contains("thread::scope"), "{shown} opens a scope of threads itself");
            assert!(!code.contains("thread::spawn"), "{shown} starts a thread that nobody waits for");
        }
    }
    let lists = ["unwrap_or_default()", "filter_map(Result::ok)", ".flatten().ok()"];
    for (path, code) in sources("protect") {
        for word in lists {
            assert!(!code.contains(word), "{} goes on with a default: {word}", path.display());
        }
    }
}

/// Who checks shares nothing with who decided: the audit has a rule of its own of what is sensitive, and proofs are checked by
/// code that knows neither search nor plan.
#[test]
fn the_audit_knows_nothing_of_the_search() {
    let audit = sources("audit").into_iter().chain(sources("protect").into_iter().filter(|(path, _)| {
        ["certificate.rs", "level.rs", "linked/statement.rs"].iter().any(|own| path.ends_with(own))
    }));
    let searching = ["secondary", "search", "attack", "plan", "system", "look", "told", "near"];
    let mut checked = 0;
    for (path, code) in audit {
        let shown = path.display().to_string();
        checked += 1;
        for name in searching {
            for import in [format!("crate::{name}"), format!("protect::{name}"), format!("linked::{name}")] {
                assert!(!code.contains(&import), "{shown} uses {import}");
            }
            assert!(!code.contains(&format!("super::{name}")), "{shown} uses {name}");
        }
        if shown.ends_with("audit/sensitive.rs") {
            assert!(!code.contains("protect::"), "{shown} uses protection to say what is sensitive");
        }
    }
    assert!(checked > 7, "{checked} files");
}

#[test]
fn an_error_of_reading_is_no_absence() {
    // What is asked of the file system, and what would take an error of it for an absence.
    let asks = ["fs::", "File::open", "read_dir", "read_to_string", "metadata(", "read_link", "canonicalize"];
    let swallows = [".ok()", "unwrap_or", "let Ok(", ".flatten()", ".is_ok", "let _ ="];
    // Why each may: none is on the way from a folder to a figure.
    let allowed = [
        ("liim/clock.rs", "/proc/self/", "how much memory a stage took is no figure"),
        ("liim/privacy.rs", "/proc/self/", "a system without this file writes no such dump"),
        ("liim/verbs/protect.rs", "canonicalize", "a table that is no file of the monitor, named on the command line"),
        ("liim/files.rs", "remove_file(&beside)", "what is left is written over, and the error that led here is told"),
    ];
    for name in ["catalog", "ingest", "link", "indicators", "warehouse", "audit", "report", "liim"] {
        for (path, code) in sources(name) {
            let shown = path.display().to_string();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//") && !line.starts_with("use "));
            let code: String = lines.collect::<Vec<_>>().join("\n");
            for statement in code.split([';', '{', '}']) {
                let has = |words: &[&str]| words.iter().any(|word| statement.contains(word));
                let known = allowed.iter().any(|(file, words, _)| *file == shown && statement.contains(words));
                assert!(known || !has(&asks) || !has(&swallows), "{shown} takes an error for an absence: {statement}");
                // `Path::exists`, `is_dir` and `is_file` say no where they cannot look; of a `Metadata` they do not.
                let plain = ["data", "kind", "file_type"].iter().any(|word| statement.contains(word));
                for word in [".exists()", ".is_dir()", ".is_file()", ".is_symlink()"] {
                    let found = statement.contains(word) && !(plain && word != ".exists()");
                    assert!(!found, "{shown} takes what it cannot look at for absent: {statement}");
                }
            }
        }
    }
}

#[test]
fn files_stay_a_few_hundred_lines_and_begin_with_what_they_are_for() {
    for name in CRATES {
        for (path, _) in sources(name) {
            let text =
                fs::read_to_string(root().join("crates").join(name).join("src").join(path.strip_prefix(name).unwrap()))
                    .unwrap();
            assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
            let lines = text.lines().count();
            assert!(lines <= 620, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn there_is_one_arrow_one_parquet_one_store_one_engine() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["arrow", "parquet", "object_store", "datafusion"] {
        let count = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(count, 1, "{count} versions of {name}");
    }
}

#[test]
fn nothing_in_the_tree_names_a_machine_or_a_registry() {
    // Written in pieces, so that this test does not find itself.
    let words = [["/wo", "rk/"], ["/far", "m/"], ["crates", ".io/"], ["pypi", ".org"], ["npmjs", ".org"]]
        .map(|parts| parts.concat());
    for folder in ["crates", "tests", "indicators", "sources", "bench", "docs", ".ci"] {
        let base = root().join(folder);
        if !base.is_dir() {
            continue;
        }
        for path in files_below(&base)
            .into_iter()
            .filter(|path| !path.components().any(|part| part.as_os_str() == "deliveries"))
        {
            let text = String::from_utf8_lossy(&fs::read(base.join(&path)).unwrap()).to_string();
            for word in &words {
                assert!(!text.contains(word.as_str()), "{folder}/{} has {word}", path.display());
            }
        }
    }
}
