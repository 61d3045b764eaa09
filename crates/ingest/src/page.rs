//! The delivery report: one page for the supplier, with counts, profile and faults by class and place.
//!
//! No value of a person stands on it: lines and columns say where to look, and the supplier has the file.

use catalog::contract::Extract;
use catalog::{Fault, Period};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::land::Landed;
use crate::rejection::{RejectionReason, grouped};

/// What a delivery report says.
#[derive(Debug, Clone)]
pub struct DeliveryReport<'r> {
    /// The extract.
    pub extract: &'r Extract,
    /// Dutch name of the supplier.
    pub supplier: &'r str,
    /// The period.
    pub period: Period,
    /// By how many days it came later than the contract expects.
    pub days_late: Option<u64>,
    /// File names with their SHA-256 and length in bytes.
    pub files: &'r [(String, String, u64)],
    /// Rows and rejections, where the file could be read to its end.
    pub landed: Option<&'r Landed>,
    /// Accepted rows in which each column is empty.
    pub empty: &'r [u64],
    /// Faults of the delivery as a whole; none when it was received.
    pub faults: &'r [Fault],
}

const STYLE: &str = "
body { font: 16px/1.5 system-ui, 'DejaVu Sans', sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d1d1f; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #d5d5da; vertical-align: top; font-weight: normal; }
thead th { color: #5b5b63; font-size: .9rem; } td.n, th.n { text-align: right; }
.received { background: #e8f4ea; border: 1px solid #7db98a; padding: .6rem .9rem; } .refused { background: #fdecea; border: 1px solid #d98880; padding: .6rem .9rem; }
code { font-size: .85em; overflow-wrap: anywhere; }
";

/// The most lines named for one class of fault; all of them stand in rejections.parquet.
const SHOWN_LINES: usize = 20;

impl DeliveryReport<'_> {
    /// The page as HTML.
    pub fn page(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="nl-BE" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { "Leveringsverslag " (self.extract.id) " " (self.period) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { "Leveringsverslag: " (self.extract.title) }
                    p { (self.supplier) " · " (self.extract.id) " · periode " (self.period) }
                    @if self.faults.is_empty() {
                        p.received { strong { "Ontvangen. " } "De levering voldoet aan het contract, met de verworpen rijen hieronder als die er zijn." }
                    } @else {
                        p.refused { strong { "Niet ontvangen. " } "De levering voldoet niet aan het contract; er is niets van bewaard." }
                        (self.refusals())
                    }
                    @if let Some(days) = self.days_late {
                        p { "De levering kwam " (days) " dagen later dan het contract verwacht." }
                    }
                    (self.counts())
                    (self.rejections())
                    (self.profile())
                    (self.delivered())
                }
            }
        };
        page.into_string()
    }

    fn refusals(&self) -> Markup {
        html! {
            h2 { "Waarom" }
            table {
                thead { tr { th { "Code" } th { "Fout" } th { "Plaats" } th { "Wat te doen" } } }
                tbody {
                    @for fault in self.faults {
                        tr { td { (fault.code) } td { (fault.message) } td { (fault.place) } td { (fault.hint.clone().unwrap_or_default()) } }
                    }
                }
            }
        }
    }

    fn counts(&self) -> Markup {
        let Some(landed) = self.landed else { return html! {} };
        html! {
            h2 { "Rijen" }
            table {
                tbody {
                    tr { th { "Geleverd" } td.n { (landed.rows) } }
                    tr { th { "Aanvaard" } td.n { (landed.accepted) } }
                    tr { th { "Verworpen" } td.n { (landed.rejections.len()) } }
                    @if let Some((_, line)) = landed.first_gap {
                        tr { th { "Aanvaard, na een gat in een geschiedenis (het eerste op regel " (line) ")" } td.n { (landed.after_gap) } }
                    }
                }
            }
        }
    }

    fn rejections(&self) -> Markup {
        let Some(landed) = self.landed.filter(|landed| !landed.rejections.is_empty()) else { return html! {} };
        html! {
            h2 { "Verworpen rijen" }
            table {
                thead { tr { th { "Reden" } th { "Kolom" } th.n { "Rijen" } th { "Regels" } } }
                tbody {
                    @for (reason, column, count, _) in grouped(&landed.rejections) {
                        @let lines: Vec<String> = landed.rejections.iter()
                            .filter(|own| own.reason == reason && own.column == column)
                            .take(SHOWN_LINES)
                            .map(|own| if self.files.len() > 1 { format!("{}:{}", own.file + 1, own.line) } else { own.line.to_string() })
                            .collect();
                        tr {
                            td { (dutch(reason)) br; code { (reason.words().0) } }
                            td { @if let Some(at) = column { (self.extract.columns[usize::from(at)].name) } }
                            td.n { (count) }
                            td { (lines.join(", ")) @if count as usize > lines.len() { ", …" } }
                        }
                    }
                }
            }
        }
    }

    fn profile(&self) -> Markup {
        let Some(landed) = self.landed.filter(|landed| landed.accepted > 0) else { return html! {} };
        html! {
            h2 { "Kolommen van de aanvaarde rijen" }
            table {
                thead { tr { th { "Kolom" } th { "Mag leeg zijn" } th.n { "Ingevuld" } th.n { "Leeg" } } }
                tbody {
                    @for (column, empty) in self.extract.columns.iter().zip(self.empty) {
                        tr {
                            td { (column.name) }
                            td { @if column.optional { "ja" } @else { "nee" } }
                            td.n { (landed.accepted.saturating_sub(*empty)) }
                            td.n { (empty) }
                        }
                    }
                }
            }
        }
    }

    fn delivered(&self) -> Markup {
        html! {
            h2 { "Bestanden" }
            table {
                thead { tr { th { "Bestand" } th.n { "Bytes" } th { "SHA-256" } } }
                tbody { @for (name, sha256, bytes) in self.files { tr { td { (name) } td.n { (bytes) } td { code { (sha256) } } } } }
            }
        }
    }
}

