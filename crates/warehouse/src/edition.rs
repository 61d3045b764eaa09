//! Editions: written beside, synced, made visible in one step ([`crate::release`]), never edited; and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use catalog::cell::Observation;
use catalog::digest::sha256;
use catalog::id::is_id;
use catalog::injection;
use catalog::pipeline::{Edition, Pipeline};
use catalog::schema::{companions, observations};
use protect::Protected;

use crate::WarehouseError;
use crate::guard::{check_public_folder, entries, hash_of, private_folder, read_own, sync};
use crate::ledger::Ledger;
pub use crate::ledger::read_ledger;
use crate::manifest::{Followed, LedgerLine, Manifest, ManifestFile};
use crate::parquet_file::write_published;
use crate::release::open_below;
use crate::store::{Warehouse, remove_folder};
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
    /// Salted commitments to the deliveries that determine it.
    pub deliveries: BTreeMap<String, String>,
    /// Whether any of these deliveries is made up.
    pub synthetic: bool,
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
    pub(crate) line: LedgerLine,
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
    let ledger = Ledger::read(warehouse)?;
    match open_in(warehouse, &ledger, &edition.id) {
        Ok(_) => return Err(WarehouseError::Published(edition.id.clone())),
        Err(WarehouseError::NoEdition(_)) => {}
        Err(other) => return Err(other),
    }
    // What is carried from made-up deliveries is made up too.
    let mut synthetic = publication.synthetic;
    let follows = match &edition.follows {
        Some(id) => {
            let followed = open_in(warehouse, &ledger, id)?;
            synthetic |= followed.manifest.synthetic;
            Some(Followed { edition: id.clone(), manifest_sha256: followed.manifest_sha256 })
        }
        None => None,
    };
    let beside = warehouse.published().join(format!(".edition={}.partial", edition.id));
    remove_folder(&beside)?;
    // Nobody reads figures that have not been audited.
    private_folder(&beside)?;
    let written = write_edition(publication, &beside, (follows, synthetic, &ledger));
    if written.is_err() {
        // The disk may be full; the next run takes away what cannot be taken away now.
        let _ = remove_folder(&beside);
    }
    Ok(Prepared { warehouse, edition: edition.id.clone(), beside, line: written? })
}

/// Writes all files of an edition into a folder, and syncs them; gives the line that the ledger gets.
fn write_edition(
    publication: &Publication<'_>,
    beside: &Path,
    (follows, synthetic, ledger): (Option<Followed>, bool, &Ledger),
) -> Result<LedgerLine, WarehouseError> {
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
            ("synthetic", if synthetic { "true" } else { "false" }),
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
        ledger_before: ledger.head().to_string(),
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
        synthetic,
        warnings: publication.warnings.clone(),
        files: files(beside, &rows)?,
    };
    let json = to_json(&manifest)?;
    write_synced(&beside.join("manifest.json"), json.as_bytes())?;
    let manifest_sha256 = sha256(json.as_bytes());
    write_synced(&beside.join("SHA256SUMS"), sums_of(&manifest, &manifest_sha256).as_bytes())?;

    open_below(beside)?;
    sync_folders(beside)?;
    Ok(ledger.next(&manifest, &manifest_sha256))
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

    /// The line that the ledger gets when the edition is published.
    pub(crate) fn line(&self) -> &LedgerLine {
        &self.line
    }

    /// Takes away what was written: the edition is not published.
    pub fn discard(self) -> Result<(), WarehouseError> {
        fs::remove_dir_all(&self.beside).map_err(|error| WarehouseError::io(&self.beside, error))
    }
}

/// The newest edition of each monitor.
pub(crate) fn newest(editions: &[Published]) -> BTreeMap<&str, &str> {
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for edition in editions {
        let known = found.entry(&edition.manifest.monitor).or_default();
        *known = (*known).max(&edition.manifest.edition);
    }
    found
}

/// Where `latest/MONITOR` points when an edition is the newest.
pub(crate) fn latest_target(edition: &str) -> PathBuf {
    PathBuf::from("../published").join(format!("edition={edition}"))
}

/// The published editions, by id: those of the ledger and those whose folders are here, which must be the same.
///
/// # Errors
/// Fails where the ledger or an edition is not as it was written, or one has what the other lacks.
pub fn list(warehouse: &Warehouse) -> Result<Vec<Published>, WarehouseError> {
    let ledger = Ledger::read(warehouse)?;
    ids(warehouse, &ledger)?.iter().map(|id| open_in(warehouse, &ledger, id)).collect()
}

/// The ids of the editions that the ledger has or whose folders are here, in order.
pub(crate) fn ids(warehouse: &Warehouse, ledger: &Ledger) -> Result<BTreeSet<String>, WarehouseError> {
    let mut found: BTreeSet<String> = ledger.lines().iter().map(|(line, _)| line.edition.clone()).collect();
    let published = warehouse.published();
    if !is_there(&published)? {
        return Ok(found);
    }
    for path in entries(&published)? {
        let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("edition="));
        found.extend(id.map(str::to_string));
    }
    Ok(found)
}

