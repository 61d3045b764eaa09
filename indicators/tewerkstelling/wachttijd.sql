-- Persons at twelve month-ends: a person counts once a month, under however many numbers or schemes.
-- Waiting time: school-leavers without a right to a benefit yet.
WITH waiting AS (
    SELECT person, as_of, area, origin_group FROM vdab_nwwz WHERE categorie = '02'
),
persons AS (
    SELECT
        person,
        COUNT(*) AS months,
        MIN(area) AS area,
        MIN(origin_group) AS origin_group,
        -- Whose months are in two municipalities or groups, or who stands twice at the end of one: each month is a power of two,
        -- which add up to what they are together only where none is there twice.
        MIN(area) <> MAX(area) OR MIN(origin_group) <> MAX(origin_group)
            OR SUM(1 << EXTRACT(MONTH FROM as_of)) <> BIT_OR(1 << EXTRACT(MONTH FROM as_of)) AS moves
    FROM waiting
    GROUP BY person
),
-- Nearly everybody is in one municipality and one group all year, and adds up.
steady AS (
    SELECT area, origin_group, SUM(months) AS months, COUNT(*) AS persons
    FROM persons
    WHERE moves IS NOT TRUE
    GROUP BY area, origin_group
),
-- The others do not: who is in two municipalities is one person of each and one of every area that both are in, also when
-- both are of one month.
moving AS (
    SELECT own.person, own.as_of, own.area, own.origin_group
    FROM waiting AS own
    JOIN persons ON persons.person = own.person AND persons.moves
)
SELECT
    -- Who lives outside Flanders keeps the area, and is told as such.
    COALESCE(area_members.area, steady.area) AS area,
    COALESCE(area_members.area_class, 'NIS5-2011') AS area_class,
    group_members."group",
    SUM(steady.months) AS numerator,
    SUM(steady.months) AS denominator,
    SUM(steady.persons) AS contributors
FROM steady
LEFT JOIN area_members ON area_members.member = steady.area
JOIN group_members ON group_members.leaf = steady.origin_group
GROUP BY 1, 2, 3

UNION ALL

SELECT area, area_class, "group", months AS numerator, months AS denominator, persons AS contributors
FROM (
    SELECT
        COALESCE(area_members.area, moving.area) AS area,
        COALESCE(area_members.area_class, 'NIS5-2011') AS area_class,
        group_members."group",
        -- A person and a month as one number.
        COUNT(DISTINCT CAST(moving.person AS BIGINT) * 12 + EXTRACT(MONTH FROM moving.as_of)) AS months,
        COUNT(DISTINCT moving.person) AS persons
    FROM moving
    LEFT JOIN area_members ON area_members.member = moving.area
    JOIN group_members ON group_members.leaf = moving.origin_group
    GROUP BY 1, 2, 3
)
