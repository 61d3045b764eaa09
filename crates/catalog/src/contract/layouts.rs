//! Layouts: a supplier changes the columns, names or form of an extract from some period on, and the contract holds each
//! layout with its periods, so that what was delivered before stays readable.

use super::{Extract, ExtractId, Layout, read};
use crate::document::Node;
use crate::period::Period;

/// Reads an extract with layouts. All that does not change stands beside `layouts`; the extract as a whole is the last one.
pub(super) fn read(file: &str, id: &ExtractId, node: &Node<'_>, layouts: &Node<'_>) -> Option<Extract> {
    let mut found = Vec::new();
    for layout in layouts.items() {
        layout.keys(&[&["periods", "note"], &read::LAYOUT_KEYS[..]].concat());
        let extract = read::laid_out(file, id.clone(), (node, Some(&layout)));
        let periods = layout.need("periods").map(|periods| {
            periods.keys(&["from", "to"]);
            (end(&periods, "from", extract.as_ref()), end(&periods, "to", extract.as_ref()))
        });
        if let (Some(extract), Some((from, to))) = (extract, periods) {
            found.push((layout, Layout { from, to, extract }));
        }
    }
    found.sort_by_key(|(_, layout)| layout.from.map(Period::start));
    check(&found);
    let layouts: Vec<Layout> = found.into_iter().map(|(_, layout)| layout).collect();
    if layouts.is_empty() {
        node.fault(65, "an extract has at least one layout", "");
    }
    let last = layouts.last()?.extract.clone();
    Some(Extract { layouts, ..last })
}

/// The first or the last period of a layout.
fn end(periods: &Node<'_>, key: &str, extract: Option<&Extract>) -> Option<Period> {
    let node = periods.get(key)?;
    let period = node.period()?;
    if extract.is_some_and(|extract| !extract.fits(period)) {
        node.fault(65, format!("{period} is not a period like those of the extract"), "see `period`");
    }
    Some(period)
}

/// Each period has one layout: none has two, and between the first and the last none is without.
fn check(layouts: &[(Node<'_>, Layout)]) {
    for (node, layout) in layouts {
        if let (Some(from), Some(to)) = (layout.from, layout.to)
            && to.start() < from.start()
        {
            node.fault(65, format!("the layout ends with {to}, before it begins with {from}"), "");
        }
    }
    for pair in layouts.windows(2) {
        let [(_, before), (node, after)] = pair else { continue };
        match (before.to, after.from) {
            (Some(to), Some(from)) if from.start() <= to.start() => {
                node.fault(65, format!("{from} has two layouts"), "let the one before end earlier");
            }
            (Some(to), Some(from)) if from.start() != to.end().plus(1) => {
                let hint =
                    format!("let the one before end the day before {from}, or this one begin the day after {to}");
                node.fault(65, format!("between {to} and {from} there is no layout"), hint);
            }
            (Some(_), Some(_)) => {}
            (None, _) => node.fault(65, "the layout before this one has no last period", "add `to`"),
            (_, None) => node.fault(65, "two layouts have no first period", "add `from`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::contract::Contract;

    const HEAD: &str = "supplier: x\ntitle: X\nlegal_basis: X\ncontact: X\nlicence: X\nterms: confidential\nextracts:\n  e:\n    title: E\n    \
        form: { kind: delimited, delimiter: \";\" }\n    encoding: utf-8\n    period: year\n    covers: period\n    \
        absent_means: zero\n    unique: [area]\n    layouts:\n";

    fn layout(periods: &str, header: &str) -> String {
        format!(
            "      - periods: {{ {periods} }}\n        columns:\n          - {{ name: area, header: {header}, type: municipality }}\n          \
             - {{ name: n, type: count }}\n"
        )
    }

    fn faults(layouts: &[(&str, &str)]) -> Vec<String> {
        let layouts: String = layouts.iter().map(|(periods, header)| layout(periods, header)).collect();
        let (_, faults) = Contract::read("sources/x/contract.yaml", "x", &format!("{HEAD}{layouts}"));
        faults.into_iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect()
    }

    #[test]
    fn a_delivery_has_the_layout_of_its_period() {
        let text = format!("{HEAD}{}{}", layout("from: \"2012\"", "new"), layout("to: \"2011\"", "old"));
        let (contract, faults) = Contract::read("sources/x/contract.yaml", "x", &text);
        assert_eq!(faults, []);
        let extract = &contract.unwrap().extracts[0];
        let header = |period: &str| extract.for_period(period.parse().unwrap()).unwrap().columns[0].header.clone();
        assert_eq!(["2003", "2011", "2012", "2030"].map(header), ["old", "old", "new", "new"]);
        assert_eq!(extract.columns[0].header, "new", "the extract as a whole is the last layout");
        assert_eq!(extract.for_period("2011".parse().unwrap()).unwrap().unique, [0]);
    }

    #[test]
    fn a_period_outside_all_layouts_has_none() {
        let text = format!("{HEAD}{}", layout("from: \"2010\", to: \"2011\"", "old"));
        let (contract, _) = Contract::read("sources/x/contract.yaml", "x", &text);
        let extract = &contract.unwrap().extracts[0];
        assert!(extract.for_period("2012".parse().unwrap()).is_none());
        assert!(extract.for_period("2009".parse().unwrap()).is_none());
    }

    #[test]
    fn layouts_that_overlap_or_leave_a_hole_are_refused() {
        assert_eq!(faults(&[("to: \"2011\"", "a"), ("from: \"2011\"", "b")]), ["S65: 2011 has two layouts"]);
        assert_eq!(
            faults(&[("to: \"2010\"", "a"), ("from: \"2012\"", "b")]),
            ["S65: between 2010 and 2012 there is no layout"]
        );
        assert_eq!(
            faults(&[("from: \"2010\"", "a"), ("from: \"2012\"", "b")]),
            ["S65: the layout before this one has no last period"]
        );
        assert_eq!(
            faults(&[("from: \"2012\", to: \"2010\"", "a")]),
            ["S65: the layout ends with 2010, before it begins with 2012"]
        );
        assert_eq!(
            faults(&[("from: \"2012-01-01\"", "a")]),
            ["S65: 2012-01-01 is not a period like those of the extract"]
        );
        assert_eq!(faults(&[("from: \"2012\"", "a"), ("form: 1", "b")]).first().unwrap(), "S03: unknown key `form`");
    }
}
