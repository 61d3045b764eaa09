-- PERSONAL DATA: sex and date of birth of each person.
--
-- The register is delivered once a year and corrects itself: the newest delivery that has the
-- sex is believed about the sex, the newest that has the date of birth about the date of birth.
-- If that delivery has two rows on the person (under two identifiers), the row that already stood
-- under the final identifier is believed, else the one with the smallest date of birth (unknown
-- last; of a woman and a man born on one day, the woman).
--
-- An unknown month of birth (00) counts as July and an unknown day as the 15th; if both are
-- unknown, the birthday is 1 July: the middle of what is unknown.
--
-- Result: one row per person in any delivery. `birth` is YYYYMMDD and complete; it is NULL if
-- unknown, as is `sex`.

WITH

rows_of_person AS (
    SELECT
        COALESCE(identities.person, persons.person) AS person,
        identities.person IS NULL AS under_final,
        persons.delivery,
        persons.sex,
        persons.birth
    FROM persons
    LEFT JOIN identities ON identities.old_person = persons.person
),

newest AS (
    SELECT
        person,
        max(delivery) FILTER (WHERE sex IS NOT NULL) AS sex_delivery,
        max(delivery) FILTER (WHERE birth IS NOT NULL) AS birth_delivery
    FROM rows_of_person
    GROUP BY person
),

-- mostly one row a person from here on, also for a person of whom no delivery has either
believed AS (
    SELECT
        newest.person,
        rows_of_person.under_final,
        rows_of_person.sex,
        rows_of_person.birth,
        COALESCE(rows_of_person.birth, 99999999) AS birth_unknown_last,
        rows_of_person.delivery = newest.sex_delivery AS about_sex,
        rows_of_person.delivery = newest.birth_delivery AS about_birth
    FROM newest
    LEFT JOIN rows_of_person
      ON rows_of_person.person = newest.person
     AND rows_of_person.delivery IN (newest.sex_delivery, newest.birth_delivery)
),

-- aggregates leave out what is unknown
weighed AS (
    SELECT
        person,
        max(sex) FILTER (WHERE about_sex AND under_final) AS sex_under_final,
        min(birth_unknown_last) FILTER (WHERE about_sex AND sex = 'F') AS born_if_woman,
        min(birth_unknown_last) FILTER (WHERE about_sex AND sex = 'M') AS born_if_man,
        min(birth) FILTER (WHERE about_birth AND under_final) AS birth_under_final,
        min(birth) FILTER (WHERE about_birth) AS smallest_birth
    FROM believed
    GROUP BY person
),

chosen AS (
    SELECT
        person,
        CASE
            WHEN sex_under_final IS NOT NULL  THEN sex_under_final
            WHEN born_if_man IS NULL          THEN CASE WHEN born_if_woman IS NOT NULL THEN 'F' END
            WHEN born_if_woman <= born_if_man THEN 'F'
            ELSE 'M'
        END AS sex,
        COALESCE(birth_under_final, smallest_birth) AS birth
    FROM weighed
)

SELECT
    person,
    sex,
    CASE
        WHEN birth % 10000 = 0   THEN birth + 701   -- YYYY0000: month and day unknown
        WHEN birth % 10000 < 100 THEN birth + 700   -- YYYY00DD: month unknown
        WHEN birth % 100 = 0     THEN birth + 15    -- YYYYMM00: day unknown
        ELSE birth
    END AS birth
FROM chosen
