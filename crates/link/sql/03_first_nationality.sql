-- FIRST NATIONALITY of each person: the stand-in for the nationality at birth.
--
-- The decree of 7 June 2013 speaks of the nationality at birth. Statistics Flanders and Statbel
-- both take for it the first nationality known in the National Register: the first in the order
-- of the history, whatever day is being looked at.
--
-- Result: one row per person with a history. `known_since` is the beginning of the first.

SELECT
    person,
    max(code) FILTER (WHERE position = 1) AS nationality,
    min(valid_from) AS known_since
FROM history
GROUP BY person
