//! What is withheld of the linked system: secondary protection, a part of the system after another.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use catalog::cell::AreaLevel;
use catalog::reference::Area;
use catalog::{injection, workers};

use super::figures::Linked;
use super::{Outcome, Standing};
use crate::ProtectError;
use crate::certificate::{Relaxation, Step};
use crate::search::EVERYWHERE;
use crate::secondary::{Demand, Effort, Rings, Withheld, protect, root};
use crate::system::{Figure, Move, System};

/// Less than any difference of two flows.
const FAR_BELOW: i64 = -1_000_000_000;

/// Arrondissements that can be neighbourhoods: each has two bits, one for all its municipalities and one for the greatest.
const ARRONDISSEMENTS: usize = 64;
/// Small counts of a part that is worth all threads.
const LARGE: usize = 300;

/// A part of the system that no sum links with another.
struct Part {
    /// The figures of its cells.
    figures: Vec<u32>,
    /// The sums of the linked system that its equations are.
    sums: Vec<u32>,
    system: System,
    demand: Demand,
}

fn protected(part: &Part, threads: usize) -> Result<Withheld, ProtectError> {
    injection::point("plan.part")?;
    protect(&part.system, &part.demand, Effort::BRIEF, threads)
}

/// A proof in the numbers of the linked system.
fn named(part: &Part, proof: Relaxation) -> Relaxation {
    let figure = |cell: u32| part.figures[cell as usize];
    let step = |step: Step| Step {
        figure: figure(step.figure),
        constraints: step.constraints.into_iter().map(|(sum, times)| (part.sums[sum as usize], times)).collect(),
        ..step
    };
    Relaxation { singleton: proof.singleton.map(figure), steps: proof.steps.into_iter().map(step).collect() }
}

