//! The page of a municipality, of a province, or of Flanders.

use std::collections::BTreeSet;

use catalog::cell::{AreaLevel, Observation, Reason, ShareOf, TOTAL};
use catalog::link_measure::{LinkMeasure, OriginBound, ParentsKnown};
use catalog::reference::FLANDERS;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::ReportError;
use crate::book::{AreaWords, Book, Words};
use crate::number::{self, number};
use crate::style::STYLE;

/// Who stands beside whom.
struct Beside<'b> {
    own: &'b AreaWords,
    cluster: Option<(&'b AreaWords, Vec<&'b str>)>,
    flanders: &'b AreaWords,
}

impl Beside<'_> {
    /// Flanders, unless the page is its own.
    fn other(&self) -> Option<&AreaWords> {
        (self.own.level != AreaLevel::Region).then_some(self.flanders)
    }

    /// What the page is a page of, at the beginning of a sentence.
    fn kind(&self) -> &'static str {
        match self.own.level {
            AreaLevel::Province => "De provincie",
            AreaLevel::Region => "Het Vlaamse Gewest",
            _ => "De gemeente",
        }
    }
}

/// Returns the page of a municipality, a province or Flanders, as HTML.
///
/// # Errors
///
/// `NoArea` if the edition has no such area.
pub fn page(book: &Book, code: &str) -> Result<String, ReportError> {
    let levels = [AreaLevel::Municipality, AreaLevel::Province, AreaLevel::Region];
    let own = levels.into_iter().find_map(|level| book.area(code, level)).ok_or_else(|| {
        ReportError::NoArea(format!(
            "edition {} has no municipality or province {code}; NIS codes of 2011 are used",
            book.manifest.edition
        ))
    })?;
    let flanders = book
        .area(FLANDERS, AreaLevel::Region)
        .ok_or_else(|| ReportError::NoArea("the edition has no figures of Flanders".into()))?;
    let beside = Beside { own, cluster: book.cluster_of(code), flanders };
    // What an edition does not count for an area has no place on its page.
    let shown: Vec<&Words> =
        book.indicators.iter().filter(|words| !book.rows(&words.id, beside.own).is_empty()).collect();
    let mut themes: Vec<&str> = Vec::new();
    for words in &shown {
        if !themes.contains(&words.theme.as_str()) {
            themes.push(&words.theme);
        }
    }
    let page = html! {
        (DOCTYPE)
        html lang="nl-BE" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (own.name) " - " @if book.manifest.synthetic { (SYNTHETIC) " - " } (book.manifest.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (own.name) @if book.manifest.synthetic { " - " (SYNTHETIC) } }
                    p.edition { (book.manifest.title) " · editie " (book.manifest.edition) " · NIS-code " (own.code) }
                }
                @if book.manifest.synthetic {
                    p.notice { strong { "Synthetische gegevens. " } "Deze cijfers komen uit verzonnen leveringen en gaan over niemand." }
                }
                @if book.manifest.kind == "illustrative" {
                    p.notice { strong { "Illustratieve editie. " } "Deze cijfers zijn geen officiële publicatie." }
                }
                (withholding(book))
                (reading(&beside))
                nav { p { @for (at, theme) in themes.iter().enumerate() { @if at > 0 { " · " } a href={ "#" (theme) } { (capital(&book.title("theme", theme))) } } } }
                main {
                    @for theme in &themes {
                        section id=(theme) {
                            h2 { (capital(&book.title("theme", theme))) }
                            @for words in shown.iter().filter(|words| words.theme == **theme) { (indicator(book, words, &beside)) }
                        }
                    }
                }
                (linking(book, &beside))
                footer {
                    p { "Aandelen zijn afgerond. 0 is een echte nul. × : niet getoond, zodat niemand herkenbaar is. · : geen cijfer; de reden staat bij elk cijfer." }
                    p { "Afgesloten op " (book.manifest.cut_off) ". Alle cijfers komen uit observations.parquet van deze editie." }
                }
            }
        }
    };
    Ok(page.into_string())
}

