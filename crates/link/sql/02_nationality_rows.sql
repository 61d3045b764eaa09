-- NATIONALITY ROWS: what the register says of nationalities, with the days that each date may be.
--
-- The register keeps the nationalities that a person has had, each from a date and mostly until a
-- date, and the day on which it learned it.
--
--   * A date is written YYYYMMDD. 00 for the day, or for month and day, says that it is not known:
--     the date is then some day of the month, or of the year.
--   * A row that the register learned after the cut-off of the edition for certain does not exist.
--   * Code 999 says that nothing is known, which is the same as no nationality on record: such a
--     row counts for nothing. Code 711 (undetermined) is a nationality like any other, and not
--     Belgian. A code that could not be read is written '?': a nationality, but not known which.
--   * A nationality that ended on the day it began was never in force and counts for nothing.
--   * An end that is empty is open. An end that could not be read is some day after the beginning.
--   * What was delivered had been registered: a day of registration is the cut-off at the latest,
--     also where it could not be read.
--   * A row whose beginning could not be read is undated. It had begun when it was registered.
--
-- Result: one row per row that counts. A pair of dates is the earliest and the latest day that a
-- date may be. `last_until` is NULL if the end may be never; `first_until` as well, and where the
-- end could not be read. `in_doubt` says that some date is not known to the day.

WITH

written AS (
    SELECT
        COALESCE(identities.person, nationalities.person) AS person,
        nationalities.ord,
        COALESCE(nationalities.code, '?') AS code,
        nationalities.until_unreadable,
        nationalities.valid_from / 10000 AS from_year,
        nationalities.valid_from / 100 % 100 AS from_month,
        nationalities.valid_from % 100 AS from_day,
        nationalities.valid_until / 10000 AS until_year,
        nationalities.valid_until / 100 % 100 AS until_month,
        nationalities.valid_until % 100 AS until_day,
        nationalities.registered_on / 10000 AS learned_year,
        nationalities.registered_on / 100 % 100 AS learned_month,
        nationalities.registered_on % 100 AS learned_day
    FROM nationalities
    LEFT JOIN identities ON identities.old_person = nationalities.person
    WHERE nationalities.code IS NULL OR nationalities.code <> '999'
),

dated AS (
    SELECT
        person,
        ord,
        code,
        until_unreadable,
        make_date(from_year, greatest(from_month, 1), greatest(from_day, 1)) AS first_from,
        make_date(until_year, greatest(until_month, 1), greatest(until_day, 1)) AS first_until,
        make_date(learned_year, greatest(learned_month, 1), greatest(learned_day, 1)) AS first_learned,
        -- the last day of a month is the day before the next month begins
        CASE WHEN from_month = 0 THEN make_date(from_year, 12, 31)
             WHEN from_day > 0 THEN make_date(from_year, from_month, from_day)
             WHEN from_month = 12 THEN make_date(from_year, 12, 31)
             ELSE make_date(from_year, from_month + 1, 1) - INTERVAL '1 day' END AS last_from,
        CASE WHEN until_month = 0 THEN make_date(until_year, 12, 31)
             WHEN until_day > 0 THEN make_date(until_year, until_month, until_day)
             WHEN until_month = 12 THEN make_date(until_year, 12, 31)
             ELSE make_date(until_year, until_month + 1, 1) - INTERVAL '1 day' END AS last_until,
        CASE WHEN learned_month = 0 THEN make_date(learned_year, 12, 31)
             WHEN learned_day > 0 THEN make_date(learned_year, learned_month, learned_day)
             WHEN learned_month = 12 THEN make_date(learned_year, 12, 31)
             ELSE make_date(learned_year, learned_month + 1, 1) - INTERVAL '1 day' END AS last_learned
    FROM written
)

SELECT
    person,
    ord,
    code,
    until_unreadable,
    first_from,
    last_from,
    first_until,
    last_until,
    COALESCE(first_learned, DATE '0001-01-01') AS first_learned,
    least(last_learned, cut_off) AS last_learned,
    first_from IS NULL AS undated,
    first_from IS NULL OR until_unreadable
        OR first_from <> last_from
        OR first_learned IS NULL OR first_learned <> least(last_learned, cut_off)
        OR COALESCE(first_until <> last_until, FALSE) AS in_doubt
FROM dated
CROSS JOIN edition
WHERE (first_learned IS NULL OR first_learned <= cut_off)
  AND (first_from IS NULL OR first_from <> last_from OR last_until IS NULL OR last_until > first_from)
