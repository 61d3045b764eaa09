//! Floors: how much of a delivery must be filled in and must link, so that an empty column, or a source that links to
//! nobody, stops an edition instead of being counted as zero.

use super::{Codes, Column, ColumnKind, Linking};
use crate::document::Node;
use crate::reference::{Reference, UNLOCATED};

/// A share in ten-thousandths, so that a floor is held to in whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

impl Share {
    const WHOLE: u32 = 10_000;

    /// Whether `part` of `whole` is at least this share; of nothing every share is reached.
    pub fn is_reached_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(Share::WHOLE) >= u128::from(whole) * u128::from(self.0)
    }

    /// Whether the share of `now` is below that of `before` by more than this, both being `(part, whole)`.
    pub fn is_exceeded_by_fall(self, before: (u64, u64), now: (u64, u64)) -> bool {
        let wide = |(part, whole): (u64, u64)| (i128::from(part), i128::from(whole));
        let ((part_before, whole_before), (part_now, whole_now)) = (wide(before), wide(now));
        // before - now > share, with the denominators multiplied out.
        let fall = part_before * whole_now - part_now * whole_before;
        fall * i128::from(Share::WHOLE) > i128::from(self.0) * whole_before * whole_now
    }

    fn read(node: &Node<'_>) -> Option<Share> {
        let share = node.number()?;
        if !(0.0..=1.0).contains(&share) {
            node.fault(10, "a floor is a share, between 0 and 1", "");
            return None;
        }
        Some(Share((share * f64::from(Share::WHOLE)).round() as u32)) // law 4: a limit that people write, not a figure.
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        per_cent(f, u64::from(self.0), u64::from(Share::WHOLE))
    }
}

/// A share of rows in words: per cent with at most one decimal, rounded down so that what is below a floor looks so.
pub fn in_per_cent(part: u64, whole: u64) -> String {
    struct Shown(u64, u64);
    impl std::fmt::Display for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            per_cent(f, self.0, self.1)
        }
    }
    Shown(part, whole).to_string()
}

fn per_cent(f: &mut std::fmt::Formatter<'_>, part: u64, whole: u64) -> std::fmt::Result {
    let permille = u128::from(part) * 1_000 / u128::from(whole.max(1));
    match (permille / 10, permille % 10) {
        (units, 0) => write!(f, "{units}%"),
        (units, tenths) => write!(f, "{units}.{tenths}%"),
    }
}

/// The floors of an extract.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Floors {
    /// Share of the rows that must link: of facts those whose person the register knows; of nationalities and filiations
    /// the residents of each day of whom a nationality, or a parent's nationality, is known.
    pub linkage_rate: Option<Share>,
    /// By column: share of the accepted rows in which it must be filled in. Unknown is not filled in.
    pub filled: Vec<(String, Share)>,
    /// By how much one of these shares may be below that of the delivery before without a warning.
    pub fall: Option<Share>,
}

impl Floors {
    /// Reads the floors of an extract and refuses one that lacks those its role needs.
    pub(super) fn read(written: Option<Node<'_>>, extract: &Node<'_>, columns: &[Column], linking: &Linking) -> Floors {
        let mut floors = Floors::default();
        if let Some(node) = written {
            node.keys(&["linkage_rate", "filled", "fall"]);
            floors.linkage_rate = node.get("linkage_rate").and_then(|found| Share::read(&found));
            floors.fall = node.get("fall").and_then(|found| Share::read(&found));
            for (name, share) in node.get("filled").map(|found| found.entries()).unwrap_or_default() {
                if !columns.iter().any(|column| column.name == name) {
                    share.fault(12, format!("`{name}` is not a column of this extract"), "");
                }
                floors.filled.extend(Share::read(&share).map(|share| (name, share)));
            }
            if floors.linkage_rate.is_some() && !linking.has_linkage_rate() {
                node.fault(10, "an extract of this role has no linkage rate", "take `linkage_rate` away");
            }
        }
        if linking.has_linkage_rate() && floors.linkage_rate.is_none() {
            extract.fault(
                60,
                "the extract is linked and has no floor for its linkage rate",
                "add `floors: { linkage_rate: 0.9 }`: below it an edition stops",
            );
        }
        for name in linking.deciding_columns() {
            let column = columns.iter().find(|column| column.name == name);
            if column.is_some_and(Column::may_be_unknown) && floors.of(name).is_none() {
                extract.fault(
                    61,
                    format!("column `{name}` decides a group or an area, may be unknown, and has no floor"),
                    format!("add `floors: {{ filled: {{ {name}: 0.5 }} }}`: below it the delivery is refused"),
                );
            }
        }
        floors
    }

