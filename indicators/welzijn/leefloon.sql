-- The same month can stand in the files of two years, so a person counts once a month.
WITH months AS (
    SELECT person, area, origin_group, COUNT(DISTINCT as_of) AS months
    FROM ksz_leefloon
    GROUP BY person, area, origin_group
),
inhabitants AS (
    SELECT area, origin_group, 12 * COUNT(*) AS person_months
    FROM rijksregister_personen
    WHERE register IN ('B', 'V')
    GROUP BY area, origin_group
)
SELECT
    -- Who lives outside Flanders keeps the area, and is told as such.
    COALESCE(area_members.area, months.area) AS area,
    COALESCE(area_members.area_class, 'NIS5-2011') AS area_class,
    group_members."group",
    SUM(months.months) AS numerator,
    0 AS denominator,
    COUNT(DISTINCT months.person) AS contributors
FROM months
LEFT JOIN area_members ON area_members.member = months.area
JOIN group_members ON group_members.leaf = months.origin_group
GROUP BY COALESCE(area_members.area, months.area), COALESCE(area_members.area_class, 'NIS5-2011'), group_members."group"

UNION ALL

SELECT
    area_members.area,
    area_members.area_class,
    group_members."group",
    0 AS numerator,
    SUM(inhabitants.person_months) AS denominator,
    0 AS contributors
FROM inhabitants
JOIN area_members ON area_members.member = inhabitants.area
JOIN group_members ON group_members.leaf = inhabitants.origin_group
GROUP BY area_members.area, area_members.area_class, group_members."group"
