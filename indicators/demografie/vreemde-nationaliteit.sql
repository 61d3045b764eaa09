-- The total is Statbel's legal population. It is given, so it outranks what the groups below it add up to.
SELECT
    "CD_MUNTY_REFNIS" AS area,
    "CD_SEX" AS sex,
    CASE
        WHEN "CD_AGE" < 6 THEN '0-5'
        WHEN "CD_AGE" < 12 THEN '6-11'
        WHEN "CD_AGE" < 18 THEN '12-17'
        WHEN "CD_AGE" < 25 THEN '18-24'
        WHEN "CD_AGE" < 40 THEN '25-39'
        WHEN "CD_AGE" < 65 THEN '40-64'
        ELSE '65+'
    END AS age_group,
    '_T' AS "group",
    SUM(CASE WHEN "CD_NATLTY" = 'ETR' THEN "MS_POPULATION" ELSE 0 END) AS numerator,
    SUM("MS_POPULATION") AS denominator,
    SUM(CASE WHEN "CD_NATLTY" = 'ETR' THEN "MS_POPULATION" ELSE 0 END) AS contributors,
    'statbel/bevolking' AS source
FROM statbel_bevolking
WHERE "CD_RGN_REFNIS" = '02000'
GROUP BY 1, 2, 3

UNION ALL

-- The nationality groups are our own count in the register.
SELECT
    area,
    sex,
    CASE
        WHEN age < 6 THEN '0-5'
        WHEN age < 12 THEN '6-11'
        WHEN age < 18 THEN '12-17'
        WHEN age < 25 THEN '18-24'
        WHEN age < 40 THEN '25-39'
        WHEN age < 65 THEN '40-64'
        ELSE '65+'
    END AS age_group,
    nationality_group AS "group",
    COUNT(*) AS numerator,
    0 AS denominator,
    COUNT(*) AS contributors,
    'rijksregister/personen' AS source
FROM rijksregister_personen
WHERE register IN ('B', 'V') AND origin_class = 'foreign'
GROUP BY 1, 2, 3, 4
