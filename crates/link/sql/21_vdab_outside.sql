-- VDAB, OUTSIDE: which nationalities are of outside the European Union and the European Free
-- Trade Association, on each reference day, for the origin of job-seekers as VDAB counted it.
--
-- The Union grows, so this is a matter of the day. A nationality is inside if the group that it
-- belongs to on the day is one of those named as inside; any other is outside, also one that
-- belongs to no group. Undetermined (711) is therefore outside: own rule of this monitor.
--
-- Result: one row per reference day and code outside, of the codes that occur at all.

WITH

inside AS (
    SELECT DISTINCT reference_days.day, group_members.code
    FROM group_members
    JOIN vdab_inside ON vdab_inside.grp = group_members.grp
    JOIN reference_days
      ON group_members.valid_from <= reference_days.day
     AND reference_days.day < group_members.valid_to
    WHERE group_members.scheme = 'vdab-2011'
),

-- small: a few hundred codes times a few days
occurring AS (
    SELECT reference_days.day, codes.code
    FROM (SELECT DISTINCT code FROM nationality_rows WHERE code <> '?') AS codes
    CROSS JOIN reference_days
)

SELECT occurring.day, occurring.code
FROM occurring
LEFT JOIN inside ON inside.day = occurring.day AND inside.code = occurring.code
WHERE inside.code IS NULL
