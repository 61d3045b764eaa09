//! The manifest of an edition: what it is made of, file by file, so that anybody can check that nothing changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `manifest.json`. No time of day stands in it: the same inputs and definitions give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Hash of the ledger's last line before this edition, or zeros: figures are protected together with all that was
    /// published before.
    pub ledger_before: String,
    /// The cluster scheme by which reports compare.
    pub comparison: String,
    /// What protection was applied.
    pub protection: String,
    /// Counts of fewer persons than this are withheld, where a source has no rule of its own.
    pub withheld_below: i64,
    /// Hash of the proof of protection, which stays in the confidential zone.
    pub proof_sha256: String,
    /// Rows by reason.
    pub cells: BTreeMap<String, usize>,
    /// Digests of the definitions that determine it.
    pub definitions: BTreeMap<String, String>,
    /// Salted commitments to the deliveries that determine it: `supplier/extract period file`.
    pub deliveries: BTreeMap<String, String>,
    /// Whether any delivery behind its figures, its own or carried, is made up.
    #[serde(default)]
    pub synthetic: bool,
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
#[serde(deny_unknown_fields)]
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
