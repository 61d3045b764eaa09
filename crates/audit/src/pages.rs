//! The audit of pages, after rendering and before anybody sees them: every figure is the published row that the page says it
//! is, every withheld one looks like every other, and nothing else on a page tells anything: bars are as long as the shares
//! beside them say, rows stand in the same order for all municipalities, and all other text is the same on all pages.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::cell::{AreaLevel, Observation, Reason, TOTAL};
use catalog::reference::{FLANDERS, NIS_CLASS};
use warehouse::WarehouseError;
use warehouse::edition::Published;
use warehouse::tables::read_texts;

use crate::reading::{Bars, Figure, Reading, read};

/// What stands on every page and holds a number.
const FURNITURE: &str = "utf-8, initial-scale=1, 0 is een echte nul, per 1.000";

/// Where a row stands: indicator, area with its class, period, kind of share, codes.
type Spot = [String; 5];

/// An edition's pages, held against its rows one after another.
pub struct Pages<'p> {
    rows: HashMap<Spot, &'p Observation>,
    /// Levels of the areas that have a page, by code.
    levels: BTreeMap<String, AreaLevel>,
    /// Names of areas by class and code.
    names: HashMap<String, String>,
    /// Members of each cluster, by class and code.
    members: HashMap<String, BTreeSet<String>>,
    /// Cluster scheme of the pages.
    comparison: String,
    /// Numbers in the edition's words.
    words: BTreeSet<String>,
    /// Counts about the link that are shown, by municipality.
    links: HashMap<String, BTreeSet<String>>,
    /// What is beside the figures on a page, by the cluster that it compares with: the first page's, all others' too.
    rests: BTreeMap<String, Vec<String>>,
    /// The mark of what is withheld, what is said beside it, and how it looks.
    mark: Option<[String; 3]>,
}

