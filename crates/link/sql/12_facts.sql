-- FACTS: the four nationalities by which every definition of origin decides.
--
-- Statbel, the Socio-Economic Monitoring and the decree of 7 June 2013 use the same four facts
-- about a person and differ in what they make of them: the first nationality of the father and of
-- the mother, and the person's own first and current nationality.
--
-- Result: one row per reference day and resident; a fact is a nationality code, NULL if unknown.
-- In the definitions, `fact <> '150'` reads "foreign" and `fact = '150'` reads "Belgian". Neither
-- is true of an unknown fact: not knowing never makes anyone foreign, nor Belgian.

SELECT
    own_nationalities.person,
    own_nationalities.day,
    parents_on_day.father,
    parents_on_day.mother,
    own_nationalities.own_first,
    own_nationalities.own_current,
    own_nationalities.own_history_known
FROM own_nationalities
LEFT JOIN parents_on_day
       ON parents_on_day.child = own_nationalities.person
      AND parents_on_day.day = own_nationalities.day