/// What pages of made-up figures are called.
const SYNTHETIC: &str = "synthetische gegevens";

/// What is withheld, and why: one sentence for all that is, whichever figure was the cause.
fn withholding(book: &Book) -> Markup {
    let below = book.manifest.withheld_below;
    html! {
        p.notice {
            @if book.manifest.protection == "linked" {
                strong { "× : niet getoond, zodat niemand herkenbaar is. " }
                "Cijfers over minder dan " (below) " personen zijn niet getoond, en evenmin cijfers van deze monitor waaruit ze berekend kunnen worden, ook samen met vroegere edities. Uit een × valt niet af te leiden waarom het cijfer ontbreekt. Het kan om elk aantal gaan, ook om nul. "
            } @else {
                strong { "Onvolledig beschermd, niet voor publicatie. " }
                "Cijfers over minder dan " (below) " personen zijn niet getoond (×). Cijfers waaruit ze afgeleid kunnen worden, zijn nog wel zichtbaar. "
            }
            "Wat elders al openbaar is, is wel getoond, hoe klein het ook is, en wat daaruit volgt is niet beschermd. Bij elke indicator staat waar dat zo is."
        }
    }
}

/// How good the link of the population is: whose parents are known, and what the unknown ones could change.
fn linking(book: &Book, beside: &Beside<'_>) -> Markup {
    let own = beside.own;
    let of = |known| book.link(&own.code, &LinkMeasure::ParentsKnown(known));
    let both = of(ParentsKnown::Both);
    let shown = |known| of(known).and_then(|count| count.value);
    let known = [ParentsKnown::Both, ParentsKnown::Father, ParentsKnown::Mother, ParentsKnown::None];
    let known: Option<Vec<i64>> = known.into_iter().map(shown).collect();
    let Some(both) = both else { return html! {} };
    let grouped = |count: i64| number(count as f64, 0);
    let bands: Vec<(&str, i64, i64)> = book
        .indicators
        .iter()
        .filter_map(|words| words.origin.as_deref())
        .filter_map(|origin| {
            let of = |side| {
                let measure = LinkMeasure::OriginBound { definition: origin.to_string(), side };
                book.link(&own.code, &measure)?.value
            };
            Some((origin, of(OriginBound::Lower)?, of(OriginBound::Upper)?))
        })
        .collect();
    html! {
        section id="koppeling" {
            h2 { "Over de koppeling" }
            @match known.as_deref() {
                Some([both_known, father, mother, none]) => {
                    p {
                        "Op " (spoken(&both.period)) " is van " (grouped(*both_known)) " inwoners de eerste nationaliteit van beide ouders gekend, van "
                        (grouped(*father)) " enkel die van de vader, van " (grouped(*mother)) " enkel die van de moeder en van " (grouped(*none)) " van geen van beide."
                    }
                }
                _ => { p { "Van hoeveel inwoners de ouders gekend zijn, is niet getoond, zodat niemand herkenbaar is." } }
            }
            @for (origin, lowest, highest) in bands {
                p {
                    (beside.kind()) " zou " (grouped(lowest)) " personen van vreemde herkomst tellen als alle onbekende ouders Belg waren. Als ze allemaal een vreemde nationaliteit hadden, zouden dat er "
                    (grouped(highest)) " zijn (" (book.title("origin_definition", origin)) ")."
                }
            }
        }
    }
}

fn reading(beside: &Beside<'_>) -> Markup {
    html! {
        @if beside.other().is_some() {
            p { (beside.kind()) " staat telkens naast het Vlaamse Gewest" @if beside.cluster.is_some() { " en naast vergelijkbare gemeenten" } "." }
        }
        p { "± staat bij een aandeel dat afgerond is zodat het geen aantal verraadt: het juiste aandeel ligt hoogstens één stap hoger of lager, en de stap is kleiner naarmate er meer personen geteld zijn." }
        @if let Some((cluster, members)) = &beside.cluster {
            details {
                summary { "Vergelijkbare gemeenten: " (cluster.name) " (" (members.len()) " gemeenten)" }
                p { (members.join(", ")) "." }
                p.caveat { "Vergelijkbare gemeenten: het aandeel in al deze gemeenten samen. De gemeente zelf telt mee. Indeling: " (cluster.class) "." }
            }
        }
    }
}