impl<'p> Pages<'p> {
    /// Makes ready to read the pages of an edition, whose rows are given.
    pub fn new(edition: &Published, rows: &'p [Observation]) -> Result<Pages<'p>, WarehouseError> {
        let table = |name: &str| read_texts(&edition.verified(&format!("{name}.parquet"))?);
        let of = |row: &BTreeMap<String, Option<String>>, column: &str| {
            row.get(column).cloned().flatten().unwrap_or_default()
        };
        let mut words = BTreeSet::new();
        for name in ["indicators", "codes", "areas"] {
            for row in table(name)? {
                row.values().flatten().for_each(|text| words.extend(numbers(text)));
            }
        }
        let manifest = &edition.manifest;
        for text in
            [&manifest.edition, &manifest.title, &manifest.cut_off, &manifest.withheld_below.to_string(), FURNITURE]
        {
            words.extend(numbers(text));
        }
        let periods: BTreeSet<String> = rows.iter().map(|row| row.key.time_period.to_string()).collect();
        periods.iter().for_each(|period| words.extend(of_period(period)));
        let place =
            |row: &BTreeMap<String, Option<String>>| format!("{} {}", of(row, "ref_area_class"), of(row, "ref_area"));
        let names = table("areas")?.iter().map(|row| (place(row), of(row, "name"))).collect();
        let mut members: HashMap<String, BTreeSet<String>> = HashMap::new();
        for row in table("area_members")? {
            members.entry(place(&row)).or_default().insert(of(&row, "member"));
        }
        let mut links: HashMap<String, BTreeSet<String>> = HashMap::new();
        for row in table("quality")?.iter().filter(|row| of(row, "stage") == "link" && of(row, "ref_area") != TOTAL) {
            let own = links.entry(of(row, "ref_area")).or_default();
            own.insert(of(row, "value"));
            own.extend(numbers(&of(row, "time_period")));
        }
        Ok(Pages {
            rows: rows.iter().map(|row| (spot(row), row)).collect(),
            levels: rows.iter().filter(has_page).map(|row| (row.key.ref_area.clone(), row.key.area_level)).collect(),
            names,
            members,
            comparison: manifest.comparison.clone(),
            words,
            links,
            rests: BTreeMap::new(),
            mark: None,
        })
    }

    /// The areas that a page is made of, by code: municipalities, provinces and Flanders.
    pub fn areas(&self) -> Vec<String> {
        self.levels.keys().cloned().collect()
    }

    /// Reads the page of an area and tells what is wrong with it, in sentences without a figure.
    pub fn check(&mut self, municipality: &str, html: &str) -> Vec<String> {
        let reading = read(html);
        let mut found: BTreeSet<String> = reading.odd.iter().map(|what| format!("there is {what}")).collect();
        let own = format!("{NIS_CLASS} {municipality}");
        let cluster = self.cluster_of(municipality);
        let places = [Some(own.clone()), cluster.clone(), Some(format!("{NIS_CLASS} {FLANDERS}"))];
        for figure in &reading.figures {
            let about = || format!("{} {}", figure.indicator, figure.period);
            if !places.iter().flatten().any(|place| *place == figure.area) {
                found.insert(format!("{}: a figure of another area", about()));
            }
            found.extend(self.figure(figure).map(|what| format!("{}: {what}", about())));
        }
        for bars in &reading.bars {
            let what = self.bars(bars, &places);
            found.extend(what.map(|what| format!("{} {}: {what}", bars.indicator, bars.period)));
        }
        let shown = self.links.get(municipality);
        let told = reading.link.iter().flat_map(|text| numbers(text));
        if told.into_iter().any(|number| {
            let is_shown = shown.is_some_and(|shown| shown.contains(&number.replace('.', "")));
            !is_shown && !self.words.contains(&number)
        }) {
            found.insert("a number about the link is none that is shown".into());
        }
        found.extend(self.rest(&reading, &own, cluster).map(str::to_string));
        found.into_iter().collect()
    }

    fn cluster_of(&self, municipality: &str) -> Option<String> {
        let compared = self.members.iter().filter(|(place, members)| {
            place.split_once(' ').is_some_and(|(class, _)| class == self.comparison) && members.contains(municipality)
        });
        compared.map(|(place, _)| place.clone()).min()
    }

    /// What is wrong with a figure of a table.
    fn figure(&mut self, figure: &Figure) -> Option<&'static str> {
        let Figure { indicator, period, share_of, codes, area, what, text, beside, look } = figure;
        let row = self.rows.get(&[indicator, area, period, share_of, codes].map(String::clone));
        let number = row.and_then(|row| match what.as_str() {
            "value" => row.value.map(|value| (value, 1)),
            "share" => row.share.map(|share| (share, 2)),
            _ => None,
        });
        let withheld = row.is_some_and(|row| row.reason == Reason::Withheld);
        let wrong = "a figure that is not the published row's";
        match number {
            _ if withheld => {
                let own = [text, beside, look].map(String::clone);
                let known = self.mark.get_or_insert_with(|| own.clone());
                (own != *known || !numbers(text).is_empty() || !numbers(beside).is_empty())
                    .then_some("a withheld figure that does not look like the others")
            }
            Some((number, decimals)) => {
                // A share without its count says that it is rounded.
                let is_rounded = row.is_some_and(|row| row.reason == Reason::ShareOnly);
                let Some(text) = (if is_rounded { text.strip_prefix(ROUNDED) } else { Some(text.as_str()) }) else {
                    return Some(wrong);
                };
                (!is_written(text, number, decimals) || !beside.is_empty() || !look.is_empty()).then_some(wrong)
            }
            None => (!numbers(text).is_empty() || !numbers(beside).is_empty()).then_some(wrong),
        }
    }

