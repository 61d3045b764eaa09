//! A page as a reader's program sees it: its tables, its bars, and all other text, read from the HTML and not from what
//! made it.

use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};

/// A figure in a table, with what the page says that it is a figure of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Figure {
    /// Card id.
    pub(crate) indicator: String,
    /// Reference period.
    pub(crate) period: String,
    /// What shares are of.
    pub(crate) share_of: String,
    /// Codes of sex, age, group and details, with a blank between.
    pub(crate) codes: String,
    /// Class and code of the area.
    pub(crate) area: String,
    /// `value`, `share` or `mean`.
    pub(crate) what: String,
    /// What stands there.
    pub(crate) text: String,
    /// What is said beside it.
    pub(crate) beside: String,
    /// How it looks.
    pub(crate) look: String,
}

/// Bars: their texts, and the place and width of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bars {
    /// Card id.
    pub(crate) indicator: String,
    /// Reference period.
    pub(crate) period: String,
    /// Group.
    pub(crate) group: String,
    /// Names and numbers with their places from the left, in the order in which they stand.
    pub(crate) texts: Vec<(String, String)>,
    /// Widths.
    pub(crate) widths: Vec<String>,
    /// What is said in their place to who does not see them.
    pub(crate) spoken: String,
}

/// A page taken apart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// Figures in tables.
    pub(crate) figures: Vec<Figure>,
    /// Bars.
    pub(crate) bars: Vec<Bars>,
    /// Texts about the link.
    pub(crate) link: Vec<String>,
    /// The style sheet.
    pub(crate) style: String,
    /// All other texts and attributes, and of tables the codes of their rows, in the order in which they stand.
    pub(crate) rest: Vec<String>,
    /// What a page does not have: comments, scripts, unknown attributes.
    pub(crate) odd: Vec<String>,
}

/// Attributes that say how something looks or where it is.
const PLAIN: [&str; 14] = [
    "charset", "class", "content", "fill", "height", "href", "id", "lang", "name", "role", "scope", "viewbox", "x", "y",
];
/// Attributes that are read by themselves.
const READ: [&str; 10] = [
    "aria-label",
    "data-area",
    "data-codes",
    "data-figure",
    "data-group",
    "data-indicator",
    "data-period",
    "data-share-of",
    "title",
    "width",
];
/// Elements of a page.
const ELEMENTS: [&str; 35] = [
    "a", "abbr", "article", "body", "br", "caption", "details", "figure", "footer", "h1", "h2", "h3", "head", "header",
    "html", "main", "meta", "nav", "p", "rect", "section", "strong", "style", "summary", "svg", "table", "tbody", "td",
    "text", "th", "thead", "title", "tr", "ul", "li",
];

/// The section about the link.
const LINK: &str = "koppeling";

type Attributes = BTreeMap<String, String>;

/// Where in a page reading is.
#[derive(Default)]
struct Place {
    /// Attributes of the table, the figure and the row that are open.
    table: Option<Attributes>,
    bars: Option<Bars>,
    row: Option<String>,
    /// Area and kind of each column of figures.
    columns: Vec<(String, String)>,
    column: usize,
    cell: Option<Figure>,
    in_link: bool,
    in_head_row: bool,
    in_style: bool,
}

/// Reads a page.
pub(crate) fn read(html: &str) -> Reading {
    let mut found = Reading::default();
    let mut place = Place::default();
    for token in Tokenizer::new(html) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                let attributes: Attributes = tag
                    .attributes
                    .iter()
                    .map(|(name, value)| {
                        (String::from_utf8_lossy(name).to_lowercase(), String::from_utf8_lossy(value).into_owned())
                    })
                    .collect();
                open(&name, attributes, &mut place, &mut found);
            }
            Token::EndTag(tag) => close(&String::from_utf8_lossy(&tag.name), &mut place, &mut found),
            Token::String(text) => tell(&String::from_utf8_lossy(&text), &mut place, &mut found),
            Token::Comment(_) => found.odd.push("a comment".into()),
            Token::Doctype(_) => {}
            Token::Error(_) => found.odd.push("broken HTML".into()),
        }
    }
    found
}

