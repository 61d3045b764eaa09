//! The leaks of the linked system, each a small one worked out by hand: what a reader could subtract if the rule that closes
//! it were not there.

#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use catalog::card::Balance;
use catalog::cell::{AreaLevel, Cell, CellKey, Counts, Reason, Recorded, ShareOf, Wording};
use catalog::contract::ExtractId;
use catalog::link_measure::LinkTable;
use catalog::pipeline::{Protection, Same, SourceRule};
use catalog::reference::{Area, FLANDERS, NIS_CLASS, Reference};
use protect::certificate::Flaw;
use protect::linked::{Linked, Outcome, Row};
use protect::secondary::{End, Need};
use protect::{Guarded, RawQuality, Setting, Stamp, protect};

#[path = "linked/equalities.rs"]
mod equalities;
#[path = "linked/shares.rs"]
mod shares;

fn rules() -> Protection {
    let usual = SourceRule { public: false, threshold: 5, zeros_shown: true, all_protected: false, why: String::new() };
    Protection {
        usual,
        sources: BTreeMap::new(),
        known: Vec::new(),
        same: Vec::new(),
        small_areas: Vec::new(),
        linked: true,
        equalities_known: true,
    }
}

fn area(code: &str, class: &str, level: AreaLevel, members: &[&str]) -> Area {
    Area {
        code: code.into(),
        class: class.into(),
        level,
        name: code.into(),
        members: members.iter().map(|member| member.to_string()).collect(),
        shown: true,
        valid: None,
    }
}

/// Six municipalities, in a cluster of five and one of one.
fn reference() -> Reference {
    let all = ["A", "B", "C", "D", "E", "F"];
    let mut areas = vec![
        area(FLANDERS, NIS_CLASS, AreaLevel::Region, &all),
        area("k1", "k", AreaLevel::Cluster, &all[..5]),
        area("k2", "k", AreaLevel::Cluster, &all[5..]),
    ];
    areas.extend(all.map(|code| area(code, NIS_CLASS, AreaLevel::Municipality, &[code])));
    Reference { areas, cluster_schemes: vec!["k".into()], ..Reference::default() }
}

/// A count, in which as many persons as it says contribute; `dimensions` gives the codes that are no total.
fn cell(indicator: &str, period: &str, code: &str, numerator: i64, dimensions: &[(&str, &str)]) -> Cell {
    let (class, level) = match code {
        FLANDERS => (NIS_CLASS, AreaLevel::Region),
        "k1" | "k2" => ("k", AreaLevel::Cluster),
        _ => (NIS_CLASS, AreaLevel::Municipality),
    };
    let of = |name: &str| {
        dimensions.iter().find(|(own, _)| *own == name).map_or("_T".to_string(), |(_, code)| code.to_string())
    };
    Cell {
        key: CellKey {
            indicator: indicator.into(),
            ref_area: code.into(),
            ref_area_class: class.into(),
            area_level: level,
            time_period: period.parse().unwrap(),
            sex: of("sex"),
            age_group: of("age"),
            group_scheme: "none".into(),
            group: of("group"),
            detail: of("detail"),
            detail_2: of("detail_2"),
            share_of: ShareOf::None,
        },
        counts: Ok(Counts { numerator, divisor: 1, denominator: None, contributors: numerator.abs() }),
        source: ExtractId::read("a/b").unwrap(),
    }
}

fn with_base(mut cell: Cell, share_of: ShareOf, base: i64) -> Cell {
    cell.key.share_of = share_of;
    cell.counts = cell.counts.map(|counts| Counts { denominator: Some(base), ..counts });
    cell
}

struct World {
    rules: Protection,
    balances: BTreeMap<String, Balance>,
    reference: Reference,
    words: BTreeMap<String, Wording>,
}

fn world() -> World {
    let wording = Wording {
        theme: "t".into(),
        unit: "person".into(),
        detail_units: Default::default(),
        value_decimals: 0,
        share_decimals: 1,
        method: String::new(),
        level: "none".into(),
    };
    let words =
        ["i", "series", "vreemde-nationaliteit"].map(|indicator| (indicator.to_string(), wording.clone())).into();
    World { rules: rules(), balances: BTreeMap::new(), reference: reference(), words }
}

