-- Of whom the register does not know, the supplier's own word on sex and birth date counts.
WITH steps AS (
    SELECT person, area, COALESCE(sex, geslacht) AS sex, COALESCE(birth, geboortedatum) AS born, 'instroom' AS detail, as_of AS day
    FROM inburgering_trajecten

    UNION ALL

    SELECT person, area, COALESCE(sex, geslacht) AS sex, COALESCE(birth, geboortedatum) AS born, 'contract' AS detail, contract AS day
    FROM inburgering_trajecten
    WHERE contract IS NOT NULL

    UNION ALL

    SELECT person, area, COALESCE(sex, geslacht) AS sex, COALESCE(birth, geboortedatum) AS born, 'opschorting' AS detail, opschorting AS day
    FROM inburgering_trajecten, period
    -- A contract can be suspended again; one becomes a newcomer, and signs for the first time, once.
    WHERE opschorting BETWEEN first_day AND last_day
),
-- Under two numbers, the first time counts.
firsts AS (
    SELECT
        area,
        sex,
        detail,
        day,
        DATE_PART('year', day) - DATE_PART('year', born)
            - CASE WHEN TO_CHAR(day, '%m%d') < TO_CHAR(born, '%m%d') THEN 1 ELSE 0 END AS age,
        ROW_NUMBER() OVER (PARTITION BY person, detail ORDER BY day, area) AS turn
    FROM steps
)
SELECT area, sex, detail, COUNT(*) AS numerator, COUNT(*) AS denominator, COUNT(*) AS contributors
FROM firsts, period
WHERE turn = 1 AND age >= 18 AND day BETWEEN first_day AND last_day
GROUP BY area, sex, detail
