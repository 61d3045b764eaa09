-- FOUR CRITERIA 2013 (vier criteria): the decree of 7 June 2013 on integration, art. 2, and its
-- executive order on uniform measuring. Of foreign origin is whoever meets one of: father's
-- nationality at birth not Belgian, mother's nationality at birth not Belgian, own nationality at
-- birth not Belgian, own current nationality not Belgian. The nationality that is met first, in
-- that order, gives the group. Whoever has no foreign fact is counted with the Belgian origin,
-- also if facts are missing.
--
--   the first that applies                  class      group          decided by
--   father's first nationality foreign      foreign    father's       father
--   mother's first nationality foreign      foreign    mother's       mother
--   own first nationality foreign           foreign    own first      own-first
--   own current nationality foreign         foreign    own current    own-current
--   any unreadable                          unknown    none           unreadable
--   all four Belgian                        belgian    150            all-belgian
--   all four unknown                        belgian    150            nothing-known
--   some Belgian, the others unknown        belgian    150            known-belgian

WITH decided AS (
    SELECT
        person, day, father, mother, own_first, own_current,
        CASE
            WHEN father      <> '150' THEN 'father'
            WHEN mother      <> '150' THEN 'mother'
            WHEN own_first   <> '150' THEN 'own-first'
            WHEN own_current <> '150' THEN 'own-current'
            WHEN father_unreadable OR mother_unreadable OR first_unreadable OR current_unreadable THEN 'unreadable'
            WHEN father = '150' AND mother = '150'
             AND own_first = '150' AND own_current = '150' THEN 'all-belgian'
            WHEN COALESCE(father, mother, own_first, own_current) IS NULL THEN 'nothing-known'
            ELSE 'known-belgian'
        END AS decided_by
    FROM facts
)

SELECT
    person,
    day,
    CASE WHEN decided_by IN ('father', 'mother', 'own-first', 'own-current')
         THEN 'foreign'
         WHEN decided_by = 'unreadable' THEN 'unknown' ELSE 'belgian' END AS class,
    CASE decided_by
        WHEN 'father'      THEN father
        WHEN 'mother'      THEN mother
        WHEN 'own-first'   THEN own_first
        WHEN 'own-current' THEN own_current
        WHEN 'unreadable'  THEN NULL
        ELSE '150'
    END AS grp_code,
    decided_by
FROM decided
