-- VDAB, LAST OUTSIDE: the last nationality of outside that a person had taken on by the day.
--
-- VDAB counts the nationalities a person had before along with the current one. Of all that had
-- begun on or before the day, in the order of the history, the last one of outside is kept.
--
-- Result: one row per reference day and person who has or had a nationality of outside.

SELECT history.person, vdab_outside.day, history.code
FROM history
JOIN vdab_outside
  ON vdab_outside.code = history.code
 AND history.valid_from <= vdab_outside.day
QUALIFY row_number() OVER (PARTITION BY history.person, vdab_outside.day
                           ORDER BY history.position DESC) = 1