/// Opens a published edition, its manifest held against the ledger.
///
/// # Errors
/// Fails where there is no such edition, or it or the ledger is not as it was written.
pub fn open(warehouse: &Warehouse, id: &str) -> Result<Published, WarehouseError> {
    open_in(warehouse, &Ledger::read(warehouse)?, id)
}

/// The same with a ledger that was read.
pub(crate) fn open_in(warehouse: &Warehouse, ledger: &Ledger, id: &str) -> Result<Published, WarehouseError> {
    let published = warehouse.published();
    if is_there(&published)? {
        check_public_folder(&published)?;
    }
    // An id names a folder: one that is none could lead out of the warehouse.
    if !is_id(id) {
        return Err(WarehouseError::NoEdition(id.to_string()));
    }
    let folder = folder(warehouse, id);
    match (is_there(&folder)?, ledger.line(id)) {
        (false, None) => return Err(WarehouseError::NoEdition(id.to_string())),
        (false, Some(_)) => {
            return Err(WarehouseError::altered(&folder, "the ledger has this edition, and its folder is not here"));
        }
        (true, _) => {}
    }
    let edition = open_folder(folder, id)?;
    ledger.check(&edition)?;
    Ok(edition)
}

/// The manifest of a visible edition and its hash, held against nothing; nothing where it is not visible.
pub(crate) fn manifest_of(warehouse: &Warehouse, id: &str) -> Result<Option<(Manifest, String)>, WarehouseError> {
    let folder = folder(warehouse, id);
    if !is_there(&folder)? {
        return Ok(None);
    }
    let edition = open_folder(folder, id)?;
    Ok(Some((edition.manifest, edition.manifest_sha256)))
}

/// The edition in a folder of the published zone, held against no ledger.
pub(crate) fn open_folder_of(warehouse: &Warehouse, id: &str) -> Result<Published, WarehouseError> {
    open_folder(folder(warehouse, id), id)
}

fn open_folder(folder: PathBuf, id: &str) -> Result<Published, WarehouseError> {
    check_public_folder(&folder)?;
    let path = folder.join("manifest.json");
    let bytes = read_own(&path)?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|_| WarehouseError::altered(&path, "it cannot be read as a manifest of this version"))?;
    if manifest.edition != id || !is_id(&manifest.monitor) {
        return Err(WarehouseError::altered(&path, "it is not the manifest of this edition"));
    }
    Ok(Published { folder, manifest, manifest_sha256: sha256(&bytes) })
}

/// Returns whether something is at a place, a symbolic link that leads nowhere included.
pub(crate) fn is_there(path: &Path) -> Result<bool, WarehouseError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(WarehouseError::io(path, error)),
    }
}

impl Published {
    /// The edition's figures, after the file has been found to be as it was written.
    pub fn observations(&self) -> Result<Vec<Observation>, WarehouseError> {
        read_observations(&self.verified("observations.parquet")?)
    }

    /// The path of a file of the edition, after its bytes have been found to be those of the manifest.
    pub fn verified(&self, file: &str) -> Result<PathBuf, WarehouseError> {
        let path = self.folder.join(file);
        let altered = |what: &str| WarehouseError::altered(&path, what);
        let known = self
            .manifest
            .files
            .iter()
            .find(|known| known.path == file)
            .ok_or_else(|| altered("the manifest does not name it"))?;
        injection::point("read.published")?;
        check_below(&self.folder, file)?;
        let is_whole = !injection::ends_early("read.published") && hash_of(&path)? == known.sha256;
        if is_whole { Ok(path) } else { Err(altered("its hash is not the manifest's")) }
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

/// What `SHA256SUMS` of an edition holds: its files, and the manifest.
pub(crate) fn sums_of(manifest: &Manifest, manifest_sha256: &str) -> String {
    let mut sums: Vec<String> = manifest.files.iter().map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
    sums.push(format!("{manifest_sha256}  manifest.json\n"));
    sums.concat()
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

/// The files below a folder; a symbolic link is one of them, wherever it leads.
pub(crate) fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), WarehouseError> {
    for path in entries(folder)? {
        let metadata = fs::symlink_metadata(&path).map_err(|error| WarehouseError::io(&path, error))?;
        if metadata.is_dir() { walk(&path, paths)? } else { paths.push(path) }
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

/// Checks that a path within an edition's folder stays in it: plain names, and no symbolic link on the way.
pub(crate) fn check_below(folder: &Path, file: &str) -> Result<(), WarehouseError> {
    let mut path = folder.to_path_buf();
    let mut parts = file.split('/').peekable();
    while let Some(part) = parts.next() {
        path.push(part);
        if matches!(part, "" | "." | "..") {
            return Err(WarehouseError::altered(&path, "it leads out of its edition"));
        }
        if parts.peek().is_some() {
            check_public_folder(&path)?;
        }
    }
    Ok(())
}

fn sync_folders(folder: &Path) -> Result<(), WarehouseError> {
    for path in entries(folder)? {
        if fs::symlink_metadata(&path).map_err(|error| WarehouseError::io(&path, error))?.is_dir() {
            sync_folders(&path)?;
        }
    }
    sync(folder)
}
