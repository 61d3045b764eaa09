//! What the reference tables under `sources/reference/` say: areas, clusters, nationalities and their groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::Day;
use crate::cell::AreaLevel;
use crate::fault::{Fault, Place};
use crate::table::Table;

/// The Flemish Region.
pub const FLANDERS: &str = "02000";
/// Somewhere in Flanders, in a municipality that the source does not know: it counts for Flanders alone.
pub const UNLOCATED: &str = "99991";
/// The register's code of the Belgian nationality.
pub const BELGIAN: &str = "150";
/// The scheme of the municipal codes of 2011.
pub const NIS_CLASS: &str = "NIS5-2011";
/// The day as of which the monitor's municipalities are taken.
pub const AREA_DAY: Day = Day(14_975); // 2011-01-01

/// An area with figures of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Code, unique within its class.
    pub code: String,
    /// Scheme of the code: `NIS5-2011`, or the name of a cluster scheme.
    pub class: String,
    /// Level.
    pub level: AreaLevel,
    /// Dutch name.
    pub name: String,
    /// The municipalities it consists of; itself, for a municipality.
    pub members: Vec<String>,
    /// Whether figures are published about it: not about a cluster of those whose place is not known.
    pub shown: bool,
    /// The days `[from, until)` of the row of the tables that this is, from which the code of a municipality stands for another
    /// territory; of greater areas the tables tell changes of name and place alone, and of clusters nothing.
    pub valid: Option<(Day, Day)>,
}

impl Area {
    /// The first day of validity, and the first day no longer where there is one.
    pub fn validity(&self) -> [Option<Day>; 2] {
        let (from, until) = self.valid.unwrap_or(ALWAYS);
        [Some(from).filter(|from| *from > ALWAYS.0), Some(until).filter(|until| *until < ALWAYS.1)]
    }

    /// The codes whose counts add up to the area's: its members, and for Flanders the unknown municipality too.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let unlocated = (self.code == FLANDERS && self.class == NIS_CLASS).then_some(UNLOCATED);
        self.members.iter().map(String::as_str).chain(unlocated)
    }
}

/// A code of a Belgian municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Municipality {
    /// Dutch name.
    pub name: String,
    /// Whether it is in the Flemish Region.
    pub is_flemish: bool,
    /// The days `[from, until)` on which the code is valid. The tables know nothing before 2003: what was valid then
    /// counts as valid before.
    pub valid: (Day, Day),
}

/// A code that ended, and the one that its territory has since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merger {
    /// The code that ended.
    pub code: String,
    /// The code from then on.
    pub successor: String,
}

/// A register code of a nationality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nationality {
    /// Three digits.
    pub code: String,
    /// Dutch name.
    pub name: String,
    /// The state it stands for: ISO 3166 code, a four-letter code of a former state, `XU` for a
    /// recorded nationality that is undetermined, `XX` for none known.
    pub country: String,
    /// `state`, `defunct`, `territory`, `refugee`, `stateless`, `undetermined` or `unknown`.
    pub kind: String,
}

/// A group in a scheme of nationality groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Code within the scheme.
    pub code: String,
    /// The group it is part of, if any.
    pub parent: Option<String>,
    /// Dutch title.
    pub title: String,
}

/// A scheme of nationality groups: its tree, and who belongs where on which day.
#[derive(Debug, Clone, Default)]
pub struct GroupScheme {
    /// The groups, in the order in which they are shown.
    pub groups: Vec<Group>,
    /// By country: group and the days `[from, until)` it holds.
    members: HashMap<String, Vec<(Day, Day, usize)>>,
}

impl GroupScheme {
    /// Position of a country's group on a day.
    pub fn of_country(&self, country: &str, day: Day) -> Option<usize> {
        self.members
            .get(country)?
            .iter()
            .find(|(from, until, _)| *from <= day && day < *until)
            .map(|(_, _, group)| *group)
    }

