//! Tables of counts: published cases, and a thousand random ones with overlapping areas.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use protect::attack::{Interval, intervals};
use protect::secondary::{Demand, Effort, Need, Withheld, protect};
use protect::system::{Figure, System};
use protect::table::{Dimension, Row, Rule, Table, Unsound};

const RULE: Rule = Rule { threshold: 5, zeros_withheld: false, zeros_known: false, margin: 0, add_margins: true };

/// The folder of published cases; where it is not there, the test says so.
fn shared() -> Option<PathBuf> {
    let folder = std::env::var("LIIM_SHARED_DATA")
        .map_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let folder = folder.join("disclosure");
    let found = folder.is_dir();
    assert!(found || std::env::var("LIIM_SHARED_DATA").is_err(), "the published cases are not there");
    if !found {
        println!("NOT RUN: the published cases are not there");
    }
    found.then_some(folder)
}

/// Columns of a published case, and its counts.
fn case(file: &Path, columns: &[&str], count: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines =
        text.lines().map(|line| line.split(',').map(|field| field.trim_matches('"').to_string()).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut counts: BTreeMap<Vec<String>, i64> = BTreeMap::new();
    for line in lines {
        let codes = columns.iter().map(|column| line[at(column)].clone()).collect();
        *counts.entry(codes).or_insert(0) += line[at(count)].parse::<i64>().unwrap();
    }
    counts.into_iter().map(|(codes, count)| Row { codes, count }).collect()
}

fn total() -> Dimension {
    Dimension { total: Some("Total".into()), schemes: Vec::new() }
}

fn parents(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(code, parent)| (code.to_string(), parent.to_string())).collect()
}

fn protected(table: &Table) -> Withheld {
    let withheld = protect(&table.system, &table.demand(), Effort::THOROUGH, 1).unwrap();
    assert!(withheld.exposed.is_empty(), "{:?}", withheld.exposed);
    for ((cell, end), moved) in
        withheld.moves.iter().flat_map(|(end, moves)| moves.iter().map(move |moved| (end, moved)))
    {
        assert!(table.system.admits(moved, |cell| withheld.cells.contains(&cell)), "{cell} {end:?}");
    }
    withheld
}

fn codes(table: &Table, cells: impl IntoIterator<Item = u32>) -> BTreeSet<String> {
    cells.into_iter().map(|cell| table.codes(cell).join(" ")).collect()
}

fn reached(table: &Table, withheld: &Withheld) -> BTreeMap<u32, Interval> {
    let asked: Vec<u32> = table.primary.keys().copied().collect();
    let found = intervals(&table.system, &withheld.cells, &asked, [], 1).unwrap();
    found.into_iter().map(|(cell, interval)| (cell, interval.unwrap())).collect()
}

/// Handbook on Statistical Disclosure Control, example 3 (after Geurts 1992): rows of 7 and 3, columns of 6, 1 and 3.
#[test]
fn the_handbooks_example_3_leaves_x11_between_three_and_six() {
    let rows = [("1", [5, 1, 1]), ("2", [1, 0, 2]), ("3", [3, 3, 4])];
    let rows: Vec<Row> = rows
        .iter()
        .flat_map(|(row, counts)| {
            counts
                .iter()
                .zip(["a", "b", "c"])
                .map(|(count, column)| Row { codes: vec![row.to_string(), column.into()], count: *count })
        })
        .collect();
    let table = Table::of(&[total(), total()], &rows, &RULE).unwrap();
    let withheld: BTreeSet<u32> = (0..table.system.len() as u32)
        .filter(|cell| {
            let codes = table.codes(*cell);
            ["1", "2"].contains(&codes[0]) && codes[1] != "Total"
        })
        .collect();
    assert_eq!(withheld.len(), 6);
    let asked: Vec<u32> = withheld.iter().copied().collect();
    let found: Vec<(i64, Option<i64>)> = intervals(&table.system, &withheld, &asked, [], 2)
        .unwrap()
        .into_values()
        .map(|interval| interval.map(|interval| (interval.low, interval.high)).unwrap())
        .collect();
    assert_eq!(found, [(3, Some(6)), (0, Some(1)), (0, Some(3)), (0, Some(3)), (0, Some(1)), (0, Some(3))]);
}

