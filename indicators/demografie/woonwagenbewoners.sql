-- The count of Flanders is given, and outranks what the municipalities add up to. Persons are protected by their families.
SELECT gemeente AS area, 'gezinnen' AS detail, gezinnen AS numerator, CAST(NULL AS BIGINT) AS denominator, gezinnen AS contributors
FROM wonen_woonwagens

UNION ALL

SELECT gemeente AS area, 'bewoners' AS detail, bewoners AS numerator, CAST(NULL AS BIGINT) AS denominator, gezinnen AS contributors
FROM wonen_woonwagens

UNION ALL

-- The base of both: the inhabitants on the first of January of the year.
SELECT
    "CD_MUNTY_REFNIS" AS area,
    '_T' AS detail,
    0 AS numerator,
    SUM("MS_POPULATION") AS denominator,
    0 AS contributors
FROM statbel_bevolking
WHERE "CD_RGN_REFNIS" = '02000'
GROUP BY 1