    /// Position of a group by its code.
    pub fn position(&self, code: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.code == code)
    }

    /// A group's code and those of the groups above it, from the nearest up.
    pub fn lineage(&self, code: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut next = Some(code);
        while let Some(group) = next.and_then(|code| self.groups.iter().find(|group| group.code == code)) {
            if found.contains(&group.code.as_str()) {
                break; // A circle is a fault of the table, named when it is read.
            }
            found.push(group.code.as_str());
            next = group.parent.as_deref();
        }
        found
    }

    /// Whether a group is made up of the same countries on two days.
    pub fn is_same(&self, group: &str, a: Day, b: Day) -> bool {
        let has = |country: &str, day: Day| {
            let own = self.of_country(country, day).map(|at| self.groups[at].code.as_str());
            own.is_some_and(|own| self.lineage(own).contains(&group))
        };
        a == b || self.members.keys().all(|country| has(country, a) == has(country, b))
    }

    /// Whether no other group is part of this one.
    pub fn is_leaf(&self, code: &str) -> bool {
        !self.groups.iter().any(|group| group.parent.as_deref() == Some(code))
    }

    /// Of groups that are published, those of which something is and something is not published by itself, each with what
    /// is not.
    pub fn gaps<'g>(&'g self, codes: &'g [String]) -> Vec<(&'g str, &'g str)> {
        let mut found = Vec::new();
        for whole in codes {
            let leaves = self.groups.iter().map(|group| group.code.as_str()).filter(|code| self.is_leaf(code));
            let (told, untold): (Vec<&str>, Vec<&str>) = leaves
                .filter(|leaf| *leaf != whole && self.lineage(leaf).contains(&whole.as_str()))
                .partition(|leaf| {
                    let below = self.lineage(leaf).into_iter().take_while(|code| *code != whole);
                    below.into_iter().any(|code| codes.iter().any(|own| own == code))
                });
            found.extend(untold.first().filter(|_| !told.is_empty()).map(|missing| (whole.as_str(), *missing)));
        }
        found
    }
}

/// All reference tables, checked.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// Every Belgian municipality code in force at any time that the tables cover.
    pub municipalities: BTreeMap<String, Municipality>,
    /// Which code followed which.
    pub mergers: Vec<Merger>,
    /// The areas of the monitor: 308 municipalities, arrondissements, provinces, clusters of each scheme, Flanders.
    pub areas: Vec<Area>,
    /// Titles of clusters by scheme and code live in `areas`; the schemes by name.
    pub cluster_schemes: Vec<String>,
    /// Register codes of nationalities.
    pub nationalities: BTreeMap<String, Nationality>,
    /// Group schemes by name.
    pub schemes: BTreeMap<String, GroupScheme>,
}

const ALWAYS: (Day, Day) = (Day(i32::MIN), Day(i32::MAX));
/// Rows that ended before this day are not in the table of municipalities.
const TABLE_BEGINS: Day = Day(12_053); // 2003-01-01
/// Codes changed twice since then at most; more steps are a circle in the table.
const MOST_MERGERS: u8 = 8;

impl Reference {
    /// Reads the tables; `text` gives the text of a file of the reference folder, or nothing where it is absent.
    pub fn read(text: &dyn Fn(&str) -> Option<String>, faults: &mut Vec<Fault>) -> Reference {
        let mut open = |name: &str, columns: &[&str]| {
            let file = format!("sources/reference/{name}");
            match text(name) {
                Some(found) => Table::read(&file, &found, columns, faults),
                None => {
                    faults.push(Fault::new("R01", Place::file(&file), "the reference table is missing"));
                    Table::default()
                }
            }
        };
        let municipalities = open(
            "municipalities.csv",
            &["code", "name", "arrondissement", "province", "region", "valid_from", "valid_to"],
        );
        let mergers = open("municipality_mergers.csv", &["code", "successor", "on"]);
        let areas = open("areas.csv", &["code", "level", "name", "valid_from", "valid_to"]);
        let clusters = open("clusters.csv", &["scheme", "cluster", "title", "order", "shown"]);
        let cluster_members = open("cluster_members.csv", &["scheme", "cluster", "municipality"]);
        let nationalities = open("nationalities.csv", &["code", "name", "country", "kind"]);
        let groups = open("nationality_groups.csv", &["scheme", "group", "parent", "title", "order"]);
        let members = open("nationality_group_members.csv", &["scheme", "country", "group", "valid_from", "valid_to"]);

        let mut reference = Reference::default();
        reference.read_areas(&municipalities, &areas, &clusters, &cluster_members, faults);
        reference.read_mergers(&mergers, faults);
        reference.read_nationalities(&nationalities, &groups, &members, faults);
        reference
    }

    /// An area of the monitor by code and class.
    pub fn area(&self, code: &str, class: &str) -> Option<&Area> {
        self.areas.iter().find(|area| area.code == code && area.class == class)
    }

