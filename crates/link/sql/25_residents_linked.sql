-- RESIDENTS, LINKED: what the counts need to know of each resident on each reference day, apart
-- from the origin under each definition.
--
--   * Nationality is the own current one; NULL if unknown.
--   * A parent is known if the parent's first nationality is.
--   * Generation is the own rule of this monitor, on the facts of the decree of 7 June 2013: the
--     first generation has or had a foreign nationality itself; the second has not, but has a
--     parent who first had one; all others have none. Where a record that could say otherwise could
--     not be read, it is NULL.
--
-- Result: one row per reference day and resident.

SELECT
    residents.person,
    residents.day,
    residents.area,
    residents.sex,
    residents.age,
    residents.birth,
    residents.register,
    facts.own_current AS nationality,
    CASE
        WHEN facts.father IS NOT NULL AND facts.mother IS NOT NULL THEN 'both'
        WHEN facts.father IS NOT NULL THEN 'father'
        WHEN facts.mother IS NOT NULL THEN 'mother'
        ELSE 'none'
    END AS parents_known,
    CASE
        WHEN facts.own_first <> '150' OR facts.own_current <> '150' THEN 'first'
        WHEN facts.first_unreadable  OR facts.current_unreadable    THEN NULL
        WHEN facts.father    <> '150' OR facts.mother      <> '150' THEN 'second'
        WHEN facts.father_unreadable OR facts.mother_unreadable     THEN NULL
        ELSE 'none'
    END AS generation
FROM residents
JOIN facts ON facts.person = residents.person AND facts.day = residents.day