impl Linked<'_> {
    /// Withholds the counts of few persons and nothing else.
    pub fn few(&self) -> Outcome {
        let few = self.figures.iter().enumerate().filter(|(_, figure)| {
            figure.need.is_some() && !matches!(figure.standing, Standing::Public | Standing::Known)
        });
        Outcome { withheld: few.map(|(id, _)| id as u32).collect(), ..Outcome::default() }
    }

    /// Everything as one system, in which a cell is a figure.
    pub fn system(&self) -> System {
        let figures = self.figures.iter().map(|figure| {
            let (least, most) = figure.ends();
            Figure { value: figure.value, least: if figure.is_balance { FAR_BELOW } else { least }, most, cost: None }
        });
        let mut system = System::new(figures.collect());
        for (wholes, parts) in &self.sums {
            system.add_equation(wholes, parts);
        }
        system
    }

    /// Decides what is withheld, with `threads` threads.
    ///
    /// # Errors
    /// A worker that panicked: what its part of the system withholds is not known then.
    pub fn plan(&self, threads: usize) -> Result<Outcome, ProtectError> {
        let parts = self.parts();
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse((parts[*at].demand.primary.len(), parts[*at].figures.len())));
        // Large parts one after another, all threads in each; small ones side by side.
        let (large, small): (Vec<usize>, Vec<usize>) =
            order.into_iter().partition(|at| parts[*at].demand.primary.len() >= LARGE);
        let mut found = Vec::new();
        for at in large {
            found.push((at, protected(&parts[at], threads)?));
        }
        for (at, withheld) in small.iter().zip(workers::each(threads, &small, |at| protected(&parts[*at], 1))?) {
            found.push((*at, withheld?));
        }
        found.sort_by_key(|(at, _)| *at);
        let mut outcome = Outcome::default();
        for (at, withheld) in found {
            let name = |cell: u32| parts[at].figures[cell as usize];
            outcome.withheld.extend(withheld.cells.iter().map(|cell| name(*cell)));
            outcome.needs.extend(withheld.needs.iter().map(|(cell, need)| (name(*cell), *need)));
            outcome.exposed.extend(withheld.exposed.iter().map(|(cell, end)| (name(*cell), *end)));
            outcome.let_go.extend(withheld.let_go.iter().map(|cell| name(*cell)));
            outcome.told_elsewhere.extend(withheld.told.iter().map(|cell| name(*cell)));
            for ((cell, end), proof) in withheld.relaxations {
                outcome.relaxations.insert((name(cell), end), named(&parts[at], proof));
            }
            outcome.proofs.extend(withheld.moves.into_iter().map(|((cell, end), moves)| {
                let named = |moved: Move| {
                    let mut moved: Move = moved.into_iter().map(|(cell, by)| (name(cell), by)).collect();
                    moved.sort_unstable();
                    moved
                };
                ((name(cell), end), moves.into_iter().map(named).collect())
            }));
        }
        Ok(outcome)
    }

    /// The parts that have something to protect.
    fn parts(&self) -> Vec<Part> {
        let mut group: Vec<u32> = (0..self.figures.len() as u32).collect();
        // What everybody knows links nothing.
        let moves = |id: &u32| !matches!(self.figures[*id as usize].standing, Standing::Public | Standing::Known);
        for (wholes, parts) in &self.sums {
            let mut moving = wholes.iter().chain(parts).filter(|id| moves(id));
            if let Some(first) = moving.next() {
                for other in moving {
                    let (a, b) = (root(&mut group, *first), root(&mut group, *other));
                    group[a.max(b) as usize] = a.min(b);
                }
            }
        }
        let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for id in (0..self.figures.len() as u32).filter(moves) {
            members.entry(root(&mut group, id)).or_default().push(id);
        }
        let mut sums: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (number, (wholes, parts)) in self.sums.iter().enumerate() {
            if let Some(first) = wholes.iter().chain(parts).find(|id| moves(id)) {
                sums.entry(root(&mut group, *first)).or_default().push(number);
            }
        }
        // A part of which nothing is new was protected by the edition that withheld it.
        let is_new = |ids: &Vec<u32>| {
            let standings = || ids.iter().map(|id| self.figures[*id as usize].standing);
            standings().any(|standing| matches!(standing, Standing::Open | Standing::Coarse))
                && ids.iter().any(|id| self.figures[*id as usize].need.is_some())
        };
        members
            .into_iter()
            .filter(|(_, ids)| is_new(ids))
            .map(|(group, ids)| self.part(ids, sums.get(&group).map_or(&[][..], Vec::as_slice)))
            .collect()
    }

    /// Arrondissements as neighbourhoods: a move is looked for in the municipality's own, then with the one of its province
    /// in which most is counted, then with the greatest municipalities of Flanders, which have room for everybody's moves.
    fn name_neighbourhoods(&self, ids: &[u32], demand: &mut Demand) {
        let areas = &self.reference.areas;
        let around: Vec<&Area> =
            areas.iter().filter(|area| area.level == AreaLevel::Arrondissement).take(ARRONDISSEMENTS).collect();
        let of_member: HashMap<&str, usize> = around
            .iter()
            .enumerate()
            .flat_map(|(at, area)| area.members.iter().map(move |own| (own.as_str(), at)))
            .collect();
        let mut counted = vec![0; around.len()];
        let mut counted_in: BTreeMap<usize, i64> = BTreeMap::new();
        let area_of = |id: &u32| self.figures[*id as usize].spot.and_then(|spot| self.areas.get(&spot.area)).copied();
        let first = (!around.is_empty()).then_some(0);
        let home_of = |area: &Area| of_member.get(area.members.first()?.as_str()).copied();
        let is_municipality = |area: &usize| areas[*area].level == AreaLevel::Municipality;
        for id in ids {
            let value = self.figures[*id as usize].value;
            if let Some(area) = area_of(id).filter(is_municipality) {
                *counted_in.entry(area).or_default() += value;
                if let Some(home) = home_of(&areas[area]) {
                    counted[home] += value;
                }
            }
        }
        let mut greatest: Vec<usize> = counted_in.keys().copied().collect();
        greatest.sort_by_key(|area| (std::cmp::Reverse(counted_in[area]), *area));
        // The greatest of its arrondissement and of Flanders have room for what a municipality gives.
        let home_of_greatest = |area: &usize| home_of(&areas[*area]);
        for area in &greatest {
            let home = home_of_greatest(area);
            let of_home = greatest.iter().filter(|other| home_of_greatest(other) == home).take(4);
            let partners: BTreeSet<u32> = of_home.chain(greatest.first()).map(|area| *area as u32).collect();
            let partners = partners.into_iter().filter(|partner| *partner != *area as u32).collect();
            demand.partners.insert(*area as u32, partners);
        }
        let greatest_of = |home: usize| greatest.iter().find(|area| home_of_greatest(area) == Some(home)).copied();
        let greatest_of: Vec<Option<usize>> = (0..around.len()).map(greatest_of).collect();
        let bits = |area: usize, home: usize| {
            1u128 << home | if greatest_of[home] == Some(area) { 1 << (ARRONDISSEMENTS + home) } else { 0 }
        };
        for id in ids {
            let area = area_of(id);
            // An area of several arrondissements is at home where most of it is counted.
            let home = area.and_then(|area| {
                let own = areas[area].members.iter().filter_map(|member| of_member.get(member.as_str()).copied());
                own.max_by_key(|at| (counted[*at], std::cmp::Reverse(*at))).or(first)
            });
            let own = area.filter(is_municipality).zip(home);
            demand.homes.push(home);
            demand.municipality.push(own.map(|(area, _)| area as u32));
            demand.neighbourhoods.push(own.map_or(EVERYWHERE, |(area, home)| bits(area, home)));
        }
        let province = |at: usize| -> u128 {
            let found = areas
                .iter()
                .find(|area| area.level == AreaLevel::Province && area.members.contains(&around[at].members[0]));
            let inside =
                |other: &usize| found.is_some_and(|province| province.members.contains(&around[*other].members[0]));
            (0..around.len()).filter(inside).fold(1u128 << at, |ring, other| ring | 1 << other)
        };
        let all = (0..around.len()).fold(0, |ring, at| ring | 1u128 << at);
        let rings = |at: usize| {
            let (own, province) = (1u128 << at, province(at));
            let with_greatest = |ring: u128| own | ring << ARRONDISSEMENTS;
            Rings { own, near: with_greatest(province), province, greatest: with_greatest(all) }
        };
        demand.rings = (0..around.len()).map(rings).collect();
        let level_of = |id: &u32| match area_of(id).map(|area| areas[area].level) {
            Some(AreaLevel::Arrondissement) => 1,
            Some(AreaLevel::Province) => 2,
            Some(AreaLevel::Region) => 3,
            _ => 0,
        };
        demand.levels = ids.iter().map(level_of).collect();
    }

    /// Whether a figure follows from those of municipalities and needs no protection.
    fn is_follower(&self, figure: &super::figures::Figure) -> bool {
        let area = figure.spot.and_then(|spot| self.areas.get(&spot.area)).map(|at| &self.reference.areas[*at]);
        matches!(figure.standing, Standing::Coarse | Standing::Before)
            && figure.need.is_none()
            && area.is_some_and(|area| area.level == AreaLevel::Cluster)
    }

    fn part(&self, mut ids: Vec<u32>, sums: &[usize]) -> Part {
        let own: BTreeSet<u32> = ids.iter().copied().collect();
        let terms = sums.iter().flat_map(|sum| self.sums[*sum].0.iter().chain(&self.sums[*sum].1));
        let known: BTreeSet<u32> = terms.copied().filter(|id| !own.contains(id)).collect();
        ids.extend(known);
        let cell_of: BTreeMap<u32, u32> = ids.iter().enumerate().map(|(at, id)| (*id, at as u32)).collect();
        let figures = ids.iter().map(|id| {
            let figure = &self.figures[*id as usize];
            Figure {
                value: figure.value,
                least: if figure.is_balance { FAR_BELOW } else { figure.least },
                most: figure.most,
                cost: match figure.standing {
                    Standing::Public | Standing::Known => None,
                    Standing::Open => Some(figure.cost),
                    Standing::Before | Standing::Coarse | Standing::Unseen => Some(1),
                },
            }
        });
        let mut system = System::new(figures.collect());
        for sum in sums {
            let (wholes, parts) = &self.sums[*sum];
            let cells = |ids: &[u32]| ids.iter().map(|id| cell_of[id]).collect::<Vec<u32>>();
            system.add_equation(&cells(wholes), &cells(parts));
        }
        let mut demand = Demand { yields: true, ..Demand::default() };
        for (id, cell) in &cell_of {
            let figure = &self.figures[*id as usize];
            if matches!(figure.standing, Standing::Public | Standing::Known) {
                continue;
            }
            match figure.standing {
                Standing::Before => demand.before.insert(*cell),
                Standing::Coarse | Standing::Unseen => demand.hidden.insert(*cell),
                _ => false,
            };
            if self.is_follower(figure) {
                demand.followers.insert(*cell);
            }
            if figure.is_kept {
                demand.kept.insert(*cell);
            }
            demand.rounded.extend(figure.rounded.map(|bounds| (*cell, bounds)));
            if let Some(need) = figure.need {
                demand.primary.insert(*cell, need);
                if figure.contributors == Some(1) {
                    demand.alone.insert(*cell, *cell);
                }
            }
        }
        demand.name_persons(&system);
        self.name_neighbourhoods(&ids, &mut demand);
        let standing = |cell: &u32| self.figures[ids[*cell as usize] as usize].standing;
        let all = 0..ids.len() as u32;
        demand.public = all.clone().filter(|cell| standing(cell) == Standing::Public).collect();
        demand.unsaid = all.filter(|cell| standing(cell) == Standing::Unseen).collect();
        Part { figures: ids, sums: sums.iter().map(|sum| *sum as u32).collect(), system, demand }
    }
}
