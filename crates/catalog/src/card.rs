//! Cards: what an indicator is, in words and in the choices that its query does not make.

use std::collections::BTreeMap;

use crate::Day;
use crate::cell::{AreaLevel, ShareOf, Wording};
use crate::contract::ExtractId;
use crate::document::{Document, Node};
use crate::fault::Fault;
use crate::period::{Period, PeriodKind};

/// Themes in the order of the reports, each with the Dutch title of its chapter. A theme that is not among them comes last,
/// under its own name.
pub const THEMES: [(&str, &str); 8] = [
    ("demografie", "Demografie"),
    ("inburgering", "Inburgering"),
    ("tewerkstelling", "Tewerkstelling"),
    ("onderwijs", "Onderwijs en vorming"),
    ("huisvesting", "Huisvesting"),
    ("welzijn", "Welzijn en armoede"),
    ("participatie", "Participatie"),
    ("integratiemonitor", "Vlaamse Integratiemonitor"),
];

/// Which deliveries of a source belong to an indicator's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The delivery of the same period.
    Period,
    /// The delivery of the calendar year that the period starts in.
    Year,
    /// The delivery of each calendar year of the period.
    Years,
    /// The delivery of the period's first day.
    FirstDay,
    /// The delivery of the period's last day.
    LastDay,
    /// The delivery of the 1 January within the period: of a school year, the one in its middle.
    NewYear,
    /// The delivery of the 1 January after each calendar year of the period: who is there on 31 December.
    NextNewYears,
    /// The deliveries of the period and of the same period a year earlier.
    YearApart,
    /// The deliveries of the 1 January after the period, and after the same period a year earlier.
    YearApartNextNewYears,
    /// The newest delivery that is known at the cut-off, of a source that delivers everything since its beginning.
    Newest,
}

impl At {
    const WORDS: [(&'static str, At); 10] = [
        ("period", At::Period),
        ("year", At::Year),
        ("years", At::Years),
        ("first-day", At::FirstDay),
        ("last-day", At::LastDay),
        ("new-year", At::NewYear),
        ("next-new-years", At::NextNewYears),
        ("year-apart", At::YearApart),
        ("year-apart-next-new-years", At::YearApartNextNewYears),
        ("newest", At::Newest),
    ];

    /// The deliveries' periods; none for the newest, which the deliveries tell.
    pub fn of(self, period: Period) -> Vec<Period> {
        let (first, last) = (period.start().year(), period.end().year());
        let new_year = |year: i16| Period::day(Day::new_year(year));
        match self {
            At::Period => vec![period],
            At::Year => vec![Period::year(first)],
            At::Years => (first..=last).map(Period::year).collect(),
            At::FirstDay => vec![Period::day(period.start())],
            At::LastDay => vec![Period::day(period.end())],
            At::NewYear => vec![new_year(last)],
            At::NextNewYears => (first..=last).map(|year| new_year(year + 1)).collect(),
            At::YearApart => vec![period.a_year_earlier(), period],
            At::YearApartNextNewYears => vec![new_year(last), new_year(last + 1)],
            At::Newest => Vec::new(),
        }
    }
}

/// A source that the query reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The extract.
    pub extract: ExtractId,
    /// Its deliveries for a period of the indicator.
    pub at: At,
    /// The columns that the query uses, for filters and joins too.
    pub columns: Vec<String>,
    /// First day from which the source is delivered; of a period before it the query sees no rows.
    pub since: Option<Day>,
}

impl Read {
    /// Returns the periods of the deliveries for a period of the indicator; none for the newest of a source, which the
    /// deliveries tell.
    pub fn periods(&self, period: Period) -> Vec<Period> {
        let all = self.at.of(period).into_iter();
        all.filter(|of| self.since.is_none_or(|since| of.start() >= since)).collect()
    }
}

/// What a reader must bear in mind, of all periods or of some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caveat {
    /// A Dutch sentence, or some.
    pub text: String,
    /// The periods that it is about; all where none is named.
    pub periods: Vec<Period>,
}

