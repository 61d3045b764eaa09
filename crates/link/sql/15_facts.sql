-- FACTS: the four nationalities by which every definition of origin decides.
--
-- Statbel, the Socio-Economic Monitoring and the decree of 7 June 2013 use the same four facts
-- about a person and differ in what they make of them: the first nationality of the father and of
-- the mother, and the person's own first and current nationality.
--
-- Result: one row per reference day and resident; a fact is a nationality code, NULL if unknown.
-- In the definitions, `fact <> '150'` reads "foreign" and `fact = '150'` reads "Belgian". Neither
-- is true of an unknown fact: not knowing never makes anyone foreign, nor Belgian.
-- A fact of which there is a record that could not be read is unknown as well, and beside it stands
-- that it is `unreadable`: own rule of this monitor. Where no fact is foreign, the origin of whoever
-- has one is not known, by every definition that asks for it.

SELECT
    own_nationalities.person,
    own_nationalities.day,
    NULLIF(parents_on_day.father, '?') AS father,
    NULLIF(parents_on_day.mother, '?') AS mother,
    NULLIF(own_nationalities.own_first, '?') AS own_first,
    NULLIF(own_nationalities.own_current, '?') AS own_current,
    COALESCE(parents_on_day.father = '?', FALSE)
        OR COALESCE(doubtful_places.father AND NOT COALESCE(parents_on_day.has_father, FALSE), FALSE)
        AS father_unreadable,
    COALESCE(parents_on_day.mother = '?', FALSE)
        OR COALESCE(doubtful_places.mother AND NOT COALESCE(parents_on_day.has_mother, FALSE), FALSE)
        AS mother_unreadable,
    COALESCE(own_nationalities.own_first = '?', FALSE) AS first_unreadable,
    COALESCE(own_nationalities.own_current = '?', FALSE) AS current_unreadable,
    own_nationalities.own_history_known
FROM own_nationalities
LEFT JOIN parents_on_day
       ON parents_on_day.child = own_nationalities.person
      AND parents_on_day.day = own_nationalities.day
LEFT JOIN doubtful_places
       ON doubtful_places.child = own_nationalities.person
      AND doubtful_places.day = own_nationalities.day
