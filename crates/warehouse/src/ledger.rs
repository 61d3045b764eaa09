//! The ledger: a line for each published edition, chained by hash to the line before, and held against what the confidential
//! zone knows of it.
//!
//! The line of an edition is written into its confidential folder before anything of it is visible (`intent.json`), and stays
//! there once the ledger has it (`ledger-line.json`). So a run that was killed between the two is completed by the next, an
//! edition that was not made here is never taken into the ledger, and a line that is cut off, altered or removed is found.

use std::fs;
use std::path::{Path, PathBuf};

use catalog::digest::sha256;
use catalog::id::is_id;

use crate::WarehouseError;
use crate::edition::{Published, manifest_of};
use crate::guard::{entries, read_own, sync};
use crate::manifest::{LedgerLine, Manifest};
use crate::release::NewLedger;
use crate::store::{Warehouse, write_private};

/// The hash before the first line.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The line of an edition that is about to be published, in its confidential folder.
pub(crate) const INTENT: &str = "intent.json";
/// The same once the ledger has the line.
pub(crate) const WRITTEN: &str = "ledger-line.json";

/// The lines of the ledger, each with its hash.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    lines: Vec<(LedgerLine, String)>,
}

impl Ledger {
    /// Reads the ledger.
    ///
    /// # Errors
    /// Fails where a line cannot be read, does not follow the line before it, or is not the one that the confidential zone
    /// knows; and where the ledger lacks a line that the confidential zone has.
    pub fn read(warehouse: &Warehouse) -> Result<Ledger, WarehouseError> {
        let path = path(warehouse);
        let text = read_text(&path)?;
        let (ledger, torn) = parse(&path, &text)?;
        if !torn.is_empty() {
            let what = "its last line is not whole; where a run was killed, the next `liim run` completes it";
            return Err(altered(&path, what));
        }
        ledger.check_against_confidential(warehouse, &path)?;
        Ok(ledger)
    }

    /// The lines with the hash of each.
    pub fn lines(&self) -> &[(LedgerLine, String)] {
        &self.lines
    }

    /// The line of an edition.
    pub fn line(&self, edition: &str) -> Option<&LedgerLine> {
        self.lines.iter().map(|(line, _)| line).find(|line| line.edition == edition)
    }

    /// The hash of the last line.
    pub fn head(&self) -> &str {
        self.lines.last().map_or(ORIGIN, |(_, hash)| hash)
    }

    /// The line that an edition would get next.
    pub fn next(&self, manifest: &Manifest, manifest_sha256: &str) -> LedgerLine {
        LedgerLine {
            number: self.lines.len() as u64 + 1,
            edition: manifest.edition.clone(),
            monitor: manifest.monitor.clone(),
            kind: manifest.kind.clone(),
            manifest_sha256: manifest_sha256.to_string(),
            previous: self.head().to_string(),
        }
    }

    /// Returns an error where the line of an opened edition says something else than its manifest.
    pub(crate) fn check(&self, edition: &Published) -> Result<(), WarehouseError> {
        let folder = edition.folder.display();
        let manifest = edition.folder.join("manifest.json");
        let Some(line) = self.line(&edition.manifest.edition) else {
            return Err(WarehouseError::Altered {
                file: folder.to_string(),
                what: "the ledger does not have this edition; where a run was killed, the next `liim run` completes it; a \
                       folder that was not made here must be removed"
                    .into(),
            });
        };
        if line.manifest_sha256 != edition.manifest_sha256 {
            return Err(altered(&manifest, "its hash is not the ledger's"));
        }
        if line.monitor != edition.manifest.monitor || line.kind != edition.manifest.kind {
            return Err(altered(&manifest, "its monitor or kind is not the ledger's"));
        }
        Ok(())
    }

    fn check_against_confidential(&self, warehouse: &Warehouse, path: &Path) -> Result<(), WarehouseError> {
        for (edition, file) in confidential_lines(warehouse, WRITTEN)? {
            let known = read_own(&file)?;
            let Some(line) = self.line(&edition) else {
                return Err(altered(
                    path,
                    &format!("it lacks the line of edition {edition}, which was published here"),
                ));
            };
            if to_text(line)?.as_bytes() != known {
                let what = format!("the line of edition {edition} is not the one in {}", file.display());
                return Err(altered(path, &what));
            }
        }
        Ok(())
    }
}

/// The ledger's lines with the hash of each; what is wrong with it is an error.
pub fn read_ledger(warehouse: &Warehouse) -> Result<Vec<(LedgerLine, String)>, WarehouseError> {
    Ok(Ledger::read(warehouse)?.lines)
}

/// Writes the line that an edition is about to get into its confidential folder.
pub(crate) fn write_intent(folder: &Path, line: &LedgerLine) -> Result<(), WarehouseError> {
    write_private(&folder.join(INTENT), to_text(line)?.as_bytes())
}

