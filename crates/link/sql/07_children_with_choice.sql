-- CHILDREN WITH A CHOICE: those for whom it may have to be chosen who is the father or the mother.
--
-- Nearly every child has, over all time, at most one tie of a man and one of a woman. Then there is
-- nothing to choose on any day. Set apart here are the others: two ties of men, two of women, a tie
-- that records no sex, or one parent who stands in both places. That is all this table says; the choice itself is made day by
-- day, where the parents of a day are determined.
--
-- Result: one row per such child.

SELECT child
FROM ties
GROUP BY child
HAVING count(*) FILTER (WHERE sex = 'M') > 1
    OR count(*) FILTER (WHERE sex = 'F') > 1
    OR count(*) FILTER (WHERE sex = 'U') > 0
    OR (count(*) > 1 AND min(parent) = max(parent))