/// z1 of Statistics Norway: counts of 1 to 3. The reference withholds six cells, and nothing less protects: each of the
/// three rows needs a second cell.
#[test]
fn z1_withholds_what_the_reference_does() {
    let Some(folder) = shared() else { return };
    let rows = case(&folder.join("z1_input.csv"), &["region", "hovedint"], "ant");
    let rule = Rule { threshold: 4, ..RULE };
    let table = Table::of(&[total(), total()], &rows, &rule).unwrap();
    assert_eq!(table.system.len(), 45);
    assert_eq!(
        codes(&table, table.primary.keys().copied()),
        ["B arbeid", "D arbeid", "H arbeid"].map(String::from).into()
    );
    let withheld = protected(&table);
    assert_eq!(withheld.cells.len(), 6);
    assert!(reached(&table, &withheld).values().all(|interval| Some(interval.low) != interval.high));
}

/// z2: regions in counties and, beside them, in groups.
#[test]
fn z2_has_two_hierarchies_that_overlap() {
    let Some(folder) = shared() else { return };
    let text = std::fs::read_to_string(folder.join("z2_input.csv")).unwrap();
    let mut schemes = vec![BTreeMap::new(), BTreeMap::new()];
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim_matches('"')).collect();
        schemes[0].insert(fields[0].to_string(), format!("fylke {}", fields[1]));
        schemes[1].insert(fields[0].to_string(), format!("groep {}", fields[2]));
    }
    let rows = case(&folder.join("z2_input.csv"), &["region", "hovedint"], "ant");
    let areas = Dimension { total: Some("Total".into()), schemes };
    let table = Table::of(&[areas, total()], &rows, &RULE).unwrap();
    // 11 regions, 6 counties, 2 groups and the total, each by four and in total.
    assert_eq!(table.system.len(), 20 * 5);
    let withheld = protected(&table);
    let reached = reached(&table, &withheld);
    assert_eq!(reached.len(), table.primary.len());
    assert!(reached.values().all(|interval| Some(interval.low) != interval.high));
}

/// example1 of 2014: countries in the Union and outside it; the zero is withheld too. The reference withholds four cells
/// for a threshold of one, and so do we; for two it withholds eight, and we ten: cells are protected one after another here,
/// and a pattern that serves all three at once is dearer for each alone.
#[test]
fn example_1_has_the_small_cells_of_the_reference() {
    let Some(folder) = shared() else { return };
    let text = std::fs::read_to_string(folder.join("example1_input.csv")).unwrap();
    let rows: Vec<Row> = text
        .lines()
        .filter(|line| line.contains("\"2014\""))
        .map(|line| {
            let fields: Vec<&str> = line.split(',').map(|field| field.trim_matches('"')).collect();
            Row { codes: vec![fields[0].into(), fields[1].into()], count: fields[4].parse().unwrap() }
        })
        .collect();
    let countries = Dimension {
        total: Some("Total".into()),
        schemes: vec![parents(&[("Spain", "EU"), ("Portugal", "EU"), ("Iceland", "nonEU")])],
    };
    for (threshold, more, reference) in
        [(2, 0, "example1_2014_maxN1_gauss.csv"), (3, 2, "example1_2014_maxN2_gauss.csv")]
    {
        let rule = Rule { threshold, zeros_withheld: true, ..RULE };
        let table = Table::of(&[total(), countries.clone()], &rows, &rule).unwrap();
        let text = std::fs::read_to_string(folder.join(reference)).unwrap();
        let marked = |column: usize| -> BTreeSet<String> {
            let fields = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
            let marked = fields.filter(|fields| fields[column] == "TRUE");
            marked.map(|fields| format!("{} {}", fields[0].trim_matches('"'), fields[1].trim_matches('"'))).collect()
        };
        assert_eq!(codes(&table, table.primary.keys().copied()), marked(3));
        let withheld = protected(&table);
        assert!(
            withheld.cells.len() <= marked(4).len() + more,
            "{threshold}: {:?}",
            codes(&table, withheld.cells.iter().copied())
        );
        assert!(reached(&table, &withheld).values().all(|interval| Some(interval.low) != interval.high));
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }
}

