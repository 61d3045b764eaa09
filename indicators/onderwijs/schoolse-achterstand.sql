WITH pupils AS (
    SELECT
        -- A pupil who stands in the file under two numbers is one pupil, the one who is furthest.
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY graad DESC, leerjaar DESC, area) AS turn,
        area,
        nationality_group,
        -- Without delay, a pupil turns twelve in the calendar year in which the first year of secondary education begins;
        -- the day of the count lies a year later.
        CAST(DATE_PART('year', as_of) AS BIGINT) - 1
            -- Of whom the register does not know, the school's own word counts.
            - COALESCE(CAST(DATE_PART('year', birth) AS BIGINT), geboortejaar)
            - (11 + 2 * (CAST(graad AS BIGINT) - 1) + CAST(leerjaar AS BIGINT)) AS behind
    FROM onderwijs_secundair
    WHERE vorm NOT IN ('OKAN', 'BUSO')
        AND stelsel = 'lineair'
        AND graad IN ('1', '2', '3')
        AND leerjaar IN ('1', '2')
)
SELECT
    area,
    nationality_group AS "group",
    CASE WHEN behind = 1 THEN '1' ELSE '2+' END AS detail,
    COUNT(*) AS numerator,
    0 AS denominator,
    COUNT(*) AS contributors
FROM pupils
WHERE turn = 1 AND behind >= 1
GROUP BY 1, 2, 3

UNION ALL

-- All pupils are the base of every detail; the total adds it up once.
SELECT area, nationality_group AS "group", '1' AS detail, 0 AS numerator, COUNT(*) AS denominator, 0 AS contributors
FROM pupils
WHERE turn = 1
GROUP BY 1, 2
