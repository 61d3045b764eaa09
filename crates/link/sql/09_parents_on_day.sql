-- PARENTS of each person on each reference day: who is the father, who is the mother?
--
-- The four criteria of the decree of 7 June 2013 ask for one father and one mother. The register
-- may hold more ties than that, or two of one sex, and the decree is silent on both; what follows
-- from the second step on is the own rule of this monitor.
--
--   1. A tie counts on a day if it began on or before it and has not ended on it.
--   2. One parent is one parent, however many ties are recorded: of several ties with the same
--      parent the first stands, by number and then the latest begun.
--   3. Where no sex is recorded at all, number 1 counts as the man and number 2 as the woman. The
--      men, the women and those of unrecorded sex are put in order, each by number and then the
--      latest begun first.
--   4. The first man is the father and the first woman is the mother. A parent of unrecorded sex
--      takes the place that is left.
--   5. Two or more parents of one sex and nobody else fill both places: the first stands in the
--      father's place, the second in the mother's.
--   6. If different parents have the same claim to a place (same number, begun on the same day),
--      none of them gets it: the place stays unknown, and no coin is tossed.
--
-- Steps 2, 3, 5 and 6 are gone through only for the few children with a choice; for all others a
-- man's tie that counts makes the father and a woman's the mother.
--
-- Result: one row per reference day and child with a tie that counts. `father` and `mother` are
-- their FIRST nationalities: NULL if there is no such parent or if it is unknown, '?' if a record of
-- it could not be read. `has_father` and `has_mother` say whether there is such a parent at all.

WITH

-- step 1
counting AS (
    SELECT
        candidates.child,
        reference_days.day,
        candidates.parent,
        candidates.sex,
        candidates.number,
        candidates.valid_from,
        candidates.nationality,
        candidates.choice
    FROM candidates
    JOIN reference_days
      ON candidates.valid_from <= reference_days.day
     AND (candidates.valid_until IS NULL OR reference_days.day < candidates.valid_until)
),

without_choice AS (
    SELECT
        child,
        day,
        max(nationality) FILTER (WHERE sex = 'M') AS father,
        max(nationality) FILTER (WHERE sex = 'F') AS mother,
        bool_or(sex = 'M') AS has_father,
        bool_or(sex = 'F') AS has_mother
    FROM counting
    WHERE NOT choice
    GROUP BY child, day
),

-- step 2
distinct_parents AS (
    SELECT child, day, sex, number, valid_from, nationality
    FROM counting
    WHERE choice
    QUALIFY row_number() OVER (
        PARTITION BY child, day, parent
        ORDER BY number, valid_from DESC, CASE sex WHEN 'M' THEN 1 WHEN 'F' THEN 2 ELSE 3 END) = 1
),

-- step 3: parents with the same claim share a place, and the place after it stays empty
recorded AS (
    SELECT child, day, bool_or(sex <> 'U') AS some_sex
    FROM distinct_parents
    GROUP BY child, day
),

sided AS (
    SELECT
        distinct_parents.child,
        distinct_parents.day,
        CASE
            WHEN distinct_parents.sex <> 'U' OR recorded.some_sex THEN distinct_parents.sex
            WHEN distinct_parents.number = '1' THEN 'M'
            ELSE 'F'
        END AS sex,
        distinct_parents.number,
        distinct_parents.valid_from,
        distinct_parents.nationality
    FROM distinct_parents
    JOIN recorded
      ON recorded.child = distinct_parents.child AND recorded.day = distinct_parents.day
),

in_order AS (
    SELECT
        child,
        day,
        sex,
        nationality,
        rank() OVER (PARTITION BY child, day, sex
                     ORDER BY number, valid_from DESC) AS place
    FROM sided
),

counted AS (
    SELECT
        child,
        day,
        count(*) FILTER (WHERE sex = 'M') AS men,
        count(*) FILTER (WHERE sex = 'F') AS women,
        count(*) FILTER (WHERE sex = 'U') AS others,
        count(*) FILTER (WHERE sex = 'M' AND place = 1) AS first_men,
        count(*) FILTER (WHERE sex = 'M' AND place = 2) AS second_men,
        count(*) FILTER (WHERE sex = 'F' AND place = 1) AS first_women,
        count(*) FILTER (WHERE sex = 'F' AND place = 2) AS second_women,
        count(*) FILTER (WHERE sex = 'U' AND place = 1) AS first_others,
        max(nationality) FILTER (WHERE sex = 'M' AND place = 1) AS first_man,
        max(nationality) FILTER (WHERE sex = 'M' AND place = 2) AS second_man,
        max(nationality) FILTER (WHERE sex = 'F' AND place = 1) AS first_woman,
        max(nationality) FILTER (WHERE sex = 'F' AND place = 2) AS second_woman,
        max(nationality) FILTER (WHERE sex = 'U' AND place = 1) AS first_other
    FROM in_order
    GROUP BY child, day
),

-- steps 4, 5 and 6
with_choice AS (
    SELECT
        child,
        day,
        CASE
            WHEN men > 0    THEN CASE WHEN first_men = 1 THEN first_man END
            WHEN others > 0 THEN CASE WHEN first_others = 1 THEN first_other END
            WHEN women >= 2 THEN CASE WHEN first_women = 1 THEN first_woman END
        END AS father,
        CASE
            WHEN men = 0 AND others = 0 AND women >= 2
                THEN CASE WHEN second_women = 1 THEN second_woman END
            WHEN women > 0  THEN CASE WHEN first_women = 1 THEN first_woman END
            WHEN others > 0 THEN CASE WHEN first_others = 1 THEN first_other END
            WHEN men >= 2   THEN CASE WHEN second_men = 1 THEN second_man END
        END AS mother,
        CASE
            WHEN men > 0    THEN first_men = 1
            WHEN others > 0 THEN first_others = 1
            ELSE women >= 2 AND first_women = 1
        END AS has_father,
        CASE
            WHEN men = 0 AND others = 0 AND women >= 2 THEN second_women = 1
            WHEN women > 0  THEN first_women = 1
            WHEN others > 0 THEN first_others = 1
            ELSE men >= 2 AND second_men = 1
        END AS has_mother
    FROM counted
)

SELECT child, day, father, mother, has_father, has_mother FROM without_choice
UNION ALL
SELECT child, day, father, mother, has_father, has_mother FROM with_choice
