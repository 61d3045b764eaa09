WITH births AS (
    SELECT
        area,
        nationality_group,
        -- A criterion that is not filled in counts as not weak.
        CASE WHEN inkomen = '1' THEN 1 ELSE 0 END + CASE WHEN opleiding = '1' THEN 1 ELSE 0 END
            + CASE WHEN arbeid = '1' THEN 1 ELSE 0 END + CASE WHEN stimulatie = '1' THEN 1 ELSE 0 END
            + CASE WHEN huisvesting = '1' THEN 1 ELSE 0 END + CASE WHEN gezondheid = '1' THEN 1 ELSE 0 END AS weak
    FROM kindengezin_geboorten
)
SELECT
    area,
    nationality_group AS "group",
    SUM(CASE WHEN weak >= 3 THEN 1 ELSE 0 END) AS numerator,
    COUNT(*) AS denominator,
    SUM(CASE WHEN weak >= 3 THEN 1 ELSE 0 END) AS contributors
FROM births
GROUP BY 1, 2