    /// The codes that stand on a day for the territory of a code that may be valid on another day: itself where it is valid
    /// on the day, else those before or after it.
    pub fn codes_on(&self, code: &str, day: Day) -> BTreeSet<&str> {
        self.codes_within(code, day, MOST_MERGERS)
    }

    fn codes_within(&self, code: &str, day: Day, steps: u8) -> BTreeSet<&str> {
        let Some((code, known)) = self.municipalities.get_key_value(code).filter(|_| steps > 0) else {
            return BTreeSet::new();
        };
        let (from, until) = known.valid;
        if from <= day && day < until {
            return BTreeSet::from([code.as_str()]);
        }
        let related = self.mergers.iter().filter_map(|merger| match day < from {
            true => (merger.successor == *code).then_some(&merger.code),
            false => (merger.code == *code).then_some(&merger.successor),
        });
        related.flat_map(|other| self.codes_within(other, day, steps - 1)).collect()
    }

    /// Says why the code of a municipality is not one of a day, and which codes stood there for it.
    pub fn not_on(&self, code: &str, day: Day) -> String {
        let named = |code: &str| match self.municipalities.get(code) {
            Some(known) => format!("{code} ({})", known.name),
            None => code.to_string(),
        };
        let others: Vec<String> = self.codes_on(code, day).into_iter().map(named).collect();
        let others = match others.as_slice() {
            [] => "no code that is known".to_string(),
            _ => others.join(" and "),
        };
        match self.municipalities.get(code).map(|known| known.valid) {
            Some((from, _)) if day < from => {
                format!("{} is valid from {from}; on {day} it was {others}", named(code))
            }
            Some((_, until)) if day >= until => {
                format!("{} is valid until {}; on {day} it is {others}", named(code), until.plus(-1))
            }
            Some(_) => format!("{} is valid on {day}", named(code)),
            None => format!("{code} is not the code of a municipality"),
        }
    }

    fn read_mergers(&mut self, mergers: &Table, faults: &mut Vec<Fault>) {
        for row in mergers.rows() {
            let (code, successor) = (row.get("code").to_string(), row.get("successor").to_string());
            let on = row.day("on", faults);
            let ended = self.municipalities.get(&code).map(|known| known.valid.1);
            if on.is_none() || ended != on {
                let message = format!("{code} does not end on that day in municipalities.csv");
                faults.push(Fault::new("R14", row.place("on"), message));
            }
            if self.municipalities.get(&successor).is_none_or(|known| Some(known.valid.0) > on) {
                let message = format!("{successor} has not begun by that day in municipalities.csv");
                faults.push(Fault::new("R14", row.place("successor"), message));
            }
            self.mergers.push(Merger { code, successor });
        }
    }

    /// The group of a nationality code in a scheme on a day.
    pub fn group(&self, scheme: &GroupScheme, nationality: &str, day: Day) -> Option<usize> {
        scheme.of_country(&self.nationalities.get(nationality)?.country, day)
    }

    /// Every nationality code's group in every scheme, with the days `[from, until)` it holds.
    pub fn group_memberships(&self) -> impl Iterator<Item = (&str, &str, &str, Day, Day)> {
        self.schemes.iter().flat_map(move |(name, scheme)| {
            self.nationalities.values().flat_map(move |nationality| {
                let own = scheme.members.get(&nationality.country).into_iter().flatten();
                own.map(move |(from, until, group)| {
                    (name.as_str(), nationality.code.as_str(), scheme.groups[*group].code.as_str(), *from, *until)
                })
            })
        })
    }

