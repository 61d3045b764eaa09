-- FOREIGN NATIONALITY (vreemde nationaliteit): the count of foreigners, as Statbel publishes it
-- on 1 January. Only the person's own current nationality is asked.
--
--   current nationality     class      group            decided by
--   foreign                 foreign    own current      own-current
--   unreadable              unknown    none             unreadable
--   Belgian                 belgian    150              all-belgian
--   unknown                 belgian    150              nothing-known

SELECT
    person,
    day,
    CASE WHEN own_current <> '150'  THEN 'foreign'
         WHEN current_unreadable    THEN 'unknown'
         ELSE 'belgian' END AS class,
    CASE WHEN NOT current_unreadable THEN COALESCE(own_current, '150') END AS grp_code,
    CASE
        WHEN own_current <> '150' THEN 'own-current'
        WHEN current_unreadable   THEN 'unreadable'
        WHEN own_current = '150'  THEN 'all-belgian'
        ELSE 'nothing-known'
    END AS decided_by
FROM facts
