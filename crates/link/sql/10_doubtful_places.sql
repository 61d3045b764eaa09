-- DOUBTFUL PLACES: on each reference day, for whom a tie that could not be read may be in force,
-- and whose place its parent would take.
--
-- A man would be the father and a woman the mother; of a parent whose sex could not be read either
-- it may be both. Whether the place is free is not asked here: a tie that can be read goes before.
--
-- Result: one row per reference day and child with such a tie.

SELECT
    doubtful_ties.child,
    reference_days.day,
    bool_or(doubtful_ties.sex <> 'F') AS father,
    bool_or(doubtful_ties.sex <> 'M') AS mother
FROM doubtful_ties
JOIN reference_days
  ON (doubtful_ties.valid_from IS NULL OR doubtful_ties.valid_from <= reference_days.day)
 AND (doubtful_ties.valid_until IS NULL OR reference_days.day < doubtful_ties.valid_until)
GROUP BY doubtful_ties.child, reference_days.day
