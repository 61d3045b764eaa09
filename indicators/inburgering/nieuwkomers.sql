-- Who stands in the snapshot under two numbers became a newcomer on the first of the two days.
WITH newcomers AS (
    SELECT
        as_of,
        area,
        -- Of whom the register does not know, the supplier's own word counts.
        COALESCE(sex, geslacht) AS sex,
        CASE
            WHEN birth IS NOT NULL THEN age
            ELSE DATE_PART('year', as_of) - DATE_PART('year', geboortedatum)
                - CASE WHEN TO_CHAR(as_of, '%m%d') < TO_CHAR(geboortedatum, '%m%d') THEN 1 ELSE 0 END
        END AS age,
        nationality_group,
        doelgroep,
        verplicht,
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY as_of, doelgroep, area, verplicht) AS turn
    FROM inburgering_trajecten
)
SELECT
    area,
    sex,
    CASE WHEN age < 25 THEN '18-24' WHEN age < 40 THEN '25-39' WHEN age < 65 THEN '40-64' ELSE '65+' END AS age_group,
    nationality_group AS "group",
    doelgroep AS detail,
    verplicht AS detail_2,
    COUNT(*) AS numerator,
    COUNT(*) AS denominator,
    COUNT(*) AS contributors
FROM newcomers, period
WHERE turn = 1 AND age >= 18 AND as_of BETWEEN first_day AND last_day
GROUP BY 1, 2, 3, 4, 5, 6
