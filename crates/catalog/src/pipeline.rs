//! `pipeline.yaml`: the monitor's editions, its protection, and what it is called.

use std::collections::BTreeMap;

use crate::Day;
use crate::card::Dimension;
use crate::contract::{ExtractId, Linking};
use crate::document::{Document, Node};
use crate::fault::Fault;
use crate::id::{PATTERN, is_day, is_id, looks_like_a_day};
use crate::period::Period;

/// What kind of publication an edition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditionKind {
    /// The first of its monitor.
    First,
    /// An announced update.
    Routine,
    /// A revision of definitions or series.
    Major,
    /// Sets right an error in the edition it follows.
    Correction,
    /// Not an official figure: shows what the pipeline can do.
    Illustrative,
}

impl EditionKind {
    /// The words used in pipeline.yaml and manifests.
    pub const WORDS: [(&'static str, EditionKind); 5] = [
        ("first", EditionKind::First),
        ("routine", EditionKind::Routine),
        ("major", EditionKind::Major),
        ("correction", EditionKind::Correction),
        ("illustrative", EditionKind::Illustrative),
    ];

    /// The word of the kind.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }
}

/// An indicator within an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Card id.
    pub indicator: String,
    /// Reference periods, in order.
    pub periods: Vec<Period>,
    /// Origin definition, where not the card's own.
    pub origin: Option<String>,
}

/// One edition of a monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Its id: the day of publication, or a name that does not look like one.
    pub id: String,
    /// Its monitor.
    pub monitor: String,
    /// Its kind.
    pub kind: EditionKind,
    /// Dutch title.
    pub title: String,
    /// Last day whose knowledge counts: deliveries received and facts registered after it do not exist for it.
    pub cut_off: Day,
    /// The edition it follows and whose other rows it carries.
    pub follows: Option<String>,
    /// Why it was made.
    pub why: String,
    /// Sources it may be published without.
    pub publish_without: Vec<ExtractId>,
    /// The indicators it counts itself.
    pub indicators: Vec<Choice>,
}

impl Edition {
    /// Whether it may be made on a day: what is received on its cut-off day counts, so that day must have passed.
    pub fn is_due(&self, today: Day) -> bool {
        self.cut_off < today
    }
}

/// Protection rule of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRule {
    /// Published elsewhere already: shown, and known to whoever attacks.
    pub public: bool,
    /// Lowest number of contributors that is shown.
    pub threshold: i64,
    /// Whether a true zero is shown.
    pub zeros_shown: bool,
    /// Whether a count is withheld that is all of its group: it would tell something of each of them.
    pub all_protected: bool,
    /// Why, for the reader.
    pub why: String,
}

/// Figures of an indicator that everybody can read elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownElsewhere {
    /// The indicator.
    pub indicator: String,
    /// Whether it is what shares are of that is known, or the counts.
    pub base: bool,
    /// Of one detail only.
    pub detail: Option<String>,
    /// Of one group only.
    pub group: Option<String>,
    /// Where, for the reader.
    pub why: String,
}

/// An indicator that counts what another counts: one figure in two places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Same {
    /// The indicator.
    pub indicator: String,
    /// Its detail that does; all of it where none is named.
    pub detail: Option<String>,
    /// The other.
    pub is: String,
    /// The other's definition version, where it is not the indicator's own.
    pub method: Option<String>,
}

impl Same {
    /// Whether a figure is one that another indicator counts too.
    pub fn covers(&self, indicator: &str, detail: &str) -> bool {
        self.indicator == indicator && self.detail.as_ref().is_none_or(|own| own == detail)
    }
}

/// A table with fewer rows for small areas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallAreas {
    /// The indicator.
    pub indicator: String,
    /// Areas in which fewer are counted in all have no breakdown but the ones kept.
    pub below: i64,
    /// Breakdowns that are kept, each alone.
    pub keep: Vec<Dimension>,
}

/// The protection rules of the monitor, as data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// The rule of a source without one of its own.
    pub usual: SourceRule,
    /// Rules of named sources.
    pub sources: BTreeMap<ExtractId, SourceRule>,
    /// What everybody can read elsewhere.
    pub known: Vec<KnownElsewhere>,
    /// Indicators that count the same.
    pub same: Vec<Same>,
    /// Tables with fewer rows for small areas.
    pub small_areas: Vec<SmallAreas>,
    /// Whether equalities between tables that are found in the counts are taken as known, and not only proposed by `check`.
    pub equalities_known: bool,
    /// Whether everything that was ever published is protected as one system; else only counts of few persons are
    /// withheld, which is not enough for publication.
    pub linked: bool,
}

impl Protection {
    /// The rule of a source.
    pub fn of(&self, source: &ExtractId) -> &SourceRule {
        self.sources.get(source).unwrap_or(&self.usual)
    }
}

