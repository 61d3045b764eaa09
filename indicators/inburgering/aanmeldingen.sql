-- First ever: who registered before under an old number is not counted again.
WITH steps AS (
    SELECT
        area,
        aanmelding,
        -- Of whom the register does not know, the supplier's own word counts.
        DATE_PART('year', aanmelding) - DATE_PART('year', COALESCE(birth, geboortedatum))
            - CASE WHEN TO_CHAR(aanmelding, '%m%d') < TO_CHAR(COALESCE(birth, geboortedatum), '%m%d') THEN 1 ELSE 0 END
            AS age,
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY aanmelding, area) AS turn
    FROM inburgering_trajecten
    WHERE aanmelding IS NOT NULL
)
SELECT area, COUNT(*) AS numerator, CAST(NULL AS BIGINT) AS denominator, COUNT(*) AS contributors
FROM steps, period
WHERE turn = 1 AND age >= 18 AND aanmelding BETWEEN first_day AND last_day
GROUP BY area

UNION ALL

-- The base: who was of age on the first of January of the year.
SELECT
    "CD_MUNTY_REFNIS" AS area,
    0 AS numerator,
    SUM("MS_POPULATION") AS denominator,
    0 AS contributors
FROM statbel_bevolking
WHERE "CD_RGN_REFNIS" = '02000' AND "CD_AGE" >= 18
GROUP BY 1
