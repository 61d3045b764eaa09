-- The count of Flanders is given, and outranks what the municipalities add up to.
SELECT
    gemeente AS area,
    groep AS detail,
    ingeschreven AS numerator,
    potentieel AS denominator,
    ingeschreven AS contributors
FROM verkiezingen_kiezers
