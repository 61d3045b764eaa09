-- TIES between a child and a parent.
--
-- The National Register records filiation: by birth, recognition, adoption, co-motherhood.
--
--   * A tie that the register learned after the cut-off of the edition does not exist.
--
-- Result: one row per recorded tie. `sex` is the parent's as the tie records it: M, F, or U where
-- it does not.

SELECT
    COALESCE(child_identity.person, filiations.child) AS child,
    COALESCE(parent_identity.person, filiations.parent) AS parent,
    COALESCE(filiations.sex, 'U') AS sex,
    filiations.number,
    filiations.valid_from,
    filiations.valid_until
FROM filiations
LEFT JOIN identities AS child_identity
       ON child_identity.old_person = filiations.child
LEFT JOIN identities AS parent_identity
       ON parent_identity.old_person = filiations.parent
WHERE filiations.registered_on <= (SELECT cut_off FROM edition)
