-- DOUBTFUL TIES: ties to a parent of which it could be read whose they are, and not all the rest.
--
-- Whoever has one has, perhaps, a parent whom the register names and nobody can read.
--
--   * Such a tie may be in force from the first day that its beginning may be, or ever since, to the
--     last that its end may be, or for ever.
--   * One that was learned after the cut-off of the edition for certain does not exist.
--
-- Result: one row per such tie. `valid_from` and `valid_until` are NULL if there is no bound.

SELECT
    COALESCE(child_identity.person, filiations.child) AS child,
    COALESCE(filiations.sex, 'U') AS sex,
    make_date(filiations.valid_from / 10000,
              greatest(filiations.valid_from / 100 % 100, 1),
              greatest(filiations.valid_from % 100, 1)) AS valid_from,
    CASE WHEN filiations.valid_until % 10000 IN (0, 1200)
             THEN make_date(filiations.valid_until / 10000, 12, 31)
         WHEN filiations.valid_until % 100 = 0
             THEN make_date(filiations.valid_until / 10000, filiations.valid_until / 100 % 100 + 1, 1) - INTERVAL '1 day'
         ELSE make_date(filiations.valid_until / 10000,
                        filiations.valid_until / 100 % 100, filiations.valid_until % 100)
    END AS valid_until
FROM filiations
LEFT JOIN identities AS child_identity
       ON child_identity.old_person = filiations.child
WHERE filiations.unreadable
  AND COALESCE(make_date(filiations.registered_on / 10000,
                         greatest(filiations.registered_on / 100 % 100, 1),
                         greatest(filiations.registered_on % 100, 1)) <= (SELECT cut_off FROM edition), TRUE)
