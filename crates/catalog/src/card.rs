//! Cards: what an indicator is, in words and in the choices that its query does not make.

use std::collections::BTreeMap;

use crate::cell::{AreaLevel, ShareOf, Wording};
use crate::contract::ExtractId;
use crate::document::{Document, Node};
use crate::fault::Fault;
use crate::period::{Period, PeriodKind};

/// Which delivery of a source belongs to an indicator's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// The delivery of the same period.
    Period,
    /// The delivery of the calendar year that the period starts in.
    Year,
    /// The delivery of the period's first day.
    FirstDay,
    /// The delivery of the period's last day.
    LastDay,
}

impl At {
    /// The delivery's period.
    pub fn of(self, period: Period) -> Period {
        match self {
            At::Period => period,
            At::Year => Period::year(period.start().year()),
            At::FirstDay => Period::day(period.start()),
            At::LastDay => Period::day(period.end()),
        }
    }
}

/// A source that the query reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The extract.
    pub extract: ExtractId,
    /// Its delivery for a period of the indicator.
    pub at: At,
    /// The columns that the query uses, for filters and joins too.
    pub columns: Vec<String>,
}

/// What a query leaves to be added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adds {
    /// Municipalities add up to the areas they are in.
    pub area: bool,
    /// Groups add up to the groups above them and to the total.
    pub group: bool,
    /// Women and men add up to the total.
    pub sex: bool,
    /// The details add up to the total.
    pub detail: bool,
}

/// Dimensions over which a composition is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseOver {
    /// Every group's share is of all groups together.
    pub group: bool,
    /// Every detail's share is of all details together.
    pub detail: bool,
}

/// The breakdown of an indicator by group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The scheme.
    pub scheme: String,
    /// The groups published, in order; the total is always published.
    pub codes: Vec<String>,
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
    /// Who counted it, for a reader.
    pub source_line: String,
    /// What a reader must bear in mind.
    pub caveats: Vec<String>,
    /// Kind of the reference period.
    pub period: PeriodKind,
    /// What the share is a share of.
    pub share_of: ShareOf,
    /// Whether the government's table says that a breakdown by sex is available.
    pub sex: bool,
    /// The breakdown by group.
    pub groups: Option<Groups>,
    /// The card's own first dimension: codes and titles.
    pub details: Vec<(String, String)>,
    /// Whether there is a total over the details.
    pub detail_total: bool,
    /// Levels of area with figures.
    pub areas: Vec<AreaLevel>,
    /// Sources read.
    pub reads: Vec<Read>,
    /// The source whose protection rule applies, unless the query says otherwise row by row.
    pub source: ExtractId,
    /// What adds up.
    pub adds: Adds,
    /// Dimensions over whose rows the total's denominator is the denominator: the base of a composition.
    pub base_over: BaseOver,
    /// The origin definition that the query's `origin_` columns speak of, unless the edition names another.
    pub origin: Option<String>,
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

    /// The deliveries needed for a period.
    pub fn deliveries(&self, period: Period) -> impl Iterator<Item = (&ExtractId, Period)> {
        self.reads.iter().map(move |read| (&read.extract, read.at.of(period)))
    }
}

fn card(root: &Node<'_>, file: &str, theme: &str, id: &str, sql: &str) -> Option<Card> {
    root.keys(&[
        "id",
        "title",
        "definition",
        "numerator",
        "denominator",
        "source_line",
        "caveats",
        "unit",
        "period",
        "share_of",
        "sex",
        "groups",
        "details",
        "detail_total",
        "areas",
        "reads",
        "source",
        "adds",
        "base_over",
        "origin",
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
    let caveats =
        root.get("caveats").map(|node| node.items().iter().filter_map(Node::text).collect()).unwrap_or_default();
    let period = root.need("period").and_then(|node| node.one_of(&PeriodKind::WORDS));
    let share_of = root.need("share_of").and_then(|node| node.one_of(&ShareOf::WORDS));
    if let (Some(share_of), None) = (share_of, &denominator)
        && share_of != ShareOf::None
    {
        root.fault(4, "a share needs its `denominator` described", "or write `share_of: none`");
    }
    let sex = root.need("sex").and_then(|node| node.one_of(&[("available", true), ("not-available", false)]));
    let groups = root.get("groups").and_then(|node| {
        node.keys(&["scheme", "codes"]);
        let scheme = node.need("scheme")?.text()?;
        let codes = node.need("codes")?.items().iter().filter_map(Node::text).collect();
        Some(Groups { scheme, codes })
    });
    let details: Vec<(String, String)> = root
        .get("details")
        .map(|node| node.entries().into_iter().filter_map(|(code, title)| Some((code, title.text()?))).collect())
        .unwrap_or_default();
    let detail_total = root.get("detail_total").and_then(|node| node.truth()).unwrap_or(true);
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
    let mut adds = Adds::default();
    if let Some(node) = root.get("adds") {
        for item in node.items() {
            match item.one_of(&[("area", 0), ("group", 1), ("sex", 2), ("detail", 3)]) {
                Some(0) => adds.area = true,
                Some(1) => adds.group = true,
                Some(2) => adds.sex = true,
                Some(_) => adds.detail = true,
                None => {}
            }
        }
    }
    let mut base_over = BaseOver { group: share_of == Some(ShareOf::Total), detail: false };
    if let Some(node) = root.get("base_over") {
        for item in node.items() {
            match item.one_of(&[("group", true), ("detail", false)]) {
                Some(true) => base_over.group = true,
                Some(false) => base_over.detail = true,
                None => {}
            }
        }
    }
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
    let unit = root.need("unit").and_then(|node| {
        const UNITS: [&str; 9] =
            ["person", "family", "household", "pupil", "enrolment", "move", "child", "dossier", "voter"];
        node.one_of(&UNITS.map(|unit| (unit, unit)))
    });
    let version = text("version");
    let origin = root.get("origin").and_then(|node| node.text());
    Some(Card {
        id: id.to_string(),
        theme: theme.to_string(),
        title: title?,
        definition: definition?,
        numerator: numerator?,
        denominator,
        source_line: source_line?,
        caveats,
        period: period?,
        share_of: share_of?,
        sex: sex?,
        groups,
        details,
        detail_total,
        areas,
        reads,
        source: source?,
        adds,
        base_over,
        origin,
        wording: Wording {
            theme: theme.to_string(),
            unit: unit?.to_string(),
            value_decimals,
            share_decimals,
            method: version?,
            level: level?.to_string(),
        },
        sql: sql.to_string(),
        file: file.to_string(),
        sql_file: file.replace(".yaml", ".sql"),
    })
}

fn read(name: &str, node: &Node<'_>) -> Option<Read> {
    node.keys(&["at", "columns"]);
    let extract = ExtractId::read(name);
    if extract.is_none() {
        node.fault(10, format!("`{name}` is not an extract"), "an extract is written `supplier/extract`");
    }
    let at = match node.get("at") {
        Some(found) => found.one_of(&[
            ("period", At::Period),
            ("year", At::Year),
            ("first-day", At::FirstDay),
            ("last-day", At::LastDay),
        ]),
        None => Some(At::Period),
    };
    let columns = node.need("columns").map(|found| found.items().iter().filter_map(Node::text).collect());
    Some(Read { extract: extract?, at: at?, columns: columns? })
}

/// Cards by id.
pub type Cards = BTreeMap<String, Card>;
