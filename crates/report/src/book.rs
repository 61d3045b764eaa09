//! A published edition opened for reporting: its rows and its words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::card::THEMES;
use catalog::cell::{AreaLevel, Observation, TOTAL};
use catalog::link_measure::LinkMeasure;
use warehouse::edition::Published;
use warehouse::manifest::Manifest;
use warehouse::tables::read_texts;

use crate::ReportError;

/// An indicator's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Card id.
    pub id: String,
    /// Theme.
    pub theme: String,
    /// Title.
    pub title: String,
    /// Definition.
    pub definition: String,
    /// What the share is of.
    pub denominator: Option<String>,
    /// Who counted the denominator.
    pub denominator_source: Option<String>,
    /// Whether a rate is published, beside a composition or alone.
    pub has_rate: bool,
    /// Decimals of the shares.
    pub share_decimals: usize,
    /// Where everybody can read counts of it that are shown although they are small.
    pub public_elsewhere: Option<String>,
    /// Who counted.
    pub source_line: String,
    /// What to bear in mind.
    pub caveats: String,
    /// Origin definition, where one is used.
    pub origin: Option<String>,
}

/// An area's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaWords {
    /// Code.
    pub code: String,
    /// Scheme of the code.
    pub class: String,
    /// Level.
    pub level: AreaLevel,
    /// Name.
    pub name: String,
}

/// An edition's rows and words, read once for all its pages.
pub struct Book {
    /// The manifest.
    pub manifest: Manifest,
    /// Indicators in the order of themes and ids.
    pub indicators: Vec<Words>,
    /// All areas.
    pub areas: Vec<AreaWords>,
    /// Titles by code list and code, with their place in the list.
    codes: HashMap<(String, String), Code>,
    /// Rows by indicator and area.
    rows: BTreeMap<(String, String, String), Vec<Observation>>,
    /// By indicator and period the groups, with their schemes, that break the series.
    breaks: BTreeMap<String, BTreeMap<String, BTreeSet<(String, String)>>>,
    /// The members of each cluster.
    members: BTreeMap<(String, String), Vec<String>>,
    /// How good the link of the population is, by municipality.
    links: BTreeMap<String, Vec<LinkCount>>,
}

/// A code of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Code {
    title: String,
    position: String,
    parent: String,
}

/// A count about the link of the population of a municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCount {
    /// Reference day.
    pub period: String,
    /// What was counted.
    pub measure: String,
    /// Of which breakdown, with the definition behind it where it has one.
    pub detail: String,
    /// The count; nothing where it is withheld.
    pub value: Option<i64>,
}

type Row = BTreeMap<String, Option<String>>;

/// The words of a row of `indicators.parquet`.
fn words(row: &Row) -> Result<Words, ReportError> {
    let of = |column: &str| row.get(column).cloned().flatten().unwrap_or_default();
    let id = of("indicator");
    let share_decimals = of("share_decimals")
        .parse()
        .map_err(|_| ReportError::Table(format!("indicators.parquet does not say the decimals of {id}")))?;
    Ok(Words {
        id: of("indicator"),
        theme: of("theme"),
        title: of("title"),
        definition: of("definition"),
        denominator: Some(of("denominator")).filter(|text| !text.is_empty()),
        denominator_source: Some(of("denominator_source")).filter(|text| !text.is_empty()),
        has_rate: of("share_of").split(' ').any(|share_of| share_of == "group"),
        share_decimals,
        public_elsewhere: Some(of("public_elsewhere")).filter(|text| !text.is_empty()),
        source_line: of("source_line"),
        caveats: of("caveats"),
        origin: Some(of("origin_definition")).filter(|text| !text.is_empty()),
    })
}

