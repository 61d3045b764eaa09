//! Cells: the counts that the monitor is made of, before and after protection.

use std::collections::BTreeMap;

use crate::contract::ExtractId;
use crate::period::Period;

/// The code that stands for "all together" in every dimension.
pub const TOTAL: &str = "_T";

/// What kind of area a cell is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AreaLevel {
    /// One of the 308 municipalities of 2011.
    Municipality,
    /// Somewhere in Flanders, in a municipality that the source does not know.
    Unlocated,
    /// An arrondissement.
    Arrondissement,
    /// A province.
    Province,
    /// A group of comparable municipalities.
    Cluster,
    /// The Flemish Region.
    Region,
}

impl AreaLevel {
    /// The levels with the words used in cards and tables.
    pub const WORDS: [(&'static str, AreaLevel); 6] = [
        ("municipality", AreaLevel::Municipality),
        ("unlocated", AreaLevel::Unlocated),
        ("arrondissement", AreaLevel::Arrondissement),
        ("province", AreaLevel::Province),
        ("cluster", AreaLevel::Cluster),
        ("region", AreaLevel::Region),
    ];

    /// The word of the level.
    pub fn word(self) -> &'static str {
        match self {
            AreaLevel::Municipality => "municipality",
            AreaLevel::Unlocated => "unlocated",
            AreaLevel::Arrondissement => "arrondissement",
            AreaLevel::Province => "province",
            AreaLevel::Cluster => "cluster",
            AreaLevel::Region => "region",
        }
    }
}

/// What a share is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ShareOf {
    /// A rate within the row's own group: beneficiaries of a group among the inhabitants of that group.
    Group,
    /// A composition: the row's group among all groups together.
    Total,
    /// A rate in a population that is counted elsewhere: so many per 1,000 inhabitants, or adults.
    Population,
    /// No share belongs to this count.
    None,
}

impl ShareOf {
    /// The words used in cards and tables.
    pub const WORDS: [(&'static str, ShareOf); 4] = [
        ("group", ShareOf::Group),
        ("total", ShareOf::Total),
        ("population", ShareOf::Population),
        ("none", ShareOf::None),
    ];

    /// The word in the published table.
    pub fn word(self) -> &'static str {
        match self {
            ShareOf::Group => "group",
            ShareOf::Total => "total",
            ShareOf::Population => "population",
            ShareOf::None => "none",
        }
    }

    /// Returns what a share is counted per: 1,000 of a population, else 100.
    pub fn per(self) -> i64 {
        match self {
            ShareOf::Population => 1000,
            ShareOf::Group | ShareOf::Total | ShareOf::None => 100,
        }
    }
}

/// Why a cell shows what it shows; a blank always has exactly one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The figure is there.
    Shown,
    /// Withheld so that nobody can be recognised; primary and secondary look the same.
    Withheld,
    /// The share alone is there, rounded so that it does not tell the count.
    ShareOnly,
    /// The supplier withheld it.
    WithheldBySupplier,
    /// The source does not have this combination.
    NotInSource,
    /// The delivery was not there at the cut-off.
    NotDelivered,
    /// The area did not exist in the period.
    AreaDidNotExist,
    /// The question makes no sense here.
    NotApplicable,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Reason; 8] = [
        Reason::Shown,
        Reason::Withheld,
        Reason::ShareOnly,
        Reason::WithheldBySupplier,
        Reason::NotInSource,
        Reason::NotDelivered,
        Reason::AreaDidNotExist,
        Reason::NotApplicable,
    ];

    /// The word in the published table.
    pub fn word(self) -> &'static str {
        match self {
            Reason::Shown => "shown",
            Reason::Withheld => "withheld",
            Reason::ShareOnly => "share-only",
            Reason::WithheldBySupplier => "withheld-by-supplier",
            Reason::NotInSource => "not-in-source",
            Reason::NotDelivered => "not-delivered",
            Reason::AreaDidNotExist => "area-did-not-exist",
            Reason::NotApplicable => "not-applicable",
        }
    }

    /// SDMX CL_OBS_STATUS: A normal, Q missing and suppressed, L exists but not collected, O missing, M not applicable.
    pub fn obs_status(self) -> &'static str {
        match self {
            Reason::Shown => "A",
            Reason::Withheld | Reason::ShareOnly | Reason::WithheldBySupplier => "Q",
            Reason::NotInSource => "L",
            Reason::NotDelivered => "O",
            Reason::AreaDidNotExist | Reason::NotApplicable => "M",
        }
    }

    /// SDMX CL_CONF_STATUS: F free, C confidential.
    pub fn conf_status(self) -> &'static str {
        match self {
            Reason::Withheld | Reason::ShareOnly | Reason::WithheldBySupplier => "C",
            _ => "F",
        }
    }
}

