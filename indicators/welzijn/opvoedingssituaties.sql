-- A child with two files in a year counts once in it, and is one person over the three years.
SELECT
    COALESCE(area_members.area, files.gemeente) AS area,
    COALESCE(area_members.area_class, 'NIS5-2011') AS area_class,
    COUNT(DISTINCT CONCAT(CAST(files.jaar AS VARCHAR), ' ', files.kind)) AS numerator,
    0 AS denominator,
    COUNT(DISTINCT files.kind) AS contributors
FROM jongerenwelzijn_pos AS files
LEFT JOIN area_members ON area_members.member = files.gemeente
WHERE files.leeftijd < 18
GROUP BY 1, 2

UNION ALL

SELECT area_members.area, area_members.area_class, 0 AS numerator, COUNT(*) AS denominator, 0 AS contributors
FROM rijksregister_personen
JOIN area_members ON area_members.member = rijksregister_personen.area
WHERE register IN ('B', 'V') AND age < 18
GROUP BY 1, 2
