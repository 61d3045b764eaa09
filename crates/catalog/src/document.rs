//! A YAML document as written, read so that every fault in it is found at once and has a line.
//!
//! `serde_yaml` reads the values; the parser's events give each key and value its line and column. Reading goes
//! through [`Node`], which notes a fault and goes on where a value is missing, misspelt or of the wrong kind.

use std::cell::RefCell;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, Span};
use serde_yaml::Value;

use crate::Day;
use crate::fault::{Fault, Place, did_you_mean};
use crate::period::Period;

/// Most bytes of a YAML file. The greatest of a project has six thousand.
pub const MAX_BYTES: usize = 256 << 10;
/// Most mappings and lists within each other.
const MAX_DEPTH: usize = 32;
/// Most keys, values and items of a YAML file.
const MAX_NODES: usize = 20_000;

/// One YAML file with the faults found in it so far.
pub struct Document {
    file: String,
    letter: char,
    root: Value,
    marks: HashMap<String, (u64, u64)>,
    faults: RefCell<Vec<Fault>>,
}

impl Document {
    /// Reads a file's text. `letter` opens the codes of its faults.
    pub fn read(file: &str, letter: char, text: &str) -> Document {
        let mut faults = Vec::new();
        // Editors on Windows put a byte order mark before the text; it says nothing.
        let text = text.trim_start_matches('\u{feff}');
        let Some(events) = events(file, letter, text, &mut faults) else {
            let (root, marks) = (Value::Null, HashMap::new());
            return Document { file: file.to_string(), letter, root, marks, faults: RefCell::new(faults) };
        };
        let marks = marks(file, letter, &events, &mut faults);
        let root = match serde_yaml::from_str::<Value>(text) {
            Ok(root) => root,
            Err(error) => {
                if faults.is_empty() {
                    let mut place = Place::file(file);
                    if let Some(location) = error.location() {
                        place.line = Some(location.line() as u64);
                        place.position = Some(location.column() as u64);
                    }
                    faults.push(
                        Fault::new(format!("{letter}02"), place, "not well-formed YAML")
                            .hint(error.to_string().lines().next().unwrap_or_default().to_string()),
                    );
                }
                Value::Null
            }
        };
        Document { file: file.to_string(), letter, root, marks, faults: RefCell::new(faults) }
    }

    /// The whole document.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, value: &self.root, path: String::new() }
    }

    /// Whether the text could be read as YAML at all.
    pub fn is_readable(&self) -> bool {
        !self.root.is_null()
    }

    /// The faults found, which ends the reading.
    pub fn into_faults(self) -> Vec<Fault> {
        self.faults.into_inner()
    }

    fn place(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some((line, position)) = self.marks.get(path) {
                return Place { file: self.file.clone(), line: Some(*line), position: Some(*position), column: None };
            }
            match path.rfind('/') {
                Some(at) => path = &path[..at],
                None => return Place::file(&self.file),
            }
        }
    }
}

/// A value in a document, and the way to it.
#[derive(Clone)]
pub struct Node<'d> {
    document: &'d Document,
    value: &'d Value,
    path: String,
}

impl<'d> Node<'d> {
    /// Notes a fault at this value.
    pub fn fault(&self, number: u8, message: impl Into<String>, hint: impl Into<String>) {
        let code = format!("{}{number:02}", self.document.letter);
        let mut fault = Fault::new(code, self.document.place(&self.path), message);
        let hint = hint.into();
        if !hint.is_empty() {
            fault = fault.hint(hint);
        }
        self.document.faults.borrow_mut().push(fault);
    }

    /// Line of this value in its file.
    pub fn place(&self) -> Place {
        self.document.place(&self.path)
    }