/// A dimension of an indicator beside the area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Women and men.
    Sex,
    /// Bands of age.
    Age,
    /// Groups of nationality or origin.
    Group,
    /// The card's own first dimension.
    Detail,
    /// The card's own second dimension.
    Detail2,
}

impl Dimension {
    /// All of them, in the order in which sums are made.
    pub const ALL: [Dimension; 5] =
        [Dimension::Detail2, Dimension::Detail, Dimension::Group, Dimension::Age, Dimension::Sex];
    /// The words used in cards and in pipeline.yaml.
    pub const WORDS: [(&'static str, Dimension); 5] = [
        ("sex", Dimension::Sex),
        ("age", Dimension::Age),
        ("group", Dimension::Group),
        ("detail", Dimension::Detail),
        ("detail_2", Dimension::Detail2),
    ];

    /// The column of a query and of the published table.
    pub fn column(self) -> &'static str {
        match self {
            Dimension::Sex => "sex",
            Dimension::Age => "age_group",
            Dimension::Group => "group",
            Dimension::Detail => "detail",
            Dimension::Detail2 => "detail_2",
        }
    }
}

/// What a query leaves to be added up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adds {
    /// Municipalities add up to the areas they are in.
    pub area: bool,
    /// The codes of these dimensions add up to the total, and groups to the groups above them.
    pub dimensions: Vec<Dimension>,
}

/// The breakdown of an indicator by group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The scheme.
    pub scheme: String,
    /// The groups published, in order; the total is always published.
    pub codes: Vec<String>,
}

/// A detail that is the difference of two others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The difference.
    pub is: String,
    /// What comes in.
    pub inflow: String,
    /// What goes out.
    pub outflow: String,
}

/// An indicator.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Its id, which is the name of its files.
    pub id: String,
    /// Theme, which is the name of its folder.
    pub theme: String,
    /// Dutch title, in the terms of its year.
    pub title: String,
    /// What is counted, for a reader.
    pub definition: String,
    /// What the numerator counts.
    pub numerator: String,
    /// What the denominator counts.
    pub denominator: Option<String>,
    /// Who counted the denominator, for a reader: it may be another source than the numerator's, with other totals.
    pub denominator_source: Option<String>,
    /// Who counted it, for a reader.
    pub source_line: String,
    /// What a reader must bear in mind.
    pub caveats: Vec<Caveat>,
    /// Kind of the reference period.
    pub period: PeriodKind,
    /// What the shares are shares of: each count is published once with each.
    pub shares_of: Vec<ShareOf>,
    /// Whether the government's table says that a breakdown by sex is available.
    pub sex: bool,
    /// The breakdown by group.
    pub groups: Option<Groups>,
    /// Bands of completed years: codes and titles.
    pub ages: Vec<(String, String)>,
    /// The card's own first dimension: codes and titles.
    pub details: Vec<(String, String)>,
    /// Whether there is a total over the details.
    pub detail_total: bool,
    /// The detail that is the difference of two others.
    pub balance: Option<Balance>,
    /// The card's own second dimension: codes and titles.
    pub details_2: Vec<(String, String)>,
    /// The dimensions that are published together; all of the card's unless it says otherwise.
    pub tables: Vec<Vec<Dimension>>,
    /// Levels of area with figures.
    pub areas: Vec<AreaLevel>,
    /// Sources read.
    pub reads: Vec<Read>,
    /// The source whose protection rule applies, unless the query says otherwise row by row.
    pub source: ExtractId,
    /// What adds up.
    pub adds: Adds,
    /// Dimensions over whose rows the total's denominator is the denominator: the base of a composition.
    pub base_over: Vec<Dimension>,
    /// The origin definition that the query's `origin_` columns speak of, unless the edition names another.
    pub origin: Option<String>,
    /// Other origin definitions whose classes the query sees, as `"<definition>@class"`.
    pub definitions: Vec<String>,
    /// Unit, decimals, version and level.
    pub wording: Wording,
    /// The query's text.
    pub sql: String,
    /// The card's file, for diagnostics.
    pub file: String,
    /// The query's file, for diagnostics.
    pub sql_file: String,
}

