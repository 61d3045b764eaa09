-- TIES between a child and a parent.
--
-- The National Register records filiation: by birth, recognition, adoption, co-motherhood.
--
--   * A tie that the register learned after the cut-off of the edition for certain does not exist.
--   * Of a date that is known in part (00 for the day, or for month and day) the beginning is the
--     first day that it may be, and the end the last: own rule.
--   * A tie that could not be read is set apart: see the doubtful ties.
--
-- Result: one row per recorded tie that could be read. `sex` is the parent's as the tie records it: M, F, or U where
-- it does not.

SELECT
    COALESCE(child_identity.person, filiations.child) AS child,
    COALESCE(parent_identity.person, filiations.parent) AS parent,
    COALESCE(filiations.sex, 'U') AS sex,
    filiations.number,
    make_date(filiations.valid_from / 10000,
              greatest(filiations.valid_from / 100 % 100, 1),
              greatest(filiations.valid_from % 100, 1)) AS valid_from,
    CASE WHEN filiations.valid_until % 10000 = 0
             THEN make_date(filiations.valid_until / 10000, 12, 31)
         WHEN filiations.valid_until % 10000 = 1200
             THEN make_date(filiations.valid_until / 10000, 12, 31)
         WHEN filiations.valid_until % 100 = 0
             THEN make_date(filiations.valid_until / 10000, filiations.valid_until / 100 % 100 + 1, 1) - INTERVAL '1 day'
         ELSE make_date(filiations.valid_until / 10000,
                        filiations.valid_until / 100 % 100, filiations.valid_until % 100)
    END AS valid_until
FROM filiations
LEFT JOIN identities AS child_identity
       ON child_identity.old_person = filiations.child
LEFT JOIN identities AS parent_identity
       ON parent_identity.old_person = filiations.parent
WHERE NOT filiations.unreadable
  AND make_date(filiations.registered_on / 10000,
                greatest(filiations.registered_on / 100 % 100, 1),
                greatest(filiations.registered_on % 100, 1)) <= (SELECT cut_off FROM edition)
