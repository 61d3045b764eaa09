//! `liim receive`: a delivery comes in.

use std::path::{Path, PathBuf};

use catalog::contract::{Covers, Extract, ExtractId};
use catalog::fault::did_you_mean;
use catalog::project::Project;
use catalog::{Day, Period};
use ingest::reception::{Findings, Outcome, Received, Reception, receive as take_in};
use ingest::{DeliveryReport, LandError, gaps_in_words, in_words};

use crate::args::Global;
use crate::failure::Failure;
use crate::{files, terminal};

/// What the command line states of a delivery.
pub struct Stated<'a> {
    /// Day of reception.
    pub delivered_on: Option<Day>,
    /// Day of extraction.
    pub extracted_on: Option<Day>,
    /// Why the receipt of a delivery that is there already is changed.
    pub why: Option<&'a str>,
}

/// Checks a delivery, copies it in and writes its receipt.
///
/// # Errors
/// Where no contract describes the delivery, it breaks its contract, or it cannot be copied in.
pub fn receive(
    global: &Global,
    extract: &str,
    files: &[PathBuf],
    period: Period,
    stated: &Stated<'_>,
    report: Option<&Path>,
) -> Result<(), Failure> {
    let project = super::project(global)?;
    let contract = contract(&project, extract, period)?;
    if let (Some(extracted), Some(delivered)) = (stated.extracted_on, stated.delivered_on)
        && extracted > delivered
    {
        return Err(Failure::Usage(format!(
            "extracted on {extracted}, which is after {delivered}, the day of reception"
        )));
    }
    let reception = Reception {
        period,
        today: super::today()?,
        delivered_on: stated.delivered_on,
        extracted_on: stated.extracted_on,
        files,
        delivered_by: &project.contracts[&contract.id.supplier].title,
        why: stated.why,
    };
    let mut findings = Findings::default();
    let waiting = || tracing::info!("another receive is at work; waiting for it");
    let outcome = take_in(&project, contract, &reception, super::threads(global), &mut findings, &waiting);
    if let Some(landed) = &findings.landed {
        for words in in_words(contract, &landed.rejections) {
            tracing::warn!("{words}");
        }
        if let Some(words) = gaps_in_words(landed) {
            tracing::warn!("{words}");
        }
        let rejected = landed.rejections.len();
        tracing::info!("{extract} {period}: {} rows = {} accepted + {rejected} rejected", landed.rows, landed.accepted);
    }
    let late = contract.days_late(period, reception.day());
    if let Some(path) = report {
        let faults = match &outcome {
            Err(LandError::Faults(faults)) => faults.as_slice(),
            _ => &[],
        };
        let page = DeliveryReport {
            extract: contract,
            supplier: reception.delivered_by,
            period,
            days_late: late,
            files: &findings.files,
            landed: findings.landed.as_ref(),
            empty: &findings.empty,
            faults,
        };
        files::write_whole(path, page.page().as_bytes(), 0o644)?;
        tracing::info!("the delivery report is at {}", path.display());
    }
    let received = outcome?;
    if let Some(days) = late {
        tracing::warn!("{days} days later than {} expects a delivery of {period}", contract.file);
    }
    say_what_was_done(&received, period);
    say_who_uses_it(&project, contract, &received)?;
    terminal::say(&received.delivery.folder.display().to_string());
    Ok(())
}

/// The contract of an extract that is delivered for such a period.
fn contract<'p>(project: &'p Project, extract: &str, period: Period) -> Result<&'p Extract, Failure> {
    let found = ExtractId::read(extract).and_then(|id| project.extract(&id));
    let Some(contract) = found else {
        let known: Vec<String> = project.extracts().map(|extract| extract.id.to_string()).collect();
        let near = did_you_mean(extract, known.iter().map(String::as_str));
        let hint = near.map_or_else(|| format!("known: {}", known.join(", ")), |near| format!("did you mean {near}?"));
        return Err(Failure::Usage(format!("no contract describes `{extract}`; {hint}")));
    };
    if !contract.fits(period) {
        return Err(Failure::Usage(format!(
            "{extract} is not delivered for a period like {period}; see `period` in {}",
            contract.file
        )));
    }
    crate::landing::laid_out(project, &contract.id, period)
}

fn say_what_was_done(received: &Received, period: Period) {
    let sequence = received.delivery.receipt.sequence;
    for (before, now) in &received.renamed {
        tracing::info!("{before} is kept as {now}");
    }
    match &received.outcome {
        Outcome::Identical => tracing::info!("the same files were received before; nothing new was written"),
        Outcome::Amended(changes) => {
            for change in changes {
                let before = change.before.as_deref().unwrap_or("not stated");
                tracing::info!(
                    "the same files were received before; their receipt now says {} {} (before: {before})",
                    change.field,
                    change.after
                );
            }
        }
        Outcome::New if sequence > 1 => {
            tracing::info!("this is delivery {sequence} of {period}; the earlier ones are kept");
        }
        Outcome::New => {}
    }
}

/// Warns where another delivery of the period is the one in use, and where no edition uses this one.
fn say_who_uses_it(project: &Project, contract: &Extract, received: &Received) -> Result<(), Failure> {
    let (period, delivered_on) = (received.delivery.period, received.delivery.delivered_on);
    let all = ingest::delivery::deliveries(project, &contract.id)?;
    let newest = all.iter().rfind(|delivery| delivery.period == period);
    if newest.is_some_and(|newest| newest.folder != received.delivery.folder) {
        tracing::warn!("a delivery of {period} with a later day of reception is there and stays the one that is used");
    }
    let used = project.pipeline.editions.iter().filter(|edition| edition.cut_off >= delivered_on).any(|edition| {
        edition.indicators.iter().filter_map(|choice| Some((project.card(choice)?, choice))).any(|(card, choice)| {
            let mut periods = choice.periods.iter();
            periods.any(|own| card.deliveries(*own).any(|(id, of)| *id == contract.id && of == period))
        })
    });
    if !used && contract.covers == Covers::Period {
        tracing::warn!(
            "no edition will use this delivery: none that reads {} of {period} has a cut-off on or after {delivered_on}; \
             if it was delivered earlier, receive it again with --delivered-on",
            contract.id
        );
    }
    Ok(())
}
