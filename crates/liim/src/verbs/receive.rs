//! `liim receive`: a delivery comes in.

use std::path::{Path, PathBuf};

use catalog::contract::ExtractId;
use catalog::fault::did_you_mean;
use catalog::{Day, Period};
use ingest::delivery::{Findings, Reception, receive as take_in};
use ingest::{DeliveryReport, LandError, gaps_in_words, in_words};

use crate::args::Global;
use crate::failure::Failure;
use crate::terminal;

/// Checks a delivery, copies it in and writes its receipt.
pub fn receive(
    global: &Global,
    extract: &str,
    files: &[PathBuf],
    period: Period,
    (delivered_on, extracted_on): (Option<Day>, Option<Day>),
    report: Option<&Path>,
) -> Result<(), Failure> {
    let project = super::project(global)?;
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
    let delivered_on = delivered_on.unwrap_or_else(super::today);
    let reception = Reception {
        period,
        delivered_on,
        extracted_on,
        files,
        delivered_by: &project.contracts[&contract.id.supplier].title,
    };
    let supplier = &project.contracts[&contract.id.supplier].title;
    let mut findings = Findings::default();
    let outcome = take_in(&project, contract, &reception, super::threads(global), &mut findings);
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
    let late = contract.days_late(period, delivered_on);
    if let Some(path) = report {
        let faults = match &outcome {
            Err(LandError::Faults(faults)) => faults.as_slice(),
            _ => &[],
        };
        let page = DeliveryReport {
            extract: contract,
            supplier,
            period,
            days_late: late,
            files: &findings.files,
            landed: findings.landed.as_ref(),
            empty: &findings.empty,
            faults,
        };
        std::fs::write(path, page.page()).map_err(|error| Failure::Broken(format!("{}: {error}", path.display())))?;
        tracing::info!("the delivery report is at {}", path.display());
    }
    let received = outcome?;
    if let Some(days) = late {
        tracing::warn!("{days} days later than {} expects a delivery of {period}", contract.file);
    }
    if received.identical {
        tracing::info!("the same files were received before; nothing new was written");
    } else if received.delivery.receipt.sequence > 1 {
        tracing::info!(
            "this is delivery {} of {period}; the earlier ones are kept",
            received.delivery.receipt.sequence
        );
    }
    let all = ingest::delivery::deliveries(&project, &contract.id)?;
    let newest = all.iter().rfind(|delivery| delivery.period == period);
    if newest.is_some_and(|newest| newest.folder != received.delivery.folder) {
        tracing::warn!("a delivery of {period} with a later day of reception is there and stays the one that is used");
    }
    let users: Vec<&str> = project
        .pipeline
        .editions
        .iter()
        .filter(|edition| {
            edition.indicators.iter().filter_map(|choice| Some((project.card(choice)?, choice))).any(
                |(card, choice)| {
                    choice
                        .periods
                        .iter()
                        .any(|own| card.deliveries(*own).any(|(id, of)| *id == contract.id && of == period))
                },
            )
        })
        .filter(|edition| edition.cut_off >= delivered_on)
        .map(|edition| edition.id.as_str())
        .collect();
    if users.is_empty() && matches!(contract.covers, catalog::contract::Covers::Period) {
        tracing::warn!(
            "received on {delivered_on}, no edition will use it: none reads {extract} of {period} and is cut off on that day or later (see --delivered-on)"
        );
    }
    terminal::say(&received.delivery.folder.display().to_string());
    Ok(())
}
