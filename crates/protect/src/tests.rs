//! The primary rule, by hand.

use super::*;
use catalog::contract::ExtractId;
use catalog::pipeline::SourceRule;

fn source(text: &str) -> ExtractId {
    ExtractId::read(text).unwrap()
}

fn rules() -> Protection {
    let usual = SourceRule { public: false, threshold: 5, zeros_shown: true, all_protected: false, why: String::new() };
    let public = SourceRule { public: true, ..usual.clone() };
    let sources = BTreeMap::from([(source("statbel/bevolking"), public)]);
    Protection {
        usual,
        sources,
        known: Vec::new(),
        same: Vec::new(),
        small_areas: Vec::new(),
        linked: true,
        equalities_known: true,
    }
}

fn cell(area: &str, source_id: &str, numerator: i64, denominator: i64, contributors: i64, divisor: i64) -> Cell {
    Cell {
        key: CellKey {
            indicator: "i".into(),
            ref_area: area.into(),
            ref_area_class: "NIS5-2011".into(),
            area_level: AreaLevel::Municipality,
            time_period: "2011-01-01".parse().unwrap(),
            sex: "_T".into(),
            age_group: "_T".into(),
            group_scheme: "none".into(),
            group: "_T".into(),
            detail: "_T".into(),
            detail_2: "_T".into(),
            share_of: ShareOf::Total,
        },
        counts: Ok(Counts { numerator, divisor, denominator: Some(denominator), contributors }),
        source: source(source_id),
    }
}

fn words() -> BTreeMap<String, Wording> {
    let wording = Wording {
        theme: "t".into(),
        unit: "person".into(),
        detail_units: Default::default(),
        value_decimals: 0,
        share_decimals: 1,
        method: "1".into(),
        level: "L1".into(),
    };
    BTreeMap::from([("i".to_string(), wording)])
}

fn protected(cells: &[Cell]) -> Protected {
    let stamp = Stamp { edition_id: "e".into(), monitor: "m".into() };
    let (rules, words, balances, reference) = (rules(), words(), BTreeMap::new(), Reference::default());
    let setting = Setting {
        rules: &rules,
        balances: &balances,
        reference: &reference,
        words: &words,
        earlier: &[],
        key: &[7; 32],
        threads: 1,
    };
    protect(cells, Vec::new(), &setting, &stamp).unwrap().protected
}

#[test]
fn one_to_four_contributors_are_withheld_with_everything_that_shows_them() {
    for contributors in 0..=6 {
        let found = protected(&[cell("73028", "vdab/nwwz", contributors, 85, contributors, 1)]);
        let row = &found.observations()[0];
        let withheld = (1..=4).contains(&contributors);
        assert_eq!(row.reason == Reason::Withheld, withheld, "{contributors} contributors");
        if withheld {
            assert_eq!(
                (row.numerator, row.divisor, row.denominator, row.value, row.share),
                (None, None, None, None, None)
            );
        } else {
            assert_eq!(row.value, Some(contributors as f64));
        }
    }
}

#[test]
fn a_mean_of_months_is_judged_by_persons_and_not_by_months() {
    // Three persons, twelve months each: 36 person-months are three contributors.
    let found = protected(&[cell("73028", "ksz/leefloon", 36, 85 * 12, 3, 12)]);
    assert_eq!(found.observations()[0].reason, Reason::Withheld);
}

#[test]
fn a_base_of_one_to_four_persons_is_withheld_even_with_a_true_zero_above_it() {
    assert_eq!(protected(&[cell("73028", "vdab/nwwz", 0, 4, 0, 1)]).observations()[0].reason, Reason::Withheld);
    assert_eq!(protected(&[cell("73028", "vdab/nwwz", 0, 5, 0, 1)]).observations()[0].reason, Reason::Shown);
    assert_eq!(protected(&[cell("73028", "vdab/nwwz", 0, 0, 0, 1)]).observations()[0].reason, Reason::Shown);
    assert_eq!(protected(&[cell("73028", "ksz/leefloon", 0, 48, 0, 12)]).observations()[0].reason, Reason::Withheld);
}

#[test]
fn what_is_public_elsewhere_is_shown() {
    let found = protected(&[cell("73028", "statbel/bevolking", 3, 85, 3, 1)]);
    assert_eq!((found.observations()[0].value, found.observations()[0].share), (Some(3.0), Some(3.5)));
}