    /// Refuses keys that are not among the known ones.
    pub fn keys(&self, known: &[&str]) {
        let Some(mapping) = self.mapping() else { return };
        for key in mapping.keys().filter_map(Value::as_str) {
            if !known.contains(&key) {
                let hint = match did_you_mean(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.child(key, &Value::Null).fault(3, format!("unknown key `{key}`"), hint);
            }
        }
    }

    /// The entries of a mapping in written order.
    pub fn entries(&self) -> Vec<(String, Node<'d>)> {
        let Some(mapping) = self.mapping() else { return Vec::new() };
        mapping
            .iter()
            .filter_map(|(key, value)| {
                let key = match key {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(truth) => truth.to_string(),
                    _ => return None,
                };
                let node = self.child(&key, value);
                Some((key, node))
            })
            .collect()
    }

    /// The value of a key, if it is there.
    pub fn get(&self, key: &str) -> Option<Node<'d>> {
        let value = self.value.as_mapping()?.get(Value::String(key.to_string()))?;
        (!value.is_null()).then(|| self.child(key, value))
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &str) -> Option<Node<'d>> {
        let found = self.get(key);
        if found.is_none() && self.mapping().is_some() {
            self.fault(4, format!("`{key}` is missing"), "");
        }
        found
    }

    /// The items of a list.
    pub fn items(&self) -> Vec<Node<'d>> {
        match self.value.as_sequence() {
            Some(items) => items.iter().enumerate().map(|(at, value)| self.child(&at.to_string(), value)).collect(),
            None => {
                self.fault(5, "a list is expected here", "");
                Vec::new()
            }
        }
    }

    /// The items of a list, or the one value where there is no list.
    pub fn each(&self) -> Vec<Node<'d>> {
        if self.value.is_sequence() { self.items() } else { vec![self.clone()] }
    }

    /// A text. Numbers are refused: a code such as 02000 must be quoted, or its zero is lost.
    pub fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) => {
                self.fault(5, "a text is expected here, not a number", "put it in quotes");
                None
            }
            _ => {
                self.fault(5, "a text is expected here", "");
                None
            }
        }
    }

    /// A whole number of at least zero.
    pub fn count(&self) -> Option<u64> {
        let found = self.value.as_u64();
        if found.is_none() {
            self.fault(5, "a whole number is expected here", "");
        }
        found
    }

    /// A number.
    pub fn number(&self) -> Option<f64> {
        let found = self.value.as_f64();
        if found.is_none() {
            self.fault(5, "a number is expected here", "");
        }
        found
    }

    /// `true` or `false`.
    pub fn truth(&self) -> Option<bool> {
        let found = self.value.as_bool();
        if found.is_none() {
            self.fault(5, "`true` or `false` is expected here", "");
        }
        found
    }

    /// A day, `YYYY-MM-DD`.
    pub fn day(&self) -> Option<Day> {
        let text = self.text()?;
        let day = text.parse().ok();
        if day.is_none() {
            self.fault(5, format!("`{text}` is not a day"), "write YYYY-MM-DD");
        }
        day
    }

    /// A reference period.
    pub fn period(&self) -> Option<Period> {
        let text = self.text()?;
        let period = text.parse().ok();
        if period.is_none() {
            self.fault(5, format!("`{text}` is not a period"), Period::FORMS);
        }
        period
    }

    /// One of some words, each with the value it stands for.
    pub fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let hint = match did_you_mean(&text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of: {}", known.join(", ")),
            };
            self.fault(6, format!("`{text}` is not known here"), hint);
        }
        found
    }

    /// Whether this is a mapping.
    pub fn is_mapping(&self) -> bool {
        self.value.is_mapping()
    }

    /// Whether this is a plain text.
    pub fn is_text(&self) -> bool {
        self.value.is_string()
    }

    fn mapping(&self) -> Option<&'d serde_yaml::Mapping> {
        let found = self.value.as_mapping();
        if found.is_none() {
            self.fault(5, "keys with values are expected here", "");
        }
        found
    }

    fn child(&self, key: &str, value: &'d Value) -> Node<'d> {
        Node { document: self.document, value, path: format!("{}/{key}", self.path) }
    }
}

