SELECT
    area,
    nationality_group AS "group",
    vorm AS detail,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM onderwijs_secundair
GROUP BY area, nationality_group, vorm
