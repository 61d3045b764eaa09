-- Distinct persons do not add up: who follows courses in two centres, or moved, is one person of Flanders.
WITH students AS (
    SELECT person, area, nationality_group, centrum AS detail FROM onderwijs_volwassenen

    UNION ALL

    SELECT person, area, nationality_group, 'NT2' AS detail FROM onderwijs_volwassenen WHERE nt2 = 'j'

    UNION ALL

    SELECT person, area, nationality_group, '_T' AS detail FROM onderwijs_volwassenen
)
SELECT
    COALESCE(area_members.area, students.area) AS area,
    COALESCE(area_members.area_class, 'NIS5-2011') AS area_class,
    group_members."group",
    students.detail,
    COUNT(DISTINCT students.person) AS numerator,
    0 AS denominator,
    COUNT(DISTINCT students.person) AS contributors
FROM students
LEFT JOIN area_members ON area_members.member = students.area
JOIN group_members ON group_members.leaf = students.nationality_group
GROUP BY 1, 2, 3, 4

UNION ALL

SELECT
    area_members.area,
    area_members.area_class,
    group_members."group",
    '_T' AS detail,
    0 AS numerator,
    COUNT(*) AS denominator,
    0 AS contributors
FROM rijksregister_personen
JOIN area_members ON area_members.member = rijksregister_personen.area
JOIN group_members ON group_members.leaf = rijksregister_personen.nationality_group
WHERE register IN ('B', 'V') AND age >= 18
GROUP BY 1, 2, 3
