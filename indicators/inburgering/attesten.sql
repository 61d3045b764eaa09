-- Somebody gets one certificate; under two numbers the first counts.
WITH steps AS (
    SELECT
        area,
        attest,
        DATE_PART('year', attest) - DATE_PART('year', geboortedatum)
            - CASE WHEN TO_CHAR(attest, '%m%d') < TO_CHAR(geboortedatum, '%m%d') THEN 1 ELSE 0 END AS age,
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY attest, area) AS turn
    FROM inburgering_trajecten
    WHERE attest IS NOT NULL
)
SELECT area, COUNT(*) AS numerator, COUNT(*) AS contributors
FROM steps, period
WHERE turn = 1 AND age >= 18 AND attest BETWEEN first_day AND last_day
GROUP BY area
