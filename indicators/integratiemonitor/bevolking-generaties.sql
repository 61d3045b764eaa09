-- Belgians by origin have no generation; they stand with the first, where they add nothing to the count and everything to
-- its base. Of whom a record of the own nationality cannot be read it is certain that a parent was foreign: the second.
SELECT
    area,
    sex,
    CASE
        WHEN age < 6 THEN '0-5'
        WHEN age < 12 THEN '6-11'
        WHEN age < 18 THEN '12-17'
        WHEN age < 25 THEN '18-24'
        WHEN age < 40 THEN '25-39'
        WHEN age < 65 THEN '40-64'
        ELSE '65+'
    END AS age_group,
    origin_group AS "group",
    CASE
        WHEN generation = 'second' OR (generation IS NULL AND origin_class = 'foreign') THEN 'second'
        ELSE 'first'
    END AS detail,
    SUM(CASE WHEN origin_class = 'foreign' THEN 1 ELSE 0 END) AS numerator,
    COUNT(*) AS denominator,
    SUM(CASE WHEN origin_class = 'foreign' THEN 1 ELSE 0 END) AS contributors
FROM rijksregister_personen
WHERE register IN ('B', 'V')
GROUP BY 1, 2, 3, 4, 5