/// The whole of `pipeline.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Name of the monitor.
    pub title: String,
    /// Who publishes.
    pub publisher: String,
    /// Licence of what is published.
    pub licence: String,
    /// Whom to ask.
    pub contact: String,
    /// File with the key of the person numbers, relative to the project and outside the warehouse.
    pub key_file: String,
    /// The cluster schemes with figures; the reports compare by the first.
    pub clusters: Vec<String>,
    /// Protection.
    pub protection: Protection,
    /// Editions in written order.
    pub editions: Vec<Edition>,
}

impl Pipeline {
    /// Reads `pipeline.yaml`.
    pub fn read(text: &str) -> (Option<Pipeline>, Vec<Fault>) {
        let document = Document::read("pipeline.yaml", 'P', text);
        let found = if document.is_readable() { pipeline(&document.root()) } else { None };
        let faults = document.into_faults();
        (found.filter(|_| faults.is_empty()), faults)
    }

    /// An edition by id.
    pub fn edition(&self, id: &str) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.id == id)
    }
}

fn pipeline(root: &Node<'_>) -> Option<Pipeline> {
    root.keys(&["title", "publisher", "licence", "contact", "key_file", "clusters", "protection", "editions"]);
    let text = |key: &str| root.need(key).and_then(|node| node.text());
    let (title, publisher, licence, contact) = (text("title"), text("publisher"), text("licence"), text("contact"));
    let key_file = text("key_file");
    let clusters: Option<Vec<String>> =
        root.need("clusters").map(|node| node.each().iter().filter_map(Node::text).collect());
    if let (Some(file), Some(node)) = (&key_file, root.get("key_file"))
        && (file.starts_with("warehouse") || file.starts_with('/') || file.contains(".."))
    {
        node.fault(10, "the key file must lie in the project and outside the warehouse", "");
    }
    let protection = root.need("protection").and_then(|node| protection(&node));
    let mut editions: Vec<Edition> = Vec::new();
    for (id, node) in root.need("editions").map(|node| node.entries()).unwrap_or_default() {
        check_edition_id(&id, &node, editions.first());
        if let Some(edition) = edition(&id, &node, &editions) {
            editions.push(edition);
        }
    }
    Some(Pipeline {
        title: title?,
        publisher: publisher?,
        licence: licence?,
        contact: contact?,
        key_file: key_file?,
        clusters: clusters?,
        protection: protection?,
        editions,
    })
}

/// Checks the id of an edition: a folder is named after it, which readers take for a date where all of them are dates and for
/// text where one is not. So all of them are days, or none looks like one.
fn check_edition_id(id: &str, node: &Node<'_>, first: Option<&Edition>) {
    if !is_id(id) {
        node.fault(10, format!("`{id}` cannot be an edition's id"), PATTERN);
    } else if looks_like_a_day(id) && !is_day(id) {
        let hint = "write the day of publication as YYYY-MM-DD, or begin with a letter";
        node.fault(10, format!("`{id}` looks like a day and is none"), hint);
    } else if let Some(first) = first.filter(|first| is_day(&first.id) != is_day(id)) {
        let hint = "let all ids be days of publication, or none: readers take the folders' names for dates or for text";
        node.fault(10, format!("`{id}` and `{}`: one is a day and the other is not", first.id), hint);
    }
}

fn protection(node: &Node<'_>) -> Option<Protection> {
    node.keys(&["threshold", "zeros", "all", "why", "sources", "known", "same", "small_areas", "system", "equalities"]);
    let usual = rule(node, None)?;
    let mut sources = BTreeMap::new();
    if let Some(list) = node.get("sources") {
        for (name, found) in list.entries() {
            found.keys(&["public", "threshold", "zeros", "all", "why"]);
            match (ExtractId::read(&name), rule(&found, Some(&usual))) {
                (Some(id), Some(rule)) => {
                    sources.insert(id, rule);
                }
                (None, _) => {
                    found.fault(10, format!("`{name}` is not an extract"), "an extract is written `supplier/extract`")
                }
                _ => {}
            }
        }
    }
    let items = |key: &str| node.get(key).map(|list| list.items()).unwrap_or_default();
    let known = items("known").iter().filter_map(known_elsewhere).collect();
    let same = items("same").iter().filter_map(same).collect();
    let small_areas = items("small_areas").iter().filter_map(small_areas).collect();
    let linked = match node.get("system") {
        Some(found) => found.one_of(&[("linked", true), ("primary-only", false)])?,
        None => true,
    };
    let equalities_known = match node.get("equalities") {
        Some(found) => found.one_of(&[("proposed", false), ("known", true)])?,
        None => false,
    };
    Some(Protection { usual, sources, known, same, small_areas, linked, equalities_known })
}

fn small_areas(node: &Node<'_>) -> Option<SmallAreas> {
    node.keys(&["indicator", "below", "keep"]);
    let keep = node.get("keep").map(|list| list.items()).unwrap_or_default();
    let keep = keep.iter().filter_map(|item| item.one_of(&Dimension::WORDS)).collect();
    let below = node.need("below").and_then(|found| found.count());
    Some(SmallAreas { indicator: node.need("indicator")?.text()?, below: below? as i64, keep })
}

