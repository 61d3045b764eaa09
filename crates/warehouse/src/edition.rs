//! Editions: written beside, synced, made visible in one step, never edited.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use catalog::cell::Observation;
use catalog::digest::sha256;
use catalog::pipeline::{Edition, Pipeline};
use catalog::schema::{companions, observations};
use protect::Protected;

use crate::WarehouseError;
use crate::manifest::{Followed, LedgerLine, Manifest, ManifestFile};
use crate::parquet_file::write_published;
use crate::store::Warehouse;
use crate::tables::{TextRows, observation_batch, quality_batch, read_observations, text_batch};

/// Everything an edition is published from.
pub struct Publication<'p> {
    /// The edition.
    pub edition: &'p Edition,
    /// Licence and contact.
    pub pipeline: &'p Pipeline,
    /// The figures; only `protect` can make them.
    pub protected: &'p Protected,
    /// Rows of the tables of words and provenance, by table.
    pub words: BTreeMap<&'static str, TextRows>,
    /// Digests of the definitions that determine the edition.
    pub definitions: BTreeMap<String, String>,
    /// Digests of the deliveries that determine it.
    pub deliveries: BTreeMap<String, String>,
    /// The definition files themselves, to be archived.
    pub archive: &'p BTreeMap<String, Vec<u8>>,
    /// Warnings.
    pub warnings: Vec<String>,
    /// Hash of the proof of protection.
    pub proof_sha256: &'p str,
}

/// An edition that is written whole and not visible yet.
#[derive(Debug)]
pub struct Prepared<'w> {
    warehouse: &'w Warehouse,
    edition: String,
    beside: PathBuf,
}

/// A published edition, opened for reading.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// SHA-256 of the manifest's bytes.
    pub manifest_sha256: String,
}

/// Writes an edition beside its place. Nothing of it is visible; an edition that is there is never touched.
pub fn prepare<'w>(warehouse: &'w Warehouse, publication: &Publication<'_>) -> Result<Prepared<'w>, WarehouseError> {
    if !warehouse.is_writing() {
        return Err(WarehouseError::Locked(warehouse.root().to_path_buf()));
    }
    let edition = publication.edition;
    let folder = folder(warehouse, &edition.id);
    if folder.exists() {
        return Err(WarehouseError::Published(edition.id.clone()));
    }
    let follows = match &edition.follows {
        Some(id) => {
            let followed = open(warehouse, id)?;
            Some(Followed { edition: id.clone(), manifest_sha256: followed.manifest_sha256 })
        }
        None => None,
    };
    let beside = warehouse.published().join(format!(".edition={}.partial", edition.id));
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(|error| WarehouseError::io(&beside, error))?;
    }
    fs::create_dir_all(&beside).map_err(|error| WarehouseError::io(&beside, error))?;

    // The footers name the definitions and not the inputs: rows in another order must give the same bytes.
    let determined_by = sha256(serde_json::to_string(&publication.definitions).unwrap_or_default().as_bytes());
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    let observed = observations();
    let batch = observation_batch(publication.protected)?;
    let mut tables = vec![(observed.name, sorted_by(&observed.key, &observed.fields), batch)];
    for table in companions() {
        let batch = if table.name == "quality" {
            quality_batch(&table, &edition.id, publication.protected.quality())?
        } else {
            text_batch(&table, publication.words.get(table.name).unwrap_or(&Vec::new()))?
        };
        tables.push((table.name, sorted_by(&table.key, &table.fields), batch));
    }
    for (name, sorted, batch) in &tables {
        let file = format!("{name}.parquet");
        let metadata = [
            ("edition", edition.id.as_str()),
            ("table", name),
            ("definitions_sha256", &determined_by),
            ("protection", publication.protected.method()),
            ("licence", &publication.pipeline.licence),
            ("contact", &publication.pipeline.contact),
        ];
        write_published(&beside.join(&file), batch, sorted, &metadata)?;
        rows.insert(file, batch.num_rows() as u64);
    }
    for (path, bytes) in publication.archive {
        write_synced(&beside.join("definitions").join(path), bytes)?;
    }

    let manifest = Manifest {
        version: 1,
        edition: edition.id.clone(),
        monitor: edition.monitor.clone(),
        kind: edition.kind.word().to_string(),
        title: edition.title.clone(),
        why: edition.why.clone(),
        cut_off: edition.cut_off.to_string(),
        follows,
        comparison: publication.pipeline.clusters.first().cloned().unwrap_or_default(),
        protection: publication.protected.method().to_string(),
        withheld_below: publication.pipeline.protection.usual.threshold,
        proof_sha256: publication.proof_sha256.to_string(),
        cells: publication
            .protected
            .by_reason()
            .into_iter()
            .map(|(reason, count)| (reason.to_string(), count))
            .collect(),
        definitions: publication.definitions.clone(),
        deliveries: publication.deliveries.clone(),
        warnings: publication.warnings.clone(),
        files: files(&beside, &rows)?,
    };
    let json = to_json(&manifest)?;
    write_synced(&beside.join("manifest.json"), json.as_bytes())?;
    let mut sums: Vec<String> = manifest.files.iter().map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
    sums.push(format!("{}  manifest.json\n", sha256(json.as_bytes())));
    write_synced(&beside.join("SHA256SUMS"), sums.concat().as_bytes())?;

    sync_folders(&beside)?;
    Ok(Prepared { warehouse, edition: edition.id.clone(), beside })
}

