-- VDAB 2011: the origin of job-seekers as VDAB published it in 2011 (Arvastat). Allochtoon is
-- whoever has, or at any earlier time had, a nationality of outside the European Union and the
-- European Free Trade Association. Parents are not asked, and a citizen of the Union counts as
-- autochtoon.
--
--   the first that applies                       class        group             decided by
--   own current nationality outside              allochtoon   own current       own-current
--   any own nationality begun by then outside    allochtoon   the last of them  own-earlier
--   own current nationality unreadable           unknown      none              unreadable
--   own nationalities begun by then unreadable   unknown      none              unreadable
--   own current nationality known                autochtoon   own current       all-belgian
--   some own nationality begun by then known     autochtoon   150               known-belgian
--   none known                                   autochtoon   150               nothing-known
--
-- Here all-belgian and known-belgian read: Belgian or of the Union.

WITH decided AS (
    SELECT
        facts.person,
        facts.day,
        facts.own_current,
        vdab_earlier.code AS own_earlier,
        CASE
            WHEN vdab_outside.code IS NOT NULL   THEN 'own-current'
            WHEN vdab_earlier.kind = 'outside'   THEN 'own-earlier'
            WHEN facts.current_unreadable        THEN 'unreadable'
            WHEN vdab_earlier.kind = 'unreadable' THEN 'unreadable'
            WHEN facts.own_current IS NOT NULL   THEN 'all-belgian'
            WHEN COALESCE(vdab_earlier.kind = 'known', facts.own_history_known) THEN 'known-belgian'
            ELSE 'nothing-known'
        END AS decided_by
    FROM facts
    LEFT JOIN vdab_outside
           ON vdab_outside.day = facts.day
          AND vdab_outside.code = facts.own_current
    LEFT JOIN vdab_earlier
           ON vdab_earlier.person = facts.person
          AND vdab_earlier.day = facts.day
)

SELECT
    person,
    day,
    CASE WHEN decided_by IN ('own-current', 'own-earlier') THEN 'allochtoon'
         WHEN decided_by = 'unreadable' THEN 'unknown'
         ELSE 'autochtoon' END AS class,
    CASE decided_by
        WHEN 'own-current' THEN own_current
        WHEN 'own-earlier' THEN own_earlier
        WHEN 'all-belgian' THEN own_current
        WHEN 'unreadable'  THEN NULL
        ELSE '150'
    END AS grp_code,
    decided_by
FROM decided
