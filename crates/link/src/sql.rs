//! The second derivation, in plain SQL: the same written rules in another language, by another way, from the landed rows.
//!
//! Each file of `sql/` is one query; its answer is a table by the name of the file without its number. `liim verify
//! --stage link` runs them and compares every column of every person; a cluster could run them instead of the Rust.

/// The queries in the order in which they build on each other: name of the table, text.
pub const STEPS: [(&str, &str); 25] = [
    ("identities", include_str!("../sql/01_identities.sql")),
    ("nationality_rows", include_str!("../sql/02_nationality_rows.sql")),
    ("history", include_str!("../sql/03_history.sql")),
    ("first_nationality", include_str!("../sql/04_first_nationality.sql")),
    ("ties", include_str!("../sql/05_ties.sql")),
    ("doubtful_ties", include_str!("../sql/06_doubtful_ties.sql")),
    ("children_with_choice", include_str!("../sql/07_children_with_choice.sql")),
    ("candidates", include_str!("../sql/08_candidates.sql")),
    ("parents_on_day", include_str!("../sql/09_parents_on_day.sql")),
    ("doubtful_places", include_str!("../sql/10_doubtful_places.sql")),
    ("personal_data", include_str!("../sql/11_personal_data.sql")),
    ("residents", include_str!("../sql/12_residents.sql")),
    ("current_nationality", include_str!("../sql/13_current_nationality.sql")),
    ("own_nationalities", include_str!("../sql/14_own_nationalities.sql")),
    ("facts", include_str!("../sql/15_facts.sql")),
    ("origin_vreemde_nationaliteit", include_str!("../sql/16_origin_vreemde_nationaliteit.sql")),
    ("origin_eigen_historiek_2011", include_str!("../sql/17_origin_eigen_historiek_2011.sql")),
    ("origin_vier_criteria_2013", include_str!("../sql/18_origin_vier_criteria_2013.sql")),
    ("origin_sem_waso", include_str!("../sql/19_origin_sem_waso.sql")),
    ("origin_statbel_herkomst", include_str!("../sql/20_origin_statbel_herkomst.sql")),
    ("vdab_outside", include_str!("../sql/21_vdab_outside.sql")),
    ("vdab_last_outside", include_str!("../sql/22_vdab_last_outside.sql")),
    ("vdab_earlier", include_str!("../sql/23_vdab_earlier.sql")),
    ("origin_vdab_2011", include_str!("../sql/24_origin_vdab_2011.sql")),
    ("residents_linked", include_str!("../sql/25_residents_linked.sql")),
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