/// Dimensions, of which the first is of areas in provinces and in clusters, and counts of which half are small.
fn random(random: &mut Random) -> (Vec<Dimension>, Vec<Row>) {
    let areas = 3 + random.below(4);
    let mut schemes = vec![BTreeMap::new(), BTreeMap::new()];
    for area in 0..areas {
        schemes[0].insert(format!("g{area}"), format!("P{}", area % 2));
        schemes[1].insert(format!("g{area}"), format!("C{}", random.below(3)));
    }
    let mut dimensions = vec![Dimension { total: Some("Total".into()), schemes }];
    let mut widths = vec![areas];
    for _ in 0..1 + random.below(3) {
        dimensions.push(total());
        widths.push(2);
    }
    let cells: usize = widths.iter().product();
    let rows = (0..cells)
        .map(|cell| {
            let mut left = cell;
            let codes = widths.iter().enumerate().map(|(at, width)| {
                let code = left % width;
                left /= width;
                if at == 0 { format!("g{code}") } else { format!("k{code}") }
            });
            let codes = codes.collect();
            let count = if random.below(2) == 0 { random.below(6) } else { random.below(60) };
            Row { codes, count: count as i64 }
        })
        .collect();
    (dimensions, rows)
}

/// A thousand tables of two to four dimensions. Seeds are the numbers of the tables.
#[test]
fn random_tables_are_protected_whatever_the_order_of_their_rows_and_once_is_enough() {
    let (mut primaries, mut secondaries) = (0, 0);
    for seed in 0..1_000 {
        let mut own = Random(seed);
        let (dimensions, mut rows) = random(&mut own);
        let margin = [0, 0, 2][own.below(3)];
        let rule = Rule { zeros_known: own.below(2) == 0, margin, ..RULE };
        let table = Table::of(&dimensions, &rows, &rule).unwrap();
        let withheld = protect(&table.system, &table.demand(), Effort::THOROUGH, 1).unwrap();
        assert!(withheld.exposed.is_empty(), "table {seed}: {:?}", withheld.exposed);
        for moved in withheld.moves.values().flatten() {
            assert!(table.system.admits(moved, |cell| withheld.cells.contains(&cell)), "table {seed}");
        }
        // Never weaker than required, as an attack sees it that knows nothing of the moves.
        if seed % 4 == 0 {
            for (cell, interval) in reached(&table, &withheld) {
                let value = table.system.figure(cell).value;
                let enough = match table.primary[&cell] {
                    Need::NotExact => Some(interval.low) != interval.high,
                    Need::Reach { low, high } => interval.low <= low && interval.high.is_none_or(|found| found >= high),
                };
                assert!(enough, "table {seed}, cell {cell} of {value}: {interval:?}");
            }
        }
        // The same with the rows in another order, and nothing more when it is done again.
        let shift = own.below(rows.len());
        rows.rotate_left(shift);
        rows.reverse();
        let again = Table::of(&dimensions, &rows, &rule).unwrap();
        assert_eq!(
            protect(&again.system, &again.demand(), Effort::THOROUGH, 1).unwrap().cells,
            withheld.cells,
            "table {seed}"
        );
        assert_eq!(
            protect(&table.system, &Demand { before: withheld.cells.clone(), ..table.demand() }, Effort::THOROUGH, 1)
                .unwrap()
                .cells,
            withheld.cells,
            "table {seed}"
        );
        primaries += table.primary.len();
        secondaries += withheld.cells.len() - table.primary.len();
    }
    println!("{primaries} small cells, {secondaries} withheld with them");
    assert!(primaries > 10_000);
}