impl World {
    fn guarded<'w>(&'w self, cells: &[Cell], earlier: &'w [Vec<Recorded>]) -> Guarded<'w> {
        self.with_counts(cells, Vec::new(), earlier)
    }

    /// The same with counts about the link.
    fn with_counts<'w>(&'w self, cells: &[Cell], counts: Vec<RawQuality>, earlier: &'w [Vec<Recorded>]) -> Guarded<'w> {
        let setting = Setting {
            rules: &self.rules,
            balances: &self.balances,
            reference: &self.reference,
            words: &self.words,
            earlier,
            key: &[7; 32],
            threads: 2,
        };
        protect(cells, counts, &setting, &Stamp { edition_id: "e".into(), monitor: "m".into() }).unwrap()
    }
}

/// Which cells are withheld; every proof has been checked against what is shown.
fn withheld(guarded: &Guarded<'_>) -> BTreeSet<String> {
    let shown = |row: usize| guarded.recorded[row].reason == Reason::Shown;
    assert_eq!(guarded.check(shown), BTreeMap::new());
    let name = |row: &Recorded| {
        let key = &row.cell.key;
        let codes = [&key.ref_area, &key.sex, &key.group, &key.detail, &key.detail_2];
        codes.into_iter().filter(|code| *code != "_T").cloned().collect::<Vec<_>>().join(" ")
    };
    guarded.recorded.iter().filter(|row| row.reason != Reason::Shown).map(name).collect()
}

/// Cluster of five: 12, 31, 7, 18 and 3; their sum is 71. One alone is what the cluster less the others says.
#[test]
fn a_mean_of_comparable_municipalities_does_not_give_a_member_away() {
    let world = world();
    let mut cells: Vec<Cell> = [("A", 12), ("B", 31), ("C", 7), ("D", 18), ("E", 3), ("k1", 71)]
        .map(|(code, n)| cell("i", "2010", code, n, &[]))
        .into();
    let found = withheld(&world.guarded(&cells, &[]));
    assert_eq!(found, BTreeSet::from(["E".to_string(), "k1".to_string()]), "the comparator goes first");
    // With Flanders beside it, and another cluster, withholding the cluster is not enough.
    cells.extend([
        cell("i", "2010", "F", 40, &[]),
        cell("i", "2010", "k2", 40, &[]),
        cell("i", "2010", FLANDERS, 111, &[]),
    ]);
    let found = withheld(&world.guarded(&cells, &[]));
    assert!(found.contains("E"), "{found:?}");
    let others = ["A", "B", "C", "D", "F", FLANDERS].iter().filter(|code| found.contains(**code)).count();
    assert!(others >= 1, "{found:?}");
}

/// A share of a known base tells the count, so it goes with it, and so does the base of few.
#[test]
fn a_share_goes_with_its_count_and_with_its_base() {
    let world = world();
    let rate = |code: &str, n: i64, base: i64| with_base(cell("i", "2010", code, n, &[]), ShareOf::Group, base);
    let cells = [rate("A", 2, 500), rate("B", 40, 700), rate("C", 0, 3)];
    let guarded = world.guarded(&cells, &[]);
    assert_eq!(withheld(&guarded), BTreeSet::from(["A".to_string(), "C".to_string()]));
}

/// 41 in all and 38 men are 3 women.
#[test]
fn the_sex_that_is_left_does_not_give_the_other_away() {
    let world = world();
    let table = |code: &str, women: i64, men: i64| {
        [
            cell("i", "2010", code, women + men, &[]),
            cell("i", "2010", code, women, &[("sex", "F")]),
            cell("i", "2010", code, men, &[("sex", "M")]),
        ]
    };
    let cells: Vec<Cell> = [table("A", 3, 38), table("B", 50, 60)].concat();
    let found = withheld(&world.guarded(&cells, &[]));
    assert!(found.contains("A F") && (found.contains("A M") || found.contains("A")), "{found:?}");
}

