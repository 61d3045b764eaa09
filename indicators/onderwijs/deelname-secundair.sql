WITH pupils AS (
    SELECT
        -- A pupil who stands in the file under two numbers is one pupil, the one who is furthest.
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY graad DESC NULLS LAST, leerjaar DESC NULLS LAST, area, vorm) AS turn,
        area,
        nationality_group,
        vorm,
        COALESCE(graad, 'geen') AS graad
    FROM onderwijs_secundair
)
SELECT
    area,
    nationality_group AS "group",
    vorm AS detail,
    graad AS detail_2,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM pupils
WHERE turn = 1
GROUP BY area, nationality_group, vorm, graad
