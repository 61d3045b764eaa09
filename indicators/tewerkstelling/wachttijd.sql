-- A person is there for some months of the year, and may change municipality or group on the way. So every area and
-- every group counts its own persons: they do not add up.
WITH months AS (
    SELECT person, area, origin_group, COUNT(DISTINCT as_of) AS months
    FROM vdab_nwwz
    -- Waiting time: school-leavers without a right to a benefit yet.
    WHERE categorie = '02'
    GROUP BY person, area, origin_group
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
