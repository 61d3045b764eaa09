//! Every branch of the origin definitions, by cases written from the specification.

use std::path::Path;

use catalog::origin::{Known, OriginDefinition};
use catalog::table::Table;

fn definition(id: &str) -> OriginDefinition {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../sources/reference/origin/{id}.yaml"));
    let (found, faults) = OriginDefinition::read(id, &std::fs::read_to_string(file).unwrap());
    assert!(faults.is_empty(), "{faults:?}");
    found.unwrap()
}

#[test]
fn the_definitions_decide_every_case_as_the_specification_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/decisions.csv");
    let columns = [
        "case",
        "definition",
        "father_first",
        "mother_first",
        "own_first",
        "own_current",
        "class",
        "group",
        "decided_by",
    ];
    let mut faults = Vec::new();
    let table = Table::read("tests/decisions.csv", &std::fs::read_to_string(file).unwrap(), &columns, &mut faults);
    assert!(faults.is_empty(), "{faults:?}");
    let mut cases = 0;
    for row in table.rows() {
        let codes = ["father_first", "mother_first", "own_first", "own_current"]
            .map(|column| row.get(column).parse::<u16>().unwrap_or(0));
        let definition = definition(row.get("definition"));
        let (decision, group) = link::Facts { codes }.decide(&definition);
        let word = catalog::origin::DecidedBy::WORDS.iter().find(|(_, known)| *known == decision.decided_by).unwrap().0;
        let found = (definition.classes[usize::from(decision.class)].as_str(), group.to_string(), word);
        assert_eq!(
            found,
            (row.get("class"), row.get("group").to_string(), row.get("decided_by")),
            "{}: {}",
            row.get("definition"),
            row.get("case")
        );
        cases += 1;
    }
    assert!(cases >= 93, "only {cases} cases: 81 + 9 + 3 combinations have one each");
}

#[test]
fn unknown_never_makes_foreign() {
    for id in ["vreemde-nationaliteit", "eigen-historiek-2011", "vier-criteria-2013"] {
        let definition = definition(id);
        for number in 0..16u32 {
            let facts = [0, 1, 2, 3].map(|bit| if number >> bit & 1 == 1 { Known::Belgian } else { Known::Unknown });
            assert_eq!(definition.classes[usize::from(definition.decide(facts).class)], "belgian", "{id} {facts:?}");
        }
    }
}