/// Returns an error where a confidential folder belongs to an edition that was published: it is never written again.
pub(crate) fn not_published(folder: &Path) -> Result<(), WarehouseError> {
    let file = folder.join(WRITTEN);
    match fs::symlink_metadata(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(WarehouseError::io(&file, error)),
        Ok(_) => Err(altered(&file, "the edition was published and is never made again")),
    }
}

/// Gives the editions that this warehouse prepared and made visible their lines, where a run was killed before it could.
///
/// # Errors
/// Fails where a visible edition is not the one that was prepared, or the ledger is not as it was when it was prepared.
pub(crate) fn complete(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    for (edition, intent) in confidential_lines(warehouse, INTENT)? {
        let bytes = read_own(&intent)?;
        let line: LedgerLine = serde_json::from_slice(&bytes).map_err(|_| altered(&intent, "it cannot be read"))?;
        if line.edition != edition || to_text(&line)?.as_bytes() != bytes {
            return Err(altered(&intent, "it is not as it was written"));
        }
        let Some((_, manifest_sha256)) = manifest_of(warehouse, &edition)? else {
            // Killed before it was visible: the next run makes it from the beginning.
            continue;
        };
        if manifest_sha256 != line.manifest_sha256 {
            let file = warehouse.published().join(format!("edition={edition}"));
            return Err(altered(&file, "it is not the edition that was prepared here"));
        }
        append(warehouse, &line)?;
        let written = intent.with_file_name(WRITTEN);
        fs::rename(&intent, &written).map_err(|error| WarehouseError::io(&written, error))?;
        if let Some(folder) = written.parent() {
            sync(folder)?;
        }
    }
    Ok(())
}

/// Appends a line, unless the ledger has it; what a killed run left of that very line goes first.
fn append(warehouse: &Warehouse, line: &LedgerLine) -> Result<(), WarehouseError> {
    let path = path(warehouse);
    let text = read_text(&path)?;
    let wanted = to_text(line)?;
    let (ledger, torn) = parse(&path, &text)?;
    if ledger.lines.iter().any(|(known, _)| known == line) && torn.is_empty() {
        return Ok(());
    }
    if !wanted.starts_with(torn) {
        return Err(altered(&path, "its last line is not whole, and not one that a run here began"));
    }
    let follows = ledger.head() == line.previous && ledger.lines.len() as u64 + 1 == line.number;
    if !follows {
        return Err(altered(&path, &format!("it is not as it was when edition {} was prepared", line.edition)));
    }
    NewLedger::prepare(warehouse, line)?.replace()
}

/// Reads the lines of a ledger; what follows the last whole line is given beside them.
fn parse<'t>(path: &Path, text: &'t str) -> Result<(Ledger, &'t str), WarehouseError> {
    let (whole, torn) = text.rsplit_once('\n').map_or(("", text), |(whole, torn)| (whole, torn));
    let mut ledger = Ledger::default();
    for (at, written) in whole.split('\n').enumerate().filter(|_| !whole.is_empty()) {
        let number = at as u64 + 1;
        let wrong = |what: &str| altered(path, &format!("line {number} {what}"));
        let line: LedgerLine = serde_json::from_str(written).map_err(|_| wrong("cannot be read"))?;
        if to_text(&line)? != written || !is_id(&line.edition) || !is_id(&line.monitor) {
            return Err(wrong("is not as it was written"));
        }
        if line.previous != ledger.head() || line.number != number {
            return Err(wrong("does not follow the line before it"));
        }
        if ledger.line(&line.edition).is_some() {
            return Err(wrong("repeats an edition"));
        }
        ledger.lines.push((line, sha256(written.as_bytes())));
    }
    Ok((ledger, torn))
}

/// The confidential files of a name, by edition.
fn confidential_lines(warehouse: &Warehouse, name: &str) -> Result<Vec<(String, PathBuf)>, WarehouseError> {
    let mut found = Vec::new();
    if !warehouse.has_confidential()? {
        return Ok(found);
    }
    for folder in entries(&warehouse.confidential())? {
        let edition = folder.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("edition="));
        let file = folder.join(name);
        match (edition, fs::symlink_metadata(&file)) {
            (Some(edition), Ok(_)) => found.push((edition.to_string(), file)),
            (_, Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(WarehouseError::io(&file, error));
            }
            _ => {}
        }
    }
    found.sort();
    Ok(found)
}

pub(crate) fn path(warehouse: &Warehouse) -> PathBuf {
    warehouse.published().join("ledger.jsonl")
}

fn read_text(path: &Path) -> Result<String, WarehouseError> {
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| altered(path, "it is not text")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(WarehouseError::io(path, error)),
    }
}

pub(crate) fn to_text(line: &LedgerLine) -> Result<String, WarehouseError> {
    serde_json::to_string(line).map_err(|error| WarehouseError::Engine(error.to_string()))
}

fn altered(file: &Path, what: &str) -> WarehouseError {
    WarehouseError::altered(file, what)
}