/// Newest periods whose tables are open; those of earlier ones are folded away.
const OPEN: usize = 2;

fn indicator(book: &Book, words: &Words, beside: &Beside<'_>) -> Markup {
    let rows = book.rows(&words.id, beside.own);
    let mut periods: Vec<String> = rows.iter().map(|row| row.key.time_period.to_string()).collect();
    periods.sort();
    periods.dedup();
    let mut shares: Vec<ShareOf> = rows.iter().map(|row| row.key.share_of).collect();
    shares.sort();
    shares.dedup();
    // Details that are broken down by group, or by sex where they have no total, have a table each; others are rows of one.
    let by = |is_broken_down: fn(&Observation) -> bool| {
        rows.iter().any(|row| row.key.detail != TOTAL && is_broken_down(row))
    };
    let has_total = rows.iter().any(|row| row.key.detail == TOTAL);
    let crossed = by(|row| row.key.group != TOTAL) || !has_total && by(|row| row.key.sex != TOTAL);
    let mut details: Vec<Option<&str>> =
        if crossed { rows.iter().map(|row| Some(row.key.detail.as_str())).collect() } else { vec![None] };
    details.sort_by_key(|detail| (*detail != Some(TOTAL), *detail));
    details.dedup();
    let of_period = |period: &str, detail: Option<&str>| {
        html! { @for share_of in &shares { (table(book, words, beside, Shown { period, detail, share_of: *share_of })) } }
    };
    let origin = words.origin.as_ref().map(|origin| book.title("origin_definition", origin));
    html! {
        article {
            h3 { (words.title) }
            p { (words.definition) }
            @if let Some(newest) = periods.last() { (bars(book, words, beside, newest)) }
            @for detail in &details {
                @for period in periods.iter().rev().take(OPEN) { (of_period(period, *detail)) }
                @if periods.len() > OPEN {
                    details {
                        summary { "Eerdere periodes" }
                        @for period in periods.iter().rev().skip(OPEN) { (of_period(period, *detail)) }
                    }
                }
            }
            @for (period, groups) in book.breaks(&words.id) { p.caveat { (series_break(book, period, groups)) } }
            @if let Some(origin) = origin { p.caveat { "Definitie: " (origin) "." } }
            @if !words.caveats.is_empty() { p.caveat { (words.caveats) } }
            @if let Some(why) = &words.public_elsewhere { p.caveat { "Ook kleine aantallen zijn getoond waar ze elders openbaar zijn. " (why) } }
            p.source {
                "Bron: " (words.source_line)
                @if let Some(other) = words.denominator_source.as_ref().filter(|other| **other != words.source_line) {
                    "; noemer: " (other)
                }
            }
        }
    }
}

/// Says which figures of a period are not to be set beside those of the period before.
fn series_break(book: &Book, period: &str, groups: &BTreeSet<(String, String)>) -> String {
    let period = spoken(period);
    if groups.iter().any(|(_, group)| group == TOTAL) {
        return format!(
            "Reeksbreuk: de cijfers van {period} volgen een andere definitie dan die van de periode ervoor."
        );
    }
    let titles: Vec<String> = groups.iter().map(|(scheme, group)| format!("'{}'", book.title(scheme, group))).collect();
    let (tell, more) = if titles.len() == 1 { ("de groep", "telt") } else { ("de groepen", "tellen") };
    format!(
        "Reeksbreuk: {tell} {} {more} voor {period} andere landen dan voor de periode ervoor. Een verschil is dus niet \
         zonder meer een groei of een daling.",
        titles.join(" en ")
    )
}