/// Three years are 21, the first two 9 and 10: the third is 2.
#[test]
fn years_together_do_not_give_one_of_them_away() {
    let world = world();
    let year = |period: &str, n: i64| cell("i", period, "A", n, &[]);
    let cells = [year("2008-01-01/P3Y", 21), year("2008", 9), year("2009", 10), year("2010", 2)];
    let guarded = world.guarded(&cells, &[]);
    let found = withheld(&guarded);
    assert!(found.contains("A"));
    let hidden = guarded.recorded.iter().filter(|row| row.reason != Reason::Shown).count();
    assert!(hidden >= 2, "the third year alone is what the others leave of the three");
}

/// The first edition told A and B together, 10, and withheld both. The second tells A, 8.
#[test]
fn what_an_earlier_edition_told_is_known() {
    let world = world();
    let cells = |a: i64| -> Vec<Cell> {
        let group = |code: &str, n: i64| cell("i", "2010", "A", n, &[("sex", code)]);
        vec![cell("i", "2010", "A", a + 2, &[]), group("F", 2), group("M", a)]
    };
    let first = world.guarded(&cells(8), &[]);
    assert!(withheld(&first).contains("A F"));
    let earlier = [first.recorded.clone()];
    let again = world.guarded(&cells(8), &earlier);
    assert_eq!(
        again.recorded.iter().map(|row| row.reason).collect::<Vec<_>>(),
        first.recorded.iter().map(|row| row.reason).collect::<Vec<_>>(),
        "what is withheld stays so, and what is told stays told"
    );
    // Where everything but one was told already, nothing that is withheld now can protect it.
    let mut told = cells(8);
    told[1].counts = Err(Reason::NotInSource);
    let told: Vec<Recorded> = told
        .into_iter()
        .map(|cell| Recorded {
            reason: cell.counts.err().unwrap_or(Reason::Shown),
            cell,
            method: String::new(),
            rounded_share: None,
        })
        .collect();
    let earlier = [told];
    let exposed = world.guarded(&cells(8), &earlier);
    assert!(!exposed.outcome.exposed.is_empty());
    assert!(!exposed.check(|row| exposed.recorded[row].reason == Reason::Shown).is_empty(), "and the audit says so");
}

/// C was merged from A and B. The old edition told A, 23; the new one tells C, 25.
#[test]
fn a_merger_does_not_give_a_former_municipality_away() {
    let mut world = world();
    world.reference.areas.push(area("AB", NIS_CLASS, AreaLevel::Municipality, &["A", "B"]));
    let old = [("A", 23), ("B", 2), ("C", 30)].map(|(code, n)| cell("i", "2010", code, n, &[]));
    let first = world.guarded(&old, &[]);
    assert_eq!(withheld(&first), BTreeSet::from(["B".to_string()]), "nothing adds up to it yet");
    let earlier = [first.recorded.clone()];
    let second = world.guarded(&[cell("i", "2010", "AB", 25, &[])], &earlier);
    assert_eq!(withheld(&second), BTreeSet::from(["AB".to_string()]));
}

/// A figure that two indicators have is withheld in both.
#[test]
fn the_same_count_under_another_name_is_withheld_too() {
    let mut world = world();
    world.rules.same = vec![Same { indicator: "series".into(), detail: None, is: "i".into(), method: None }];
    let first = world.guarded(&[cell("i", "2010", "A", 3, &[]), cell("i", "2010", "B", 30, &[])], &[]);
    let earlier = [first.recorded.clone()];
    let second = world.guarded(&[cell("series", "2010", "A", 3, &[]), cell("series", "2010", "B", 30, &[])], &earlier);
    assert_eq!(withheld(&second), BTreeSet::from(["A".to_string()]));
}

/// What comes in less what goes out is the balance: the flow of few is not told by the other two.
#[test]
fn a_balance_does_not_give_a_flow_away() {
    let mut world = world();
    let balance = Balance { is: "saldo".into(), inflow: "in".into(), outflow: "uit".into() };
    world.balances.insert("i".into(), balance);
    let flow = |detail: &str, n: i64| cell("i", "2010", "A", n, &[("detail", detail)]);
    let guarded = world.guarded(&[flow("in", 40), flow("uit", 3), flow("saldo", 37)], &[]);
    let found = withheld(&guarded);
    assert!(found.contains("A uit") && found.len() == 2, "{found:?}");
    // Balances below zero are protected as well.
    let found = withheld(&world.guarded(&[flow("in", 3), flow("uit", 40), flow("saldo", -37)], &[]));
    assert!(found.contains("A in") && found.len() == 2, "{found:?}");
}