    /// The floor of a column.
    pub fn of(&self, column: &str) -> Option<Share> {
        self.filled.iter().find(|(name, _)| name == column).map(|(_, share)| *share)
    }
}

impl Column {
    /// Whether an accepted row may leave the column empty, or say there that it is not known.
    pub fn may_be_unknown(&self) -> bool {
        self.optional
            || match &self.kind {
                ColumnKind::Code(Codes::Municipalities(also)) => also.iter().any(|code| code == UNLOCATED),
                ColumnKind::Code(Codes::Nationalities(_)) => true,
                _ => false,
            }
    }

    /// The codes of the column that say that it is not known.
    pub fn unknown_codes<'r>(&self, reference: &'r Reference) -> Vec<&'r str> {
        match &self.kind {
            ColumnKind::Code(Codes::Municipalities(_)) => vec![UNLOCATED],
            ColumnKind::Code(Codes::Nationalities(_)) => {
                let unknown = reference.nationalities.values().filter(|own| own.kind == "unknown");
                unknown.map(|own| own.code.as_str()).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Linking {
    /// Whether how much of the extract links can be told as one share.
    pub fn has_linkage_rate(&self) -> bool {
        matches!(self, Linking::Facts { .. } | Linking::Nationalities { .. } | Linking::Filiations { .. })
    }

    /// The columns that decide in which group or area a row, or a person, is counted.
    pub fn deciding_columns(&self) -> Vec<&str> {
        match self {
            Linking::None | Linking::Replacements { .. } | Linking::Key { .. } => Vec::new(),
            Linking::Persons { birth, sex, register, area, .. } => vec![birth, sex, register, area],
            Linking::Nationalities { nationality, .. } => vec![nationality],
            Linking::Filiations { sex, .. } => vec![sex],
            Linking::Facts { area, sex, birth, nationality, .. } => {
                [area, sex, birth, nationality].into_iter().flatten().map(String::as_str).collect()
            }
            Linking::Unlinked { nationality, area, .. } => vec![nationality, area],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_floor_is_reached_exactly() {
        let half = Share(5_000);
        assert!(half.is_reached_by(1, 2) && half.is_reached_by(0, 0) && !half.is_reached_by(499_999, 1_000_000));
        assert!(Share(0).is_reached_by(0, 10) && !Share(10_000).is_reached_by(9, 10));
    }

    #[test]
    fn a_fall_is_counted_in_points_of_the_share() {
        let five = Share(500);
        assert!(!five.is_exceeded_by_fall((99, 100), (94, 100)), "five points are not more than five");
        assert!(five.is_exceeded_by_fall((990, 1_000), (939, 1_000)));
        assert!(!five.is_exceeded_by_fall((50, 100), (200, 200)), "a rise is no fall");
        assert!(!five.is_exceeded_by_fall((0, 0), (0, 10)), "of nothing nothing is said");
    }

    #[test]
    fn what_is_below_a_floor_is_not_rounded_up_to_it() {
        assert_eq!(in_per_cent(8_999, 10_000), "89.9%");
        assert_eq!(in_per_cent(0, 0), "0%");
        assert_eq!(Share(9_000).to_string(), "90%");
        assert_eq!(Share(9_950).to_string(), "99.5%");
    }
}
