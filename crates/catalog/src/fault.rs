//! Diagnostics: what a person must mend in YAML, SQL, reference tables or deliveries, with its place.
//!
//! A stage collects all its faults and then stops; nobody should have to mend one, run again and find the next.

use std::fmt;

/// Where a fault is: file, and line and column or row and column name where there are such.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The file, relative to the project.
    pub file: String,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// Position in the line, from 1.
    pub position: Option<u64>,
    /// Name of the column or key.
    pub column: Option<String>,
}

impl Place {
    /// A whole file.
    pub fn file(file: impl Into<String>) -> Place {
        Place { file: file.into(), ..Place::default() }
    }

    /// A line of a file.
    pub fn line(file: impl Into<String>, line: u64) -> Place {
        Place { file: file.into(), line: Some(line), ..Place::default() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        Ok(())
    }
}

/// One fault: a stable code, a sentence, its place, what to do about it.
///
/// Codes: `P` pipeline.yaml, `S` contracts and deliveries, `I` cards and queries, `R` reference tables, `O` origin
/// definitions, `T` tables to be protected and their descriptions. A sentence never holds a value or an identifier of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Place of the fault.
    pub place: Place,
    /// Stable code, such as `S12`.
    pub code: String,
    /// What is wrong: lower-case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault without a hint.
    pub fn new(code: impl Into<String>, place: Place, message: impl Into<String>) -> Fault {
        Fault { place, code: code.into(), message: message.into(), hint: None }
    }

    /// The same fault with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Fault {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}\n  at {}", self.code, self.message, self.place)?;
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The nearest of some known words to what was written, if any is near. Nothing is near to what is longer than any word,
/// and measuring the distance would take long.
pub fn did_you_mean<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .filter(|_| written.len() <= 100)
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, word)| *distance <= 1.max(word.chars().count() / 3))
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_as_a_person_would_want_it() {
        let mut place = Place::line("sources/kbi/2010/contracts.csv", 4182);
        place.column = Some("signed_on".into());
        let fault = Fault::new("S12", place, "date outside the period of the extract")
            .hint("the period is set in sources/kbi/contract.yaml");
        assert_eq!(
            fault.to_string(),
            "error[S12]: date outside the period of the extract\n  at sources/kbi/2010/contracts.csv, line 4182, \
             column signed_on\n  hint: the period is set in sources/kbi/contract.yaml"
        );
    }

    #[test]
    fn near_words_are_offered_and_far_ones_not() {
        let known = ["municipality", "nationality", "sex"];
        assert_eq!(did_you_mean("municpality", known), Some("municipality"));
        assert_eq!(did_you_mean("sx", known), Some("sex"));
        assert_eq!(did_you_mean("income", known), None);
    }
}
