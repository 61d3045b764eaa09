//! Shares of the greater areas, published where their counts are suppressed.
//!
//! A cluster stands beside a municipality for its share: its counts are always suppressed, for they are sums over areas of
//! every province, and many counts of municipalities would be suppressed to keep them. The counts of arrondissements and
//! above are suppressed where others need it. In both cases the share is published, rounded ([`crate::rounding`]): it leaves
//! the count open within bounds, and every table that a proof names keeps to them.

use std::collections::HashMap;

use catalog::cell::{AreaLevel, Reason, ShareOf};

use super::figures::Linked;
use super::{Row, Standing};
use crate::rounding::RoundedShare;

impl Linked<'_> {
    /// Suppresses the counts of clusters, rounds the shares of the greater areas, and bounds their figures.
    pub(crate) fn round_shares(&mut self, rows: &[Row<'_>], found: &[Option<(u32, Option<u32>)>]) {
        self.scores.clear();
        for (row, figures) in rows.iter().zip(found) {
            let (Some((count, base)), AreaLevel::Cluster) = (*figures, row.cell.key.area_level) else { continue };
            let own = [Some(count), base];
            // Nobody of nobody: each member says the same.
            if own.into_iter().flatten().all(|id| self.figures[id as usize].value == 0) {
                continue;
            }
            for id in own.into_iter().flatten() {
                let figure = &mut self.figures[id as usize];
                if figure.standing == Standing::Open {
                    figure.standing = Standing::Coarse;
                }
            }
        }
        let mut rounded = Vec::new();
        for (number, (row, figures)) in rows.iter().zip(found).enumerate() {
            let Some((count, Some(base))) = *figures else { continue };
            let share = self.rounded(row, count, base);
            // What an edition published stays so, and is known; a share that could not be of these counts is known exactly.
            if row.published == Some(Reason::ShareOnly) {
                for id in [count, base] {
                    let figure = &mut self.figures[id as usize];
                    figure.is_kept = true;
                    if share.is_none() {
                        figure.standing = Standing::Known;
                    }
                }
            }
            let Some(share) = share else { continue };
            self.scores.insert(number, share);
            // All of all is 100 per cent, however many they are.
            if count != base {
                rounded.push((count, base, share));
            }
        }
        self.bound(&rounded);
    }

    /// The rounded share of a row; nothing where its count may be published whatever happens, or nothing may be.
    fn rounded(&self, row: &Row<'_>, count: u32, base: u32) -> Option<RoundedShare> {
        let counts = row.cell.counts.ok()?;
        let key = &row.cell.key;
        let denominator = counts.denominator?;
        let [figure, whole] = [count, base].map(|id| &self.figures[id as usize]);
        let is_certain = |standing| matches!(standing, Standing::Public | Standing::Known);
        let is_share =
            key.share_of != ShareOf::None && (0..=denominator).contains(&counts.numerator) || figure.is_balance;
        let may_be = match row.published {
            None => figure.need.is_none() && whole.need.is_none(),
            Some(reason) => reason == Reason::ShareOnly,
        };
        let is_open = !is_certain(figure.standing) || !is_certain(whole.standing);
        if key.area_level == AreaLevel::Municipality || !(is_open && is_share && may_be) {
            return None;
        }
        let counts = (counts.numerator, denominator, counts.divisor);
        match row.published {
            Some(_) => RoundedShare::published_as(row.rounded_share?, key, counts),
            None => RoundedShare::of(self.rounding.as_ref()?, key, counts),
        }
    }

    /// Bounds the figures of rounded shares: whatever they are within the bounds, the shares could be published as they are.
    fn bound(&mut self, rounded: &[(u32, u32, RoundedShare)]) {
        let mut bases: HashMap<u32, (i64, i64)> = HashMap::new();
        for (_, base, share) in rounded {
            let figure = &self.figures[*base as usize];
            let is_certain = matches!(figure.standing, Standing::Public | Standing::Known);
            let (low, high) = if is_certain { (figure.value, figure.value) } else { share.denominators() };
            let known = bases.entry(*base).or_insert((low, high));
            *known = (known.0.max(low), known.1.min(high));
        }
        for (count, base, share) in rounded {
            let of_base = bases[base];
            for (figure, (low, high)) in [(base, of_base), (count, share.numerators(of_base))] {
                let known = &mut self.figures[*figure as usize].rounded;
                *known = Some(known.map_or((low, high), |known| (known.0.max(low), known.1.min(high))));
            }
        }
    }
}
