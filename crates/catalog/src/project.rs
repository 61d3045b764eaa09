//! A project folder, read whole and checked: pipeline, contracts, reference tables, origin definitions, cards.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::card::{Card, Cards};
use crate::contract::{ColumnKind, Contract, Extract, ExtractId, Linking, Terms};
use crate::definitions::{UNREADABLE, definitions, identifiers_in, name_of, read_bounded, text, unreadable};
use crate::digest::sha256;
use crate::fault::{Fault, Place, did_you_mean};
use crate::origin::OriginDefinition;
use crate::period::Period;
use crate::pipeline::{Choice, Edition, Pipeline, may_be_published_without};
use crate::plausibility::Rule;
use crate::reference::Reference;

/// Most faults of a project that are listed. Finding the line of each reads its file.
const MAX_FAULTS: usize = 500;

/// Definitions that make an edition: law 7.
#[derive(Debug, Clone)]
pub struct Project {
    /// The project's folder.
    pub root: PathBuf,
    /// `pipeline.yaml`.
    pub pipeline: Pipeline,
    /// Contracts by supplier.
    pub contracts: BTreeMap<String, Contract>,
    /// Reference tables.
    pub reference: Reference,
    /// Origin definitions by id.
    pub origins: BTreeMap<String, OriginDefinition>,
    /// Cards by id.
    pub cards: Cards,
    /// What the figures of an edition keep to.
    pub plausibility: Vec<Rule>,
    /// Every definition file: path within the project, and its bytes.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Project {
    /// Reads and checks a project; all faults at once.
    pub fn load(root: &Path) -> Result<Project, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut files = BTreeMap::new();
        for (folder, depth) in [("sources", 3), ("indicators", 2)] {
            definitions(root, folder, depth, &mut files, &mut faults);
        }
        let is_there = match read_bounded(&root.join("pipeline.yaml")) {
            Ok(bytes) => files.insert("pipeline.yaml".to_string(), bytes).is_none(),
            Err(error) => {
                faults.push(match error.kind() {
                    ErrorKind::NotFound => {
                        Fault::new("P01", Place::file("pipeline.yaml"), "there is no pipeline.yaml in this folder")
                            .hint("go to a project, name one with --project, or make one with `liim init DIR`")
                    }
                    _ => unreadable("pipeline.yaml", &error),
                });
                false
            }
        };
        // What cannot be read would be called missing below.
        if !is_there || faults.iter().any(|fault| fault.code == UNREADABLE) {
            return Err(faults);
        }
        for (file, bytes) in &files {
            faults.extend(identifiers_in(file, bytes));
            faults.extend(name_of(file));
        }
        let (pipeline, found) = match text(&files, "pipeline.yaml", &mut faults) {
            Some(text) => Pipeline::read(&text),
            None => (None, Vec::new()),
        };
        faults.extend(found);

        let reference = {
            let mut unreadable = Vec::new();
            // A table that is there and is no text is a fault of its own, beside that of its absence.
            let not_text = RefCell::new(Vec::new());
            let own = |name: &str| text(&files, &format!("sources/reference/{name}"), &mut not_text.borrow_mut());
            let reference = Reference::read(&own, &mut unreadable);
            faults.extend(unreadable);
            faults.extend(not_text.into_inner());
            reference
        };

