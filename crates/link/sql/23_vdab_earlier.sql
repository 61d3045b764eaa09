-- VDAB, EARLIER: what is known of the nationalities that a person had taken on by the day, where
-- one is of outside, or could not be read, or where the history is in doubt.
--
-- In one reading of a history the earlier nationalities are
--   outside      if one of outside had begun;
--   unreadable   else, if one that could not be read had begun;
--   known        else, if any had begun;
--   none         else.
-- A history that is in doubt has two readings, and perhaps undated rows.
--   * Outside in both: outside, with the one of the later reading.
--   * Else, if an undated row of outside was registered by the day (it had begun then): outside, with
--     the smallest code of such rows.
--   * Else, if both readings come to the same and no undated row may be of outside: what they come
--     to; and if that is none, known if there is an undated row.
--   * Else: unreadable.
--
-- Result: one row per such reference day and person; `code` is the nationality of outside.

WITH

doubtful_persons AS (
    SELECT DISTINCT person FROM nationality_rows WHERE in_doubt
),

unreadable AS (
    SELECT DISTINCT history.reading, history.person, reference_days.day
    FROM history
    JOIN reference_days ON history.begins_on <= reference_days.day
    WHERE history.code = '?'
),

-- of the persons in doubt, each reading on each day
readings AS (
    SELECT doubtful_persons.person, reference_days.day, which.reading
    FROM doubtful_persons
    CROSS JOIN reference_days
    CROSS JOIN (SELECT CAST(column1 AS BIGINT) AS reading FROM (VALUES (1), (2)) AS pair) AS which
),

begun AS (
    SELECT readings.person, readings.day, readings.reading, count(history.person) AS nationalities
    FROM readings
    LEFT JOIN history
           ON history.person = readings.person AND history.reading = readings.reading
          AND history.begins_on <= readings.day
    GROUP BY readings.person, readings.day, readings.reading
),

judged AS (
    SELECT
        begun.person,
        begun.day,
        begun.reading,
        CASE
            WHEN vdab_last_outside.code IS NOT NULL THEN 'outside'
            WHEN unreadable.person IS NOT NULL      THEN 'unreadable'
            WHEN begun.nationalities > 0            THEN 'known'
            ELSE 'none'
        END AS kind,
        vdab_last_outside.code
    FROM begun
    LEFT JOIN vdab_last_outside
           ON vdab_last_outside.person = begun.person AND vdab_last_outside.day = begun.day
          AND vdab_last_outside.reading = begun.reading
    LEFT JOIN unreadable
           ON unreadable.person = begun.person AND unreadable.day = begun.day
          AND unreadable.reading = begun.reading
),

paired AS (
    SELECT
        person,
        day,
        min(kind) AS kind,
        min(kind) = max(kind) AS alike,
        max(code) FILTER (WHERE reading = 2) AS late_code
    FROM judged
    GROUP BY person, day
),

undated AS (
    SELECT
        nationality_rows.person,
        reference_days.day,
        min(nationality_rows.code) FILTER (
            WHERE vdab_outside.code IS NOT NULL AND nationality_rows.last_learned <= reference_days.day
        ) AS certain,
        bool_or(vdab_outside.code IS NOT NULL OR nationality_rows.code = '?') AS may_be_outside
    FROM nationality_rows
    CROSS JOIN reference_days
    LEFT JOIN vdab_outside
           ON vdab_outside.code = nationality_rows.code AND vdab_outside.day = reference_days.day
    WHERE nationality_rows.undated
    GROUP BY nationality_rows.person, reference_days.day
)

SELECT
    paired.person,
    paired.day,
    CASE
        WHEN paired.alike AND paired.kind = 'outside' THEN 'outside'
        WHEN undated.certain IS NOT NULL          THEN 'outside'
        WHEN NOT paired.alike OR undated.may_be_outside THEN 'unreadable'
        WHEN paired.kind = 'none' AND undated.person IS NOT NULL THEN 'known'
        ELSE paired.kind
    END AS kind,
    CASE WHEN paired.alike AND paired.kind = 'outside' THEN paired.late_code ELSE undated.certain END AS code
FROM paired
LEFT JOIN undated ON undated.person = paired.person AND undated.day = paired.day
UNION ALL
SELECT
    COALESCE(vdab_last_outside.person, unreadable.person),
    COALESCE(vdab_last_outside.day, unreadable.day),
    CASE WHEN vdab_last_outside.code IS NOT NULL THEN 'outside' ELSE 'unreadable' END,
    vdab_last_outside.code
FROM vdab_last_outside
FULL JOIN unreadable
       ON unreadable.person = vdab_last_outside.person AND unreadable.day = vdab_last_outside.day
      AND unreadable.reading = vdab_last_outside.reading
LEFT JOIN doubtful_persons
       ON doubtful_persons.person = COALESCE(vdab_last_outside.person, unreadable.person)
WHERE doubtful_persons.person IS NULL
