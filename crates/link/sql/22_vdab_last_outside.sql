-- VDAB, LAST OUTSIDE: the last nationality of outside that a person had taken on by the day.
--
-- VDAB counts the nationalities a person had before along with the current one. Of all that had
-- begun on or before the day, the one of outside that began last is kept.
--
-- Result: one row per reading of the history, reference day and person who has or had a nationality
-- of outside.

SELECT history.reading, history.person, vdab_outside.day, history.code
FROM history
JOIN vdab_outside
  ON vdab_outside.code = history.code
 AND history.begins_on <= vdab_outside.day
QUALIFY row_number() OVER (PARTITION BY history.reading, history.person, vdab_outside.day
                           ORDER BY history.begins_on DESC) = 1
