-- Somebody who got two certificates in the year counts once.
WITH steps AS (
    SELECT
        area,
        DATE_PART('year', attest) - DATE_PART('year', geboortedatum)
            - CASE WHEN TO_CHAR(attest, '%m%d') < TO_CHAR(geboortedatum, '%m%d') THEN 1 ELSE 0 END AS age,
        ROW_NUMBER() OVER (PARTITION BY person ORDER BY attest, area) AS turn
    FROM inburgering_trajecten, period
    WHERE attest BETWEEN first_day AND last_day
)
SELECT area, COUNT(*) AS numerator, COUNT(*) AS contributors
FROM steps
WHERE turn = 1 AND age >= 18
GROUP BY area