impl Prepared<'_> {
    /// The folder that it is written in.
    pub fn folder(&self) -> &Path {
        &self.beside
    }

    /// The edition as it was written, opened like a published one.
    pub fn open(&self) -> Result<Published, WarehouseError> {
        open_folder(self.beside.clone(), &self.edition)
    }

    /// The one step that makes the edition visible. A rename never replaces a folder with files in it.
    pub fn publish(self) -> Result<Published, WarehouseError> {
        let folder = folder(self.warehouse, &self.edition);
        fs::rename(&self.beside, &folder).map_err(|error| WarehouseError::io(&folder, error))?;
        sync(&self.warehouse.published())?;
        let published = open(self.warehouse, &self.edition)?;
        settle(self.warehouse)?;
        Ok(published)
    }

    /// Takes away what was written: the edition is not published.
    pub fn discard(self) -> Result<(), WarehouseError> {
        fs::remove_dir_all(&self.beside).map_err(|error| WarehouseError::io(&self.beside, error))
    }
}

/// Brings ledger and `latest` up to what is visible: also after a run that was killed between two steps.
pub fn settle(warehouse: &Warehouse) -> Result<(), WarehouseError> {
    let path = warehouse.published().join("ledger.jsonl");
    mend_last_line(&path)?;
    let mut ledger = read_ledger(warehouse)?;
    let mut editions = list(warehouse)?;
    // A followed edition comes before its follower; ids order the rest.
    editions.sort_by(|a, b| a.manifest.edition.cmp(&b.manifest.edition));
    let mut waiting: Vec<&Published> = editions
        .iter()
        .filter(|edition| !ledger.iter().any(|(line, _)| line.edition == edition.manifest.edition))
        .collect();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|edition| {
            edition
                .manifest
                .follows
                .as_ref()
                .is_none_or(|followed| !waiting.iter().any(|other| other.manifest.edition == followed.edition))
        });
        let edition = waiting.remove(ready.unwrap_or(0));
        let line = LedgerLine {
            number: ledger.len() as u64 + 1,
            edition: edition.manifest.edition.clone(),
            monitor: edition.manifest.monitor.clone(),
            kind: edition.manifest.kind.clone(),
            manifest_sha256: edition.manifest_sha256.clone(),
            previous: ledger.last().map_or_else(|| "0".repeat(64), |(_, hash)| hash.clone()),
        };
        let text = serde_json::to_string(&line).map_err(|error| WarehouseError::Engine(error.to_string()))?;
        let written = || -> std::io::Result<()> {
            let mut file = File::options().create(true).append(true).open(&path)?;
            file.write_all(format!("{text}\n").as_bytes())?;
            file.sync_all()
        };
        written().map_err(|error| WarehouseError::io(&path, error))?;
        ledger.push((line, sha256(text.as_bytes())));
    }
    let latest = warehouse.root().join("latest");
    fs::create_dir_all(&latest).map_err(|error| WarehouseError::io(&latest, error))?;
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    for edition in &editions {
        let known = newest.entry(edition.manifest.monitor.clone()).or_default();
        *known = known.clone().max(edition.manifest.edition.clone());
    }
    for (monitor, id) in newest {
        let link = latest.join(&monitor);
        let target = PathBuf::from("../published").join(format!("edition={id}"));
        if fs::read_link(&link).is_ok_and(|found| found == target) {
            continue;
        }
        let fresh = latest.join(format!(".{monitor}.partial"));
        let _ = fs::remove_file(&fresh);
        std::os::unix::fs::symlink(&target, &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .map_err(|error| WarehouseError::io(&link, error))?;
    }
    Ok(())
}

/// The published editions, by id.
pub fn list(warehouse: &Warehouse) -> Result<Vec<Published>, WarehouseError> {
    let mut ids = Vec::new();
    if let Ok(entries) = fs::read_dir(warehouse.published()) {
        for entry in entries.flatten() {
            if let Some(id) = entry.file_name().to_str().and_then(|name| name.strip_prefix("edition=")) {
                ids.push(id.to_string());
            }
        }
    }
    ids.sort();
    ids.iter().map(|id| open(warehouse, id)).collect()
}

