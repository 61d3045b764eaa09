//! Law 5: the same inputs, definitions and binary give the same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use catalog::digest::sha256;

use crate::project::{Folder, done, files_below, project, synthetic};

fn published(folder: &Folder) -> BTreeMap<String, String> {
    let base = folder.path().join("warehouse/published");
    files_below(&base)
        .into_iter()
        .map(|path| (path.display().to_string(), sha256(&std::fs::read(base.join(&path)).unwrap())))
        .collect()
}

/// Copies the definitions and deliveries of a project, with a key of its own.
pub fn twin(of: &Folder, name: &str) -> Folder {
    let folder = project(name);
    let base = of.path().join("sources");
    for path in files_below(&base) {
        let to = folder.path().join("sources").join(&path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(base.join(&path), to).unwrap();
    }
    folder
}

#[test]
fn threads_and_keys_change_no_byte() {
    let one = synthetic("one", "0.005");
    let two = twin(&one, "two");
    assert_ne!(
        std::fs::read(one.path().join("keys/person-numbers.key")).unwrap(),
        std::fs::read(two.path().join("keys/person-numbers.key")).unwrap()
    );
    done(&one, &["-q", "--threads", "1", "run", "--all"]);
    done(&two, &["-q", "--threads", "2", "run", "--all"]);
    let (first, second) = (published(&one), published(&two));
    assert!(first.len() > 30);
    assert_eq!(first, second);
}

#[test]
fn rows_in_another_order_change_only_the_hashes_of_the_inputs() {
    let one = synthetic("sorted", "0.005");
    let two = twin(&one, "shuffled");
    let mut shuffled = 0;
    for path in files_below(&two.path().join("sources")) {
        let shown = path.display().to_string();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if shown.contains("deliveries") && (name.ends_with(".csv") || name == "personen.txt") {
            shuffle(&two.path().join("sources").join(&path), name.ends_with(".csv"));
            shuffled += 1;
        }
    }
    assert!(shuffled >= 8, "{shuffled} files shuffled");
    done(&one, &["-q", "run", "--all"]);
    done(&two, &["-q", "run", "--all"]);
    let (first, second) = (published(&one), published(&two));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    let differing: Vec<&str> = first
        .iter()
        .filter(|(name, hash)| second[*name] != **hash)
        .map(|(name, _)| name.rsplit('/').next().unwrap())
        .collect();
    let inputs = ["manifest.json", "SHA256SUMS", "sources.parquet", "lineage.parquet", "ledger.jsonl"];
    assert!(!differing.is_empty());
    assert!(differing.iter().all(|name| inputs.contains(name)), "{differing:?}");
}

/// Puts the data lines of a delivered file in another order, and its receipt in agreement.
fn shuffle(path: &Path, header: bool) {
    let bytes = std::fs::read(path).unwrap();
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let head = if header { lines.remove(0) } else { &[][..] };
    // An order that has nothing to do with the written one.
    lines.sort_by_key(|line| sha256(line));
    let text = [head, &lines.concat()].concat();
    let receipt = path.parent().unwrap().join("receipt.yaml");
    let before = std::fs::read_to_string(&receipt).unwrap();
    let after = before.replace(&sha256(&bytes), &sha256(&text));
    assert_ne!(before, after);
    std::fs::write(path, text).unwrap();
    std::fs::write(receipt, catalog::receipt::sealed(&after)).unwrap();
}
