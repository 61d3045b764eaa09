//! The parts of a workbook: a zip of XML, of which each part may be no larger than a workbook's can be.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use quick_xml::events::Event;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::xml::{Xml, attribute};
use crate::LandError;
use crate::sniff;
use crate::unwrap::{Broken, Limited, MOST_RATIO, file_fault, open_regular, readable};

/// The most that a part may unpack to: of sheets a million rows, of strings what is kept in memory, of anything else little.
const MOST_OF_SHEET: u64 = 4 << 30;
const MOST_OF_STRINGS: u64 = 512 << 20;
const MOST_OF_OTHERS: u64 = 16 << 20;
/// A small part may unpack to this much whatever its ratio.
const FREE_BYTES: u64 = 4 << 20;
/// Strings that are kept: their text together, and how many.
const MOST_TEXT: usize = 128 << 20;
const MOST_STRINGS: usize = 8 << 20;
/// An Office program has at most 65,490 formats, and nobody that many sheets.
const MOST_FORMATS: usize = 65_536;
const MOST_SHEETS: usize = 4_096;

/// A workbook that has been opened.
pub(crate) struct Package {
    archive: ZipArchive<BufReader<File>>,
    length: u64,
    shown: String,
}

/// A part that is being read.
pub(crate) type Part<'p> = Xml<Limited<ZipFile<'p, BufReader<File>>>>;

/// What the workbook says of itself.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// Sheets by name, with the part that each is in.
    pub(crate) sheets: Vec<(String, String)>,
    /// No result of a formula was calculated by the program that wrote the file: it asks the next to do so.
    pub(crate) uncalculated: bool,
    strings: Option<String>,
    styles: Option<String>,
}

/// The strings that cells refer to, one after the other in one text.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// The string of a number.
    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        self.text.get(start..end)
    }
}

impl Package {
    /// Opens a workbook.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is another thing than a workbook, or is protected by a password.
    pub(crate) fn open(path: &Path, shown: &str) -> Result<Package, LandError> {
        let (file, length) = open_regular(path, shown)?;
        let mut file = BufReader::with_capacity(1 << 16, file);
        let head = file.fill_buf().map_err(|error| LandError::io(shown, error))?;
        if head.is_empty() {
            return Err(file_fault(shown, "S19", "the file is empty", "ask for the delivery again"));
        }
        if head.starts_with(b"\xd0\xcf\x11\xe0") {
            return Err(older_office(&mut file, shown));
        }
        if !head.starts_with(b"PK") {
            let hint = "ask for a workbook (.xlsx); another file is none under its name";
            return Err(match sniff::form(head).or_else(|| sniff::text_form(head)) {
                Some(form) => file_fault(shown, "S82", format!("the file is no workbook: it is {form}"), hint),
                None => file_fault(shown, "S21", "not a whole workbook", hint),
            });
        }
        let archive = ZipArchive::new(file).map_err(|_| {
            let hint = "the delivery was cut off or is of another form; ask for it again";
            file_fault(shown, "S21", "not a whole workbook", hint)
        })?;
        Ok(Package { archive, length, shown: shown.to_string() })
    }

