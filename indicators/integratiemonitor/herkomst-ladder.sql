WITH inhabitants AS (
    SELECT
        area,
        COUNT(*) AS persons,
        SUM(CASE WHEN "vreemde-nationaliteit@class" = 'foreign' THEN 1 ELSE 0 END) AS by_nationality,
        SUM(CASE WHEN "eigen-historiek-2011@class" = 'foreign' THEN 1 ELSE 0 END) AS by_history,
        SUM(CASE WHEN "vier-criteria-2013@class" = 'foreign' THEN 1 ELSE 0 END) AS by_parents
    FROM rijksregister_personen
    WHERE register IN ('B', 'V')
    GROUP BY area
)
SELECT area, 'L1' AS detail, by_nationality AS numerator, persons AS denominator, by_nationality AS contributors
FROM inhabitants
UNION ALL
SELECT area, 'L2' AS detail, by_history AS numerator, persons AS denominator, by_history AS contributors FROM inhabitants
UNION ALL
SELECT area, 'L3' AS detail, by_parents AS numerator, persons AS denominator, by_parents AS contributors FROM inhabitants
