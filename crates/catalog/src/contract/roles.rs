//! The role that a contract gives an extract in linking, and the types that its columns must then have.

use super::{AsOf, Codes, Column, ColumnKind, ExtractId, Linking};
use crate::document::Node;

/// Reads a role and holds its columns to their types.
pub(super) fn linking(node: &Node<'_>, columns: &[Column]) -> Option<Linking> {
    role(node, columns).inspect(|linking| types(node, linking, columns))
}

fn role(node: &Node<'_>, columns: &[Column]) -> Option<Linking> {
    let own_column = |key: &str| -> Option<String> {
        let found = node.need(key)?;
        let name = found.text()?;
        if !columns.iter().any(|column| column.name == name) {
            let hint = crate::fault::did_you_mean(&name, columns.iter().map(|column| column.name.as_str()))
                .map(|near| format!("did you mean `{near}`?"))
                .unwrap_or_default();
            found.fault(12, format!("`{name}` is not a column of this extract"), hint);
        }
        Some(name)
    };
    let as_of = || -> Option<AsOf> {
        let found = node.need("as_of")?;
        if found.is_text() {
            return found.one_of(&[("period-start", ())]).map(|()| AsOf::PeriodStart);
        }
        found.keys(&["day", "month-end", "quarter-end", "first-of-february"]);
        let [(word, column)] = &found.entries()[..] else {
            found.fault(10, "one of `day`, `month-end`, `quarter-end` and `first-of-february` is expected", "");
            return None;
        };
        let name = column.text()?;
        if !columns.iter().any(|own| own.name == name) {
            column.fault(12, format!("`{name}` is not a column of this extract"), "");
        }
        match word.as_str() {
            "day" => Some(AsOf::Day(name)),
            "month-end" => Some(AsOf::MonthEnd(name)),
            "quarter-end" => Some(AsOf::QuarterEnd(name)),
            _ => Some(AsOf::FirstOfFebruary(name)),
        }
    };
    let word = node.need("role")?.one_of(&[
        ("persons", 0),
        ("nationalities", 1),
        ("filiations", 2),
        ("key", 3),
        ("facts", 4),
        ("unlinked", 5),
        ("replacements", 6),
    ])?;
    let known: &[&str] = match word {
        0 => &["role", "person", "birth", "sex", "register", "area"],
        1 => &["role", "person", "order", "from", "until", "nationality", "registered_on"],
        2 => &["role", "person", "parent", "number", "sex", "from", "until", "registered_on"],
        3 => &["role", "coded", "person"],
        4 => &["role", "person", "key", "as_of", "area", "sex", "birth", "nationality", "moves_to"],
        6 => &["role", "old", "new", "on", "registered_on"],
        _ => &["role", "nationality", "as_of", "area"],
    };
    node.keys(known);
    Some(match word {
        0 => Linking::Persons {
            person: own_column("person")?,
            birth: own_column("birth")?,
            sex: own_column("sex")?,
            register: own_column("register")?,
            area: own_column("area")?,
        },
        1 => Linking::Nationalities {
            person: own_column("person")?,
            order: own_column("order")?,
            from: own_column("from")?,
            until: own_column("until")?,
            nationality: own_column("nationality")?,
            registered_on: own_column("registered_on")?,
        },
        2 => Linking::Filiations {
            person: own_column("person")?,
            parent: own_column("parent")?,
            number: own_column("number")?,
            sex: own_column("sex")?,
            from: own_column("from")?,
            until: own_column("until")?,
            registered_on: own_column("registered_on")?,
        },
        6 => Linking::Replacements {
            old: own_column("old")?,
            new: own_column("new")?,
            on: own_column("on")?,
            registered_on: own_column("registered_on")?,
        },
        3 => Linking::Key { coded: own_column("coded")?, person: own_column("person")? },
        4 => {
            let key = match node.get("key") {
                Some(found) => {
                    let text = found.text()?;
                    let id = ExtractId::read(&text);
                    if id.is_none() {
                        found.fault(10, "an extract is written `supplier/extract`", "");
                    }
                    id
                }
                None => None,
            };
            let optional = |key: &str| match node.get(key) {
                Some(_) => own_column(key).map(Some),
                None => Some(None),
            };
            Linking::Facts {
                person: own_column("person")?,
                key,
                as_of: as_of()?,
                area: optional("area")?,
                sex: optional("sex")?,
                birth: optional("birth")?,
                nationality: optional("nationality")?,
                moves_to: optional("moves_to")?,
            }
        }
        _ => Linking::Unlinked { nationality: own_column("nationality")?, as_of: as_of()?, area: own_column("area")? },
    })
}

