//! Equalities between tables that nobody declared: each a small monitor in which one table gives away what another suppresses.

use super::*;

const AREAS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// Women and men of a table by area: 4 and 7 in A, so that the 11 of both go with the women where the men were told before.
const SEXES: [(i64, i64); 6] = [(4, 7), (512, 498), (1_033, 1_101), (307, 288), (731, 755), (89, 120)];

/// A monitor in which every indicator of these tests has its wording.
fn world() -> World {
    let mut world = super::world();
    let wording = world.words["i"].clone();
    world.words.extend(["j", "k", "l"].map(|indicator| (indicator.to_string(), wording.clone())));
    world
}

fn both(at: usize) -> i64 {
    SEXES[at].0 + SEXES[at].1
}

/// The table by sex; an earlier edition told its men.
fn by_sex() -> (Vec<Cell>, Vec<Recorded>) {
    let mut cells = Vec::new();
    for (at, area) in AREAS.iter().enumerate() {
        cells.push(cell("i", "2010", area, both(at), &[]));
        cells.push(cell("i", "2010", area, SEXES[at].0, &[("sex", "F")]));
        cells.push(cell("i", "2010", area, SEXES[at].1, &[("sex", "M")]));
    }
    let men = cells.iter().filter(|cell| cell.key.sex == "M");
    let told = men
        .map(|cell| Recorded { reason: Reason::Shown, cell: cell.clone(), method: String::new(), rounded_share: None })
        .collect();
    (cells, told)
}

/// Which rows of an indicator are suppressed in A.
fn suppressed_in_a(guarded: &Guarded<'_>, indicator: &str) -> BTreeSet<String> {
    let shown = |row: usize| guarded.recorded[row].reason == Reason::Shown;
    assert_eq!(guarded.check(shown), BTreeMap::new());
    let rows = guarded.recorded.iter().filter(|row| row.reason != Reason::Shown);
    let own = rows.filter(|row| row.cell.key.indicator == indicator && row.cell.key.ref_area == "A");
    own.map(|row| format!("{} {}", row.cell.key.sex, row.cell.key.detail)).collect()
}

/// A table of another name that has the same counts: the cell, and the sum of two rows, of the same period.
#[test]
fn a_cell_of_another_table_that_counts_the_same_is_suppressed_too() {
    let world = world();
    let (mut cells, told) = by_sex();
    cells.extend(AREAS.iter().enumerate().map(|(at, area)| cell("j", "2010", area, both(at), &[("detail", "now")])));
    let earlier = [told];
    let guarded = world.guarded(&cells, &earlier);
    assert_eq!(suppressed_in_a(&guarded, "i"), ["F _T", "_T _T"].map(String::from).into());
    assert_eq!(suppressed_in_a(&guarded, "j"), ["_T now".to_string()].into(), "11 less 7 men are 4 women");
    let texts: Vec<&str> = guarded.equalities.iter().map(|found| found.text.as_str()).collect();
    assert_eq!(texts, ["i () [_T] = j () [detail: now]"]);
}

/// 5 from elsewhere and 6 from here are the 11.
#[test]
fn the_sum_of_two_rows_of_another_table_does_not_give_a_count_away() {
    let world = world();
    let (mut cells, told) = by_sex();
    for (at, area) in AREAS.iter().enumerate() {
        let here = both(at) / 2 + 1;
        cells.push(cell("j", "2010", area, here, &[("detail", "here")]));
        cells.push(cell("j", "2010", area, both(at) - here, &[("detail", "elsewhere")]));
    }
    let earlier = [told];
    let guarded = world.guarded(&cells, &earlier);
    assert!(!suppressed_in_a(&guarded, "j").is_empty(), "5 and 6 less 7 men are 4 women");
}

/// What a mean of twelve months is of is the population of one day, twelve times.
#[test]
fn what_a_mean_of_months_is_of_does_not_give_a_count_away() {
    let world = world();
    let (mut cells, told) = by_sex();
    for (at, area) in AREAS.iter().enumerate() {
        let mut mean = with_base(cell("j", "2010-01-01/P1Y", area, 60 + at as i64, &[]), ShareOf::Total, 12 * both(at));
        mean.counts = mean.counts.map(|counts| Counts { divisor: 12, ..counts });
        cells.push(mean);
    }
    let earlier = [told];
    let guarded = world.guarded(&cells, &earlier);
    assert!(!suppressed_in_a(&guarded, "j").is_empty(), "132 twelfths less 7 men are 4 women");
}

/// A table by group whose counts another has by group too: what holds for the groups of many holds for the group of few.
#[test]
fn an_equality_of_great_groups_is_one_of_small_groups_too() {
    let mut world = world();
    let counts = |group: usize, at: usize| [[500, 700, 901, 333, 1_204, 612], [4, 0, 1, 0, 2, 3]][group][at];
    let mut cells = Vec::new();
    for (at, area) in AREAS.iter().enumerate() {
        for (group, code) in ["BE", "ANDER"].iter().enumerate() {
            cells.push(cell("i", "2010", area, counts(group, at), &[("group", code)]));
            let mut same = cell("j", "2010", area, counts(group, at), &[("group", code), ("detail", "x")]);
            // Nobody says here that they are few.
            same.source = ExtractId::read("c/d").unwrap();
            cells.push(same);
        }
    }
    world
        .rules
        .sources
        .insert(ExtractId::read("c/d").unwrap(), SourceRule { threshold: 1, ..world.rules.usual.clone() });
    let guarded = world.guarded(&cells, &[]);
    assert_eq!(suppressed_in_a(&guarded, "j"), ["_T x".to_string()].into(), "the 4 stand in the other table");
}

/// A count that a later edition mends in one area of many does not hide that the tables count the same.
#[test]
fn an_equality_in_nearly_all_areas_is_found() {
    let mut world = world();
    let codes: Vec<String> = (0..40).map(|at| format!("M{at:02}")).collect();
    world.reference.areas.extend(codes.iter().map(|code| area(code, NIS_CLASS, AreaLevel::Municipality, &[code])));
    let mut cells = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        let count = 100 + (at as i64 * 7_919) % 1_000;
        cells.push(cell("i", "2010", code, count, &[]));
        cells.push(cell("j", "2010", code, count + i64::from(at == 11), &[]));
    }
    let guarded = world.guarded(&cells, &[]);
    assert_eq!(guarded.equalities.iter().map(|found| (found.agree, found.of)).collect::<Vec<_>>(), [(39, 40)]);
}

/// Two tables of few that agree by chance are not taken for one, nor are two of which one count in five differs.
#[test]
fn chance_is_no_equality() {
    let world = world();
    let mut cells = Vec::new();
    for (at, area) in AREAS.iter().enumerate() {
        cells.push(cell("i", "2010", area, [1, 0, 2, 0, 0, 1][at], &[]));
        cells.push(cell("j", "2010", area, [1, 0, 2, 0, 0, 1][at], &[]));
        cells.push(cell("k", "2010", area, 500 + 31 * at as i64, &[]));
        cells.push(cell("l", "2010", area, 500 + 31 * at as i64 + i64::from(at == 3), &[]));
    }
    assert_eq!(world.guarded(&cells, &[]).equalities, []);
}
