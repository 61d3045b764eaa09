-- A person is there for some months of the year, and may change municipality or group on the way. So every area and
-- every group counts its own persons: they do not add up.
WITH present AS (
    SELECT DISTINCT person, as_of, area, origin_group FROM vdab_nwwz
),
months AS (
    SELECT person, area, origin_group, COUNT(*) AS months FROM present GROUP BY person, area, origin_group
),
-- Who stands in two municipalities at the end of one month is one person of every area that both are in.
twice AS (
    SELECT present.*
    FROM present
    JOIN (SELECT person, as_of FROM present GROUP BY person, as_of HAVING COUNT(*) > 1) AS several
        ON several.person = present.person AND several.as_of = present.as_of
)
SELECT
    -- Who lives outside Flanders keeps the area, and is told as such.
    COALESCE(area_members.area, months.area) AS area,
    COALESCE(area_members.area_class, 'NIS5-2011') AS area_class,
    group_members."group",
    SUM(months.months) AS numerator,
    SUM(months.months) AS denominator,
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
    COUNT(DISTINCT CONCAT(CAST(twice.person AS VARCHAR), ' ', CAST(twice.as_of AS VARCHAR))) - COUNT(*) AS numerator,
    COUNT(DISTINCT CONCAT(CAST(twice.person AS VARCHAR), ' ', CAST(twice.as_of AS VARCHAR))) - COUNT(*) AS denominator,
    0 AS contributors
FROM twice
JOIN area_members ON area_members.member = twice.area
JOIN group_members ON group_members.leaf = twice.origin_group
GROUP BY area_members.area, area_members.area_class, group_members."group"
