-- First ever: who signed before under an old number is not counted again.
WITH steps AS (
    SELECT
        area,
        contract,
        DATE_PART('year', contract) - DATE_PART('year', geboortedatum)
            - CASE WHEN TO_CHAR(contract, '%m%d') < TO_CHAR(geboortedatum, '%m%d') THEN 1 ELSE 0 END AS age,
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY contract, area) AS turn
    FROM inburgering_trajecten
    WHERE contract IS NOT NULL
)
SELECT area, COUNT(*) AS numerator, COUNT(*) AS contributors
FROM steps, period
WHERE turn = 1 AND age >= 18 AND contract BETWEEN first_day AND last_day
GROUP BY area
