-- OWN NATIONALITIES of each resident on each reference day: the first and the current one.
--
-- VDAB asks for one thing more, that is kept here beside them: whether any nationality that had
-- begun by the day is known.
--
-- Result: one row per reference day and resident. A nationality is NULL if unknown, and '?' if a
-- record of it could not be read.

SELECT
    residents.person,
    residents.day,
    first_nationality.nationality AS own_first,
    current_nationality.nationality AS own_current,
    COALESCE(first_nationality.known_since <= residents.day, FALSE) AS own_history_known
FROM residents
LEFT JOIN first_nationality
       ON first_nationality.person = residents.person
LEFT JOIN current_nationality
       ON current_nationality.person = residents.person
      AND current_nationality.day = residents.day