/// A reason as the supplier reads it.
fn dutch(reason: RejectionReason) -> &'static str {
    match reason {
        RejectionReason::FieldCount => "Aantal velden anders dan in de kop",
        RejectionReason::RecordLength => "Record met een andere lengte",
        RejectionReason::Quote => "Aanhalingsteken niet gesloten",
        RejectionReason::Encoding => "Bytes die niet in de codering voorkomen",
        RejectionReason::LineTooLong => "Regel te lang voor een record",
        RejectionReason::BlankLine => "Lege regel",
        RejectionReason::HeaderRepeated => "De kop nog eens, tussen de rijen",
        RejectionReason::Missing => "Waarde ontbreekt",
        RejectionReason::NotANumberOfAPerson => "Geen elf cijfers",
        RejectionReason::CheckDigit => "Controlegetal fout",
        RejectionReason::NeverIssued => "Nummer van een soort die nooit wordt toegekend",
        RejectionReason::UnknownCode => "Code niet in de lijst",
        RejectionReason::NotANumber => "Geen geheel getal",
        RejectionReason::NotADate => "Geen datum",
        RejectionReason::NumberForCode => "Getal waar een code als tekst moet staan",
        RejectionReason::SerialDate => "Volgnummer waar een datum als tekst moet staan",
        RejectionReason::OutsidePeriod => "Buiten de periode van de levering",
        RejectionReason::Order => "Waarden in de verkeerde volgorde",
        RejectionReason::DuplicateKey => "Dezelfde rij nog eens",
        RejectionReason::DuplicateKeyDiffers => "Rijen met dezelfde sleutel die verschillen, allemaal",
        RejectionReason::Overlap => "Dagen die een eerdere regel van dezelfde geschiedenis ook heeft",
        RejectionReason::PartsAboveWhole => "Totaal kleiner dan de delen samen",
        RejectionReason::Blanks => "Spaties voor of achter de waarde",
        RejectionReason::Punctuation => "Punten, streepjes of spaties in het nummer",
        RejectionReason::InQuotes => "Aanhalingstekens rond de waarde",
        RejectionReason::OtherQuotes => "Aanhalingstekens van een andere soort rond de waarde",
        RejectionReason::AbsenceWord => {
            "Een woord voor een ontbrekende waarde, zoals NULL, in plaats van een leeg veld"
        }
        RejectionReason::FormulaAsText => "Formule als tekst",
        RejectionReason::FormulaWithoutResult => "Formule zonder resultaat",
        RejectionReason::CellError => "De cel bevat een fout, zoals #N/B",
        RejectionReason::TruthValue => "De cel bevat waar of onwaar",
        RejectionReason::LeadingZero => "Voorloopnul verloren",
        RejectionReason::Scientific => "Wetenschappelijke notatie",
        RejectionReason::DecimalPoint => "Punt als decimaalteken in plaats van komma",
        RejectionReason::TooManyDecimals => "Meer decimalen dan afgesproken",
        RejectionReason::GroupedNumber => "Scheidingstekens tussen duizendtallen",
        RejectionReason::DateForm => "Datum in een andere vorm dan afgesproken",
        RejectionReason::ControlCharacter => "Stuurteken in de waarde",
        RejectionReason::LineEnd => "Regeleinde met enkel CR: verschillende rijen op één regel",
        RejectionReason::Footer => "Geen rij maar een voettekst: een totaal, een aantal rijen of een streepjeslijn",
    }
}
