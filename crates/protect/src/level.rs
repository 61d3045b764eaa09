//! Protection levels: what a reader must be left with for a sensitive figure.

/// What a reader must be left with for a primary cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Values at most and at least these.
    Reach {
        /// A value at most this.
        low: i64,
        /// A value at least this.
        high: i64,
    },
    /// Another value, any.
    NotExact,
}

impl Need {
    /// The ends that a cell of this value needs, and by how much it must move for each.
    pub fn ends(self, value: i64) -> Vec<(End, Vec<i64>)> {
        match self {
            Need::NotExact => vec![(End::Other, vec![1, -1])],
            Need::Reach { low, high } => {
                [(End::Below, low - value, low < value), (End::Above, high - value, high > value)]
                    .into_iter()
                    .filter(|(_, _, needed)| *needed)
                    .map(|(end, by, _)| (end, vec![by]))
                    .collect()
            }
        }
    }
}

/// One end of what a cell needs: a value below its own, above it, or either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// A value low enough.
    Below,
    /// A value high enough.
    Above,
    /// Another value.
    Other,
}

impl Need {
    /// The values that a reader must be left with, for a table of decisions.
    pub fn values(self) -> Option<(i64, i64)> {
        match self {
            Need::Reach { low, high } => Some((low, high)),
            Need::NotExact => None,
        }
    }

    /// The need that asks for what this and another ask for.
    pub fn with(self, other: Need) -> Need {
        match (self, other) {
            (Need::Reach { low, high }, Need::Reach { low: low_2, high: high_2 }) => {
                Need::Reach { low: low.min(low_2), high: high.max(high_2) }
            }
            (Need::NotExact, other) => other,
            (own, Need::NotExact) => own,
        }
    }
}
