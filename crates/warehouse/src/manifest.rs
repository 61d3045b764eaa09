//! The manifest of an edition: what it is made of, file by file, so that anybody can check that nothing changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `manifest.json`. No time of day stands in it: the same inputs and definitions give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this layout.
    pub version: u32,
    /// Edition id.
    pub edition: String,
    /// Its monitor.
    pub monitor: String,
    /// Its kind.
    pub kind: String,
    /// Dutch title.
    pub title: String,
    /// Why it was made.
    pub why: String,
    /// Last day whose knowledge counts.
    pub cut_off: String,
    /// The edition it follows, and the hash of that edition's manifest.
    pub follows: Option<Followed>,
    /// The cluster scheme by which reports compare.
    #[serde(default)]
    pub comparison: String,
    /// What protection was applied.
    pub protection: String,
    /// Counts of fewer persons than this are withheld, where a source has no rule of its own.
    #[serde(default)]
    pub withheld_below: i64,
    /// Hash of the proof of protection, which stays in the confidential zone.
    #[serde(default)]
    pub proof_sha256: String,
    /// Rows by reason.
    pub cells: BTreeMap<String, usize>,
    /// Digests of the definitions that determine it.
    pub definitions: BTreeMap<String, String>,
    /// Digests of the deliveries that determine it: `supplier/extract period file`.
    pub deliveries: BTreeMap<String, String>,
    /// Warnings given when it was made.
    pub warnings: Vec<String>,
    /// Its files.
    pub files: Vec<ManifestFile>,
}

/// The edition that another follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Edition id.
    pub edition: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
}

/// A file of an edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Path within the edition.
    pub path: String,
    /// SHA-256.
    pub sha256: String,
    /// Length.
    pub bytes: u64,
    /// Rows, for a table.
    pub rows: Option<u64>,
}

/// A line of `ledger.jsonl`, chained to the line before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerLine {
    /// Number of the line, from 1.
    pub number: u64,
    /// Edition id.
    pub edition: String,
    /// Its monitor.
    pub monitor: String,
    /// Its kind.
    pub kind: String,
    /// SHA-256 of its manifest.
    pub manifest_sha256: String,
    /// SHA-256 of the line before, or zeros.
    pub previous: String,
}