/// Each of two is alone in a cell and knows it. The sum of the two told one of them the other.
#[test]
fn who_is_alone_in_a_cell_does_not_learn_about_another() {
    let world = world();
    let group = |code: &str, n: i64| cell("i", "2010", "A", n, &[("sex", code)]);
    let other = |code: &str, n: i64| cell("i", "2010", "B", n, &[("sex", code)]);
    let cells = [
        cell("i", "2010", "A", 2, &[]),
        group("F", 1),
        group("M", 1),
        cell("i", "2010", "B", 90, &[]),
        other("F", 45),
        other("M", 45),
    ];
    let guarded = world.guarded(&cells, &[]);
    let found = withheld(&guarded);
    assert!(found.contains("A F") && found.contains("A M") && found.contains("A"), "{found:?}");
    // For the woman some table has other men, and she is in none that all of them move.
    let figure = |row: usize| guarded.linked.of_row(row).unwrap().0;
    let moves = &guarded.outcome.proofs[&(figure(2), End::Above)];
    assert!(moves.iter().any(|moved| moved.iter().all(|(cell, _)| *cell != figure(1))));
}

/// One birth in each of two groups: each family knows the base of its own group, so that no witness of the other may rest on it.
#[test]
fn who_is_alone_in_a_base_does_not_learn_another_base() {
    let world = world();
    let rate = |area: &str, code: &str, base: i64| {
        with_base(cell("i", "2008-01-01/P3Y", area, 0, &[("group", code)]), ShareOf::Group, base)
    };
    let mut cells = vec![rate("A", "_T", 2), rate("A", "EU", 1), rate("A", "NIET-EU", 1)];
    cells.extend([rate("B", "_T", 90), rate("B", "EU", 40), rate("B", "NIET-EU", 50)]);
    let mut guarded = world.guarded(&cells, &[]);
    let shown: Vec<bool> = guarded.recorded.iter().map(|row| row.reason == Reason::Shown).collect();
    assert_eq!(guarded.check(|row| shown[row]), BTreeMap::new());
    let [total, one, other] = [0, 1, 2].map(|row| guarded.linked.of_row(row).unwrap().1.unwrap());
    // These witnesses add up, and the family of the other group is in both.
    let sorted = |mut moved: Vec<(u32, i64)>| {
        moved.sort_unstable();
        vec![moved]
    };
    guarded.outcome.proofs.insert((one, End::Below), sorted(vec![(one, -1), (other, 1)]));
    guarded.outcome.proofs.insert((one, End::Above), sorted(vec![(one, 5), (other, -1), (total, 4)]));
    assert_eq!(guarded.check(|row| shown[row]), BTreeMap::from([("i".to_string(), 1)]));
}

/// Horebeke 45062 on 1 January 2012: 4 women and 14 men of foreign nationality, 18 in all. Where Statbel's table is taken
/// as not public, the men or all together are withheld with the women.
#[test]
fn horebeke_in_2012_does_not_tell_its_four_women() {
    let world = world();
    let table = |code: &str, women: i64, men: i64| {
        [
            cell("vreemde-nationaliteit", "2012-01-01", code, women + men, &[]),
            cell("vreemde-nationaliteit", "2012-01-01", code, women, &[("sex", "F")]),
            cell("vreemde-nationaliteit", "2012-01-01", code, men, &[("sex", "M")]),
        ]
    };
    // Horebeke stands as A, beside three others of its cluster.
    let cells: Vec<Cell> = [table("A", 4, 14), table("B", 40, 52), table("C", 61, 70), table("k1", 105, 136)].concat();
    let found = withheld(&world.guarded(&cells, &[]));
    assert!(found.contains("A F") && (found.contains("A M") || found.contains("A")), "{found:?}");
    let reach = |end| world.guarded(&cells, &[]).outcome.proofs.keys().any(|(_, own)| *own == end);
    assert!(reach(End::Below) && reach(End::Above));
}