    fn read_areas(
        &mut self,
        municipalities: &Table,
        areas: &Table,
        clusters: &Table,
        members: &Table,
        faults: &mut Vec<Fault>,
    ) {
        // By level and code: the municipalities in it.
        let mut within: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
        let mut flemish = Vec::new();
        for row in municipalities.rows() {
            let from = row.day("valid_from", faults).unwrap_or(ALWAYS.0);
            let until = row.day("valid_to", faults).unwrap_or(ALWAYS.1);
            let code = row.get("code").to_string();
            let valid_from = if from <= TABLE_BEGINS { ALWAYS.0 } else { from };
            let known = self.municipalities.entry(code.clone()).or_insert_with(|| Municipality {
                name: row.get("name").to_string(),
                is_flemish: row.get("region") == FLANDERS,
                valid: (valid_from, until),
            });
            known.valid = (known.valid.0.min(valid_from), known.valid.1.max(until));
            if row.get("region") == FLANDERS && from <= AREA_DAY && AREA_DAY < until {
                for level in ["province", "arrondissement"] {
                    within.entry((level, row.get(level).to_string())).or_default().push(code.clone());
                }
                flemish.push((code, row.get("name").to_string(), (from, until)));
            }
        }
        flemish.sort();
        let nis = |code: &str, level, name: &str, members: Vec<String>, valid: Option<(Day, Day)>| Area {
            code: code.to_string(),
            class: NIS_CLASS.to_string(),
            level,
            name: name.to_string(),
            members,
            shown: true,
            valid,
        };
        for row in areas.rows() {
            let from = row.day("valid_from", faults).unwrap_or(ALWAYS.0);
            let until = row.day("valid_to", faults).unwrap_or(ALWAYS.1);
            if from > AREA_DAY || until <= AREA_DAY {
                continue;
            }
            let (code, name) = (row.get("code"), row.get("name"));
            if code == FLANDERS {
                let all = flemish.iter().map(|(code, ..)| code.clone()).collect();
                self.areas.push(nis(code, AreaLevel::Region, name, all, Some((from, until))));
            }
            for (word, level) in [("province", AreaLevel::Province), ("arrondissement", AreaLevel::Arrondissement)] {
                if row.get("level") == word
                    && let Some(mut own) = within.remove(&(word, code.to_string()))
                {
                    own.sort();
                    self.areas.push(nis(code, level, name, own, Some((from, until))));
                }
            }
        }
        for (level, code) in within.keys() {
            faults.push(Fault::new(
                "R10",
                Place::file("sources/reference/areas.csv"),
                format!("{level} {code} is missing"),
            ));
        }
        self.areas.push(nis(
            UNLOCATED,
            AreaLevel::Unlocated,
            "Vlaams Gewest, gemeente niet gekend",
            vec![UNLOCATED.to_string()],
            None,
        ));
        let mut rows: Vec<_> = clusters.rows().collect();
        rows.sort_by_key(|row| (row.get("scheme"), row.count("order", &mut Vec::new())));
        for row in rows {
            let scheme = row.get("scheme").to_string();
            if !self.cluster_schemes.contains(&scheme) {
                self.cluster_schemes.push(scheme.clone());
            }
            let mut own: Vec<String> = members
                .rows()
                .filter(|member| member.get("scheme") == scheme && member.get("cluster") == row.get("cluster"))
                .map(|member| member.get("municipality").to_string())
                .collect();
            own.sort();
            self.areas.push(Area {
                code: row.get("cluster").to_string(),
                class: scheme,
                level: AreaLevel::Cluster,
                name: row.get("title").to_string(),
                members: own,
                shown: row.get("shown") != "no",
                valid: None,
            });
        }
        for row in members.rows() {
            if flemish.binary_search_by(|(code, ..)| code.as_str().cmp(row.get("municipality"))).is_err() {
                faults.push(Fault::new("R10", row.place("municipality"), "not a Flemish municipality of 2011"));
            }
        }
        for scheme in &self.cluster_schemes {
            for (code, ..) in &flemish {
                let times =
                    self.areas.iter().filter(|area| area.class == *scheme && area.members.contains(code)).count();
                if times != 1 {
                    let message = format!("municipality {code} is in {times} clusters of {scheme}, not in one");
                    faults.push(Fault::new("R11", Place::file("sources/reference/cluster_members.csv"), message));
                }
            }
        }
        for (code, name, valid) in flemish {
            self.areas.push(nis(&code, AreaLevel::Municipality, &name, vec![code.clone()], Some(valid)));
        }
    }