fn open(name: &str, attributes: Attributes, place: &mut Place, found: &mut Reading) {
    if !ELEMENTS.contains(&name) {
        found.odd.push("an element that a page does not have".into());
    }
    let of = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    for (attribute, value) in &attributes {
        if !PLAIN.contains(&attribute.as_str()) && !READ.contains(&attribute.as_str()) {
            found.odd.push("an attribute that a page does not have".into());
        }
        // Bars, figures and the link are read by themselves; all else is the same on every page.
        let own = place.in_link || value == LINK || ["figure", "td", "abbr"].contains(&name);
        if place.bars.is_none() && !own && PLAIN.contains(&attribute.as_str()) {
            found.rest.push(format!("{attribute}={value}"));
        }
    }
    match name {
        "table" => {
            found.rest.push(format!("{} {} {}", of("data-indicator"), of("data-period"), of("data-share-of")));
            place.columns.clear();
            place.table = Some(attributes);
        }
        "thead" => place.in_head_row = true,
        "style" => place.in_style = true,
        "tr" if place.table.is_some() && !place.in_head_row => {
            found.rest.push(of("data-codes"));
            (place.row, place.column) = (Some(of("data-codes")), 0);
        }
        "th" if place.in_head_row && attributes.contains_key("data-area") => {
            place.columns.push((of("data-area"), of("data-figure")));
        }
        "td" => {
            if attributes.keys().any(|name| name != "class" && name != "title") {
                found.odd.push("an attribute that a figure does not have".into());
            }
            let (area, what) = place.columns.get(place.column).cloned().unwrap_or_default();
            place.column += 1;
            let table =
                |name: &str| place.table.as_ref().and_then(|table| table.get(name)).cloned().unwrap_or_default();
            place.cell = Some(Figure {
                indicator: table("data-indicator"),
                period: table("data-period"),
                share_of: table("data-share-of"),
                codes: place.row.clone().unwrap_or_default(),
                area,
                what,
                text: String::new(),
                beside: of("title"),
                look: of("class"),
            });
        }
        "abbr" => {
            if attributes.keys().any(|name| name != "title") {
                found.odd.push("an attribute that a figure does not have".into());
            }
            if let Some(cell) = &mut place.cell {
                cell.beside = of("title");
            }
        }
        "figure" => {
            place.bars = Some(Bars {
                indicator: of("data-indicator"),
                period: of("data-period"),
                group: of("data-group"),
                ..Bars::default()
            });
        }
        "svg" => {
            if let Some(bars) = &mut place.bars {
                bars.spoken = of("aria-label");
            }
        }
        "rect" => {
            if let Some(bars) = &mut place.bars {
                bars.widths.push(of("width"));
            }
        }
        "text" => {
            if let Some(bars) = &mut place.bars {
                bars.texts.push((of("x"), String::new()));
            }
        }
        "section" if of("id") == LINK => place.in_link = true,
        _ => {
            if let Some(title) = attributes.get("title") {
                found.rest.push(title.clone());
            }
        }
    }
}

fn close(name: &str, place: &mut Place, found: &mut Reading) {
    match name {
        "table" => place.table = None,
        "thead" => place.in_head_row = false,
        "style" => place.in_style = false,
        "tr" => place.row = None,
        "td" => found.figures.extend(place.cell.take()),
        "figure" => found.bars.extend(place.bars.take()),
        "section" => place.in_link = false,
        _ => {}
    }
}

fn tell(text: &str, place: &mut Place, found: &mut Reading) {
    if place.in_style {
        found.style.push_str(text);
    } else if let Some(cell) = &mut place.cell {
        cell.text.push_str(text);
    } else if let Some(bars) = &mut place.bars {
        match bars.texts.last_mut() {
            Some((_, last)) => last.push_str(text),
            None => found.odd.push("a text among bars".into()),
        }
    } else if place.in_link {
        found.link.push(text.to_string());
    } else {
        found.rest.push(text.to_string());
    }
}
