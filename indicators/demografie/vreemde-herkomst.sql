-- Belgians by origin add nothing to the count and everything to its base.
SELECT
    area,
    sex,
    origin_group AS "group",
    SUM(CASE WHEN origin_class = 'foreign' THEN 1 ELSE 0 END) AS numerator,
    COUNT(*) AS denominator,
    SUM(CASE WHEN origin_class = 'foreign' THEN 1 ELSE 0 END) AS contributors
FROM rijksregister_personen
WHERE register IN ('B', 'V')
GROUP BY area, sex, origin_group
