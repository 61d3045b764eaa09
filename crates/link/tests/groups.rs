//! The groups of nationalities on every day on which anything changes: former states go with their successors, and the
//! Union has the members that it had.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use catalog::Day;
use catalog::reference::Reference;

fn text(name: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference").join(name)).ok()
}

fn reference() -> Reference {
    let mut faults = Vec::new();
    let reference = Reference::read(&text, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    reference
}

/// Every day on which a group begins or ends, and the day before.
fn days() -> BTreeSet<Day> {
    let members = text("nationality_group_members.csv").unwrap();
    let dates =
        members.lines().skip(1).flat_map(|line| line.split(',').skip(3).map(str::to_string).collect::<Vec<_>>());
    let days = dates.filter_map(|date| date.parse::<Day>().ok());
    days.flat_map(|day| [day.plus(-1), day]).chain([Day::new_year(1950), Day::new_year(2030)]).collect()
}

#[test]
fn a_former_state_goes_with_its_successors_where_they_go_together() {
    let reference = reference();
    let mut successors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text("successors.csv").unwrap().lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        successors.entry(fields[0].to_string()).or_default().push(fields[1].to_string());
    }
    assert_eq!(successors.len(), 8);
    let mut shared = 0;
    for (name, scheme) in &reference.schemes {
        for day in days() {
            for (state, own) in &successors {
                let group = |country: &str| scheme.of_country(country, day);
                let groups: BTreeSet<Option<usize>> = own.iter().map(|country| group(country)).collect();
                assert!(group(state).is_some(), "{name} {day}: {state} has no group");
                if groups.len() == 1 {
                    assert_eq!(group(state), *groups.first().unwrap(), "{name} {day}: {state}");
                    shared += 1;
                }
            }
        }
    }
    assert!(shared > 1_000, "{shared}");
}

#[test]
fn every_code_has_one_group_in_every_scheme_on_every_day() {
    let reference = reference();
    assert_eq!(reference.schemes.len(), 6);
    for (name, scheme) in &reference.schemes {
        for day in days() {
            for code in reference.nationalities.keys() {
                let group = reference.group(scheme, code, day).unwrap_or_else(|| panic!("{name} {day}: {code}"));
                assert!(scheme.is_leaf(&scheme.groups[group].code), "{name} {day}: {code}");
            }
        }
    }
}

#[test]
fn the_union_has_its_members_of_the_day() {
    let reference = reference();
    let scheme = &reference.schemes["eu"];
    let union = scheme.position("EU").unwrap();
    let countries: BTreeSet<&str> = reference.nationalities.values().map(|own| own.country.as_str()).collect();
    // Belgium is a group of its own; former states that count with their successors have four letters.
    for (day, members) in [
        ("1994-12-31", 12),
        ("2004-04-30", 15),
        ("2006-10-08", 25),
        ("2011-01-01", 27),
        ("2013-07-01", 28),
        ("2020-02-01", 27),
    ] {
        let day: Day = day.parse().unwrap();
        let of_union = countries.iter().filter(|own| own.len() == 2 && scheme.of_country(own, day) == Some(union));
        assert_eq!(of_union.count() + 1, members, "{day}");
    }
}
