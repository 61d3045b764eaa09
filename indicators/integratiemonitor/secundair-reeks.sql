SELECT
    area,
    nationality_group AS "group",
    vorm AS detail,
    COUNT(DISTINCT person) AS numerator,
    COUNT(DISTINCT person) AS denominator,
    COUNT(DISTINCT person) AS contributors
FROM onderwijs_secundair
GROUP BY area, nationality_group, vorm