/// What a table shows: a period, the rows of one detail or of all, and one kind of share.
#[derive(Clone, Copy)]
struct Shown<'s> {
    period: &'s str,
    detail: Option<&'s str>,
    share_of: ShareOf,
}

impl Shown<'_> {
    /// Whether a row stands in the table: a total, or a row by one dimension only, the second detail under its first.
    fn has(&self, row: &Observation) -> bool {
        let key = &row.key;
        let plain = |codes: &[&String]| codes.iter().filter(|code| code.as_str() != TOTAL).count();
        let by = match self.detail {
            Some(detail) if key.detail != detail => return false,
            Some(_) => plain(&[&key.sex, &key.age_group, &key.group, &key.detail_2]),
            None => plain(&[&key.sex, &key.age_group, &key.group, &key.detail]),
        };
        by <= 1 && key.share_of == self.share_of && key.time_period.to_string() == self.period
    }
}

fn table(book: &Book, words: &Words, beside: &Beside<'_>, shown: Shown<'_>) -> Markup {
    let of = |area: &AreaWords| -> Vec<&Observation> {
        book.rows(&words.id, area).iter().filter(|row| shown.has(row)).collect()
    };
    let mut own = of(beside.own);
    let cluster = beside.cluster.as_ref().map(|(area, _)| of(area)).unwrap_or_default();
    let flanders = of(beside.flanders);
    let matching = |rows: &[&'_ Observation], row: &Observation| -> Option<Observation> {
        let codes = |row: &Observation| {
            let key = &row.key;
            [&key.sex, &key.age_group, &key.group, &key.detail, &key.detail_2].map(String::clone)
        };
        rows.iter().find(|other| codes(other) == codes(row)).map(|found| (*found).clone())
    };
    // The total first, then by sex, by age, by group in the order of the scheme, by detail.
    own.sort_by_key(|row| {
        let key = &row.key;
        let dimensions = [&key.sex, &key.age_group, &key.group, &key.detail];
        let dimension = dimensions.iter().rposition(|code| code.as_str() != TOTAL).map_or(0, |at| at + 1);
        let place = |list: &str, code: &str| book.position(list, code).map(str::to_string);
        let details = (place(&words.id, &key.detail), place(&format!("{}/2", words.id), &key.detail_2));
        (dimension, key.sex.clone(), place("age", &key.age_group), place(&key.group_scheme, &key.group), details)
    });
    let shares = shown.share_of != ShareOf::None;
    let share = if shown.share_of == ShareOf::Population { "per 1.000" } else { "aandeel, %" };
    let label = |row: &Observation| -> String {
        let key = &row.key;
        let detail = if shown.detail.is_some() { TOTAL } else { key.detail.as_str() };
        match (key.sex.as_str(), key.age_group.as_str(), key.group.as_str(), detail, key.detail_2.as_str()) {
            (.., detail_2) if detail_2 != TOTAL => book.title(&format!("{}/2", words.id), detail_2),
            (.., detail, _) if detail != TOTAL => book.title(&words.id, detail),
            (_, _, group, ..) if group != TOTAL => book.title(&key.group_scheme, group),
            (_, age, ..) if age != TOTAL => book.title("age", age),
            (sex, ..) if sex != TOTAL => book.title("sex", sex),
            _ => "Totaal".to_string(),
        }
    };
    let part = |row: &Observation| {
        let key = &row.key;
        // The groups of groups stand out, those in them stand in.
        let is_inner = book.depth(&key.group_scheme, &key.group) >= 2;
        key.sex != TOTAL || key.age_group != TOTAL || is_inner || key.detail_2 != TOTAL
    };
    let whole = |row: &Observation| label(row) == "Totaal";
    let title = shown.detail.filter(|detail| *detail != TOTAL).map(|detail| book.title(&words.id, detail));
    html! {
        // What each figure is a figure of stands beside it, so that a page can be held against the published rows.
        table data-indicator=(words.id) data-period=(shown.period) data-share-of=(shown.share_of.word()) {
            caption {
                (spoken(shown.period))
                @if let Some(title) = title { ": " (title) }
                @match (shown.share_of, &words.denominator) {
                    (ShareOf::Population, Some(denominator)) => { " · aantal per 1.000 van: " (lower(denominator)) }
                    (ShareOf::Group, Some(denominator)) => { " · aandeel in: " (lower(denominator)) }
                    (ShareOf::Total, Some(denominator)) if !words.has_rate => { " · aandeel in: " (lower(denominator)) }
                    (ShareOf::Total, _) => { " · aandeel van de groep in het totaal" }
                    _ => {}
                }
            }
            thead { tr {
                th scope="col" { "" }
                th scope="col" data-area=(place(beside.own)) data-figure="value" { (beside.own.name) br; "aantal" }
                @if shares {
                    th scope="col" data-area=(place(beside.own)) data-figure="share" { (beside.own.name) br; (share) }
                    @if let Some((area, _)) = &beside.cluster {
                        th scope="col" data-area=(place(area)) data-figure="share" { "Vergelijkbare gem." br; (share) }
                    }
                }
                @if let Some(other) = beside.other() {
                    th scope="col" data-area=(place(other)) data-figure=(if shares { "share" } else { "value" }) {
                        "Vlaams Gewest" br; (if shares { share } else { "aantal" })
                    }
                }
            } }
            tbody {
                @for row in own {
                    tr.total[whole(row)].sub[part(row)] data-codes=(codes(row)) {
                        th scope="row" { (label(row)) }
                        (value(Some(row), |row| row.value, decimals(row)))
                        @if shares {
                            (share_of(Some(row), words))
                            @if beside.cluster.is_some() { (share_of(matching(&cluster, row).as_ref(), words)) }
                        }
                        @if beside.other().is_some() {
                            @if shares { (share_of(matching(&flanders, row).as_ref(), words)) }
                            @else { (value(matching(&flanders, row).as_ref(), |row| row.value, decimals(row))) }
                        }
                    }
                }
            }
        }
    }
}

