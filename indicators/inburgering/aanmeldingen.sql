-- First ever: who registered before under an old number is not counted again.
WITH steps AS (
    SELECT
        area,
        aanmelding,
        DATE_PART('year', aanmelding) - DATE_PART('year', geboortedatum)
            - CASE WHEN TO_CHAR(aanmelding, '%m%d') < TO_CHAR(geboortedatum, '%m%d') THEN 1 ELSE 0 END AS age,
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY aanmelding, area) AS turn
    FROM inburgering_trajecten
    WHERE aanmelding IS NOT NULL
)
SELECT area, COUNT(*) AS numerator, COUNT(*) AS contributors
FROM steps, period
WHERE turn = 1 AND age >= 18 AND aanmelding BETWEEN first_day AND last_day
GROUP BY area
