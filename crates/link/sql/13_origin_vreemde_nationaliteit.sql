-- FOREIGN NATIONALITY (vreemde nationaliteit): the count of foreigners, as Statbel publishes it
-- on 1 January. Only the person's own current nationality is asked.
--
--   current nationality     class      group            decided by
--   foreign                 foreign    own current      own-current
--   Belgian                 belgian    150              all-belgian
--   unknown                 belgian    150              nothing-known

SELECT
    person,
    day,
    CASE WHEN own_current <> '150' THEN 'foreign' ELSE 'belgian' END AS class,
    COALESCE(own_current, '150') AS grp_code,
    CASE
        WHEN own_current <> '150' THEN 'own-current'
        WHEN own_current = '150'  THEN 'all-belgian'
        ELSE 'nothing-known'
    END AS decided_by
FROM facts