    fn read_nationalities(&mut self, nationalities: &Table, groups: &Table, members: &Table, faults: &mut Vec<Fault>) {
        for row in nationalities.rows() {
            let nationality = Nationality {
                code: row.get("code").to_string(),
                name: row.get("name").to_string(),
                country: row.get("country").to_string(),
                kind: row.get("kind").to_string(),
            };
            if self.nationalities.insert(nationality.code.clone(), nationality).is_some() {
                faults.push(Fault::new("R12", row.place("code"), "the code is written twice"));
            }
        }
        let mut rows: Vec<_> = groups.rows().collect();
        rows.sort_by_key(|row| (row.get("scheme"), row.count("order", &mut Vec::new())));
        for row in rows {
            self.schemes.entry(row.get("scheme").to_string()).or_default().groups.push(Group {
                code: row.get("group").to_string(),
                parent: row.optional("parent").map(str::to_string),
                title: row.get("title").to_string(),
            });
        }
        for row in members.rows() {
            let from = row.day("valid_from", faults).unwrap_or(ALWAYS.0);
            let until = row.day("valid_to", faults).unwrap_or(ALWAYS.1);
            let group = self.schemes.get(row.get("scheme")).and_then(|scheme| scheme.position(row.get("group")));
            match (group, self.schemes.get_mut(row.get("scheme"))) {
                (Some(group), Some(scheme)) => {
                    scheme.members.entry(row.get("country").to_string()).or_default().push((from, until, group));
                }
                _ => faults.push(Fault::new("R10", row.place("group"), "the group is not in nationality_groups.csv")),
            }
        }
        // Law 7 needs the tables to be complete: every state has exactly one group on every day.
        let file = "sources/reference/nationality_group_members.csv";
        for (name, scheme) in &mut self.schemes {
            for nationality in self.nationalities.values() {
                let mut days = scheme.members.get(&nationality.country).cloned().unwrap_or_default();
                days.sort();
                let whole = days.first().is_some_and(|first| first.0 == ALWAYS.0)
                    && days.last().is_some_and(|last| last.1 == ALWAYS.1)
                    && days.windows(2).all(|pair| pair[0].1 == pair[1].0);
                if !whole {
                    let message = format!(
                        "country {} of nationality {} does not have one group of {name} on every day",
                        nationality.country, nationality.code
                    );
                    faults.push(Fault::new("R13", Place::file(file), message));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Reference {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference");
        let mut faults = Vec::new();
        let reference = Reference::read(&|name| std::fs::read_to_string(folder.join(name)).ok(), &mut faults);
        assert_eq!(faults, []);
        reference
    }

    #[test]
    fn a_code_stands_for_a_territory_on_a_day() {
        let reference = shipped();
        let on = |code: &str, day: &str| reference.codes_on(code, day.parse().unwrap()).into_iter().collect::<Vec<_>>();
        assert_eq!(on("71072", "2011-01-01"), ["71022", "73040"]);
        assert_eq!(on("71072", "2025-01-01"), ["71072"]);
        assert_eq!(on("12030", "2019-01-01"), ["12041"]);
        assert_eq!(on("12030", "2018-12-31"), ["12030"]);
        assert_eq!(on("46030", "2011-01-01"), ["11056", "46003", "46013"]);
        assert_eq!(on("11007", "2025-01-01"), ["11002"], "Borsbeek is a part of Antwerpen");
        assert_eq!(on("23002", "1980-01-01"), ["23002"], "the table knows nothing before 2003");
        assert!(on("99991", "2011-01-01").is_empty());
        // Every code that ended is followed by one that is valid on every later day.
        for (code, known) in reference.municipalities.iter().filter(|(_, known)| known.valid.1 < ALWAYS.1) {
            assert!(!reference.codes_on(code, known.valid.1).is_empty(), "{code}");
        }
        for (code, known) in reference.municipalities.iter().filter(|(_, known)| known.valid.0 > ALWAYS.0) {
            assert!(!reference.codes_on(code, AREA_DAY).is_empty(), "{code}");
            assert!(!reference.codes_on(code, known.valid.0.plus(-1)).is_empty(), "{code}");
        }
    }

    #[test]
    fn the_merger_is_named() {
        let reference = shipped();
        assert_eq!(
            reference.not_on("71072", AREA_DAY),
            "71072 (Hasselt) is valid from 2025-01-01; on 2011-01-01 it was 71022 (Hasselt) and 73040 (Kortessem)"
        );
        assert_eq!(
            reference.not_on("12034", "2020-01-01".parse().unwrap()),
            "12034 (Sint-Amands) is valid until 2018-12-31; on 2020-01-01 it is 12041 (Puurs-Sint-Amands)"
        );
    }

    #[test]
    fn a_merger_must_fit_the_days_of_its_codes() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources/reference");
        let wrong = "code,successor,on\n12030,12041,2018-01-01\n12034,71072,2019-01-01\n";
        let mut faults = Vec::new();
        let text = |name: &str| match name {
            "municipality_mergers.csv" => Some(wrong.to_string()),
            _ => std::fs::read_to_string(folder.join(name)).ok(),
        };
        Reference::read(&text, &mut faults);
        let found: Vec<(Option<u64>, &str)> =
            faults.iter().map(|fault| (fault.place.line, fault.code.as_str())).collect();
        assert_eq!(found, [(Some(2), "R14"), (Some(2), "R14"), (Some(3), "R14")]);
    }
}
