//! Publishing again what all ends can do without.

use std::collections::BTreeSet;

use super::look::{Look, Without};
use super::{End, Protector, Workspace};

impl Protector<'_> {
    /// Publishes again what all ends can do without, the dearest and greatest first.
    pub(super) fn release(&mut self, own: &[bool], effort: usize) {
        let system = self.state.system;
        let is_withheld = |cell: &u32| self.state.withheld[*cell as usize];
        let all = 0..system.len() as u32;
        let mut cells: Vec<u32> = all.clone().filter(|cell| is_withheld(cell) && !own[*cell as usize]).collect();
        cells.sort_by_key(|cell| {
            let figure = system.figure(*cell);
            (std::cmp::Reverse((figure.cost, figure.value)), *cell)
        });
        let published: Vec<u32> = all.filter(|cell| !is_withheld(cell)).collect();
        published.into_iter().for_each(|cell| self.set_price(cell, None));
        let begun = self.searches[0].whole.pivots();
        for cell in cells {
            if self.searches[0].whole.pivots() - begun > effort {
                break;
            }
            self.set_price(cell, None);
            if self.do_without(cell).is_none() {
                self.set_price(cell, Some(self.state.effort.detour));
            }
        }
    }

    fn do_without(&mut self, cell: u32) -> Option<()> {
        let through = self.state.through[cell as usize].iter().copied();
        let dying: Vec<usize> = through.filter(|number| self.state.known[*number].alive).collect();
        let ends: BTreeSet<(u32, End)> =
            dying.iter().flat_map(|number| self.state.known[*number].users.clone()).collect();
        let mut instead = Vec::new();
        for (user, end) in ends {
            let (_, ways) = self.state.asked(user).into_iter().find(|((_, own), _)| *own == end)?;
            let Workspace { whole: search, near } = &mut self.searches[0];
            let mut look = Look { state: &self.state, search, near };
            let pieces = look.shown_by(user, &ways, Without { cell: Some(cell), persons: &[] })?;
            instead.push(((user, end), pieces.into_iter().map(|piece| self.keep(piece)).collect()));
        }
        self.state.withheld[cell as usize] = false;
        for (end, numbers) in instead {
            self.lean(end, numbers);
        }
        for number in dying {
            self.state.known[number].alive = false;
            self.state.known[number].users.clear();
        }
        Some(())
    }
}