    /// A part of the workbook, or `None` where it has no such part; `words` says which in messages.
    fn part(&mut self, name: &str, words: &str, most: u64) -> Result<Option<Part<'_>>, LandError> {
        let shown = if words.is_empty() { self.shown.clone() } else { format!("{}, {words}", self.shown) };
        let Some(at) = self.position(name) else { return Ok(None) };
        let damaged =
            || file_fault(&shown, "S21", "not a whole workbook", "the workbook was damaged; ask for it again");
        {
            let raw = self.archive.by_index_raw(at).map_err(|_| damaged())?;
            readable(raw.encrypted(), raw.compression(), &shown)?;
        }
        let member = self.archive.by_index(at).map_err(|_| damaged())?;
        let packed = member.compressed_size().min(self.length);
        let most = packed.saturating_mul(MOST_RATIO).max(FREE_BYTES).min(most);
        let declared = Some(member.size());
        Ok(Some(Xml::new(Limited { inner: member, given: 0, most, declared }, shown)))
    }

    /// Names of parts are compared without regard to case, as the Open Packaging Conventions have it.
    fn position(&self, name: &str) -> Option<usize> {
        self.archive.index_for_name(name).or_else(|| {
            (0..self.archive.len()).find(|at| {
                let own = self.archive.name_for_index(*at).and_then(Result::ok);
                own.is_some_and(|own| own.replace('\\', "/").eq_ignore_ascii_case(name))
            })
        })
    }

    /// Reads what the workbook says of its sheets and strings.
    pub(crate) fn book(&mut self) -> Result<Book, LandError> {
        let main = self.relations("_rels/.rels", "")?;
        let main = main.into_values().find(|(kind, _)| kind.ends_with("/officeDocument"));
        let main = main.map_or_else(|| "xl/workbook.xml".to_string(), |(_, target)| target);
        if main.ends_with(".bin") {
            let hint = "ask for a workbook of the usual form (.xlsx)";
            return Err(file_fault(&self.shown, "S82", "the file is a binary workbook (.xlsb)", hint));
        }
        let (folder, name) = main.rsplit_once('/').unwrap_or(("", &main));
        let beside = format!("{folder}/_rels/{name}.rels");
        let relations = self.relations(beside.trim_start_matches('/'), folder)?;
        let target = |ending: &str| {
            relations.values().find(|(kind, _)| kind.ends_with(ending)).map(|(_, target)| target.clone())
        };
        let mut book = Book { strings: target("/sharedStrings"), styles: target("/styles"), ..Book::default() };
        if self.position(&main).is_none() {
            return Err(self.no_workbook());
        }
        let Some(mut xml) = self.part(&main, "", MOST_OF_OTHERS)? else { return Ok(book) };
        loop {
            match xml.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "sheet" => {
                        let id = attribute(&element, "id").unwrap_or_default();
                        let part = relations.get(&id).map(|(_, target)| target.clone());
                        let named = attribute(&element, "name").zip(part);
                        book.sheets.extend(named);
                    }
                    "calcPr" => {
                        let asked = attribute(&element, "fullCalcOnLoad");
                        book.uncalculated = asked.is_some_and(|asked| asked == "1" || asked == "true");
                    }
                    _ => {}
                },
                Event::Eof => return Ok(book),
                _ => {}
            }
            if book.sheets.len() > MOST_SHEETS {
                return Err(xml.damaged());
            }
        }
    }

    fn no_workbook(&self) -> LandError {
        let hint = "ask for a workbook (.xlsx)";
        let has = |name: &str| self.archive.index_for_name(name).is_some();
        let is = if has("mimetype") && has("content.xml") {
            "the file is an OpenDocument workbook (.ods)"
        } else if has("[Content_Types].xml") {
            "the file is an Office document and no workbook"
        } else {
            "the file is a zip file without a workbook in it"
        };
        file_fault(&self.shown, "S82", is, hint)
    }

    /// The relations of a part: by their name, the kind and the part that is meant.
    fn relations(&mut self, name: &str, folder: &str) -> Result<HashMap<String, (String, String)>, LandError> {
        let mut found = HashMap::new();
        let Some(mut xml) = self.part(name, "", MOST_OF_OTHERS)? else { return Ok(found) };
        loop {
            match xml.next()? {
                Event::Start(element) if element.local_name().as_ref() == "Relationship" => {
                    let [id, kind, target] = ["Id", "Type", "Target"].map(|name| attribute(&element, name));
                    if let (Some(id), Some(kind), Some(target)) = (id, kind, target) {
                        found.insert(id, (kind, part_name(folder, &target)));
                    }
                }
                Event::Eof => return Ok(found),
                _ => {}
            }
        }
    }

    /// The sheet of a part's name.
    pub(crate) fn sheet(&mut self, part: &str, words: &str) -> Result<Part<'_>, LandError> {
        let missing =
            file_fault(&self.shown, "S21", format!("{words} is named and not there"), "ask for the workbook again");
        self.part(part, words, MOST_OF_SHEET)?.ok_or(missing)
    }

    /// The shared strings.
    pub(crate) fn strings(&mut self, book: &Book) -> Result<Strings, LandError> {
        let mut found = Strings::default();
        let Some(name) = &book.strings else { return Ok(found) };
        let shown = format!("{}, shared strings", self.shown);
        let Some(mut xml) = self.part(name, "shared strings", MOST_OF_STRINGS)? else { return Ok(found) };
        loop {
            let is_string = match xml.next()? {
                Event::Start(element) => element.local_name().as_ref() == "si",
                Event::Eof => return Ok(found),
                _ => false,
            };
            if !is_string {
                continue;
            }
            xml.rich_text_into(&mut found.text)?;
            found.ends.push(found.text.len() as u32);
            if found.text.len() > MOST_TEXT || found.ends.len() > MOST_STRINGS {
                return Err(Broken::fault(&Broken::PartTooLarge.error(), &shown));
            }
        }
    }

    /// Of each format of cells whether it shows a number as a date.
    pub(crate) fn date_formats(&mut self, book: &Book) -> Result<Vec<bool>, LandError> {
        let (mut own, mut found, mut in_cells) = (HashSet::new(), Vec::new(), false);
        let Some(name) = &book.styles else { return Ok(found) };
        let Some(mut xml) = self.part(name, "formats", MOST_OF_OTHERS)? else { return Ok(found) };
        loop {
            match xml.next()? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "numFmt" => {
                        let code = attribute(&element, "formatCode").unwrap_or_default();
                        if is_date_code(&code) {
                            own.extend(attribute(&element, "numFmtId"));
                        }
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let id = attribute(&element, "numFmtId").unwrap_or_default();
                        found.push(own.contains(&id) || id.parse().is_ok_and(is_built_in_date));
                    }
                    _ => {}
                },
                Event::End(element) if element.local_name().as_ref() == "cellXfs" => in_cells = false,
                Event::Eof => return Ok(found),
                _ => {}
            }
            if found.len() > MOST_FORMATS || own.len() > MOST_FORMATS {
                return Err(xml.damaged());
            }
        }
    }
}

