-- OWN HISTORY 2011 (eigen historiek): the definition of the first edition of the local monitor.
-- In 2011 the Research Centre of the Flemish Government (SVR) estimated the number of persons of
-- foreign origin from the nationality history of each inhabitant, without the parents. It is a
-- lower bound: a second generation born Belgian is not in it.
--
--   the first that applies                  class      group          decided by
--   own first nationality foreign           foreign    own first      own-first
--   own current nationality foreign         foreign    own current    own-current
--   either unreadable                       unknown    none           unreadable
--   both Belgian                            belgian    150            all-belgian
--   both unknown                            belgian    150            nothing-known
--   one Belgian, the other unknown          belgian    150            known-belgian

WITH decided AS (
    SELECT
        person, day, own_first, own_current,
        CASE
            WHEN own_first   <> '150' THEN 'own-first'
            WHEN own_current <> '150' THEN 'own-current'
            WHEN first_unreadable OR current_unreadable THEN 'unreadable'
            WHEN own_first = '150' AND own_current = '150' THEN 'all-belgian'
            WHEN own_first IS NULL AND own_current IS NULL THEN 'nothing-known'
            ELSE 'known-belgian'
        END AS decided_by
    FROM facts
)

SELECT
    person,
    day,
    CASE WHEN decided_by IN ('own-first', 'own-current') THEN 'foreign'
         WHEN decided_by = 'unreadable' THEN 'unknown' ELSE 'belgian' END AS class,
    CASE decided_by
        WHEN 'own-first'   THEN own_first
        WHEN 'own-current' THEN own_current
        WHEN 'unreadable'  THEN NULL
        ELSE '150'
    END AS grp_code,
    decided_by
FROM decided
