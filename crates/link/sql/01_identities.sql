-- IDENTITIES: which identifier does a person go by in the end?
--
-- The National Register replaces identifiers: a BIS number becomes a national number, a sex or a
-- date of birth is corrected, two files turn out to be about one person. Everything that was
-- recorded under a replaced identifier belongs to the person's final identifier, and this is
-- settled before anything else is looked at.
--
--   * A replacement that the register learned after the cut-off of the edition does not exist.
--   * Where one identifier was replaced twice, the later replacement counts; of two on the same
--     day, the one by the greater identifier.
--   * A chain of replacements is followed to its end.
--   * Identifiers on a circle of replacements, or leading into one, have no end to be followed to:
--     they stay as they are.
--
-- The chains are walked backwards, from their ends: first the replacements by an identifier that
-- was itself never replaced, then those leading to these, and so on. A circle has no end, so the
-- walk never comes to one and needs no special case; and each identifier has one replacement only,
-- so the walk comes past it at most once and always stops.
--
-- Result: one row per replaced identifier that has an end. An identifier without a row is final.

WITH RECURSIVE

replaced_by AS (
    SELECT old_person, new_person
    FROM replacements
    WHERE registered_on <= (SELECT cut_off FROM edition)
    QUALIFY row_number() OVER (PARTITION BY old_person
                               ORDER BY replaced_on DESC, new_person DESC) = 1
),

last_steps AS (
    SELECT step.old_person, step.new_person AS person
    FROM replaced_by AS step
    LEFT JOIN replaced_by AS further ON further.old_person = step.new_person
    WHERE further.old_person IS NULL
),

followed AS (
    SELECT old_person, person
    FROM last_steps
    UNION ALL
    SELECT step.old_person, followed.person
    FROM followed
    JOIN replaced_by AS step ON step.new_person = followed.old_person
)

SELECT old_person, person
FROM followed