impl Card {
    /// Reads a card; the theme and the query come from where it lies.
    pub fn read(file: &str, theme: &str, id: &str, text: &str, sql: &str) -> (Option<Card>, Vec<Fault>) {
        let document = Document::read(file, 'I', text);
        let found = if document.is_readable() { card(&document.root(), file, theme, id, sql) } else { None };
        let faults = document.into_faults();
        (found.filter(|_| faults.is_empty()), faults)
    }

    /// What the counts of a period are divided by: months of a monthly mean, years of a pooled mean.
    pub fn divisor(&self, period: Period) -> i64 {
        match self.period {
            PeriodKind::Years(1) => period.months(),
            PeriodKind::Years(_) => period.years(),
            _ => 1,
        }
    }

    /// The deliveries needed for a period, but for the newest of a source.
    pub fn deliveries(&self, period: Period) -> impl Iterator<Item = (&ExtractId, Period)> {
        self.reads.iter().flat_map(move |read| read.periods(period).into_iter().map(|of| (&read.extract, of)))
    }

    /// Whether a share is published.
    pub fn has_share(&self) -> bool {
        self.shares_of.iter().any(|share_of| *share_of != ShareOf::None)
    }

    /// Codes of a dimension, without the total; nothing where the card does not have it.
    pub fn codes(&self, dimension: Dimension) -> Vec<&str> {
        fn of(titles: &[(String, String)]) -> Vec<&str> {
            titles.iter().map(|(code, _)| code.as_str()).collect()
        }
        match dimension {
            Dimension::Sex if self.sex => vec!["F", "M"],
            Dimension::Sex => Vec::new(),
            Dimension::Age => of(&self.ages),
            Dimension::Group => self.groups.iter().flat_map(|groups| groups.codes.iter().map(String::as_str)).collect(),
            Dimension::Detail => of(&self.details),
            Dimension::Detail2 => of(&self.details_2),
        }
    }

    /// Whether the card breaks its counts down by a dimension.
    pub fn has(&self, dimension: Dimension) -> bool {
        !self.codes(dimension).is_empty()
    }
}

/// What a count can be a count of.
const UNITS: [&str; 9] = ["person", "family", "household", "pupil", "enrolment", "move", "child", "dossier", "voter"];

