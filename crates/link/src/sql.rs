//! The second derivation, in plain SQL: the same written rules in another language, by another way, from the landed rows.
//!
//! Each file of `sql/` is one query; its answer is a table by the name of the file without its number. `liim verify
//! --stage link` runs them and compares every column of every person; a cluster could run them instead of the Rust.

/// The queries in the order in which they build on each other: name of the table, text.
pub const STEPS: [(&str, &str); 21] = [
    ("identities", include_str!("../sql/01_identities.sql")),
    ("history", include_str!("../sql/02_history.sql")),
    ("first_nationality", include_str!("../sql/03_first_nationality.sql")),
    ("ties", include_str!("../sql/04_ties.sql")),
    ("children_with_choice", include_str!("../sql/05_children_with_choice.sql")),
    ("candidates", include_str!("../sql/06_candidates.sql")),
    ("parents_on_day", include_str!("../sql/07_parents_on_day.sql")),
    ("personal_data", include_str!("../sql/08_personal_data.sql")),
    ("residents", include_str!("../sql/09_residents.sql")),
    ("current_nationality", include_str!("../sql/10_current_nationality.sql")),
    ("own_nationalities", include_str!("../sql/11_own_nationalities.sql")),
    ("facts", include_str!("../sql/12_facts.sql")),
    ("origin_vreemde_nationaliteit", include_str!("../sql/13_origin_vreemde_nationaliteit.sql")),
    ("origin_eigen_historiek_2011", include_str!("../sql/14_origin_eigen_historiek_2011.sql")),
    ("origin_vier_criteria_2013", include_str!("../sql/15_origin_vier_criteria_2013.sql")),
    ("origin_sem_waso", include_str!("../sql/16_origin_sem_waso.sql")),
    ("origin_statbel_herkomst", include_str!("../sql/17_origin_statbel_herkomst.sql")),
    ("vdab_outside", include_str!("../sql/18_vdab_outside.sql")),
    ("vdab_last_outside", include_str!("../sql/19_vdab_last_outside.sql")),
    ("origin_vdab_2011", include_str!("../sql/20_origin_vdab_2011.sql")),
    ("residents_linked", include_str!("../sql/21_residents_linked.sql")),
];

/// The table in which a definition is derived, if it is.
pub fn table_of(definition: &str) -> Option<&'static str> {
    let wanted = format!("origin_{}", definition.replace('-', "_"));
    STEPS.iter().map(|(name, _)| *name).find(|name| *name == wanted)
}

/// Whether a step is wanted for these definitions: those that derive none are wanted always.
pub fn is_wanted(step: &str, definitions: &[&str]) -> bool {
    if step.starts_with("vdab_") {
        return definitions.contains(&"vdab-2011");
    }
    !step.starts_with("origin_") || definitions.iter().any(|definition| table_of(definition) == Some(step))
}