/// What identifies a cell within an edition. Codes are those of the published tables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellKey {
    /// Card id.
    pub indicator: String,
    /// Area code.
    pub ref_area: String,
    /// The scheme that the area code belongs to.
    pub ref_area_class: String,
    /// The area's level.
    pub area_level: AreaLevel,
    /// The indicator's own reference period.
    pub time_period: Period,
    /// `_T`, `F` or `M`.
    pub sex: String,
    /// `_T` or an age band.
    pub age_group: String,
    /// The scheme of `group`, or `none`.
    pub group_scheme: String,
    /// `_T` or a group of nationality or origin.
    pub group: String,
    /// `_T` or a code of the card's own first dimension.
    pub detail: String,
    /// `_T` or a code of the card's own second dimension.
    pub detail_2: String,
    /// What the share is of.
    pub share_of: ShareOf,
}

/// The integers behind a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// The count, summed over the periods of a mean.
    pub numerator: i64,
    /// 12 for a mean of months, 3 for three years, else 1.
    pub divisor: i64,
    /// What the count is a share of, summed over the same periods.
    pub denominator: Option<i64>,
    /// Distinct persons or units behind the numerator: what protection looks at. Never published.
    pub contributors: i64,
}

/// A cell as counted: never to leave the confidential zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What the cell is about.
    pub key: CellKey,
    /// The counts, or why there are none.
    pub counts: Result<Counts, Reason>,
    /// The source whose protection rule applies.
    pub source: ExtractId,
}

/// A cell as counted beside what was published of it: what the protection of later editions has to know. Confidential.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The cell.
    pub cell: Cell,
    /// Definition version.
    pub method: String,
    /// What the published row shows.
    pub reason: Reason,
    /// The share that is published without its count, in tenths.
    pub rounded_share: Option<i64>,
}

/// How an indicator's figures are written: what the published row says beside key and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Theme of the card.
    pub theme: String,
    /// Unit of the count.
    pub unit: String,
    /// Units of the details that count something else.
    pub detail_units: BTreeMap<String, String>,
    /// Decimals of the number.
    pub value_decimals: u8,
    /// Decimals of the share.
    pub share_decimals: u8,
    /// Definition version.
    pub method: String,
    /// Operationalisation level: `L1`, `L2`, `L3` or `none`.
    pub level: String,
}

impl Wording {
    /// The unit of the counts of a detail.
    pub fn unit_of(&self, detail: &str) -> &str {
        self.detail_units.get(detail).unwrap_or(&self.unit)
    }
}

/// A row of `observations.parquet`.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Edition that publishes the row.
    pub edition_id: String,
    /// Monitor of the edition.
    pub monitor: String,
    /// Theme of the indicator.
    pub theme: String,
    /// What the row is about.
    pub key: CellKey,
    /// Unit of the count.
    pub unit: String,
    /// The count, null when not shown.
    pub numerator: Option<i64>,
    /// What the number divides by, null when not shown.
    pub divisor: Option<i64>,
    /// The denominator, null when not shown or none.
    pub denominator: Option<i64>,
    /// The number as printed.
    pub value: Option<f64>,
    /// The share as printed: in percent, or per 1,000 of a population.
    pub share: Option<f64>,
    /// Unweighted mean of the members' exact shares.
    pub mean_of_scores: Option<f64>,
    /// Members of the cluster or region.
    pub members: Option<i32>,
    /// Members whose share is in the mean.
    pub members_with_data: Option<i32>,
    /// Why the row shows what it shows.
    pub reason: Reason,
    /// Whether it is not to be set beside the period before: another definition, level or group.
    pub is_break: bool,
    /// Definition version.
    pub method: String,
    /// Operationalisation level.
    pub level: String,
    /// Empty, `r`, `b` or `n` against the edition followed.
    pub changed: String,
}

impl Observation {
    /// SDMX CL_OBS_STATUS: that of its reason, and B, a break in the series, where it is shown and breaks one.
    pub fn obs_status(&self) -> &'static str {
        if self.is_break && self.reason == Reason::Shown { "B" } else { self.reason.obs_status() }
    }
}
