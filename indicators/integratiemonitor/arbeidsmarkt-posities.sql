SELECT
    rijksregister_personen.area,
    ksz_posities.sex,
    CASE
        WHEN ksz_posities.age < 25 THEN '18-24'
        WHEN ksz_posities.age < 40 THEN '25-39'
        WHEN ksz_posities.age < 55 THEN '40-54'
        ELSE '55-64'
    END AS age_group,
    ksz_posities.origin_group AS "group",
    LEFT(positie, 1) AS detail,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM ksz_posities
JOIN rijksregister_personen ON rijksregister_personen.person = ksz_posities.person
WHERE ksz_posities.age BETWEEN 18 AND 64 AND rijksregister_personen.register IN ('B', 'V')
GROUP BY 1, 2, 3, 4, 5
