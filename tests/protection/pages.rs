//! What a page could tell beside its figures: each way is tried on a real page, and the audit must notice.

use catalog::cell::{AreaLevel, Observation, Reason};

use crate::project::{Folder, done, observations, synthetic};

struct Published {
    folder: Folder,
    edition: warehouse::edition::Published,
    rows: Vec<Observation>,
}

const EDITION: &str = "2011-12-21";

fn published(name: &str) -> Published {
    let folder = synthetic(name, "0.01");
    done(&folder, &["-q", "run", "--edition", EDITION]);
    let warehouse = warehouse::store::Warehouse::reading(&folder.path().join("warehouse"));
    let edition = warehouse::edition::open(&warehouse, EDITION).unwrap();
    let rows = observations(&folder, EDITION);
    Published { folder, edition, rows }
}

impl Published {
    fn page(&self, code: &str) -> String {
        let book = report::Book::open(&self.edition).unwrap();
        report::page(&book, code).unwrap()
    }

    /// What the audit says of a page, after it has read those of two other municipalities of the same cluster.
    fn told(&self, others: &[&str], code: &str, html: &str) -> Vec<String> {
        let mut pages = audit::Pages::new(&self.edition, &self.rows).unwrap();
        for other in others {
            assert_eq!(pages.check(other, &self.page(other)), Vec::<String>::new(), "{other}");
        }
        pages.check(code, html)
    }
}

/// The place in a page where a table's cell of a withheld row stands.
fn withheld_cell(html: &str) -> usize {
    html.find("<td class=\"withheld\"><abbr title=\"niet getoond").unwrap()
}

#[test]
fn whatever_else_a_page_tells_is_noticed() {
    let published = published("pages-audit");
    // Genk, and two others with more than 50.000 inhabitants that it is compared with.
    let code = "71016";
    let html = published.page(code);
    // Iceland and Montenegro became candidates in 2010.
    let candidates = "Kandidaat-lidstaten van de Europese Unie, Turkije inbegrepen";
    let series_break =
        format!("Reeksbreuk: de groepen 'Andere landen' en '{candidates}' tellen voor 1 januari 2011 andere");
    assert!(html.contains(&series_break));
    let members = published.edition.verified("area_members.parquet").unwrap();
    let members = warehouse::tables::read_texts(&members).unwrap();
    let of = |row: &std::collections::BTreeMap<String, Option<String>>, column: &str| row[column].clone().unwrap();
    let comparison = &published.edition.manifest.comparison;
    let cluster = members.iter().find(|row| of(row, "ref_area_class") == *comparison && of(row, "member") == code);
    let cluster = of(cluster.unwrap(), "ref_area");
    let others: Vec<String> = members
        .iter()
        .filter(|row| of(row, "ref_area_class") == *comparison && of(row, "ref_area") == cluster)
        .map(|row| of(row, "member"))
        .filter(|other| other != code)
        .take(2)
        .collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let told = |html: &str| published.told(&others, code, html);
    assert_eq!(told(&html), Vec::<String>::new(), "the page as it is");

    let hidden = withheld_cell(&html);
    let in_place = |from: &str, to: &str| {
        let at = html[hidden..].find(from).unwrap() + hidden;
        format!("{}{to}{}", &html[..at], &html[at + from.len()..])
    };
    let all = |from: &str, to: &str| {
        assert!(html.contains(from), "{from}");
        html.replacen(from, to, 1)
    };
    let bar = html.find("<rect").unwrap();
    let width = html[bar..].find("width=\"").unwrap() + bar + "width=\"".len();
    let wider = format!("{}1{}", &html[..width], &html[width..]);
    // Two rows of one table change places, as if they stood in the order of their counts.
    let rows: Vec<&str> = html.match_indices("<tr ").map(|(at, _)| &html[at..]).collect();
    let row = |at: usize| &rows[at][..rows[at].find("</tr>").unwrap() + "</tr>".len()];
    let swapped = html.replacen(&format!("{}{}", row(0), row(1)), &format!("{}{}", row(1), row(0)), 1);
    let tampered = [
        ("a withheld count in its cell", in_place("×", "3")),
        ("a withheld count where somebody points", in_place("niet getoond, zodat", "3 personen, niet getoond, zodat")),
        ("another mark for the cause", in_place("×", "××")),
        ("another word for the cause", in_place("zodat niemand herkenbaar is", "omdat het getal klein is")),
        ("a class of its own", in_place("class=\"withheld\"", "class=\"withheld primary\"")),
        ("an attribute of its own", in_place("<td ", "<td data-n=\"3\" ")),
        ("a comment", in_place("<td ", "<!-- 3 --><td ")),
        ("a script", all("<footer>", "<script>let n = 3</script><footer>")),
        ("a longer bar", wider),
        ("a bar's words", all("aria-label=\"Aandeel", "aria-label=\"17 personen. Aandeel")),
        ("the order of rows", swapped),
        ("a sentence", all("<footer>", "<p>De gemeente telt 1.234 personen van vreemde herkomst.</p><footer>")),
        ("a sentence without a number", all("<footer>", "<p>Dat is meer dan in de meeste gemeenten.</p><footer>")),
        ("the style", all("--own: #0b5c7d", "--own: #0b5c7e")),
        ("the link", all("inwoners de ", "inwoners, 987654 alles samen, de ")),
    ];
    for (what, html) in tampered {
        assert!(!told(&html).is_empty(), "{what} was not noticed");
    }

    // The figure of a shown row that is another row's.
    let shown = published.rows.iter().find(|row| {
        row.key.ref_area == code && row.key.area_level == AreaLevel::Municipality && row.reason == Reason::Shown
    });
    assert!(shown.is_some());
    let cell = html.find("<td>").unwrap() + "<td>".len();
    assert!(!told(&format!("{}1{}", &html[..cell], &html[cell..])).is_empty(), "a figure that no row has");

    // The command reads its pages back as well.
    let out = published.folder.path().join("pages");
    done(&published.folder, &["report", "--edition", EDITION, "--all", "--out", out.to_str().unwrap()]);
}
