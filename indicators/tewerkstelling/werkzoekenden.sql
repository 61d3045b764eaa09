-- A person is there for some months of the year, and may change municipality or group on the way. So every area and
-- every group counts its own persons: they do not add up.
WITH months AS (
    SELECT person, area, origin_group, COUNT(*) AS months
    FROM vdab_nwwz
    GROUP BY person, area, origin_group
)
SELECT
    area_members.area,
    area_members.area_class,
    group_members."group",
    SUM(months.months) AS numerator,
    SUM(months.months) AS denominator,
    COUNT(DISTINCT months.person) AS contributors
FROM months
JOIN area_members ON area_members.member = months.area
JOIN group_members ON group_members.leaf = months.origin_group
GROUP BY area_members.area, area_members.area_class, group_members."group"
