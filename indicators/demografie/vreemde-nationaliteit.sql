-- The total is Statbel's legal population. It is given, so it outranks what the groups below it add up to.
SELECT
    "CD_MUNTY_REFNIS" AS area,
    "CD_SEX" AS sex,
    '_T' AS "group",
    SUM(CASE WHEN "CD_NATLTY" = 'ETR' THEN "MS_POPULATION" ELSE 0 END) AS numerator,
    SUM("MS_POPULATION") AS denominator,
    SUM(CASE WHEN "CD_NATLTY" = 'ETR' THEN "MS_POPULATION" ELSE 0 END) AS contributors,
    'statbel/bevolking' AS source
FROM statbel_bevolking
WHERE "CD_RGN_REFNIS" = '02000'
GROUP BY "CD_MUNTY_REFNIS", "CD_SEX"

UNION ALL

-- The nationality groups are our own count in the register.
SELECT
    area,
    sex,
    nationality_group AS "group",
    COUNT(*) AS numerator,
    0 AS denominator,
    COUNT(*) AS contributors,
    'rijksregister/personen' AS source
FROM rijksregister_personen
WHERE register IN ('B', 'V') AND origin_class = 'foreign'
GROUP BY area, sex, nationality_group
