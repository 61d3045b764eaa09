-- A flow of an area is what crosses its border, so every area counts its own.
WITH moves AS (
    -- A move that was delivered under two numbers is one move.
    SELECT DISTINCT
        person,
        as_of,
        van,
        naar,
        soort,
        LENGTH(van) = 5 AND van <> '00992' AS from_here,
        LENGTH(naar) = 5 AND naar <> '00992' AS to_here
    FROM rijksregister_verhuizingen
    WHERE nationality <> '150'
        AND (soort IN ('verhuizing', 'afvoering') AND van IS NOT NULL OR soort = 'herinschrijving')
),
flows AS (
    SELECT
        own.area,
        own.area_class,
        'in' AS detail,
        CASE WHEN moves.from_here THEN 'binnenland' ELSE 'buitenland' END AS detail_2,
        moves.person
    FROM moves
    JOIN area_members AS own ON own.member = moves.naar
    LEFT JOIN area_members AS other
        ON other.member = moves.van AND other.area = own.area AND other.area_class = own.area_class
    WHERE other.area IS NULL

    UNION ALL

    SELECT
        own.area,
        own.area_class,
        'uit' AS detail,
        CASE WHEN moves.to_here THEN 'binnenland' ELSE 'buitenland' END AS detail_2,
        moves.person
    FROM moves
    JOIN area_members AS own ON own.member = moves.van
    LEFT JOIN area_members AS other
        ON other.member = moves.naar AND other.area = own.area AND other.area_class = own.area_class
    WHERE other.area IS NULL
),
-- Each border and both together, for persons who cross more than one are still one person.
counts AS (
    SELECT area, area_class, detail, detail_2, COUNT(*) AS moves, COUNT(DISTINCT person) AS persons
    FROM flows
    GROUP BY area, area_class, detail, detail_2

    UNION ALL

    SELECT area, area_class, detail, '_T' AS detail_2, COUNT(*) AS moves, COUNT(DISTINCT person) AS persons
    FROM flows
    GROUP BY area, area_class, detail
),
balances AS (
    SELECT
        area,
        area_class,
        detail_2,
        SUM(CASE detail WHEN 'in' THEN moves ELSE -moves END) AS balance,
        -- A balance tells a flow to whoever knows the other, so it is held to the smaller of the two that are there.
        MIN(persons) AS persons
    FROM counts
    GROUP BY area, area_class, detail_2
)
SELECT area, area_class, detail, detail_2, moves AS numerator, CAST(NULL AS BIGINT) AS denominator, persons AS contributors
FROM counts

UNION ALL

SELECT
    area,
    area_class,
    'saldo' AS detail,
    detail_2,
    balance AS numerator,
    CAST(NULL AS BIGINT) AS denominator,
    persons AS contributors
FROM balances

UNION ALL

-- The base of all flows of an area: its inhabitants on the first of January of the year.
SELECT
    own.area,
    own.area_class,
    '_T' AS detail,
    '_T' AS detail_2,
    0 AS numerator,
    SUM("MS_POPULATION") AS denominator,
    0 AS contributors
FROM statbel_bevolking
JOIN area_members AS own ON own.member = "CD_MUNTY_REFNIS"
WHERE "CD_RGN_REFNIS" = '02000'
GROUP BY own.area, own.area_class
