//! Numbers that were replaced: gone from the register, and used by others only when that is asked for.

use std::collections::{HashMap, HashSet};
use std::fs;

use synth::Options;

use crate::files::{Scratch, delivery, hashes, lines, options, persons, replacements, shared};

#[test]
fn replaced_numbers_lead_to_persons_of_the_register() {
    let (scratch, _) = shared();
    let (mut chains, mut known) = (0, HashMap::new());
    for period in ["2011-01-01", "2012-01-01"] {
        let persons = persons(&scratch.0, period);
        let replaced = replacements(&scratch.0, period);
        for (old, new) in &replaced {
            assert!(!persons.contains_key(old));
            assert!(persons.contains_key(new) || persons.contains_key(&replaced[new]));
            chains += usize::from(!persons.contains_key(new));
        }
        let month = |number: &u64| number / 10_000_000 % 100;
        let bis = replaced.keys().filter(|old| month(old) > 20).count();
        assert!(bis * 10 > replaced.len() * 7 && bis < replaced.len());
        assert!((100..160).contains(&replaced.len()), "{}", replaced.len());
        // What the earlier extract knew is still there.
        assert!(known.iter().all(|(old, new)| replaced.get(old) == Some(new)));
        known = replaced;
    }
    assert!(chains > 0);
}

#[test]
fn old_numbers_are_used_when_asked_for() {
    let plain = Scratch::new("plain");
    let used = Scratch::new("replaced");
    synth::write(&options(&plain.0, 0.02, 9, 2), &|_| {}).unwrap();
    synth::write(&Options { replaced: true, ..options(&used.0, 0.02, 9, 2) }, &|_| {}).unwrap();
    let replaced = replacements(&plain.0, "2012-01-01");
    let persons = persons(&plain.0, "2012-01-01");
    for (extract, name, header) in
        [("vdab/nwwz", "nwwz.csv", "maand;insz;categorie;gemeente"), ("ksz/sleutel", "sleutel.csv", "gecodeerd;insz")]
    {
        let numbers = |out: &Scratch| -> Vec<u64> {
            let lines = lines(&out.0, extract, "2010", name, header, "\n");
            lines.iter().map(|line| line[1].parse().unwrap()).collect()
        };
        let (before, after) = (numbers(&plain), numbers(&used));
        assert!(before.iter().all(|number| persons.contains_key(number) && !replaced.contains_key(number)));
        let mut old = HashSet::new();
        for (right, other) in before.iter().zip(&after).filter(|(right, other)| right != other) {
            let next = replaced[other];
            assert_eq!(replaced.get(&next).unwrap_or(&next), right);
            old.insert(other);
        }
        assert!((1..80).contains(&old.len()), "{extract}: {}", old.len());
    }
    // Nothing else is other than it was.
    let mut apart: Vec<_> = hashes(&plain.0).into_iter().collect();
    let all = hashes(&used.0);
    apart.retain(|(path, hash)| all[path] != *hash);
    let folders = ["vdab/nwwz", "ksz/sleutel"].map(|extract| delivery(&plain.0, extract, "2010"));
    assert!(apart.iter().all(|(path, _)| folders.iter().any(|folder| plain.0.join(path).starts_with(folder))));
    assert!(fs::read_dir(&folders[0]).unwrap().count() == 2 && apart.len() == 4);
}