/// The name of a part that is named from a folder.
fn part_name(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_string();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Built-in formats of dates and times, from ECMA-376 part 1, 18.8.30, and those of East Asia.
fn is_built_in_date(id: u32) -> bool {
    matches!(id, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Returns whether a format's code shows day, month, year or time, outside quotes and brackets.
fn is_date_code(code: &str) -> bool {
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => drop(letters.by_ref().find(|other| *other == '"')),
            '[' => {
                let inner: String = letters.by_ref().take_while(|other| *other != ']').collect();
                if matches!(inner.to_ascii_lowercase().as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss") {
                    return true;
                }
            }
            '\\' | '_' | '*' => drop(letters.next()),
            ';' => return false,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' | 'j' | 'J' => return true,
            _ => {}
        }
    }
    false
}

/// The fault of a file of Microsoft's compound form: a workbook with a password, or one of an older program. Names of
/// streams are in UTF-16.
fn older_office(file: &mut impl Read, shown: &str) -> LandError {
    const SEARCHED: u64 = 64 << 20;
    let wanted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (mut window, mut piece) = (Vec::new(), vec![0; 1 << 16]);
    let mut left = SEARCHED;
    while left > 0 {
        let got = match file.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) => return LandError::io(shown, error),
        };
        left = left.saturating_sub(got as u64);
        window.extend_from_slice(&piece[..got]);
        if memchr::memmem::find(&window, &wanted).is_some() {
            let hint = "ask for the file without a password, over a way that is safe itself";
            return file_fault(shown, "S83", "the workbook is protected by a password", hint);
        }
        let kept = window.len().saturating_sub(wanted.len());
        window.drain(..kept);
    }
    let hint = "ask for a workbook of the usual form (.xlsx)";
    file_fault(shown, "S82", "the file is of an older Office program (such as .xls)", hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_and_dates_known() {
        assert_eq!(part_name("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(part_name("xl", "/xl/sharedStrings.xml"), "xl/sharedStrings.xml");
        assert_eq!(part_name("xl/a", "../b/./c.xml"), "xl/b/c.xml");
        assert_eq!(part_name("", "../../x"), "x");
        for code in ["dd/mm/yyyy", "[$-813]d mmmm yyyy", "[h]:mm", "h:mm", "jj/mm/aaaa", "m/d/yy h:mm"] {
            assert!(is_date_code(code), "{code}");
        }
        for code in ["0.00", "General", "#,##0.00\\ \"dagen\"", "[Red]0.00", "_-* #,##0.00_-", "0%", "@"] {
            assert!(!is_date_code(code), "{code}");
        }
    }
}
