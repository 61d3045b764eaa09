//! The command line, in words.

use std::path::PathBuf;

use catalog::{Day, Period};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The open pipeline of the Lokale Inburgerings- en Integratiemonitor.
///
/// Deliveries of the register and other suppliers become published editions: landed under their contracts, linked to
/// nationality histories, counted by cards, protected, and published as Parquet.
#[derive(Debug, Parser)]
#[command(name = "liim", version, arg_required_else_help = true, after_help = AFTER)]
pub struct Command {
    /// What is asked of every verb.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const AFTER: &str = "First steps:
  liim init my-monitor && cd my-monitor    a project with all definitions
  liim synth --scale 0.02                  synthetic deliveries of two inhabitants in a hundred
  liim run --all                           the editions
  liim trace vreemde-nationaliteit --area 11002 --edition 2011-12-21

Exit codes: 0 done, 1 finished with handled failures, 2 usage, 3 definitions unsound, 4 a source breaks its contract,
5 a figure cannot be protected, 6 not reproduced, 7 locked, 75 a delivery is missing, 99 nothing to do.";

/// Options of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// The project's folder.
    #[arg(long, global = true, default_value = ".", value_name = "DIR")]
    pub project: PathBuf,
    /// Threads for what is done side by side; all by default. Reading and writing files have their own.
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<usize>,
    /// Most memory for counting, such as 4GiB.
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    pub memory_limit: Option<usize>,
    /// How to write the log on standard error.
    #[arg(long, global = true, value_enum, default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Only warnings and errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// More about each step.
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// No progress line, even on a terminal.
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// Format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// A page for a browser.
    Html,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Write a project: definitions, an empty warehouse, a key.
    Init {
        /// A folder that has no project yet.
        dir: PathBuf,
    },
    /// Write synthetic deliveries in the suppliers' own formats, and their truth.
    Synth {
        /// Share of Flanders: 1.0 is 6.3 million inhabitants.
        #[arg(long, default_value_t = 0.02, value_parser = share)]
        scale: f64,
        /// Same seed, same Flanders.
        #[arg(long, default_value_t = 2011)]
        seed: u64,
        /// Share of the rows to damage; each damaged row is listed in truth/faults.csv, and broken files in truth/files.
        #[arg(long, default_value_t = 0.0, value_name = "RATE", value_parser = rate)]
        faults: f64,
        /// Statbel's population table (the published zip) to be met cell by cell.
        #[arg(long, value_name = "STATBEL_ZIP")]
        calibrate: Option<PathBuf>,
        /// Where to write, if not into the project.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Take in a delivery: check it against its contract, copy it, write its receipt.
    Receive {
        /// Supplier and extract, such as statbel/bevolking.
        extract: String,
        /// The delivered files, in reading order.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// What it is about: 2011-01-01, 2010, 2010-Q3, 2010-2011.
        #[arg(long, value_parser = period)]
        period: Period,
        /// Day of reception; today by default. Of files that are there already it sets the receipt right.
        #[arg(long, value_parser = day, value_name = "DATE")]
        delivered_on: Option<Day>,
        /// Write a page for the supplier: counts, profile and faults by class and place. Also of a refused delivery.
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
        /// Day on which the supplier made the extract.
        #[arg(long, value_parser = day, value_name = "DATE")]
        extracted_on: Option<Day>,
        /// Why the receipt of files that are there already is set right; it is kept in the receipt.
        #[arg(long, value_name = "TEXT")]
        why: Option<String>,
    },
    /// Check pipeline, contracts, reference tables, cards and queries, without data; all faults at once.
    Check,
    /// Say what a run would do, and why.
    Plan {
        /// Only this edition.
        #[arg(long, value_name = "EDITION")]
        edition: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bring editions up to date: those whose cut-off day has passed. A published edition is never rewritten.
    Run {
        /// This edition; may be given more than once. By default all whose cut-off day has passed.
        #[arg(long, value_name = "EDITION")]
        edition: Vec<String>,
        /// All editions of pipeline.yaml.
        #[arg(long, conflicts_with = "edition")]
        all: bool,
        /// Make an edition before its cut-off day has passed too, from what is here by now.
        #[arg(long)]
        now: bool,
    },
    /// List the published editions.
    Editions {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check every file against what was written down of it, or derive a stage again by another way.
    Verify {
        /// Of a stage that is derived again only this edition; all that are published by default.
        #[arg(long, value_name = "EDITION", requires = "stage")]
        edition: Option<String>,
        /// Derive this stage again, and compare: the link of persons, in SQL, from the landed rows.
        #[arg(long, value_enum)]
        stage: Option<VerifiedStage>,
    },
    /// Disclosure control of any table of counts: withhold small counts, and what would give them away.
    Protect {
        /// The table: comma-separated, with a header.
        table: PathBuf,
        /// Its description: dimensions, how their codes add up, threshold, what a reader knows.
        #[arg(long, value_name = "SPEC.yaml")]
        spec: PathBuf,
        /// Where to write the table with its column `withheld`.
        #[arg(long, value_name = "OUT.csv")]
        out: PathBuf,
        /// Keep the counts, and add which cells are small and what interval a reader can tell: not for publication.
        #[arg(long)]
        audit: bool,
    },
    /// Prove one published cell: its card, its query, its steps, the receipts of its sources.
    Trace(Trace),
    /// Write the page of a municipality, a province or Flanders from a published edition.
    Report {
        /// The edition.
        #[arg(long)]
        edition: String,
        /// Municipality, province or 02000 for Flanders, by NIS code.
        #[arg(long, value_name = "NIS", required_unless_present = "all")]
        area: Option<String>,
        /// All municipalities, provinces, and Flanders.
        #[arg(long, conflicts_with = "area")]
        all: bool,
        /// Form of the page.
        #[arg(long, value_enum, default_value = "html")]
        format: PageFormat,
        /// Where to write.
        #[arg(long, default_value = "reports", value_name = "DIR")]
        out: PathBuf,
    },
}

/// What can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum VerifiedStage {
    /// The link of persons to their nationality history and that of their parents.
    Link,
}

/// Which cell to trace.
#[derive(Debug, Args)]
pub struct Trace {
    /// Card id.
    pub indicator: String,
    /// Area code: NIS code, or a cluster's.
    #[arg(long, value_name = "NIS")]
    pub area: String,
    /// The edition.
    #[arg(long)]
    pub edition: String,
    /// Scheme of the area code, where two have it: NIS5-2011, or a cluster scheme.
    #[arg(long, value_name = "CLASS")]
    pub area_class: Option<String>,
    /// Reference period; the newest of the indicator by default.
    #[arg(long, value_parser = period)]
    pub period: Option<Period>,
    /// F, M or _T; the total by default.
    #[arg(long)]
    pub sex: Option<String>,
    /// Age band; the total by default.
    #[arg(long)]
    pub age: Option<String>,
    /// Scheme of the group, where an indicator has more than one.
    #[arg(long)]
    pub scheme: Option<String>,
    /// Group of nationality or origin; the total by default.
    #[arg(long)]
    pub group: Option<String>,
    /// Code of the card's own dimension; the total by default, and needed where there is none.
    #[arg(long)]
    pub detail: Option<String>,
    /// Code of the card's second own dimension; the total by default.
    #[arg(long)]
    pub detail_2: Option<String>,
    /// What the share is of, where a count has two: group, total.
    #[arg(long, value_name = "SHARE")]
    pub share_of: Option<String>,
    /// As JSON.
    #[arg(long)]
    pub json: bool,
}

fn day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|()| "write a day as YYYY-MM-DD".to_string())
}

fn period(text: &str) -> Result<Period, String> {
    text.parse().map_err(|()| Period::FORMS.to_string())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a scale is above 0 and at most 1".to_string()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=0.5).contains(&rate) => Ok(rate),
        _ => Err("a rate of faults is between 0 and 0.5".to_string()),
    }
}

fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &text[digits.len()..] {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1usize << 30,
        _ => return Err("write a size such as 512MiB or 4GiB".to_string()),
    };
    digits
        .parse::<usize>()
        .ok()
        .and_then(|count| count.checked_mul(factor))
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "write a size such as 512MiB or 4GiB".to_string())
}
