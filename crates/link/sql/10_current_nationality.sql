-- CURRENT NATIONALITY of each person on each reference day.
--
-- Of the nationalities in force on the day (begun on or before it, not yet ended on it) the last
-- in the order of the history.
--
-- Result: one row per reference day and person with a nationality in force.

WITH last_in_force AS (
    SELECT history.person, reference_days.day, max(history.position) AS position
    FROM history
    JOIN reference_days
      ON history.valid_from <= reference_days.day
     AND (history.ends_on IS NULL OR reference_days.day < history.ends_on)
    GROUP BY history.person, reference_days.day
)

SELECT history.person, last_in_force.day, history.code AS nationality
FROM history
JOIN last_in_force
  ON last_in_force.person = history.person
 AND last_in_force.position = history.position
