-- Who was there on both days stands in one row; the group and the area are those of the later day, else of the earlier.
WITH positions AS (
    SELECT
        ksz_posities.person,
        ksz_posities.as_of,
        rijksregister_personen.area,
        ksz_posities.origin_group,
        LEFT(positie, 1) AS position
    FROM ksz_posities
    JOIN rijksregister_personen
        ON rijksregister_personen.person = ksz_posities.person
        -- The residence is that of the 1 January after the quarter.
        AND DATE_PART('year', rijksregister_personen.as_of) = DATE_PART('year', ksz_posities.as_of) + 1
    WHERE ksz_posities.age BETWEEN 18 AND 64 AND rijksregister_personen.register IN ('B', 'V')
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