fn card(root: &Node<'_>, file: &str, theme: &str, id: &str, sql: &str) -> Option<Card> {
    root.keys(&[
        "id",
        "title",
        "definition",
        "numerator",
        "denominator",
        "denominator_source",
        "source_line",
        "caveats",
        "unit",
        "period",
        "share_of",
        "sex",
        "groups",
        "ages",
        "details",
        "detail_units",
        "detail_total",
        "balance",
        "details_2",
        "tables",
        "areas",
        "reads",
        "source",
        "adds",
        "base_over",
        "origin",
        "definitions",
        "decimals",
        "version",
        "level",
    ]);
    let text = |key: &str| root.need(key).and_then(|node| node.text());
    if let Some(node) = root.need("id")
        && let Some(written) = node.text()
        && written != id
    {
        node.fault(10, format!("the card `{written}` stands in a file named `{id}`"), "");
    }
    let (title, definition, numerator, source_line) =
        (text("title"), text("definition"), text("numerator"), text("source_line"));
    let denominator = root.get("denominator").and_then(|node| node.text());
    let denominator_source = root.get("denominator_source").and_then(|node| node.text());
    if denominator.is_some() != denominator_source.is_some() {
        root.fault(4, "a `denominator` and its `denominator_source` go together", "say who counted the denominator");
    }
    let caveats = root.get("caveats").map(|node| node.items()).unwrap_or_default();
    let caveats: Vec<Caveat> = caveats.iter().filter_map(caveat).collect();
    let period = root.need("period").and_then(|node| node.one_of(&PeriodKind::WORDS));
    for other in caveats.iter().flat_map(|caveat| &caveat.periods).filter(|of| Some(of.kind()) != period) {
        root.fault(10, format!("a caveat is about `{other}`, which is no period of the card"), "see `period`");
    }
    let shares_of: Vec<ShareOf> = root
        .need("share_of")
        .map(|node| node.each().iter().filter_map(|item| item.one_of(&ShareOf::WORDS)).collect())
        .unwrap_or_default();
    if let Some(node) = root.get("share_of").filter(|node| node.each().is_empty()) {
        node.fault(4, "a card without any share has no cells", "write `share_of: none` for a count alone");
    }
    if shares_of.iter().any(|share_of| *share_of != ShareOf::None) && denominator.is_none() {
        root.fault(4, "a share needs its `denominator` described", "or write `share_of: none`");
    }
    let sex = root.need("sex").and_then(|node| node.one_of(&[("available", true), ("not-available", false)]));
    let groups = root.get("groups").and_then(|node| {
        node.keys(&["scheme", "codes"]);
        let scheme = node.need("scheme")?.text()?;
        let codes = node.need("codes")?.items().iter().filter_map(Node::text).collect();
        Some(Groups { scheme, codes })
    });
    let titles = |key: &str| -> Vec<(String, String)> {
        let entries = root.get(key).map(|node| node.entries()).unwrap_or_default();
        entries.into_iter().filter_map(|(code, title)| Some((code, title.text()?))).collect()
    };
    let (ages, details, details_2) = (titles("ages"), titles("details"), titles("details_2"));
    let detail_units = titles("detail_units").into_iter().collect();
    for (code, node) in root.get("detail_units").map(|node| node.entries()).unwrap_or_default() {
        if !details.iter().any(|(own, _)| *own == code) {
            node.fault(14, format!("`{code}` is not among the details of the card"), "");
        }
        node.one_of(&UNITS.map(|unit| (unit, ())));
    }
    let detail_total = root.get("detail_total").and_then(|node| node.truth()).unwrap_or(true);
    let balance = root.get("balance").and_then(|node| {
        node.keys(&["is", "inflow", "outflow"]);
        let code = |key: &str| {
            let node = node.need(key)?;
            let code = node.text()?;
            if !details.iter().any(|(own, _)| *own == code) {
                node.fault(14, format!("`{code}` is not among the details of the card"), "");
            }
            Some(code)
        };
        let (is, inflow, outflow) = (code("is"), code("inflow"), code("outflow"));
        Some(Balance { is: is?, inflow: inflow?, outflow: outflow? })
    });
    let areas: Vec<AreaLevel> = root
        .need("areas")
        .map(|node| node.items().iter().filter_map(|item| item.one_of(&AreaLevel::WORDS)).collect())
        .unwrap_or_default();
    let reads: Vec<Read> = root
        .need("reads")
        .map(|node| node.entries().into_iter().filter_map(|(name, node)| read(&name, &node)).collect())
        .unwrap_or_default();
    let source = root.need("source").and_then(|node| {
        let written = node.text()?;
        let id = ExtractId::read(&written).filter(|id| reads.iter().any(|read| read.extract == *id));
        if id.is_none() {
            node.fault(13, format!("`{written}` is not among the sources that the card reads"), "");
        }
        id
    });
    let dimensions = |node: &Node<'_>| -> Vec<Dimension> {
        node.items().iter().filter_map(|item| item.one_of(&Dimension::WORDS)).collect()
    };
    let mut adds = Adds::default();
    for item in root.get("adds").map(|node| node.items()).unwrap_or_default() {
        let words: Vec<(&str, Option<Dimension>)> = std::iter::once(("area", None))
            .chain(Dimension::WORDS.map(|(word, dimension)| (word, Some(dimension))))
            .collect();
        match item.one_of(&words) {
            Some(None) => adds.area = true,
            Some(Some(dimension)) => adds.dimensions.push(dimension),
            None => {}
        }
    }
    let mut base_over = root.get("base_over").map(|node| dimensions(&node)).unwrap_or_default();
    if shares_of.contains(&ShareOf::Total) && !base_over.contains(&Dimension::Group) {
        base_over.push(Dimension::Group);
    }
    let tables = root.get("tables").map(|node| node.items().iter().map(&dimensions).collect()).unwrap_or_default();
    let (mut value_decimals, mut share_decimals) = (0, 1);
    if let Some(node) = root.get("decimals") {
        node.keys(&["value", "share"]);
        let digits = |key: &str, usual: u8| {
            node.get(key).and_then(|found| found.count()).map_or(usual, |count| count.min(6) as u8)
        };
        value_decimals = digits("value", 0);
        share_decimals = digits("share", 1);
    }
    let level =
        root.need("level").and_then(|node| node.one_of(&[("L1", "L1"), ("L2", "L2"), ("L3", "L3"), ("none", "none")]));
    let unit = root.need("unit").and_then(|node| node.one_of(&UNITS.map(|unit| (unit, unit))));
    let version = text("version");
    let origin = root.get("origin").and_then(|node| node.text());
    let definitions = root.get("definitions").map(|node| node.items()).unwrap_or_default();
    let definitions = definitions.iter().filter_map(Node::text).collect();
    let mut card = Card {
        id: id.to_string(),
        theme: theme.to_string(),
        title: title?,
        definition: definition?,
        numerator: numerator?,
        denominator,
        denominator_source,
        source_line: source_line?,
        caveats,
        period: period?,
        shares_of,
        sex: sex?,
        groups,
        ages,
        details,
        detail_total,
        balance,
        details_2,
        tables,
        areas,
        reads,
        source: source?,
        adds,
        base_over,
        origin,
        definitions,
        wording: Wording {
            theme: theme.to_string(),
            unit: unit?.to_string(),
            detail_units,
            value_decimals,
            share_decimals,
            method: version?,
            level: level?.to_string(),
        },
        sql: sql.to_string(),
        file: file.to_string(),
        sql_file: file.replace(".yaml", ".sql"),
    };
    let own: Vec<Dimension> = Dimension::ALL.into_iter().filter(|dimension| card.has(*dimension)).collect();
    if card.tables.is_empty() {
        card.tables.push(own);
    } else if let Some(none) = card.tables.iter().flatten().find(|dimension| !card.has(**dimension)) {
        root.fault(10, format!("`tables` names {}, which the card does not have", none.column()), "");
    } else if let Some(lost) =
        own.iter().find(|dimension| !card.tables.iter().flatten().any(|known| known == *dimension))
    {
        root.fault(
            10,
            format!("no table shows {}", lost.column()),
            "name it under `tables`, or take it out of the card",
        );
    }
    Some(card)
}

/// A caveat is a sentence, or a sentence with the periods that it is about.
fn caveat(node: &Node<'_>) -> Option<Caveat> {
    if !node.is_mapping() {
        return Some(Caveat { text: node.text()?, periods: Vec::new() });
    }
    node.keys(&["text", "periods"]);
    let periods = node.need("periods").map(|list| list.items().iter().filter_map(Node::period).collect());
    Some(Caveat { text: node.need("text")?.text()?, periods: periods? })
}

fn read(name: &str, node: &Node<'_>) -> Option<Read> {
    node.keys(&["at", "columns", "since"]);
    let extract = ExtractId::read(name);
    if extract.is_none() {
        node.fault(10, format!("`{name}` is not an extract"), "an extract is written `supplier/extract`");
    }
    let at = match node.get("at") {
        Some(found) => found.one_of(&At::WORDS),
        None => Some(At::Period),
    };
    let columns = node.need("columns").map(|found| found.items().iter().filter_map(Node::text).collect());
    let since = match node.get("since") {
        Some(found) => Some(found.day()?),
        None => None,
    };
    Some(Read { extract: extract?, at: at?, columns: columns?, since })
}

/// Cards by id.
pub type Cards = BTreeMap<String, Card>;
