//! How the command fails: one kind for each exit code, each with what to do next.

use std::process::ExitCode;

use catalog::Fault;
use catalog::injection::Injected;
use catalog::workers::WorkerPanicked;
use indicators::CountError;
use ingest::LandError;
use link::LinkError;
use protect::ProtectError;
use warehouse::WarehouseError;

/// Why a verb ended without doing all that was asked.
#[derive(Debug)]
pub enum Failure {
    /// Finished, with failures that were handled and told.
    Handled,
    /// Something in the way: disk, memory, a fault of ours.
    Broken(String),
    /// Asked wrongly.
    Usage(String),
    /// Definitions are unsound.
    Unsound(Vec<Fault>),
    /// A source breaks its contract.
    Contract(Vec<Fault>),
    /// A figure cannot be protected.
    Exposed(String),
    /// A published file is not what it was, or a cell cannot be traced.
    NotReproduced(String),
    /// Another run is at work.
    Locked(String),
    /// A delivery is missing.
    TryLater(String),
    /// Nothing to do.
    Nothing(String),
}

impl Failure {
    /// The exit code, as the documentation of the command gives it.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Handled | Failure::Broken(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Unsound(_) => 3,
            Failure::Contract(_) => 4,
            Failure::Exposed(_) => 5,
            Failure::NotReproduced(_) => 6,
            Failure::Locked(_) => 7,
            Failure::TryLater(_) => 75,
            Failure::Nothing(_) => 99,
        }
    }

    /// Of several editions' outcomes the one that the run ends with: 5, 6, 4, 3, 75, 1 in this order.
    pub fn weight(&self) -> usize {
        const ORDER: [u8; 6] = [5, 6, 4, 3, 75, 1];
        ORDER.iter().position(|code| *code == self.code()).unwrap_or(ORDER.len())
    }

    /// A name of the kind, for programs that read the log.
    pub fn name(&self) -> &'static str {
        match self {
            Failure::Handled => "incomplete",
            Failure::Broken(_) => "internal",
            Failure::Usage(_) => "usage",
            Failure::Unsound(_) => "unsound-definitions",
            Failure::Contract(_) => "contract-broken",
            Failure::Exposed(_) => "not-protected",
            Failure::NotReproduced(_) => "not-reproduced",
            Failure::Locked(_) => "locked",
            Failure::TryLater(_) => "delivery-missing",
            Failure::Nothing(_) => "nothing-to-do",
        }
    }

    /// What to do next, where the kind says it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Failure::Usage(_) => Some("see `liim --help`, or `--help` behind the verb"),
            Failure::NotReproduced(_) => Some("restore the file from a copy, and report it"),
            Failure::Locked(_) => Some("wait until the other run has ended"),
            Failure::TryLater(_) => Some("try again when it is there"),
            _ => None,
        }
    }

    /// The diagnostics that it consists of.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Failure::Unsound(faults) | Failure::Contract(faults) => faults,
            _ => &[],
        }
    }

    /// What happened, in one text; empty where [`Failure::faults`] say it, or where it has been said.
    pub fn message(&self) -> String {
        match self {
            Failure::Handled | Failure::Unsound(_) | Failure::Contract(_) => String::new(),
            Failure::Broken(text)
            | Failure::Usage(text)
            | Failure::Exposed(text)
            | Failure::NotReproduced(text)
            | Failure::Locked(text)
            | Failure::TryLater(text)
            | Failure::Nothing(text) => text.clone(),
        }
    }

    /// What to write on standard error, for people.
    pub fn words(&self) -> String {
        match self {
            Failure::Handled | Failure::Nothing(_) => self.message(),
            Failure::Unsound(faults) | Failure::Contract(faults) => {
                let mut text: Vec<String> = faults.iter().map(Fault::to_string).collect();
                if faults.len() > 1 {
                    text.push(format!("{} faults", faults.len()));
                }
                text.join("\n\n")
            }
            _ => format!("error: {}", self.message()),
        }
    }
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> ExitCode {
        ExitCode::from(failure.code())
    }
}

impl From<LandError> for Failure {
    fn from(error: LandError) -> Failure {
        match error {
            LandError::Faults(faults) => Failure::Contract(faults),
            other => Failure::Broken(format!("failed to land a delivery: {other}")),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Failure {
        Failure::Broken(format!("failed to link: {error}"))
    }
}

impl From<WorkerPanicked> for Failure {
    fn from(error: WorkerPanicked) -> Failure {
        Failure::Broken(error.to_string())
    }
}

impl From<Injected> for Failure {
    fn from(error: Injected) -> Failure {
        Failure::Broken(error.to_string())
    }
}

impl From<ProtectError> for Failure {
    fn from(error: ProtectError) -> Failure {
        Failure::Broken(format!("failed to protect: {error}"))
    }
}

impl From<CountError> for Failure {
    fn from(error: CountError) -> Failure {
        match error {
            CountError::Faults(faults) => Failure::Unsound(faults),
            CountError::Warehouse(error) => error.into(),
        }
    }
}

impl From<WarehouseError> for Failure {
    fn from(error: WarehouseError) -> Failure {
        match error {
            WarehouseError::Locked(_) => Failure::Locked(format!("{error}; wait for it, or see who holds it")),
            WarehouseError::Faults(faults) => Failure::Unsound(faults),
            WarehouseError::Altered { .. } => Failure::NotReproduced(error.to_string()),
            // `Unsafe` is something in the way: a person must see to it before anything is read.
            WarehouseError::NoEdition(_) => Failure::Usage(format!("{error}; `liim editions` lists what is")),
            other => Failure::Broken(other.to_string()),
        }
    }
}