/// Whether a text is YAML within the bounds of a definition; what is not is one fault.
pub fn is_bounded(file: &str, letter: char, text: &str, faults: &mut Vec<Fault>) -> bool {
    events(file, letter, text, faults).is_some()
}

/// The events of a text that is well-formed YAML, small and flat enough to be read, and stands for no more than what is
/// written in it: with `&` and `*` a short text could stand for a huge value. Returns `None`, with one fault, for any other.
/// Nothing here recurses, and parsing ends where the text passes a bound.
fn events<'t>(file: &str, letter: char, text: &'t str, faults: &mut Vec<Fault>) -> Option<Vec<(Event<'t>, Span)>> {
    let mut refuse = |at: Option<&Marker>, message: String, hint: &str| {
        let place = Place {
            file: file.to_string(),
            line: at.map(|marker| marker.line() as u64),
            position: at.map(|marker| marker.col() as u64 + 1),
            column: None,
        };
        faults.push(Fault::new(format!("{letter}02"), place, message).hint(hint));
        None
    };
    if text.len() > MAX_BYTES {
        let message = format!("{} bytes, where a definition has at most {MAX_BYTES}", text.len());
        return refuse(None, message, "divide it, or see whether another file was put in its place");
    }
    let mut found = Vec::new();
    let (mut depth, mut nodes) = (0, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = match event {
            Ok(event) => event,
            Err(error) => return refuse(Some(error.marker()), "not well-formed YAML".to_string(), error.info()),
        };
        let at = Some(&span.start);
        let anchor = match &event {
            Event::MappingStart(anchor, _) | Event::SequenceStart(anchor, _) => {
                depth += 1;
                *anchor
            }
            Event::Scalar(_, _, anchor, _) | Event::Alias(anchor) => *anchor,
            Event::MappingEnd | Event::SequenceEnd => {
                depth -= 1;
                0
            }
            _ => 0,
        };
        nodes += 1;
        if anchor != 0 {
            return refuse(at, "`&` and `*` are not used in definitions".to_string(), "write the value out");
        }
        if depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} mappings and lists within each other");
            return refuse(at, message, "no definition is as deep");
        }
        if nodes > MAX_NODES {
            return refuse(at, format!("more than {MAX_NODES} keys and values"), "divide the file");
        }
        found.push((event, span));
    }
    Some(found)
}

