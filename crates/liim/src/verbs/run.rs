//! `liim run`: brings editions up to date.

use catalog::Day;
use catalog::pipeline::Edition;
use warehouse::store::{Warehouse, exists};

use crate::args::Global;
use crate::failure::Failure;
use crate::space;
use crate::stages::Workshop;
use crate::terminal;
use crate::verbs::plan::{self, Receipts, State};

/// Makes the editions that are not there yet; `now` also before their cut-off day has passed.
///
/// # Errors
/// Of the failures of all editions the gravest.
pub fn run(global: &Global, editions: &[String], all: bool, now: bool) -> Result<(), Failure> {
    let project = super::project(global)?;
    super::check::definitions(global, &project)?;
    let today = super::today()?;
    let chosen: Vec<&Edition> = if editions.is_empty() {
        project.pipeline.editions.iter().filter(|edition| all || now || edition.is_due(today)).collect()
    } else {
        editions.iter().map(|id| plan::named(&project, id)).collect::<Result<_, _>>()?
    };
    let warehouse = Warehouse::writing(&super::warehouse_folder(global))?;
    warehouse::release::settle(&warehouse)?;
    let workshop = Workshop { project: &project, warehouse: &warehouse, limits: super::limits(global) };
    let receipts = Receipts::new(&project);
    let mut worst: Option<Failure> = None;
    let mut done = 0;
    let all = chosen.len();
    for (at, edition) in chosen.into_iter().enumerate() {
        terminal::edition(Some(&edition.id), at + 1, all);
        match one(&workshop, edition, (today, now), &receipts) {
            Ok(()) => done += 1,
            Err(Failure::Nothing(text)) => tracing::info!("{text}"),
            Err(failure) => {
                terminal::fail(&failure, Some(&edition.id));
                if matches!(failure, Failure::Handled) {
                    done += 1;
                }
                if worst.as_ref().is_none_or(|known| failure.weight() < known.weight()) {
                    worst = Some(failure);
                }
            }
        }
    }
    terminal::edition(None, 0, all);
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

fn one(
    workshop: &Workshop<'_>,
    edition: &Edition,
    (today, now): (Day, bool),
    receipts: &Receipts<'_>,
) -> Result<(), Failure> {
    let (project, warehouse) = (workshop.project, workshop.warehouse);
    let (planned, chosen) = plan::of(project, warehouse, edition, (today, receipts))?;
    match planned.state {
        State::UpToDate => return Err(Failure::Nothing(format!("{}: published and up to date", edition.id))),
        State::Changed => {
            let why = planned.why.join("\n  ");
            tracing::warn!(
                "{}: published, and what it was made from has changed since:\n  {why}\n  \
                 a published edition is never rewritten; to correct it, name an edition of kind `correction` that follows it in pipeline.yaml",
                edition.id
            );
            return Err(Failure::Nothing(format!("{}: needs a correction", edition.id)));
        }
        State::NotDue if !now => {
            let why = planned.why.join("\n  ");
            return Err(Failure::TryLater(format!("{} is not made yet:\n  {why}", edition.id)));
        }
        State::NotDue => {
            tracing::warn!(
                "{}: made before its cut-off day has passed; what is received until {} is not in it",
                edition.id,
                edition.cut_off
            );
        }
        State::Waiting => {
            let why = planned.why.join("\n  ");
            return Err(Failure::TryLater(format!("{} cannot be made yet:\n  {why}", edition.id)));
        }
        State::Altered => return Err(Failure::Contract(planned.altered)),
        State::ToMake | State::ToMakeWithout => {}
    }
    if let Some(followed) = &edition.follows
        && !exists(&warehouse.published().join(format!("edition={followed}")))?
    {
        return Err(Failure::TryLater(format!("{} follows {followed}, which is not published yet", edition.id)));
    }
    space::enough(project, warehouse, edition, &chosen)?;
    let done = workshop.make(edition, &chosen)?;
    terminal::say(&format!(
        "{}\tpublished\t{}\t{}",
        edition.id,
        done.published.folder.display(),
        done.published.manifest_sha256
    ));
    if done.incomplete { Err(Failure::Handled) } else { Ok(()) }
}
