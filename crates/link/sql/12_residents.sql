-- RESIDENTS of each reference day.
--
-- A resident is whoever the delivery of that very day places in an area (a blank area means: not
-- resident that day). A person who stands in it twice, under two identifiers, is counted once:
-- by the row under the final identifier, else by the row with the smallest area.
--
-- Age is in completed years on the day. Taking the one date, written YYYYMMDD, from the other and
-- dropping the last four digits gives just that; whoever was born on 29 February completes a year
-- on 1 March where that day is missing. Of whoever is said to be born after the day, it is unknown.
--
-- Result: one row per reference day and resident. `sex`, `age` and `register` are NULL if unknown.

WITH

present AS (
    SELECT
        COALESCE(identities.person, persons.person) AS person,
        identities.person IS NULL AS under_final,
        persons.day,
        persons.area,
        persons.register
    FROM persons
    JOIN reference_days ON reference_days.day = persons.day
    LEFT JOIN identities ON identities.old_person = persons.person
    WHERE persons.area IS NOT NULL
),

counted_once AS (
    SELECT
        person,
        day,
        CAST(extract(YEAR  FROM day) AS INTEGER) * 10000
      + CAST(extract(MONTH FROM day) AS INTEGER) * 100
      + CAST(extract(DAY   FROM day) AS INTEGER) AS day_written,
        area,
        register
    FROM present
    QUALIFY row_number() OVER (PARTITION BY person, day
                               ORDER BY under_final DESC, area, register) = 1
)

SELECT
    counted_once.person,
    counted_once.day,
    counted_once.area,
    personal_data.sex,
    CASE WHEN personal_data.birth <= counted_once.day_written
         THEN (counted_once.day_written - personal_data.birth) / 10000 END AS age,
    CASE WHEN personal_data.birth IS NOT NULL
         THEN make_date(personal_data.birth / 10000, personal_data.birth / 100 % 100, personal_data.birth % 100)
    END AS birth,
    counted_once.register
FROM personal_data
JOIN counted_once ON counted_once.person = personal_data.person