/// Line and column of every key and item, by the way to it; duplicate keys become faults.
fn marks(
    file: &str,
    letter: char,
    events: &[(Event<'_>, Span)],
    faults: &mut Vec<Fault>,
) -> HashMap<String, (u64, u64)> {
    enum Level {
        Map { path: String, key: Option<String> },
        List { path: String, next: usize },
    }
    let mut marks = HashMap::new();
    let mut levels: Vec<Level> = Vec::new();
    for (event, span) in events {
        let at = (span.start.line() as u64, span.start.col() as u64 + 1);
        // The way to the value that begins here; a scalar in key position only sets the key.
        let mut way = None;
        let opens = matches!(event, Event::MappingStart(..) | Event::SequenceStart(..));
        if opens || matches!(event, Event::Scalar(..) | Event::Alias(_)) {
            match levels.last_mut() {
                None => way = Some(String::new()),
                Some(Level::List { path, next }) => {
                    let item = format!("{path}/{next}");
                    *next += 1;
                    marks.insert(item.clone(), at);
                    way = Some(item);
                }
                Some(Level::Map { path, key }) => match key.take() {
                    Some(name) => way = Some(format!("{path}/{name}")),
                    None => {
                        if let Event::Scalar(name, ..) = event {
                            let entry = format!("{path}/{name}");
                            if marks.insert(entry, at).is_some() {
                                let place = Place {
                                    file: file.to_string(),
                                    line: Some(at.0),
                                    position: Some(at.1),
                                    column: None,
                                };
                                faults.push(Fault::new(
                                    format!("{letter}07"),
                                    place,
                                    format!("`{name}` is written twice"),
                                ));
                            }
                            *key = Some(name.to_string());
                        }
                    }
                },
            }
        }
        match event {
            Event::MappingStart(..) => {
                levels.push(Level::Map { path: way.unwrap_or_default(), key: None });
            }
            Event::SequenceStart(..) => {
                levels.push(Level::List { path: way.unwrap_or_default(), next: 0 });
            }
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
            }
            _ => {}
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_of_a_document_are_found_at_once_with_their_lines() {
        let text = "id: a\ntitel: x\nlist:\n  - 1\n  - code: 11002\nday: 2011-02-30\n";
        let document = Document::read("card.yaml", 'I', text);
        let root = document.root();
        root.keys(&["id", "title", "list", "day"]);
        assert_eq!(root.need("id").and_then(|node| node.text()).as_deref(), Some("a"));
        root.need("title");
        let items = root.need("list").unwrap().items();
        items[0].text();
        items[1].need("code").unwrap().text();
        root.need("day").unwrap().day();
        let faults: Vec<String> = document
            .into_faults()
            .iter()
            .map(|fault| format!("{} {} {}", fault.code, fault.place.line.unwrap_or(0), fault.message))
            .collect();
        assert_eq!(
            faults,
            [
                "I03 2 unknown key `titel`",
                "I04 0 `title` is missing",
                "I05 4 a text is expected here, not a number",
                "I05 5 a text is expected here, not a number",
                "I05 6 `2011-02-30` is not a day",
            ]
        );
    }

    #[test]
    fn a_key_written_twice_is_named_with_its_second_line() {
        let document = Document::read("p.yaml", 'P', "a: 1\nb: 2\na: 3\n");
        let faults = document.into_faults();
        assert_eq!(faults.len(), 1);
        assert_eq!((faults[0].code.as_str(), faults[0].place.line), ("P07", Some(3)));
    }

    #[test]
    fn broken_syntax_is_one_fault_with_its_line() {
        let document = Document::read("p.yaml", 'P', "a: [1, 2\nb: 3\n");
        assert!(!document.is_readable());
        let faults = document.into_faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].code, "P02");
        assert!(faults[0].place.line.is_some());
    }

    fn only_fault(text: &str) -> Fault {
        let begun = std::time::Instant::now();
        let document = Document::read("p.yaml", 'P', text);
        assert!(!document.is_readable());
        let faults = document.into_faults();
        assert!(begun.elapsed().as_secs() < 2, "{} bytes took {:?}", text.len(), begun.elapsed());
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].code, "P02");
        faults[0].clone()
    }

    #[test]
    fn a_text_that_is_deep_or_huge_or_stands_for_more_than_is_written_is_one_fault_at_once() {
        let huge = only_fault(&"a: b\n".repeat(1 << 20));
        assert!(huge.message.contains("5242880 bytes, where a definition has at most 262144"), "{huge}");
        for (open, line) in [("[", 1), ("{a: ", 1), ("- ", 1), ("a:\n - ", 17)] {
            let mut text = String::new();
            for depth in 0..20_000 {
                if open.contains('\n') {
                    text += &open.replace('\n', &format!("\n{}", "  ".repeat(depth)));
                } else {
                    text += open;
                }
                if text.len() > MAX_BYTES - 100_000 {
                    break;
                }
            }
            let fault = only_fault(&text);
            // The parser reads ahead in what stands between brackets, and has a bound of its own there.
            let bounds = ["more than 32 mappings and lists", "not well-formed YAML"];
            assert!(bounds.iter().any(|bound| fault.message.contains(bound)), "{open:?}: {fault}");
            assert_eq!(fault.place.line, Some(line), "{open:?}");
        }
        let wide = only_fault(&"- 1\n".repeat(MAX_NODES + 1));
        assert!(wide.message.contains("more than 20000 keys and values"), "{wide}");
        let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
        assert!(only_fault(laughs).message.contains("`&` and `*` are not used"));
        assert_eq!(only_fault("a: 1\nb: *a\n").place.line, Some(2), "an alias of nothing");
    }
}
