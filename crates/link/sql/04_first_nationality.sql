-- FIRST NATIONALITY of each person: the stand-in for the nationality at birth.
--
-- The decree of 7 June 2013 speaks of the nationality at birth. Statistics Flanders and Statbel
-- both take for it the first nationality known in the National Register: that of the first day on
-- which there is one, whatever day is being looked at.
--
-- Of a history that is in doubt it is known only if both readings, and every undated row, say the
-- same. A reading without any nationality says so too, unless an undated row says that there is one.
--
-- Result: one row per person with a history; `nationality` is '?' if it is not known which.
-- `known_since` is the beginning of the first nationality that could be read.

WITH

read AS (
    SELECT
        person,
        reading,
        first_value(code ORDER BY begins_on) AS nationality,
        min(begins_on) FILTER (WHERE code <> '?') AS known_since
    FROM history
    GROUP BY person, reading
),

doubtful_persons AS (
    SELECT person, bool_or(undated) AS some_undated
    FROM nationality_rows
    WHERE in_doubt
    GROUP BY person
),

said AS (
    SELECT person, nationality, 1 AS readings FROM read
    UNION ALL
    SELECT person, code, 0 FROM nationality_rows WHERE undated
),

agreed AS (
    SELECT
        said.person,
        CASE WHEN min(said.nationality) <> max(said.nationality) THEN '?'
             WHEN bool_or(NOT COALESCE(doubtful_persons.some_undated, TRUE)) AND sum(said.readings) < 2 THEN '?'
             ELSE min(said.nationality)
        END AS nationality
    FROM said
    LEFT JOIN doubtful_persons ON doubtful_persons.person = said.person
    GROUP BY said.person
)

SELECT agreed.person, agreed.nationality, read.known_since
FROM agreed
LEFT JOIN read ON read.person = agreed.person AND read.reading = 1