/// Opens a published edition.
pub fn open(warehouse: &Warehouse, id: &str) -> Result<Published, WarehouseError> {
    open_folder(folder(warehouse, id), id)
}

fn open_folder(folder: PathBuf, id: &str) -> Result<Published, WarehouseError> {
    let path = folder.join("manifest.json");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(_) if !folder.exists() => return Err(WarehouseError::NoEdition(id.to_string())),
        Err(error) => return Err(WarehouseError::io(&path, error)),
    };
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| WarehouseError::Altered { file: path.display().to_string(), what: error.to_string() })?;
    Ok(Published { folder, manifest, manifest_sha256: sha256(&bytes) })
}

impl Published {
    /// The edition's figures, after the file has been found to be as it was written.
    pub fn observations(&self) -> Result<Vec<Observation>, WarehouseError> {
        read_observations(&self.verified("observations.parquet")?)
    }

    /// The path of a file of the edition, after its bytes have been found to be those of the manifest.
    pub fn verified(&self, file: &str) -> Result<PathBuf, WarehouseError> {
        let path = self.folder.join(file);
        let altered = |what: &str| WarehouseError::Altered { file: path.display().to_string(), what: what.to_string() };
        let known = self
            .manifest
            .files
            .iter()
            .find(|known| known.path == file)
            .ok_or_else(|| altered("the manifest does not name it"))?;
        let bytes = fs::read(&path).map_err(|error| WarehouseError::io(&path, error))?;
        if sha256(&bytes) == known.sha256 { Ok(path) } else { Err(altered("its hash is not the manifest's")) }
    }
}

fn folder(warehouse: &Warehouse, id: &str) -> PathBuf {
    warehouse.published().join(format!("edition={id}"))
}

fn sorted_by(key: &[&str], fields: &[catalog::schema::Field]) -> Vec<usize> {
    key.iter().filter_map(|name| fields.iter().position(|field| field.name == *name)).collect()
}

fn to_json(manifest: &Manifest) -> Result<String, WarehouseError> {
    let mut json = serde_json::to_string_pretty(manifest).map_err(|error| WarehouseError::Engine(error.to_string()))?;
    json.push('\n');
    Ok(json)
}

fn files(base: &Path, rows: &BTreeMap<String, u64>) -> Result<Vec<ManifestFile>, WarehouseError> {
    let mut paths = Vec::new();
    walk(base, &mut paths)?;
    let mut found = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).map_err(|error| WarehouseError::io(&path, error))?;
        let name = path.strip_prefix(base).unwrap_or(&path).display().to_string();
        found.push(ManifestFile {
            rows: rows.get(&name).copied(),
            path: name,
            sha256: sha256(&bytes),
            bytes: bytes.len() as u64,
        });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), WarehouseError> {
    for entry in fs::read_dir(folder).map_err(|error| WarehouseError::io(folder, error))? {
        let path = entry.map_err(|error| WarehouseError::io(folder, error))?.path();
        if path.is_dir() { walk(&path, paths)? } else { paths.push(path) }
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), WarehouseError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| WarehouseError::io(folder, error))?;
    }
    let written = || -> std::io::Result<()> {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    written().map_err(|error| WarehouseError::io(path, error))
}

fn sync(folder: &Path) -> Result<(), WarehouseError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| WarehouseError::io(folder, error))
}

fn sync_folders(folder: &Path) -> Result<(), WarehouseError> {
    for entry in fs::read_dir(folder).map_err(|error| WarehouseError::io(folder, error))?.flatten() {
        if entry.path().is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync(folder)
}

/// Takes away what a killed run left of a last line; that edition's line is written anew.
fn mend_last_line(path: &Path) -> Result<(), WarehouseError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(WarehouseError::io(path, error)),
    };
    if bytes.is_empty() || bytes.ends_with(b"\n") {
        return Ok(());
    }
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mended = || -> std::io::Result<()> {
        let file = File::options().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_all()
    };
    mended().map_err(|error| WarehouseError::io(path, error))
}

/// The ledger's lines with the hash of each; a broken chain is an error.
pub fn read_ledger(warehouse: &Warehouse) -> Result<Vec<(LedgerLine, String)>, WarehouseError> {
    let path = warehouse.published().join("ledger.jsonl");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(WarehouseError::io(&path, error)),
    };
    let mut found: Vec<(LedgerLine, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let altered = |what: String| WarehouseError::Altered { file: path.display().to_string(), what };
        let read: LedgerLine =
            serde_json::from_str(line).map_err(|_| altered(format!("line {} cannot be read", number + 1)))?;
        let previous = found.last().map_or_else(|| "0".repeat(64), |(_, hash)| hash.clone());
        if read.previous != previous || read.number != number as u64 + 1 {
            return Err(altered(format!("line {} does not follow the line before it", number + 1)));
        }
        found.push((read, sha256(line.as_bytes())));
    }
    Ok(found)
}