/// An area with the scheme of its code.
fn place(area: &AreaWords) -> String {
    format!("{} {}", area.class, area.code)
}

/// A row's codes of sex, age, group and details.
fn codes(row: &Observation) -> String {
    let key = &row.key;
    [&key.sex, &key.age_group, &key.group, &key.detail, &key.detail_2].map(String::as_str).join(" ")
}

fn decimals(row: &Observation) -> usize {
    // A mean over months or years is printed with the decimal it was rounded to.
    usize::from(row.divisor.unwrap_or(1) > 1)
}

fn value(row: Option<&Observation>, of: impl Fn(&Observation) -> Option<f64>, decimals: usize) -> Markup {
    let blank = |why: &str| html! { td.withheld { abbr title=(why) { "·" } } };
    match row.map(|row| (row.reason, of(row))) {
        Some((Reason::Withheld | Reason::WithheldBySupplier, _) | (Reason::ShareOnly, None)) => {
            html! { td.withheld { abbr title=(WITHHELD) { "×" } } }
        }
        Some((_, Some(figure))) => html! { td { (number(figure, decimals)) } },
        Some((Reason::NotInSource, None)) => blank("de bron heeft dit cijfer niet"),
        Some((Reason::NotDelivered, None)) => blank("de bron was nog niet geleverd"),
        Some((Reason::AreaDidNotExist, None)) => blank("dit gebied bestond toen niet"),
        Some((Reason::NotApplicable, None)) | None => blank("niet van toepassing"),
        Some((Reason::Shown, None)) => blank("geen aandeel mogelijk"),
    }
}

/// Why a figure is withheld, for the reader.
const WITHHELD: &str = "niet getoond, zodat niemand herkenbaar is";