        let mut contracts = BTreeMap::new();
        let mut origins = BTreeMap::new();
        let mut cards = Cards::new();
        let mut plausibility = Vec::new();
        for file in files.keys() {
            let parts: Vec<&str> = file.split('/').collect();
            match parts.as_slice() {
                ["sources", supplier, "contract.yaml"] => {
                    let Some(text) = text(&files, file, &mut faults) else { continue };
                    let (contract, found) = Contract::read(file, supplier, &text);
                    faults.extend(found);
                    contracts.extend(contract.map(|contract| (supplier.to_string(), contract)));
                }
                ["sources", "reference", "origin", name] if name.ends_with(".yaml") => {
                    let Some(text) = text(&files, file, &mut faults) else { continue };
                    let (origin, found) = OriginDefinition::read(file, &text);
                    faults.extend(found);
                    origins.extend(origin.map(|origin| (origin.id.clone(), origin)));
                }
                ["indicators", "plausibility.yaml"] => {
                    let Some(text) = text(&files, file, &mut faults) else { continue };
                    let (rules, found) = Rule::read(file, &text);
                    faults.extend(found);
                    plausibility = rules;
                }
                ["indicators", theme, name] if name.ends_with(".yaml") => {
                    let id = name.trim_end_matches(".yaml");
                    let query = format!("indicators/{theme}/{id}.sql");
                    if !files.contains_key(&query) {
                        let message = format!("the card has no query `{id}.sql` beside it");
                        faults.push(Fault::new("I01", Place::file(file), message));
                        continue;
                    }
                    let Some(sql) = text(&files, &query, &mut faults) else { continue };
                    let Some(text) = text(&files, file, &mut faults) else { continue };
                    let (card, found) = Card::read(file, theme, id, &text, &sql);
                    faults.extend(found);
                    if let Some(card) = card
                        && let Some(other) = cards.insert(id.to_string(), card)
                    {
                        faults.push(Fault::new(
                            "I07",
                            Place::file(file),
                            format!("indicator `{id}` also stands at {}", other.file),
                        ));
                    }
                }
                _ => {}
            }
        }
        let known_broken = !faults.is_empty();
        let Some(pipeline) = pipeline else {
            faults.sort();
            return Err(faults);
        };
        let project =
            Project { root: root.to_path_buf(), pipeline, contracts, reference, origins, cards, plausibility, files };
        project.check(known_broken, &mut faults);
        if faults.is_empty() {
            Ok(project)
        } else {
            faults.sort();
            faults.dedup();
            Err(faults)
        }
    }

    /// An extract by id.
    pub fn extract(&self, id: &ExtractId) -> Option<&Extract> {
        self.contracts.get(&id.supplier)?.extracts.iter().find(|extract| extract.id == *id)
    }

    /// Who may read the figures of an extract, as its contract says.
    fn terms(&self, id: &ExtractId) -> Option<Terms> {
        self.contracts.get(&id.supplier).map(|contract| contract.terms)
    }

    /// The extracts that an edition counts, that everybody may read, and that pipeline.yaml protects all the same: their
    /// figures are withheld for nothing.
    pub fn needlessly_protected(&self) -> Vec<&ExtractId> {
        let choices = self.pipeline.editions.iter().flat_map(|edition| &edition.indicators);
        let counted = choices.filter_map(|choice| self.card(choice)).map(|card| &card.source);
        let mut found: Vec<&ExtractId> = counted
            .filter(|id| self.terms(id) == Some(Terms::FreeUse) && !self.pipeline.protection.of(id).public)
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// An extract as it is delivered for a period; nothing where no contract has it, or no layout is of the period.
    pub fn extract_for(&self, id: &ExtractId, period: Period) -> Option<&Extract> {
        self.extract(id)?.for_period(period)
    }

    /// All extracts, in order.
    pub fn extracts(&self) -> impl Iterator<Item = &Extract> {
        self.contracts.values().flat_map(|contract| contract.extracts.iter())
    }

    /// The card of an edition's choice; checking has made sure that there is one.
    pub fn card(&self, choice: &Choice) -> Option<&Card> {
        self.cards.get(&choice.indicator)
    }

    /// The origin definition that an indicator uses in an edition.
    pub fn origin_of(&self, choice: &Choice) -> Option<&OriginDefinition> {
        let id = choice.origin.as_ref().or(self.card(choice)?.origin.as_ref())?;
        self.origins.get(id)
    }

    /// Digests of the definition files that determine an edition, pipeline.yaml as a whole left out.
    pub fn definitions_of(&self, edition: &Edition) -> BTreeMap<String, String> {
        let mut wanted: Vec<String> = Vec::new();
        for choice in &edition.indicators {
            let Some(card) = self.card(choice) else { continue };
            wanted.extend([card.file.clone(), card.sql_file.clone()]);
        }
        let used = |file: &str| -> bool {
            if wanted.iter().any(|own| own == file) {
                return true;
            }
            let parts: Vec<&str> = file.split('/').collect();
            match parts.as_slice() {
                ["sources", "reference", "README.md"] => false,
                ["sources", "reference", ..] | ["sources", _, "contract.yaml"] => true,
                _ => false,
            }
        };
        let mut digests: BTreeMap<String, String> = self
            .files
            .iter()
            .filter(|(file, _)| used(file))
            .map(|(file, bytes)| (file.clone(), sha256(bytes)))
            .collect();
        // Of pipeline.yaml only what this edition and the protection say, so that a new edition leaves the old ones be.
        let own = format!("{:?} {:?} {:?}", edition, self.pipeline.protection, self.pipeline.clusters);
        digests.insert(format!("pipeline.yaml, edition {}", edition.id), sha256(own.as_bytes()));
        digests
    }

    fn check(&self, known_broken: bool, faults: &mut Vec<Fault>) {
        for rule in &self.plausibility {
            for unknown in rule.indicators().into_iter().filter(|id| !known_broken && !self.cards.contains_key(*id)) {
                let fault = Fault::new("I09", rule.place.clone(), format!("no card has the id `{unknown}`"));
                let near = did_you_mean(unknown, self.cards.keys().map(String::as_str));
                faults.push(match near {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault,
                });
            }
        }
        for rule in &self.plausibility {
            for (card, unknown, codes) in rule.codes().into_iter().filter_map(|(indicator, dimension, code)| {
                let card = self.cards.get(indicator)?;
                let codes = card.codes(dimension);
                (!codes.contains(&code)).then_some((card, code, codes))
            }) {
                let message = format!("the card `{}` does not have `{unknown}`", card.id);
                let fault = Fault::new("I09", rule.place.clone(), message);
                faults.push(match did_you_mean(unknown, codes.iter().copied()) {
                    Some(near) => fault.hint(format!("did you mean `{near}`?")),
                    None => fault,
                });
            }
        }
        let mut fault = |code: &str, file: &str, message: String, hint: String| {
            if faults.len() >= MAX_FAULTS {
                return;
            }
            let fault = Fault::new(code, self.line_of(file, &message), message);
            faults.push(if hint.is_empty() { fault } else { fault.hint(hint) });
        };
        let near = |word: &str, known: Vec<&str>| {
            did_you_mean(word, known).map(|word| format!("did you mean `{word}`?")).unwrap_or_default()
        };
        let pipeline = &self.pipeline;
        for scheme in pipeline.clusters.iter().filter(|scheme| !self.reference.cluster_schemes.contains(scheme)) {
            let known = self.reference.cluster_schemes.iter().map(String::as_str).collect();
            let message = format!("cluster scheme `{scheme}` is not in clusters.csv");
            fault("P12", "pipeline.yaml", message, near(scheme, known));
        }
        for (source, rule) in &pipeline.protection.sources {
            if self.extract(source).is_none() && !known_broken {
                fault("P13", "pipeline.yaml", format!("no contract describes `{source}`"), String::new());
            }
            if rule.public && self.terms(source) == Some(Terms::Confidential) {
                fault(
                    "P19",
                    "pipeline.yaml",
                    format!("`{source}` is called public, and its contract says that it is confidential"),
                    format!("see `terms` in sources/{}/contract.yaml", source.supplier),
                );
            }
        }
        for edition in &pipeline.editions {
            for source in &edition.publish_without {
                let linking = self.extract(source).map(|extract| &extract.linking);
                if !may_be_published_without(linking) {
                    let hint = "persons cannot be linked without it, and every figure about them would be wrong";
                    fault(
                        "P17",
                        "pipeline.yaml",
                        format!("edition {} may not be published without `{source}`", edition.id),
                        hint.to_string(),
                    );
                }
            }
            for choice in &edition.indicators {
                let Some(card) = self.card(choice) else {
                    if !known_broken
                        || !self.files.keys().any(|file| file.ends_with(&format!("/{}.yaml", choice.indicator)))
                    {
                        let known = self.cards.keys().map(String::as_str).collect();
                        fault(
                            "P14",
                            "pipeline.yaml",
                            format!("no card describes `{}`", choice.indicator),
                            near(&choice.indicator, known),
                        );
                    }
                    continue;
                };
                for period in choice.periods.iter().filter(|period| period.kind() != card.period) {
                    fault(
                        "P15",
                        "pipeline.yaml",
                        format!("`{}` is not counted for a period like `{period}`", choice.indicator),
                        format!("see `period` in {}", card.file),
                    );
                }
                if let Some(origin) = &choice.origin
                    && !self.origins.contains_key(origin)
                {
                    fault(
                        "P16",
                        "pipeline.yaml",
                        format!("there is no origin definition `{origin}`"),
                        near(origin, self.origins.keys().map(String::as_str).collect()),
                    );
                }
            }
        }
        for card in self.cards.values() {
            for read in &card.reads {
                if self.extract(&read.extract).is_none() && !known_broken {
                    let all: Vec<String> = self.extracts().map(|extract| extract.id.to_string()).collect();
                    let written = read.extract.to_string();
                    fault(
                        "I12",
                        &card.file,
                        format!("no contract describes `{written}`"),
                        near(&written, all.iter().map(String::as_str).collect()),
                    );
                }
            }
            if let Some(groups) = &card.groups {
                match self.reference.schemes.get(&groups.scheme) {
                    None => fault(
                        "I14",
                        &card.file,
                        format!("there is no group scheme `{}`", groups.scheme),
                        near(&groups.scheme, self.reference.schemes.keys().map(String::as_str).collect()),
                    ),
                    Some(scheme) => {
                        for code in groups.codes.iter().filter(|code| scheme.position(code).is_none()) {
                            let known = scheme.groups.iter().map(|group| group.code.as_str()).collect();
                            fault(
                                "I14",
                                &card.file,
                                format!("`{code}` is not a group of {}", groups.scheme),
                                near(code, known),
                            );
                        }
                        for (whole, missing) in scheme.gaps(&groups.codes) {
                            fault(
                                "I14",
                                &card.file,
                                format!("`{missing}` is not there, and others of `{whole}` are"),
                                "a rest of few persons could be worked out: name all groups of one, or none".into(),
                            );
                        }
                    }
                }
            }
            for origin in
                card.origin.iter().chain(&card.definitions).filter(|origin| !self.origins.contains_key(*origin))
            {
                fault(
                    "I15",
                    &card.file,
                    format!("there is no origin definition `{origin}`"),
                    near(origin, self.origins.keys().map(String::as_str).collect()),
                );
            }
        }
        for origin in self.origins.values() {
            let Some((scheme_name, groups)) = &origin.counts_as_belgian else { continue };
            let file = format!("sources/reference/origin/{}.yaml", origin.id);
            let Some(scheme) = self.reference.schemes.get(scheme_name) else {
                let known = self.reference.schemes.keys().map(String::as_str).collect();
                fault("O14", &file, format!("there is no group scheme `{scheme_name}`"), near(scheme_name, known));
                continue;
            };
            for code in groups.iter().filter(|code| scheme.position(code).is_none()) {
                let known = scheme.groups.iter().map(|group| group.code.as_str()).collect();
                fault("O14", &file, format!("`{code}` is not a group of {scheme_name}"), near(code, known));
            }
        }
        let mut tables: BTreeMap<String, &ExtractId> = BTreeMap::new();
        for extract in self.extracts() {
            if let Some(other) = tables.insert(extract.id.table(), &extract.id) {
                let message =
                    format!("`{}` and `{other}` have one name in queries: {}", extract.id, extract.id.table());
                fault("S10", &extract.file, message, "give one of the two another name".into());
            }
        }
        for card in self.cards.values() {
            for (extract, column) in self.columns_without_floor(card) {
                let message = format!("`{column}` may be empty, `{}` counts by it, and it has no floor", card.id);
                let hint = format!("add `floors: {{ filled: {{ {column}: 0.5 }} }}` to {}", extract.id);
                fault("S61", &extract.file, message, hint);
            }
        }
        let coded = |extract: &Extract, person: &str| {
            extract.column(person).is_some_and(|at| extract.columns[at].kind == ColumnKind::Coded)
        };
        let persons = |wanted: bool| {
            let is = |extract: &Extract, person: &str| coded(extract, person) == wanted;
            self.extracts().any(|own| matches!(&own.linking, Linking::Persons { person, .. } if is(own, person)))
        };
        let (numbered, pseudonymous) = (persons(false), persons(true));
        for extract in self.extracts() {
            // Without a key, pseudonyms only meet pseudonyms.
            if let Linking::Facts { person, key: None, .. } = &extract.linking
                && numbered
                && coded(extract, person)
            {
                fault(
                    "S13",
                    &extract.file,
                    format!("`{person}` is a pseudonym, and the register's persons have numbers"),
                    "name the extract that turns the one into the other as `key`".into(),
                );
            }
            if let Linking::Facts { key: Some(key), .. } = &extract.linking {
                if pseudonymous {
                    fault(
                        "S13",
                        &extract.file,
                        format!("`{key}` turns pseudonyms into numbers, and the register's persons have pseudonyms"),
                        "leave `key` out where everything comes under the same pseudonyms".into(),
                    );
                }
                let is_key = self.extract(key).is_some_and(|found| matches!(found.linking, Linking::Key { .. }));
                if !is_key {
                    fault("S13", &extract.file, format!("`{key}` is not an extract with role `key`"), String::new());
                }
            }
        }
    }

    /// Columns that a card's query reads, that may be empty, and of which the contract does not say how far: empty
    /// throughout, they would be counted as zero.
    fn columns_without_floor<'p>(&'p self, card: &'p Card) -> impl Iterator<Item = (&'p Extract, &'p str)> {
        card.reads.iter().filter_map(|read| Some((self.extract(&read.extract)?, read))).flat_map(|(extract, read)| {
            let columns = extract.columns.iter().filter(|column| read.columns.contains(&column.name));
            let open = columns.filter(|column| column.may_be_unknown() && extract.floors.of(&column.name).is_none());
            open.map(move |column| (extract, column.name.as_str()))
        })
    }

    /// The line that holds the word between back-quotes of a message, where the file is text of ours.
    fn line_of(&self, file: &str, message: &str) -> Place {
        let word = message.split('`').nth(1).unwrap_or_default();
        let line = self
            .files
            .get(file)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .and_then(|text| text.lines().position(|line| !word.is_empty() && line.contains(word)));
        Place { file: file.to_string(), line: line.map(|at| at as u64 + 1), position: None, column: None }
    }
}
