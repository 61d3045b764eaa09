-- CANDIDATES for father and mother: each tie, with what the choice of a father and a mother needs.
--
-- What is wanted of a parent is one thing only: the FIRST nationality (the child of naturalised
-- parents is the child of parents who were born foreign). It does not change with the day and is
-- therefore looked up here, once.
--
-- Result: one row per recorded tie. `nationality` is the parent's first, NULL if unknown;
-- `choice` says whether there may be a choice between this tie and another.

SELECT
    ties.child,
    ties.parent,
    ties.sex,
    ties.number,
    ties.valid_from,
    ties.valid_until,
    first_nationality.nationality,
    children_with_choice.child IS NOT NULL AS choice
FROM ties
LEFT JOIN children_with_choice ON children_with_choice.child = ties.child
LEFT JOIN first_nationality ON first_nationality.person = ties.parent
