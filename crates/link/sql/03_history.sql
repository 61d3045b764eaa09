-- HISTORY: the nationalities of each person, each from the first day on which it counts.
--
-- Readings. A history in which a date is not known to the day is read twice: with every such date
-- as early as it may be (reading 1), and as late (reading 2). What both say is known. What may have
-- been in force for a day is read as if it had been. An undated row is in neither. All other
-- histories are read once (reading 1).
--
-- Ends. A nationality left open ends where the person's next one begins, later than it begins
-- itself.
--
-- Claims. Several rows may claim a day. On that day counts the one that
--   1. was registered last: a correction replaces what it corrects;
--   2. of these, begins last: a new nationality ends the one before;
--   3. of these, is Belgian (Code of Private International Law, art. 3 par. 2: of a Belgian with
--      another nationality only the Belgian one counts); else one that could not be read, since it
--      may be the Belgian; else that of a state before none (codes from 700 on);
--   4. of these, has the greatest serial number, then the greatest code (own rule).
-- A row counts from the first day that no stronger claim takes; one with no such day not at all.
--
-- Nearly always each stronger claim begins later than the weaker, and then nothing takes the first
-- day of any. Set apart as contested are the histories in which it is not so.
--
-- Result: one row per reading and nationality that counts on some day. `position` counts from the
-- weakest claim to the strongest; `ends_on` is NULL if it is in force without end.

WITH

doubtful_persons AS (
    SELECT DISTINCT person FROM nationality_rows WHERE in_doubt
),

read AS (
    SELECT
        CAST(1 AS BIGINT) AS reading,
        person, ord, code,
        first_from AS valid_from,
        CASE WHEN until_unreadable THEN first_from + INTERVAL '1 day'
             ELSE greatest(first_until, CASE WHEN first_until IS NOT NULL THEN first_from + INTERVAL '1 day' END)
        END AS valid_until,
        first_learned AS registered_on
    FROM nationality_rows
    WHERE NOT undated
    UNION ALL
    SELECT
        CAST(2 AS BIGINT),
        nationality_rows.person, ord, code,
        -- it began before it ended
        CASE WHEN last_until IS NOT NULL AND last_until <= last_from
             THEN greatest(first_from, last_until - INTERVAL '1 day') ELSE last_from END,
        CASE WHEN last_until IS NOT NULL
             THEN greatest(last_until, first_from + INTERVAL '1 day') END,
        last_learned
    FROM nationality_rows
    JOIN doubtful_persons ON doubtful_persons.person = nationality_rows.person
    WHERE NOT undated
),

claims AS (
    SELECT
        reading, person, valid_from, valid_until, code,
        row_number() OVER by_strength AS position,
        lead(valid_from) OVER by_strength AS next_from
    FROM read
    WINDOW by_strength AS (
        PARTITION BY reading, person
        ORDER BY registered_on, valid_from,
                 CASE code WHEN '150' THEN 3 WHEN '?' THEN 2
                           ELSE CASE WHEN code < '700' THEN 1 ELSE 0 END END,
                 ord, code)
),

contested AS (
    SELECT DISTINCT reading, person FROM claims WHERE next_from <= valid_from
),

contested_claims AS (
    SELECT claims.reading, claims.person, claims.position, claims.valid_from, claims.valid_until, claims.code
    FROM claims
    JOIN contested ON contested.reading = claims.reading AND contested.person = claims.person
),

contested_ended AS (
    SELECT
        one.reading, one.person, one.position, one.valid_from, one.code,
        COALESCE(one.valid_until, min(other.valid_from)) AS ends_on
    FROM contested_claims AS one
    LEFT JOIN contested_claims AS other
           ON other.reading = one.reading AND other.person = one.person
          AND other.valid_from > one.valid_from
    GROUP BY one.reading, one.person, one.position, one.valid_from, one.valid_until, one.code
),

-- a claim may begin to count on its own first day, or on the day on which a stronger one ends
possible_days AS (
    SELECT reading, person, position, valid_from AS day FROM contested_ended
    UNION
    SELECT weak.reading, weak.person, weak.position, strong.ends_on
    FROM contested_ended AS weak
    JOIN contested_ended AS strong
      ON strong.reading = weak.reading AND strong.person = weak.person
     AND strong.position > weak.position
     AND strong.ends_on > weak.valid_from
     AND (weak.ends_on IS NULL OR strong.ends_on < weak.ends_on)
),

taken AS (
    SELECT DISTINCT possible_days.reading, possible_days.person, possible_days.position, possible_days.day
    FROM possible_days
    JOIN contested_ended AS strong
      ON strong.reading = possible_days.reading AND strong.person = possible_days.person
     AND strong.position > possible_days.position
     AND strong.valid_from <= possible_days.day
     AND (strong.ends_on IS NULL OR possible_days.day < strong.ends_on)
),

free AS (
    SELECT possible_days.reading, possible_days.person, possible_days.position, min(possible_days.day) AS begins_on
    FROM possible_days
    LEFT JOIN taken
           ON taken.reading = possible_days.reading AND taken.person = possible_days.person
          AND taken.position = possible_days.position AND taken.day = possible_days.day
    WHERE taken.person IS NULL
    GROUP BY possible_days.reading, possible_days.person, possible_days.position
)

SELECT
    claims.reading, claims.person, claims.position,
    claims.valid_from AS begins_on,
    COALESCE(claims.valid_until, claims.next_from) AS ends_on,
    claims.code
FROM claims
LEFT JOIN contested ON contested.reading = claims.reading AND contested.person = claims.person
WHERE contested.person IS NULL
UNION ALL
SELECT
    contested_ended.reading, contested_ended.person, contested_ended.position,
    free.begins_on, contested_ended.ends_on, contested_ended.code
FROM contested_ended
JOIN free
  ON free.reading = contested_ended.reading AND free.person = contested_ended.person
 AND free.position = contested_ended.position