/// Holds the columns that linking reads to their types: a date that may be empty would be read as a day of 1970.
fn types(node: &Node<'_>, linking: &Linking, columns: &[Column]) {
    let check = |name: &str, fits: &dyn Fn(&ColumnKind) -> bool, wanted: &str, may_be_empty: bool| {
        let Some(column) = columns.iter().find(|column| column.name == name) else { return };
        if !fits(&column.kind) {
            node.fault(14, format!("column `{name}` has this role and is not {wanted}"), "");
        } else if column.optional && !may_be_empty {
            node.fault(14, format!("column `{name}` has this role and may be empty"), "take `optional` away");
        } else if column.count_empty {
            // Figures are counted by it: those of an unknown group would be told.
            node.fault(
                14,
                format!("column `{name}` has this role and its empty rows are counted"),
                "take `count_empty` away",
            );
        }
    };
    let insz = |name: &str| check(name, &|kind| *kind == ColumnKind::Insz, "of type insz", false);
    // Of the register itself: numbers, or pseudonyms where everything is coded.
    let identifier = |name: &str| {
        check(name, &|kind| matches!(kind, ColumnKind::Insz | ColumnKind::Coded), "of type insz or coded", false);
    };
    let day = |name: &str, may_be_empty| check(name, &|kind| *kind == ColumnKind::Day, "of type day", may_be_empty);
    let is_dated = |kind: &ColumnKind| matches!(kind, ColumnKind::Day | ColumnKind::PartialDay);
    let dated_by = |name: &str, may_be_empty| check(name, &is_dated, "of type day or partial-day", may_be_empty);
    let code = |name: &str, may_be_empty| {
        check(name, &|kind| matches!(kind, ColumnKind::Code(_)), "a code", may_be_empty);
    };
    let nationality = |name: &str, may_be_empty| {
        let fits = |kind: &ColumnKind| matches!(kind, ColumnKind::Code(Codes::Nationalities(_)));
        check(name, &fits, "of type nationality", may_be_empty);
    };
    let dated = |as_of: &AsOf| match as_of {
        AsOf::PeriodStart => {}
        AsOf::Day(name) => day(name, false),
        AsOf::MonthEnd(name) => check(name, &|kind| *kind == ColumnKind::Month, "of type month", false),
        AsOf::QuarterEnd(name) => check(name, &|kind| *kind == ColumnKind::Quarter, "of type quarter", false),
        AsOf::FirstOfFebruary(name) => {
            check(name, &|kind| *kind == ColumnKind::SchoolYear, "of type school-year", false);
        }
    };
    match linking {
        Linking::None => {}
        Linking::Persons { person, birth, sex, register, area } => {
            identifier(person);
            check(birth, &|kind| *kind == ColumnKind::PartialDay, "of type partial-day", true);
            [sex, register, area].into_iter().for_each(|name| code(name, true));
        }
        Linking::Nationalities { person, order, from, until, nationality: own, registered_on } => {
            identifier(person);
            check(order, &|kind| *kind == ColumnKind::Count, "of type count", false);
            dated_by(from, false);
            dated_by(until, true);
            nationality(own, false);
            dated_by(registered_on, false);
        }
        Linking::Filiations { person, parent, number, sex, from, until, registered_on } => {
            identifier(person);
            identifier(parent);
            code(number, false);
            code(sex, true);
            dated_by(from, false);
            dated_by(until, true);
            dated_by(registered_on, false);
        }
        Linking::Replacements { old, new, on, registered_on } => {
            identifier(old);
            identifier(new);
            day(on, false);
            day(registered_on, false);
        }
        Linking::Key { coded, person } => {
            check(coded, &|kind| *kind == ColumnKind::Coded, "of type coded", false);
            insz(person);
        }
        Linking::Facts { person, key, as_of, area, sex, birth, nationality: own, moves_to } => {
            match key {
                Some(_) => check(person, &|kind| *kind == ColumnKind::Coded, "of type coded", false),
                None => identifier(person),
            }
            dated(as_of);
            area.iter().chain(sex).chain(moves_to).for_each(|name| code(name, true));
            birth.iter().for_each(|name| {
                check(name, &|kind| matches!(kind, ColumnKind::Day | ColumnKind::Year), "of type day or year", true);
            });
            own.iter().for_each(|name| nationality(name, true));
        }
        Linking::Unlinked { nationality: own, as_of, area } => {
            nationality(own, true);
            dated(as_of);
            code(area, true);
        }
    }
}
