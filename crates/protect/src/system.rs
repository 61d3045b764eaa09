//! One system of sums: every cell that is published together, and every equation a reader can hold them to.

/// A cell of a [`System`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// The true count.
    pub value: i64,
    /// What a reader knows it to be at least when it is withheld: 0, or 1 where zeros are always shown.
    pub least: i64,
    /// What a reader knows it to be at most, where something everybody knows holds it.
    pub most: Option<i64>,
    /// What withholding it costs, above 0; `None` where it cannot be withheld: everybody knows it, or did already.
    pub cost: Option<u32>,
}

/// Cells and the equations between them: of each equation the terms, a whole number of times a cell, add up to a known number, which
/// is zero where whole and parts come from one source.
#[derive(Debug, Clone, Default)]
pub struct System {
    figures: Vec<Figure>,
    sums: Vec<Vec<(u32, i64)>>,
    rests: Vec<i64>,
    in_sums: Vec<Vec<(u32, i64)>>,
}

/// A whole number added to each of a few cells, such that every equation still holds: sorted by cell, none zero.
pub type Move = Vec<(u32, i64)>;

impl System {
    /// A system of cells, without equations yet.
    pub fn new(figures: Vec<Figure>) -> System {
        let in_sums = vec![Vec::new(); figures.len()];
        System { figures, sums: Vec::new(), rests: Vec::new(), in_sums }
    }

    /// Adds an equation, given as the cell on one side and the cells that add up to it; false where they do not, and a
    /// reader is taken to know by how much.
    pub fn add_sum(&mut self, whole: u32, parts: &[u32]) -> bool {
        self.add_equation(&[whole], parts)
    }

    /// The same with more than one cell on either side.
    pub fn add_equation(&mut self, wholes: &[u32], parts: &[u32]) -> bool {
        let parts = parts.iter().map(|part| (*part, 1));
        self.add_terms(parts.chain(wholes.iter().map(|whole| (*whole, -1))).collect())
    }

    /// Adds an equation, given as its terms. A cell that is given more than once is one term, that many times the cell.
    pub(crate) fn add_terms(&mut self, mut terms: Vec<(u32, i64)>) -> bool {
        let cells: std::collections::BTreeSet<u32> = terms.iter().map(|(cell, _)| *cell).collect();
        if cells.len() < terms.len() {
            let times = |cell: u32| terms.iter().filter(|(own, _)| *own == cell).map(|(_, by)| by).sum();
            terms = cells.into_iter().map(|cell| (cell, times(cell))).filter(|(_, by)| *by != 0).collect();
        }
        let rest: i64 = terms.iter().map(|(cell, coefficient)| coefficient * self.figures[*cell as usize].value).sum();
        let number = self.sums.len() as u32;
        for (cell, coefficient) in &terms {
            self.in_sums[*cell as usize].push((number, *coefficient));
        }
        self.sums.push(terms);
        self.rests.push(rest);
        rest == 0
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.figures.len()
    }

    /// Whether it has no cell.
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }

    /// A cell.
    pub fn figure(&self, cell: u32) -> &Figure {
        &self.figures[cell as usize]
    }

    /// The equations.
    pub fn sums(&self) -> &[Vec<(u32, i64)>] {
        &self.sums
    }

    /// What the terms of an equation add up to.
    pub fn rest(&self, sum: usize) -> i64 {
        self.rests[sum]
    }

    /// The equations that a cell is in, each with its coefficient.
    pub fn sums_of(&self, cell: u32) -> &[(u32, i64)] {
        &self.in_sums[cell as usize]
    }

    /// Whether a move leaves every published cell, every equation and every known bound as it is. By addition alone.
    pub fn admits(&self, moved: &[(u32, i64)], withheld: impl Fn(u32) -> bool) -> bool {
        let mut left: std::collections::BTreeMap<u32, i64> = std::collections::BTreeMap::new();
        for (cell, by) in moved {
            let figure = self.figure(*cell);
            let to = figure.value + by;
            let above = figure.most.is_some_and(|most| to > most.max(figure.value));
            if !withheld(*cell) || to < figure.least.min(figure.value) || above {
                return false;
            }
            for (sum, coefficient) in self.sums_of(*cell) {
                *left.entry(*sum).or_insert(0) += coefficient * by;
            }
        }
        left.values().all(|sum| *sum == 0)
    }
}
