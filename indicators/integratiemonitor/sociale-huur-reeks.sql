SELECT
    area,
    nationality_group AS "group",
    CASE blad WHEN 'huurders' THEN 'huurder' ELSE 'kandidaat' END AS detail,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM wonen_sociale_huur
GROUP BY area, nationality_group, blad
