-- Who was there on both days stands in one row; the group and the area are those of the later day, else of the earlier. Who comes
-- under two pseudonyms is one person, in the lowest position: who works somewhere works.
WITH persons AS (
    SELECT person, as_of, origin_group, MIN(LEFT(positie, 1)) AS position
    FROM ksz_posities
    WHERE age BETWEEN 18 AND 64
    GROUP BY person, as_of, origin_group
),
positions AS (
    SELECT persons.person, persons.as_of, rijksregister_personen.area, persons.origin_group, persons.position
    FROM persons
    JOIN rijksregister_personen
        ON rijksregister_personen.person = persons.person
        -- The residence is that of the 1 January after the quarter.
        AND DATE_PART('year', rijksregister_personen.as_of) = DATE_PART('year', persons.as_of) + 1
    WHERE rijksregister_personen.register IN ('B', 'V')
),
before AS (SELECT positions.* FROM positions, period WHERE as_of < first_day),
now AS (SELECT positions.* FROM positions, period WHERE as_of >= first_day)
SELECT
    COALESCE(now.area, before.area) AS area,
    COALESCE(now.origin_group, before.origin_group) AS "group",
    COALESCE(before.position, 'afwezig') AS detail,
    COALESCE(now.position, 'afwezig') AS detail_2,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM before
FULL OUTER JOIN now ON now.person = before.person
GROUP BY 1, 2, 3, 4