    /// What is wrong with bars: numbers that are not the shares of the areas, lengths that tell more than the numbers.
    fn bars(&self, bars: &Bars, places: &[Option<String>; 3]) -> Option<&'static str> {
        let shares: Vec<Option<f64>> = places
            .iter()
            .map(|place| {
                let codes = format!("{TOTAL} {TOTAL} {} {TOTAL} {TOTAL}", bars.group);
                let rows = ["group", "total", "population"].into_iter().filter_map(|share_of| {
                    let area = place.clone()?;
                    let spot = [bars.indicator.clone(), area, bars.period.clone(), share_of.into(), codes.clone()];
                    self.rows.get(&spot)
                });
                rows.into_iter().find_map(|row| row.share)
            })
            .collect();
        let (lines, odd) = bars.texts.as_chunks::<2>();
        let plain = |number: &str| {
            let number = number.strip_prefix(ROUNDED).unwrap_or(number);
            parsed(number.strip_suffix(" %").or_else(|| number.strip_suffix(" per 1.000"))?)
        };
        let told: Vec<f64> = lines.iter().filter_map(|[_, (_, number)]| plain(number)).collect();
        let most = told.iter().copied().fold(0.0, f64::max);
        let mut left = shares.iter().flatten();
        let are_shares = told.iter().all(|told| left.any(|share| (share - told).abs() < 0.001));
        let wide = |share: f64| if most > 0.0 { share / most * 370.0 } else { 0.0 };
        let as_long = told.len() == bars.widths.len()
            && told.iter().zip(&bars.widths).all(|(share, width)| *width == format!("{:.0}", wide(*share)))
            && told
                .iter()
                .zip(lines)
                .all(|(share, [name, number])| name.0 == "0" && number.0 == format!("{:.0}", 196.0 + wide(*share)));
        let own: BTreeSet<String> = lines.iter().flat_map(|[_, (_, number)]| numbers(number)).collect();
        let spoken = numbers(&bars.spoken);
        let as_spoken = spoken.iter().all(|number| own.contains(number) || of_period(&bars.period).contains(number));
        let names: Vec<&str> = lines.iter().map(|[(_, name), _]| name.as_str()).collect();
        let named = places.iter().flatten().filter_map(|place| self.names.get(place)).any(|name| names[0] == name);
        (!odd.is_empty() || lines.len() != told.len() || !are_shares || !as_long || !as_spoken || !named)
            .then_some("bars tell more than the shares beside them")
    }

    /// What is wrong with all else: it is the same on the pages that compare with the same cluster, but for the name and code
    /// of the municipality, and its numbers are those of the edition's words.
    fn rest(&mut self, reading: &Reading, own: &str, cluster: Option<String>) -> Option<&'static str> {
        let code = own.split_once(' ').map_or("", |(_, code)| code);
        let name = self.names.get(own).map_or("", String::as_str);
        // Pages of another level, or that compare with another cluster, say other words.
        let cluster = cluster.unwrap_or_else(|| self.levels.get(code).map_or("", |level| level.word()).to_string());
        let members = self.members.get(&cluster).map_or(0, BTreeSet::len).to_string();
        let rest: Vec<String> = reading
            .rest
            .iter()
            .map(|text| match text.strip_prefix(name) {
                Some("") => "*".to_string(),
                Some(title) if title.starts_with(" - ") => format!("*{title}"),
                _ => text.strip_suffix(code).map_or_else(|| text.clone(), |text| format!("{text}*")),
            })
            .map(|text| if text == own { "*".to_string() } else { text })
            .collect();
        let told = rest.iter().flat_map(|text| numbers(text));
        if told.into_iter().any(|number| !self.words.contains(&number) && number != members) {
            return Some("a number beside the figures");
        }
        let rest: Vec<String> = rest.into_iter().chain([reading.style.clone()]).collect();
        let first = self.rests.entry(cluster).or_insert_with(|| rest.clone());
        (*first != rest).then_some("order or words differ from those of other pages")
    }
}

/// Whether the area of a row has a page of its own.
fn has_page(row: &&Observation) -> bool {
    matches!(row.key.area_level, AreaLevel::Municipality | AreaLevel::Province | AreaLevel::Region)
}

fn spot(row: &Observation) -> Spot {
    let key = &row.key;
    let codes = [&key.sex, &key.age_group, &key.group, &key.detail, &key.detail_2].map(String::as_str).join(" ");
    [
        key.indicator.clone(),
        format!("{} {}", key.ref_area_class, key.ref_area),
        key.time_period.to_string(),
        key.share_of.word().to_string(),
        codes,
    ]
}

/// The numbers in a text, as they are written.
fn numbers(text: &str) -> BTreeSet<String> {
    let pieces = text.split(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | ','));
    let pieces = pieces.map(|piece| piece.trim_matches(|letter| matches!(letter, '.' | ',')));
    pieces.filter(|piece| piece.bytes().any(|byte| byte.is_ascii_digit())).map(str::to_string).collect()
}

/// The numbers with which a period can be said.
fn of_period(period: &str) -> BTreeSet<String> {
    let mut found = numbers(period);
    if let Ok(period) = period.parse::<catalog::Period>() {
        for day in [period.start(), period.end()] {
            let (year, month, date) = day.ymd();
            let quarter = (month + 2) / 3;
            found.extend([year.to_string(), date.to_string(), month.to_string(), quarter.to_string()]);
        }
    }
    found
}

/// A number written the Belgian way.
fn parsed(text: &str) -> Option<f64> {
    text.replace('.', "").replace(',', ".").parse().ok()
}

/// What stands before a rounded share.
const ROUNDED: &str = "± ";

/// Whether a text writes a number with at most so many decimals.
fn is_written(text: &str, number: f64, decimals: usize) -> bool {
    let short = text.split_once(',').is_none_or(|(_, fraction)| fraction.len() <= decimals);
    short && parsed(text).is_some_and(|told| (told - number).abs() < 0.000_1)
}
