-- STATBEL ORIGIN (herkomst): Statbel asks for the present first. Whoever is not Belgian today is
-- non-Belgian; the others are Belgians with a foreign or with a Belgian background. "No indication
-- of a foreign background found" counts as a Belgian background, also if the parents are missing.
-- Statbel does not say whose nationality gives the group when both parents are foreign; that it
-- is the father's is the own rule of this monitor.
--
--   the first that applies               class                        group        decided by
--   own current nationality foreign      non-belgian                  own current  own-current
--   own current nationality unreadable   unknown                      none         unreadable
--   own first nationality foreign        belgian-foreign-background   own first    own-first
--   both parents' first foreign          belgian-foreign-background   father's     both-parents
--   father's first foreign               belgian-foreign-background   father's     father
--   mother's first foreign               belgian-foreign-background   mother's     mother
--   any other unreadable                 unknown                      none         unreadable
--   all four Belgian                     belgian-belgian-background   150          all-belgian
--   all four unknown                     belgian-belgian-background   150          nothing-known
--   some Belgian, the others unknown     belgian-belgian-background   150          known-belgian

WITH decided AS (
    SELECT
        person, day, father, mother, own_first, own_current,
        CASE
            WHEN own_current <> '150' THEN 'own-current'
            WHEN current_unreadable   THEN 'unreadable'
            WHEN own_first   <> '150' THEN 'own-first'
            WHEN father <> '150' AND mother <> '150' THEN 'both-parents'
            WHEN father      <> '150' THEN 'father'
            WHEN mother      <> '150' THEN 'mother'
            WHEN father_unreadable OR mother_unreadable OR first_unreadable THEN 'unreadable'
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
        WHEN decided_by = 'own-current' THEN 'non-belgian'
        WHEN decided_by = 'unreadable' THEN 'unknown'
        WHEN decided_by IN ('own-first', 'both-parents', 'father', 'mother')
            THEN 'belgian-foreign-background'
        ELSE 'belgian-belgian-background'
    END AS class,
    CASE decided_by
        WHEN 'own-current'  THEN own_current
        WHEN 'own-first'    THEN own_first
        WHEN 'both-parents' THEN father
        WHEN 'father'       THEN father
        WHEN 'mother'       THEN mother
        WHEN 'unreadable'   THEN NULL
        ELSE '150'
    END AS grp_code,
    decided_by
FROM decided