impl Book {
    /// Opens a published edition, every file held against its manifest.
    pub fn open(edition: &Published) -> Result<Book, ReportError> {
        let texts = |table: &str| -> Result<Vec<BTreeMap<String, Option<String>>>, ReportError> {
            Ok(read_texts(&edition.verified(&format!("{table}.parquet"))?)?)
        };
        let of = |row: &BTreeMap<String, Option<String>>, column: &str| {
            row.get(column).cloned().flatten().unwrap_or_default()
        };
        let mut rows = texts("indicators")?;
        rows.sort_by_key(|row| {
            let theme = of(row, "theme");
            let place = THEMES.iter().position(|(known, _)| *known == theme).unwrap_or(THEMES.len());
            (place, theme, of(row, "position"), of(row, "indicator"))
        });
        let indicators = rows.iter().map(words).collect::<Result<Vec<Words>, ReportError>>()?;
        let areas = texts("areas")?
            .iter()
            .filter_map(|row| {
                let level = AreaLevel::WORDS.iter().find(|(word, _)| *word == of(row, "area_level"))?.1;
                Some(AreaWords {
                    code: of(row, "ref_area"),
                    class: of(row, "ref_area_class"),
                    level,
                    name: of(row, "name"),
                })
            })
            .collect();
        let codes = texts("codes")?
            .iter()
            .map(|row| {
                let code = Code { title: of(row, "title"), position: of(row, "position"), parent: of(row, "parent") };
                ((of(row, "list"), of(row, "code")), code)
            })
            .collect();
        let mut members: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in texts("area_members")? {
            members.entry((of(&row, "ref_area"), of(&row, "ref_area_class"))).or_default().push(of(&row, "member"));
        }
        let mut rows: BTreeMap<(String, String, String), Vec<Observation>> = BTreeMap::new();
        let mut breaks: BTreeMap<String, BTreeMap<String, BTreeSet<(String, String)>>> = BTreeMap::new();
        for row in edition.observations()? {
            if row.is_break {
                let of_period = breaks.entry(row.key.indicator.clone()).or_default();
                let groups = of_period.entry(row.key.time_period.to_string()).or_default();
                groups.insert((row.key.group_scheme.clone(), row.key.group.clone()));
            }
            let key = (row.key.indicator.clone(), row.key.ref_area.clone(), row.key.ref_area_class.clone());
            rows.entry(key).or_default().push(row);
        }
        let mut links: BTreeMap<String, Vec<LinkCount>> = BTreeMap::new();
        for row in texts("quality")?.iter().filter(|row| of(row, "stage") == "link" && of(row, "ref_area") != TOTAL) {
            links.entry(of(row, "ref_area")).or_default().push(LinkCount {
                period: of(row, "time_period"),
                measure: of(row, "measure"),
                detail: of(row, "detail"),
                value: of(row, "value").parse().ok(),
            });
        }
        Ok(Book { manifest: edition.manifest.clone(), indicators, areas, codes, rows, breaks, members, links })
    }

    /// Title of a code; the code itself where it has none.
    pub fn title(&self, list: &str, code: &str) -> String {
        let known = self.codes.get(&(list.to_string(), code.to_string()));
        known.map_or_else(|| code.to_string(), |known| known.title.clone())
    }

    /// Place of a code in its list, to sort by.
    pub fn position(&self, list: &str, code: &str) -> Option<&str> {
        self.codes.get(&(list.to_string(), code.to_string())).map(|known| known.position.as_str())
    }

    /// How many codes of its list a code is in, one in the other.
    pub fn depth(&self, list: &str, code: &str) -> usize {
        let parent = |code: &String| {
            let known = self.codes.get(&(list.to_string(), code.clone()))?;
            Some(known.parent.clone()).filter(|parent| !parent.is_empty())
        };
        // Lists are trees; should one not be, its depth is no more than its length.
        std::iter::successors(Some(code.to_string()), parent).take(self.codes.len()).count().saturating_sub(1)
    }

    /// The count of the newest day about the link of a municipality's population, with that day.
    pub fn link(&self, municipality: &str, measure: &LinkMeasure) -> Option<&LinkCount> {
        let own = self.links.get(municipality)?.iter();
        let (word, detail) = (measure.word(), measure.detail(false));
        own.filter(|count| count.measure == word && count.detail == detail).max_by_key(|count| &count.period)
    }

    /// An area by code and level.
    pub fn area(&self, code: &str, level: AreaLevel) -> Option<&AreaWords> {
        self.areas.iter().find(|area| area.code == code && area.level == level)
    }

    /// The group of comparable municipalities that has rows and that the municipality is in, by the edition's scheme.
    pub fn cluster_of(&self, municipality: &str) -> Option<(&AreaWords, Vec<&str>)> {
        let compared = |area: &&AreaWords| area.level == AreaLevel::Cluster && area.class == self.manifest.comparison;
        self.areas.iter().filter(compared).find_map(|area| {
            let key = (area.code.clone(), area.class.clone());
            let members = self.members.get(&key)?;
            let has_rows = self.rows.keys().any(|(_, code, class)| *code == area.code && *class == area.class);
            let names = members
                .iter()
                .filter_map(|code| self.area(code, AreaLevel::Municipality))
                .map(|area| area.name.as_str())
                .collect();
            (has_rows && members.iter().any(|member| member == municipality)).then_some((area, names))
        })
    }

    /// The periods of an indicator that break the series, in any area, with the groups that do: other countries are in them
    /// than in the period before, or another definition holds.
    pub fn breaks(&self, indicator: &str) -> impl Iterator<Item = (&String, &BTreeSet<(String, String)>)> {
        self.breaks.get(indicator).into_iter().flatten()
    }

    /// Rows of an indicator in an area.
    pub fn rows(&self, indicator: &str, area: &AreaWords) -> &[Observation] {
        self.rows
            .get(&(indicator.to_string(), area.code.clone(), area.class.clone()))
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}