/// The check is shown to work: each withheld figure is shown after all, and where a proof needed it the check says so.
#[test]
fn a_figure_that_is_shown_after_all_is_noticed() {
    let world = world();
    let mut cells = Vec::new();
    for (code, women, men) in [("A", 3, 38), ("B", 50, 60), ("C", 2, 1), ("D", 7, 9), ("E", 11, 4), ("F", 30, 31)] {
        cells.push(cell("i", "2010", code, women + men, &[]));
        cells.push(cell("i", "2010", code, women, &[("sex", "F")]));
        cells.push(cell("i", "2010", code, men, &[("sex", "M")]));
    }
    for (code, own) in [("k1", 0..15), ("k2", 15..18), (FLANDERS, 0..18)] {
        for at in 0..3 {
            let parts = cells[own.clone()].iter().skip(at).step_by(3);
            let sum: i64 = parts.map(|cell| cell.counts.unwrap().numerator).sum();
            let sex: &[(&str, &str)] = [&[][..], &[("sex", "F")], &[("sex", "M")]][at];
            cells.push(cell("i", "2010", code, sum, sex));
        }
    }
    let guarded = world.guarded(&cells, &[]);
    assert!(withheld(&guarded).len() > 6);
    let hidden: Vec<usize> = (0..cells.len()).filter(|row| guarded.recorded[*row].reason != Reason::Shown).collect();
    let mut noticed = 0;
    for gone in &hidden {
        let found = guarded.check(|row| row == *gone || !hidden.contains(&row));
        noticed += usize::from(!found.is_empty());
    }
    // Where nothing is noticed every proof holds without the figure: it is withheld needlessly, and tells nothing.
    assert!(noticed * 2 >= hidden.len(), "{noticed} of {}", hidden.len());
}

/// A count about the link of the persons of a source, of an area or of all.
fn link(source: &str, table: &str, measure: &str, ref_area: &str, value: i64) -> RawQuality {
    let measure = LinkTable::read(table).measure(measure).unwrap();
    RawQuality::link(&ExtractId::read(source).unwrap(), "2010".parse().unwrap(), measure, ref_area, value)
}

fn shown_counts(guarded: &Guarded<'_>) -> BTreeSet<String> {
    let shown = guarded.protected.quality().iter().filter(|count| count.value.is_some());
    shown.map(|count| format!("{} {}", count.ref_area, count.measure)).collect()
}

/// 3 women, 9 men whom an earlier edition told, so that the 12 of both are withheld with the women. That a foreign
/// nationality decided for 12 of 112 inhabitants tells them again, and so do the 100 for whom none did.
#[test]
fn what_decided_about_origin_does_not_give_the_number_of_persons_away() {
    let mut world = world();
    for words in world.words.values_mut() {
        words.method = "own-history".into();
    }
    let sex = |code: &str, n: i64| cell("i", "2010", "A", n, &[("sex", code)]);
    let mut told = vec![cell("i", "2010", "A", 12, &[]), sex("F", 3), sex("M", 9)];
    let cells = told.clone();
    told[0].counts = Err(Reason::NotInSource);
    told[1].counts = Err(Reason::NotInSource);
    let method = || "own-history".to_string();
    let told: Vec<Recorded> = told
        .into_iter()
        .map(|cell| Recorded {
            reason: cell.counts.err().unwrap_or(Reason::Shown),
            cell,
            method: method(),
            rounded_share: None,
        })
        .collect();
    let earlier = [told];
    let decided = |area: &str, word: &str, n: i64| link("a/b", "decided-by own-history", word, area, n);
    let counts = vec![
        decided("A", "own-first", 12),
        decided("A", "all-belgian", 100),
        decided("B", "own-first", 40),
        decided("B", "all-belgian", 60),
    ];
    let guarded = world.with_counts(&cells, counts, &earlier);
    assert!(withheld(&guarded).is_superset(&BTreeSet::from(["A".to_string(), "A F".to_string()])));
    assert_eq!(shown_counts(&guarded), BTreeSet::from(["B own-first".to_string(), "B all-belgian".to_string()]));
}

