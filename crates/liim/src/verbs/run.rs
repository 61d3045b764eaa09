//! `liim run`: brings editions up to date.

use catalog::pipeline::Edition;
use catalog::project::Project;
use warehouse::store::Warehouse;

use crate::args::Global;
use crate::failure::Failure;
use crate::stages::Workshop;
use crate::terminal;
use crate::verbs::plan::{self, State};

/// Makes the editions that are not there yet.
pub fn run(global: &Global, editions: &[String], all: bool) -> Result<(), Failure> {
    let project = super::project(global)?;
    super::check::definitions(global, &project)?;
    let chosen: Vec<&Edition> = if editions.is_empty() {
        let today = super::today();
        project.pipeline.editions.iter().filter(|edition| all || edition.cut_off <= today).collect()
    } else {
        editions.iter().map(|id| plan::named(&project, id)).collect::<Result<_, _>>()?
    };
    let warehouse = Warehouse::writing(&super::warehouse_folder(global))?;
    warehouse::edition::settle(&warehouse)?;
    let workshop = Workshop { project: &project, warehouse: &warehouse, limits: super::limits(global) };
    let mut worst: Option<Failure> = None;
    let mut done = 0;
    for edition in chosen {
        match one(&project, &warehouse, &workshop, edition) {
            Ok(()) => done += 1,
            Err(Failure::Nothing(text)) => tracing::info!("{text}"),
            Err(failure) => {
                let words = failure.words();
                if !words.is_empty() {
                    terminal::talk(&format!("edition {}: failed\n{words}", edition.id));
                }
                if matches!(failure, Failure::Handled) {
                    done += 1;
                }
                if worst.as_ref().is_none_or(|known| failure.weight() < known.weight()) {
                    worst = Some(failure);
                }
            }
        }
    }
    match worst {
        // Its words have been said.
        Some(Failure::Unsound(_)) => Err(Failure::Unsound(Vec::new())),
        Some(Failure::Contract(_)) => Err(Failure::Contract(Vec::new())),
        Some(failure) => Err(silent(failure)),
        None if done == 0 => Err(Failure::Nothing("nothing to do".to_string())),
        None => {
            terminal::talk(&format!(
                "the newest edition of each monitor is at {}",
                super::warehouse_folder(global).join("latest").display()
            ));
            Ok(())
        }
    }
}

fn silent(failure: Failure) -> Failure {
    match failure {
        Failure::TryLater(_) => Failure::TryLater("not all editions could be made; see above".into()),
        Failure::Broken(_) => Failure::Broken("not all editions could be made; see above".into()),
        other => other,
    }
}

fn one(project: &Project, warehouse: &Warehouse, workshop: &Workshop<'_>, edition: &Edition) -> Result<(), Failure> {
    let (planned, chosen) = plan::of(project, warehouse, edition)?;
    match planned.state {
        State::UpToDate => return Err(Failure::Nothing(format!("{}: published and up to date", edition.id))),
        State::Changed => {
            let why = planned.why.join("\n  ");
            return Err(Failure::Nothing(format!(
                "{}: published, and what it was made from has changed since:\n  {why}\n  \
                 a published edition is never rewritten; to correct it, name an edition of kind `correction` that follows it in pipeline.yaml",
                edition.id
            )));
        }
        State::Waiting => {
            let why = planned.why.join("\n  ");
            return Err(Failure::TryLater(format!(
                "{} cannot be made yet:\n  {why}\n  take a delivery in with `liim receive`",
                edition.id
            )));
        }
        State::ToMake | State::ToMakeWithout => {}
    }
    if let Some(followed) = &edition.follows
        && !warehouse.published().join(format!("edition={followed}")).exists()
    {
        return Err(Failure::TryLater(format!("{} follows {followed}, which is not published yet", edition.id)));
    }
    let done = workshop.make(edition, &chosen)?;
    terminal::say(&format!(
        "{}\tpublished\t{}\t{}",
        edition.id,
        done.published.folder.display(),
        done.published.manifest_sha256
    ));
    if done.without { Err(Failure::Handled) } else { Ok(()) }
}
