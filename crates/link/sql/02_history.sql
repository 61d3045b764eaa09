-- HISTORY: the nationalities of each person, in order.
--
-- The register keeps the nationalities that a person has had, each from a date and mostly until
-- a date.
--
--   * A nationality that the register learned after the cut-off of the edition does not exist.
--   * Code 999 says that nothing is known, which is the same as no nationality on record: such a
--     row counts for nothing. Code 711 (undetermined) is a nationality like any other, and not
--     Belgian.
--   * The order is by date of beginning, then by the register's own serial number, then by date
--     of ending (open last), then by code.
--   * A nationality left open ends where the person's next one begins.
--   * A nationality that ended on the day it began was never in force and counts for nothing.
--
-- Result: one row per nationality of a person. `position` counts from 1. `ends_on` is the first
-- day on which it is no longer in force, NULL if it is in force without end.

WITH known AS (
    SELECT
        COALESCE(identities.person, nationalities.person) AS person,
        nationalities.ord,
        nationalities.valid_from,
        nationalities.valid_until,
        nationalities.code
    FROM nationalities
    LEFT JOIN identities ON identities.old_person = nationalities.person
    WHERE nationalities.registered_on <= (SELECT cut_off FROM edition)
      AND nationalities.code <> '999'
      AND (nationalities.valid_until IS NULL
           OR nationalities.valid_until > nationalities.valid_from)
),

ended AS (
    SELECT
        person,
        ord,
        valid_from,
        valid_until,
        COALESCE(valid_until, lead(valid_from) OVER in_order) AS ends_on,
        code
    FROM known
    WINDOW in_order AS (
        PARTITION BY person
        ORDER BY valid_from, ord, valid_until NULLS LAST, code)
)

SELECT
    person,
    row_number() OVER (PARTITION BY person
                       ORDER BY valid_from, ord, valid_until NULLS LAST, code) AS position,
    valid_from,
    ends_on,
    code
FROM ended
WHERE ends_on IS NULL OR ends_on > valid_from
