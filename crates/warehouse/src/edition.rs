//! Editions: written beside, synced, made visible in one step ([`crate::release`]), never edited; and read back.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use catalog::cell::Observation;
use catalog::digest::sha256;
use catalog::pipeline::{Edition, Pipeline};
use catalog::schema::{companions, observations};
use protect::Protected;

use crate::WarehouseError;
use crate::manifest::{Followed, LedgerLine, Manifest, ManifestFile};
use crate::parquet_file::write_published;
use crate::release::open_below;
use crate::store::{Warehouse, exists, names, private_folder, remove_folder, sync};
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
    pub(crate) warehouse: &'w Warehouse,
    pub(crate) edition: String,
    pub(crate) beside: PathBuf,
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
    if exists(&folder)? {
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
    remove_folder(&beside)?;
    fs::create_dir_all(warehouse.published()).map_err(|error| WarehouseError::io(warehouse.published(), error))?;
    // Nobody reads figures that have not been audited.
    private_folder(&beside)?;
    let written = write_edition(publication, &beside, follows);
    if written.is_err() {
        // The disk may be full; the next run takes away what cannot be taken away now.
        let _ = remove_folder(&beside);
    }
    written.map(|()| Prepared { warehouse, edition: edition.id.clone(), beside })
}

/// Writes all files of an edition into a folder, and syncs them.
fn write_edition(
    publication: &Publication<'_>,
    beside: &Path,
    follows: Option<Followed>,
) -> Result<(), WarehouseError> {
    let edition = publication.edition;

    // The footers name the definitions and not the inputs: rows in another order must give the same bytes.
    let definitions = serde_json::to_string(&publication.definitions);
    let definitions = definitions.map_err(|error| WarehouseError::Engine(error.to_string()))?;
    let determined_by = sha256(definitions.as_bytes());
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
        files: files(beside, &rows)?,
    };
    let json = to_json(&manifest)?;
    write_synced(&beside.join("manifest.json"), json.as_bytes())?;
    let mut sums: Vec<String> = manifest.files.iter().map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
    sums.push(format!("{}  manifest.json\n", sha256(json.as_bytes())));
    write_synced(&beside.join("SHA256SUMS"), sums.concat().as_bytes())?;

    open_below(beside)?;
    sync_folders(beside)
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

    /// Takes away what was written: the edition is not published.
    pub fn discard(self) -> Result<(), WarehouseError> {
        fs::remove_dir_all(&self.beside).map_err(|error| WarehouseError::io(&self.beside, error))
    }
}

/// The published editions, by id.
pub fn list(warehouse: &Warehouse) -> Result<Vec<Published>, WarehouseError> {
    let mut ids = Vec::new();
    for name in names(&warehouse.published())? {
        ids.extend(name.strip_prefix("edition=").map(str::to_string));
    }
    ids.iter().map(|id| open(warehouse, id)).collect()
}

/// Opens a published edition.
pub fn open(warehouse: &Warehouse, id: &str) -> Result<Published, WarehouseError> {
    open_folder(folder(warehouse, id), id)
}

pub(crate) fn open_folder(folder: PathBuf, id: &str) -> Result<Published, WarehouseError> {
    let path = folder.join("manifest.json");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && !exists(&folder)? => {
            return Err(WarehouseError::NoEdition(id.to_string()));
        }
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

pub(crate) fn folder(warehouse: &Warehouse, id: &str) -> PathBuf {
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
        let entry = entry.map_err(|error| WarehouseError::io(folder, error))?;
        let kind = entry.file_type().map_err(|error| WarehouseError::io(entry.path(), error))?;
        if kind.is_dir() { walk(&entry.path(), paths)? } else { paths.push(entry.path()) }
    }
    Ok(())
}

pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), WarehouseError> {
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

fn sync_folders(folder: &Path) -> Result<(), WarehouseError> {
    for entry in fs::read_dir(folder).map_err(|error| WarehouseError::io(folder, error))? {
        let entry = entry.map_err(|error| WarehouseError::io(folder, error))?;
        if entry.file_type().map_err(|error| WarehouseError::io(entry.path(), error))?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync(folder)
}

/// The ledger's lines with the hash of each; a broken chain is an error.
pub fn read_ledger(warehouse: &Warehouse) -> Result<Vec<(LedgerLine, String)>, WarehouseError> {
    let path = warehouse.published().join("ledger.jsonl");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
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
