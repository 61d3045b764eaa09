-- SEM: the Socio-Economic Monitoring of the Federal Public Service Employment (WASO) and Unia.
-- The same order of facts as the four criteria, but more is asked of a Belgian origin: all four
-- facts must be known and Belgian. A Belgian born Belgian of whom a parent is missing is set
-- apart, and whoever has no foreign fact and is not known to be born and to be Belgian cannot be
-- attributed at all. (The SEM names that last class where both own facts are missing; that it
-- also takes those of whom one is missing is the own rule of this monitor.)
--
--   the first that applies                  class                    group        decided by
--   father's first nationality foreign      foreign                  father's     father
--   mother's first nationality foreign      foreign                  mother's     mother
--   own first nationality foreign           foreign                  own first    own-first
--   own current nationality foreign         foreign                  own current  own-current
--   any unreadable                          not-attributed           none         unreadable
--   all four Belgian                        belgian                  150          all-belgian
--   own first and own current Belgian       belgian-not-attributed   150          known-belgian
--   all four unknown                        not-attributed           150          nothing-known
--   otherwise                               not-attributed           150          known-belgian

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
    CASE
        WHEN decided_by IN ('father', 'mother', 'own-first', 'own-current') THEN 'foreign'
        WHEN decided_by = 'unreadable' THEN 'not-attributed'
        WHEN decided_by = 'all-belgian' THEN 'belgian'
        WHEN own_first = '150' AND own_current = '150' THEN 'belgian-not-attributed'
        ELSE 'not-attributed'
    END AS class,
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