#[test]
fn carried_rows_change_only_their_edition_and_counted_rows_say_how_they_changed() {
    let first = protected(&[cell("11001", "vdab/nwwz", 10, 100, 10, 1), cell("11002", "vdab/nwwz", 20, 100, 20, 1)]);
    let stamp = Stamp { edition_id: "f".into(), monitor: "m".into() };
    let carried = Protected::default().following(&stamp, first.observations().to_vec());
    for (before, after) in first.observations().iter().zip(carried.observations()) {
        let expected = Observation { edition_id: "f".into(), changed: String::new(), ..before.clone() };
        assert_eq!(*after, expected);
    }
    let again = protected(&[
        cell("11001", "vdab/nwwz", 10, 100, 10, 1),
        cell("11002", "vdab/nwwz", 21, 100, 21, 1),
        cell("11004", "vdab/nwwz", 5, 100, 5, 1),
    ])
    .following(&stamp, first.observations().to_vec());
    let changed: Vec<&str> = again.observations().iter().map(|row| row.changed.as_str()).collect();
    assert_eq!(changed, ["", "r", "n"]);
}

#[test]
fn another_definition_marks_the_cells_that_it_changed_and_no_others() {
    let first = protected(&[cell("11001", "vdab/nwwz", 10, 100, 10, 1), cell("11002", "vdab/nwwz", 20, 100, 20, 1)]);
    let stamp = Stamp { edition_id: "f".into(), monitor: "m".into() };
    let mut again =
        protected(&[cell("11001", "vdab/nwwz", 10, 100, 10, 1), cell("11002", "vdab/nwwz", 21, 100, 21, 1)]);
    again.observations.iter_mut().for_each(|row| row.method = "other".into());
    let again = again.following(&stamp, first.observations().to_vec());
    let changed: Vec<&str> = again.observations().iter().map(|row| row.changed.as_str()).collect();
    assert_eq!(changed, ["", "b"]);
}

#[test]
fn a_base_that_differs_is_a_change_and_what_is_withheld_twice_is_none() {
    let first = protected(&[cell("11001", "vdab/nwwz", 10, 100, 10, 1), cell("11002", "vdab/nwwz", 2, 100, 2, 1)]);
    let stamp = Stamp { edition_id: "f".into(), monitor: "m".into() };
    let again = protected(&[cell("11001", "vdab/nwwz", 10, 101, 10, 1), cell("11002", "vdab/nwwz", 3, 100, 3, 1)]);
    let again = again.following(&stamp, first.observations().to_vec());
    let changed: Vec<&str> = again.observations().iter().map(|row| row.changed.as_str()).collect();
    assert_eq!(changed, ["r", ""]);
}

#[test]
fn a_small_count_about_the_work_takes_its_neighbours_with_it() {
    let count = |measure: &str, value: u64| RawQuality::of("land", "a/b", "2010", measure, "_T", value);
    let rules = rules();
    let told = |counts: Vec<RawQuality>| quality::told(counts, &BTreeMap::new(), &rules).0;
    let found = told(vec![count("rows", 100), count("accepted", 97), count("rejected", 3)]);
    let values: Vec<(&str, Option<i64>)> = found.iter().map(|row| (row.measure.as_str(), row.value)).collect();
    assert_eq!(values, [("accepted", None), ("rejected", None), ("rows", Some(100))]);
    let found = told(vec![count("rows", 100), count("rejected", 0)]);
    assert!(found.iter().all(|row| row.value.is_some()));
}

#[test]
fn a_count_without_a_known_contributor_is_no_zero() {
    for numerator in [1, 12, 60] {
        let found = protected(&[cell("71016", "vdab/nwwz", numerator, 8_500, 0, 12)]);
        assert_eq!(found.observations()[0].reason, Reason::Withheld, "{numerator}");
    }
    assert_eq!(protected(&[cell("71016", "vdab/nwwz", 0, 8_500, 0, 12)]).observations()[0].reason, Reason::Shown);
}

#[test]
fn what_a_stage_leaves_out_cannot_be_told_from_the_next_stage() {
    let count = |stage: &str, measure: &str, value: u64| RawQuality::of(stage, "a/b", "2010", measure, "_T", value);
    let counts = vec![
        count("land", "rows", 100),
        count("land", "rejected", 3),
        count("link", "rows", 97),
        count("link", "linked", 90),
    ];
    let (found, _) = quality::told(counts, &BTreeMap::new(), &rules());
    let shown: Vec<(&str, &str)> =
        found.iter().filter(|row| row.value.is_some()).map(|row| (row.stage.as_str(), row.measure.as_str())).collect();
    assert_eq!(shown, [("land", "rows")]);
}
