-- Who comes under two pseudonyms is one person, in the lowest position: who works somewhere works.
WITH persons AS (
    SELECT person, sex, age, origin_group, MIN(LEFT(positie, 1)) AS position
    FROM ksz_posities
    WHERE age BETWEEN 18 AND 64
    GROUP BY person, sex, age, origin_group
)
SELECT
    rijksregister_personen.area,
    persons.sex,
    CASE
        WHEN persons.age < 25 THEN '18-24'
        WHEN persons.age < 40 THEN '25-39'
        WHEN persons.age < 55 THEN '40-54'
        ELSE '55-64'
    END AS age_group,
    persons.origin_group AS "group",
    persons.position AS detail,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM persons
JOIN rijksregister_personen ON rijksregister_personen.person = persons.person
WHERE rijksregister_personen.register IN ('B', 'V')
GROUP BY 1, 2, 3, 4, 5