/// The share of a row; one that is published without its count says that it is rounded.
fn share_of(row: Option<&Observation>, words: &Words) -> Markup {
    match row.and_then(|row| Some((row, row.share?))) {
        Some((row, share)) if row.reason == Reason::ShareOnly => html! { td { (rounded_share(share)) } },
        _ => value(row, |row| row.share, words.share_decimals),
    }
}

/// A rounded share as it is written: no finer than it was rounded.
fn rounded_share(share: f64) -> String {
    format!("± {}", number(share, usize::from(share.fract() != 0.0)))
}

/// Bars of a share: the municipality, comparable municipalities, Flanders. Lengths are of published shares.
fn bars(book: &Book, words: &Words, beside: &Beside<'_>, period: &str) -> Markup {
    // Of a composition the total says nothing; those of foreign nationality or origin do.
    let is_whole = |row: &Observation| row.key.group == TOTAL && row.share == Some(100.0);
    let wanted = |group: &'static str| {
        move |row: &&Observation| {
            let key = &row.key;
            key.time_period.to_string() == period
                && key.group == group
                && [&key.sex, &key.age_group, &key.detail, &key.detail_2].into_iter().all(|code| code == TOTAL)
        }
    };
    let flemish = book.rows(&words.id, beside.flanders);
    let foreign = || ["VREEMD", "ALLOCHTOON"].into_iter().find(|group| flemish.iter().any(|row| wanted(group)(&row)));
    let group = foreign().filter(|_| flemish.iter().filter(wanted(TOTAL)).any(is_whole)).unwrap_or(TOTAL);
    let total = |area: &AreaWords| book.rows(&words.id, area).iter().find(wanted(group)).cloned();
    let row = total(beside.own);
    let is_rate = row.as_ref().is_some_and(|row| row.key.share_of == ShareOf::Population);
    let (what, unit) = if is_rate { ("Aantal per 1.000", "per 1.000") } else { ("Aandeel", "%") };
    let share = |row: Observation| {
        let exact = |share| number(share, words.share_decimals);
        let share = row.share?;
        Some((share, if row.reason == Reason::ShareOnly { rounded_share(share) } else { exact(share) }))
    };
    let own = row.and_then(share);
    let flanders = beside.other().and_then(total).and_then(share);
    let cluster = beside.cluster.as_ref().and_then(|(area, _)| total(area)).and_then(share);
    let has_own = own.is_some();
    let named = [
        (beside.own.name.as_str(), own, "var(--own)"),
        ("Vergelijkbare gemeenten", cluster, "var(--cluster)"),
        ("Vlaams Gewest", flanders, "var(--flanders)"),
    ];
    let named =
        named.into_iter().filter_map(|(name, share, colour)| share.map(|(share, text)| (name, share, colour, text)));
    let lines: Vec<(&str, f64, &str, String)> = named.collect();
    let most = lines.iter().map(|line| line.1).fold(0.0, f64::max);
    if !has_own || most <= 0.0 || lines.iter().all(|line| line.1 >= 100.0) {
        return html! {};
    }
    let height = 26 * lines.len();
    html! {
        figure data-indicator=(words.id) data-period=(period) data-group=(group) {
            svg viewBox={ "0 0 640 " (height) } width="640" height=(height) role="img"
                aria-label={ (what) ", " (spoken(period)) ": " (lines.iter().map(|(name, .., text)| format!("{name} {text} {unit}")).collect::<Vec<_>>().join(", ")) } {
                @for (at, (name, share, colour, written)) in lines.iter().enumerate() {
                    text x="0" y=(at * 26 + 17) { (name) }
                    rect x="190" y=(at * 26 + 4) height="18" width=(format!("{:.0}", share / most * 370.0)) fill=(colour) {}
                    text x=(format!("{:.0}", 196.0 + share / most * 370.0)) y=(at * 26 + 17) { (written) " " (unit) }
                }
            }
        }
    }
}

fn spoken(period: &str) -> String {
    period.parse().map_or_else(|()| period.to_string(), number::period)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