/// One secondary cell after another is published: the attack sees it each time that a small cell needed it.
#[test]
fn a_cell_that_is_published_after_all_is_noticed_where_it_matters() {
    let (mut mattered, mut dropped) = (0, 0);
    for seed in 0..200 {
        let mut own = Random(1_000_000 + seed);
        let (dimensions, rows) = random(&mut own);
        let table = Table::of(&dimensions, &rows, &RULE).unwrap();
        let withheld = protected(&table);
        let secondary: Vec<u32> =
            withheld.cells.iter().copied().filter(|cell| !table.primary.contains_key(cell)).collect();
        if secondary.is_empty() {
            continue;
        }
        let gone = secondary[own.below(secondary.len())];
        let fewer: BTreeSet<u32> = withheld.cells.iter().copied().filter(|cell| *cell != gone).collect();
        let open = Withheld { cells: fewer.clone(), ..Withheld::default() };
        let exact = reached(&table, &open).values().filter(|interval| Some(interval.low) == interval.high).count();
        // Proofs that lean on the cell no longer hold, by addition alone.
        let broken: BTreeSet<u32> = withheld
            .moves
            .iter()
            .filter(|(_, moves)| moves.iter().any(|moved| !table.system.admits(moved, |cell| fewer.contains(&cell))))
            .map(|((cell, _), _)| *cell)
            .collect();
        dropped += 1;
        if exact > 0 {
            mattered += 1;
            assert!(!broken.is_empty(), "table {seed}: a cell became exact and every proof holds");
        }
    }
    println!("{dropped} cells published after all, {mattered} mattered");
    assert!(mattered > dropped / 2);
}

#[test]
fn what_is_no_table_is_told_with_its_row() {
    let row = |codes: [&str; 2], count: i64| Row { codes: codes.map(String::from).into(), count };
    let dimensions = [total(), total()];
    let rows =
        [row(["a", "x"], 3), row(["a", "y"], 4), row(["a", "Total"], 8), row(["a", "x"], 3), row(["b", "x"], -1)];
    let found = Table::of(&dimensions, &rows, &RULE).unwrap_err();
    assert!(found.contains(&Unsound::Twice(3)), "{found:?}");
    assert!(found.contains(&Unsound::Negative(4)), "{found:?}");
    assert!(found.contains(&Unsound::NoSum { row: 2, parts: 7 }), "{found:?}");
    let circle = Dimension { total: None, schemes: vec![parents(&[("a", "b"), ("b", "a")])] };
    let found = Table::of(&[circle, total()], &[row(["a", "x"], 1)], &RULE).unwrap_err();
    assert_eq!(found, [Unsound::Circle(0, "a".into())]);
}

/// A sum that is not in the table tells nothing, and its parts are held by those that are.
#[test]
fn a_sum_that_is_not_published_holds_nothing() {
    let row = |codes: [&str; 2], count: i64| Row { codes: codes.map(String::from).into(), count };
    // Without the column of totals each row has its small cell and nothing to work it out from.
    let rows = [
        row(["a", "x"], 3),
        row(["a", "y"], 40),
        row(["b", "x"], 20),
        row(["b", "y"], 30),
        row(["Total", "x"], 23),
        row(["Total", "y"], 70),
    ];
    let rule = Rule { add_margins: false, ..RULE };
    let table = Table::of(&[total(), total()], &rows, &rule).unwrap();
    let withheld = protected(&table);
    let told: BTreeSet<u32> = withheld.cells.difference(&table.unseen).copied().collect();
    let told = codes(&table, told);
    assert!(told.len() == 2 && told.contains("a x"), "{told:?}");
}

/// A move is refused when it changes a published cell, breaks a sum or goes below what a reader knows.
#[test]
fn only_moves_that_agree_with_all_that_is_known_are_proofs() {
    let figure = |value: i64, least: i64| Figure { value, least, most: None, cost: Some(100) };
    let mut system = System::new(vec![figure(2, 1), figure(3, 1), figure(5, 1)]);
    assert!(system.add_sum(2, &[0, 1]));
    assert!(system.admits(&[(0, 1), (1, -1)], |cell| cell < 2));
    assert!(!system.admits(&[(0, 1), (1, -1)], |cell| cell < 1));
    assert!(!system.admits(&[(0, 1), (1, 1)], |cell| cell < 2));
    assert!(!system.admits(&[(0, -2), (1, 2)], |cell| cell < 2));
}