/// That at least 12 are of foreign origin is the 3 for whom one thing decided and the 9 for whom another did.
#[test]
fn the_end_of_a_band_does_not_give_away_what_decided() {
    let world = world();
    let decided = |area: &str, word: &str, n: i64| link("a/b", "decided-by d", word, area, n);
    let band = |measure: &str, area: &str, n: i64| link("a/b", "band d", measure, area, n);
    let counts = vec![
        decided("A", "own-first", 9),
        decided("A", "own-current", 3),
        decided("A", "all-belgian", 100),
        band("unknown-parents-belgian", "A", 12),
        band("unknown-parents-foreign", "A", 80),
    ];
    let guarded = world.with_counts(&[], counts, &[]);
    withheld(&guarded);
    let shown = shown_counts(&guarded);
    let is_shown = |measure: &str| shown.contains(&format!("A {measure}"));
    assert!(!is_shown("own-current"), "{shown:?}");
    assert!(!(is_shown("own-first") && is_shown("unknown-parents-belgian")), "9 of 12: {shown:?}");
    assert!(!(is_shown("own-first") && is_shown("all-belgian")), "9 and 100 of 112: {shown:?}");
}

/// An earlier edition told all 60 and the 50 Belgians. The 3 of another nationality and the 7 of whom none is known are what is
/// left: that the register does not know 7 of the supplier's persons tells both.
#[test]
fn whom_the_register_does_not_know_is_not_told_by_the_link() {
    let world = world();
    let group = |code: &str, n: i64| cell("i", "2010", "A", n, &[("group", code)]);
    let cells = [cell("i", "2010", "A", 60, &[]), group("BE", 50), group("ANDER", 3), group("ONBEKEND", 7)];
    let told: Vec<Recorded> = cells[..2]
        .iter()
        .map(|cell| Recorded { reason: Reason::Shown, cell: cell.clone(), method: String::new(), rounded_share: None })
        .collect();
    let rate = |measure: &str, n: i64| link("a/b", "rate", measure, "A", n);
    let counts = vec![rate("persons", 60), rate("persons-linked", 53), rate("persons-unlinked", 7)];
    let earlier = [told];
    let guarded = world.with_counts(&cells, counts, &earlier);
    assert_eq!(
        withheld(&guarded),
        ["A ANDER", "A ONBEKEND", "A persons-linked", "A persons-unlinked"].map(String::from).into()
    );
    assert_eq!(shown_counts(&guarded), BTreeSet::from(["A persons".to_string()]));
}

/// What protection costs stands beside the figures, as anybody could count it.
#[test]
fn what_is_withheld_is_counted() {
    let world = world();
    let cells = [cell("i", "2010", "A", 3, &[]), cell("i", "2010", "B", 30, &[])];
    let guarded = world.guarded(&cells, &[]);
    let protected = guarded.protected.with_cost();
    let counts: Vec<(&str, &str, Option<i64>)> =
        protected.quality().iter().map(|row| (row.measure.as_str(), row.detail.as_str(), row.value)).collect();
    let level = "level:municipality";
    assert_eq!(
        counts,
        [
            ("rows", "_T", Some(2)),
            ("rows", level, Some(2)),
            ("rows-share-only", "_T", Some(0)),
            ("rows-share-only", level, Some(0)),
            ("rows-withheld", "_T", Some(1)),
            ("rows-withheld", level, Some(1))
        ]
    );
}

/// The same figures in another order give the same, and once is enough.
#[test]
fn the_order_of_rows_decides_nothing() {
    let world = world();
    let mut cells: Vec<Cell> = [("A", 3), ("B", 31), ("C", 7), ("D", 2), ("E", 9), ("k1", 52)]
        .map(|(code, n)| cell("i", "2010", code, n, &[]))
        .into();
    let first = withheld(&world.guarded(&cells, &[]));
    cells.reverse();
    assert_eq!(withheld(&world.guarded(&cells, &[])), first);
}

/// A check of an outcome without proofs finds all of them missing.
#[test]
fn an_outcome_without_proofs_does_not_pass() {
    let world = world();
    let cells = [cell("i", "2010", "A", 3, &[])];
    let rows: Vec<Row<'_>> = cells.iter().map(|cell| Row::new(cell, "")).collect();
    let mut linked = Linked::new(&world.rules, &world.balances, &world.reference);
    linked.add(&rows);
    assert_eq!(linked.check(&Outcome::default(), |_| false).len(), 1);
}

