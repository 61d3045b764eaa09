-- CURRENT NATIONALITY of each person on each reference day.
--
-- Of the nationalities in force on the day (begun on or before it, not yet ended on it) that with
-- the strongest claim.
--
-- Of a history that is in doubt it is known only if both readings, and every undated row that may
-- not have ended by then, say the same. A reading in which none is in force says so too, unless an
-- undated row has begun by then for certain: an undated row has begun on the day of registration.
--
-- Result: one row per reference day and person with a nationality in force; '?' if it is not known
-- which.

WITH

last_in_force AS (
    SELECT history.reading, history.person, reference_days.day, max(history.position) AS position
    FROM history
    JOIN reference_days
      ON history.begins_on <= reference_days.day
     AND (history.ends_on IS NULL OR reference_days.day < history.ends_on)
    GROUP BY history.reading, history.person, reference_days.day
),

read AS (
    SELECT history.reading, history.person, last_in_force.day, history.code
    FROM history
    JOIN last_in_force
      ON last_in_force.reading = history.reading
     AND last_in_force.person = history.person
     AND last_in_force.position = history.position
),

doubtful_persons AS (
    SELECT DISTINCT person FROM nationality_rows WHERE in_doubt
),

said AS (
    SELECT read.person, read.day, read.code, 1 AS readings, 0 AS begun
    FROM read
    JOIN doubtful_persons ON doubtful_persons.person = read.person
    UNION ALL
    SELECT nationality_rows.person, reference_days.day, nationality_rows.code, 0,
           CASE WHEN nationality_rows.last_learned <= reference_days.day THEN 1 ELSE 0 END
    FROM nationality_rows
    JOIN reference_days
      ON nationality_rows.last_until IS NULL OR reference_days.day < nationality_rows.last_until
    WHERE nationality_rows.undated
)

SELECT read.person, read.day, read.code AS nationality
FROM read
LEFT JOIN doubtful_persons ON doubtful_persons.person = read.person
WHERE doubtful_persons.person IS NULL
UNION ALL
SELECT
    person,
    day,
    CASE WHEN min(code) = max(code) AND (sum(readings) = 2 OR sum(begun) > 0) THEN min(code) ELSE '?' END
FROM said
GROUP BY person, day