fn known_elsewhere(node: &Node<'_>) -> Option<KnownElsewhere> {
    node.keys(&["indicator", "what", "detail", "group", "why"]);
    let optional = |key: &str| node.get(key).and_then(|found| found.text());
    let what = node.need("what").and_then(|found| found.one_of(&[("base", true), ("count", false)]));
    let (indicator, why) =
        (node.need("indicator").and_then(|found| found.text()), node.need("why").and_then(|found| found.text()));
    Some(KnownElsewhere {
        indicator: indicator?,
        base: what?,
        detail: optional("detail"),
        group: optional("group"),
        why: why?,
    })
}

fn same(node: &Node<'_>) -> Option<Same> {
    node.keys(&["indicator", "detail", "is", "method"]);
    let optional = |key: &str| node.get(key).and_then(|found| found.text());
    let (indicator, is) =
        (node.need("indicator").and_then(|found| found.text()), node.need("is").and_then(|found| found.text()));
    Some(Same { indicator: indicator?, detail: optional("detail"), is: is?, method: optional("method") })
}

fn rule(node: &Node<'_>, usual: Option<&SourceRule>) -> Option<SourceRule> {
    let threshold = match (node.get("threshold"), usual) {
        (Some(found), _) => found.count()? as i64,
        (None, Some(usual)) => usual.threshold,
        (None, None) => node.need("threshold")?.count()? as i64,
    };
    let zeros_shown = match (node.get("zeros"), usual) {
        (Some(found), _) => found.one_of(&[("shown", true), ("protected", false)])?,
        (None, Some(usual)) => usual.zeros_shown,
        (None, None) => node.need("zeros")?.one_of(&[("shown", true), ("protected", false)])?,
    };
    let all_protected = match (node.get("all"), usual) {
        (Some(found), _) => found.one_of(&[("shown", false), ("protected", true)])?,
        (None, usual) => usual.is_some_and(|usual| usual.all_protected),
    };
    Some(SourceRule {
        public: node.get("public").and_then(|found| found.truth()).unwrap_or(false),
        threshold,
        zeros_shown,
        all_protected,
        why: node.need("why")?.text()?,
    })
}

fn edition(id: &str, node: &Node<'_>, earlier: &[Edition]) -> Option<Edition> {
    node.keys(&["monitor", "kind", "title", "cut_off", "follows", "why", "publish_without", "indicators"]);
    let monitor = node.need("monitor").and_then(|found| {
        let written = found.text()?;
        if !is_id(&written) {
            found.fault(10, format!("`{written}` cannot be a monitor's id"), PATTERN);
        }
        Some(written)
    });
    let kind = node.need("kind").and_then(|found| found.one_of(&EditionKind::WORDS));
    let title = node.need("title").and_then(|found| found.text());
    let cut_off = node.need("cut_off").and_then(|found| found.day());
    let why = node.need("why").and_then(|found| found.text());
    let follows = node.get("follows").and_then(|found| {
        let written = found.text()?;
        match earlier.iter().find(|edition| edition.id == written) {
            Some(edition) if Some(&edition.monitor) != monitor.as_ref() => {
                found.fault(11, format!("edition {written} belongs to another monitor"), "");
            }
            Some(_) => {}
            None => found.fault(
                11,
                format!("edition {written} is not written above this one"),
                "an edition follows an earlier one",
            ),
        }
        Some(written)
    });
    if kind == Some(EditionKind::Correction) && follows.is_none() {
        node.fault(4, "a correction names the edition that it `follows`", "");
    }
    let publish_without = node
        .get("publish_without")
        .map(|found| found.items().iter().filter_map(|item| ExtractId::read(&item.text()?)).collect())
        .unwrap_or_default();
    let mut indicators = Vec::new();
    for (indicator, found) in node.need("indicators").map(|found| found.entries()).unwrap_or_default() {
        found.keys(&["periods", "origin"]);
        let periods: Vec<Period> = found
            .need("periods")
            .map(|list| list.items().iter().filter_map(Node::period).collect())
            .unwrap_or_default();
        let origin = found.get("origin").and_then(|word| word.text());
        indicators.push(Choice { indicator, periods, origin });
    }
    Some(Edition {
        id: id.to_string(),
        monitor: monitor?,
        kind: kind?,
        title: title?,
        cut_off: cut_off?,
        follows,
        why: why?,
        publish_without,
        indicators,
    })
}
/// Whether an edition may be published without a source of this role: not without one that links persons, for every figure
/// about them would be wrong.
pub fn may_be_published_without(role: Option<&Linking>) -> bool {
    matches!(role, None | Some(Linking::None | Linking::Facts { .. } | Linking::Unlinked { .. }))
}