/// Three persons follow from public tables: they are suppressed here all the same, and the log of decisions lists them.
#[test]
fn the_log_of_decisions_lists_what_public_tables_tell() {
    let mut world = world();
    let public = SourceRule { public: true, ..world.rules.usual.clone() };
    world.rules.sources.insert(ExtractId::read("public/table").unwrap(), public);
    let mut cells = [("A", 3), ("B", 31), ("C", 7), ("D", 18), ("E", 20), ("k1", 79)]
        .map(|(code, n)| cell("i", "2010", code, n, &[]));
    let why = |cells: &[Cell]| {
        let guarded = world.guarded(cells, &[]);
        assert_eq!(guarded.recorded[0].reason, Reason::Withheld);
        guarded.why(guarded.linked.of_row(0).unwrap().0)
    };
    assert_eq!(why(&cells), "few persons");
    cells[1..].iter_mut().for_each(|cell| cell.source = ExtractId::read("public/table").unwrap());
    assert_eq!(why(&cells), "few persons, and public tables elsewhere tell how many");
    // Of two and two whose sum is public a reader knows that neither is more than four.
    cells[1].source = ExtractId::read("a/b").unwrap();
    for (cell, n) in [(0, 2), (1, 2), (5, 49)] {
        cells[cell].counts = Ok(Counts { numerator: n, divisor: 1, denominator: None, contributors: n });
    }
    assert_eq!(why(&cells), "few persons, of whom public tables elsewhere tell more");
}

/// Less may be asked for than the rule says where public tables leave no more, and only there.
#[test]
fn what_is_taken_back_must_be_told_by_public_tables() {
    let world = world();
    // Five of a cluster and their sum: who knows four and the sum knows the fifth, which is three persons.
    let cells = [("A", 3), ("B", 31), ("C", 7), ("D", 18), ("E", 20), ("k1", 79)]
        .map(|(code, n)| cell("i", "2010", code, n, &[]));
    let linked = |is_public: bool| {
        let row = |(at, cell)| Row { public: is_public && at > 0, ..Row::new(cell, "") };
        let rows: Vec<Row<'_>> = cells.iter().enumerate().map(row).collect();
        let mut linked = Linked::new(&world.rules, &world.balances, &world.reference);
        linked.add(&rows);
        linked
    };
    let flaws = |linked: &Linked<'_>, outcome: &Outcome| {
        let found = linked.check(outcome, |figure| !outcome.withheld.contains(&figure));
        found.into_iter().map(|(_, flaw)| flaw).collect::<Vec<Flaw>>()
    };
    let told = linked(true);
    let outcome = told.plan(1).unwrap();
    assert_eq!(outcome.needs.values().copied().collect::<Vec<_>>(), [Need::Reach { low: 3, high: 3 }]);
    assert_eq!((outcome.told_elsewhere.len(), flaws(&told, &outcome)), (1, vec![]));
    // Where nothing is public the three can be hidden: to ask for nothing is to give them away.
    let hidden = linked(false);
    let mut outcome = hidden.plan(1).unwrap();
    assert_eq!((outcome.told_elsewhere.len(), flaws(&hidden, &outcome)), (0, vec![]));
    assert_eq!(outcome.needs.values().copied().collect::<Vec<_>>(), [Need::Reach { low: 1, high: 5 }]);
    outcome.needs.values_mut().for_each(|need| *need = Need::Reach { low: 3, high: 3 });
    outcome.proofs.clear();
    assert_eq!(flaws(&hidden, &outcome), [Flaw::Missing]);
    // Nor does the proof hold that public tables tell it.
    outcome.relaxations = told.plan(1).unwrap().relaxations;
    assert_eq!(outcome.relaxations.len(), 2);
    assert_eq!(flaws(&hidden, &outcome), [Flaw::TakenBack]);
    // Nor may our own earlier editions be the reason: what they told is known to a reader, and no excuse.
    let earlier: Vec<Recorded> = cells[1..]
        .iter()
        .map(|cell| Recorded { cell: cell.clone(), method: String::new(), rounded_share: None, reason: Reason::Shown })
        .collect();
    let guarded = world.guarded(&cells, std::slice::from_ref(&earlier));
    assert_eq!((guarded.outcome.told_elsewhere.len(), guarded.outcome.exposed.len()), (0, 2));
}
