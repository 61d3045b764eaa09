"""Adds up every proof of an edition, with sums made anew from the published tables.

Arguments: the warehouse, the edition. Reads the published observations, areas and codes, and from the confidential zone the
decisions and certificates. Nothing of the pipeline's own code is used. Prints how many proofs were added up and how many
are wrong: that change a figure that is shown, that break a sum of areas, groups or sexes, or that change nothing.
"""

import sys

try:
    import duckdb
except ImportError:
    print("ABSENT duckdb")
    sys.exit(0)

warehouse, edition = sys.argv[1:]
published = f"{warehouse}/published/edition={edition}"
confidential = f"{warehouse}/confidential/edition={edition}"
db = duckdb.connect()
db.sql(f"CREATE TABLE decisions AS FROM '{confidential}/decisions.parquet'")
db.sql(f"CREATE TABLE certificates AS FROM '{confidential}/certificates.parquet'")
db.sql(f"CREATE TABLE observations AS FROM '{published}/observations.parquet'")
db.sql(f"CREATE TABLE members AS FROM '{published}/area_members.parquet'")
db.sql(f"CREATE TABLE codes AS FROM '{published}/codes.parquet'")
proofs = db.sql("""SELECT count(*) FROM (SELECT DISTINCT figure, "end", "table" FROM certificates)""").fetchall()[0][0]
wrong = []

# Every figure that a proof moves is one that is withheld, and no row of it is shown.
wrong += db.sql("SELECT 'not withheld' FROM certificates WHERE moved NOT IN (SELECT figure FROM decisions)").fetchall()
wrong += db.sql("""
    SELECT 'shown' FROM decisions AS d JOIN observations AS o
        ON o.indicator = d.indicator AND o.time_period = d.period AND o.ref_area_class || ' ' || o.ref_area = d.area
        AND o.sex = d.sex AND o.age_group = d.age_group AND o."group" = d."group" AND o.detail = d.detail
        AND o.detail_2 = d.detail_2
    WHERE d.base = '' AND d.indicator <> '' AND o.numerator IS NOT NULL
""").fetchall()
# No count goes below zero but a balance, and each proof moves its own figure.
wrong += db.sql("""
    SELECT 'below zero' FROM certificates AS c JOIN decisions AS d ON d.figure = c.moved
    WHERE d.value + c."by" < 0 AND d.detail <> 'saldo'
""").fetchall()
wrong += db.sql("""
    SELECT 'own figure stands' FROM certificates GROUP BY figure, "end", "table"
    HAVING count(*) FILTER (moved = figure) <> 1
""").fetchall()
# One end of every need is reached by some proof of it.
wrong += db.sql("""
    SELECT 'not far enough' FROM certificates AS c JOIN decisions AS d USING (figure) WHERE c.moved = c.figure
    GROUP BY c.figure, c."end", d.value, d.low, d.high
    HAVING NOT CASE c."end" WHEN 'below' THEN min(d.value + c."by") <= d.low ELSE max(d.value + c."by") >= d.high END
""").fetchall()

db.sql("""
    CREATE TABLE moves AS
    SELECT c.figure || c."end" || c."table" AS proof, d.indicator || d.period || d.method || d.base AS block, d.area, d.sex,
        d.age_group, d."group", d.detail, d.detail_2, c."by" AS change
    FROM certificates AS c JOIN decisions AS d ON d.figure = c.moved WHERE d.indicator <> ''
""")
# An indicator's counts of municipalities add up to those of arrondissements and clusters: what a proof changes does too.
# Flows and persons that are counted in more than one place do not: of those only the pipeline's own check knows the sums.
# Counts about the link ("link of ...") are told of municipalities and Flanders only.
APART = ("migraties", "volwassenenonderwijs", "link")
wrong += db.sql(f"""
    WITH parts AS (
        SELECT proof, block, m.ref_area_class || ' ' || m.ref_area AS area, sex, age_group, "group", detail, detail_2, change
        FROM moves JOIN members AS m ON area = 'NIS5-2011 ' || m.member
        WHERE m.ref_area_class <> 'NIS5-2011' OR m.ref_area <> '02000'
    ),
    sides AS (
        SELECT * FROM parts UNION ALL
        SELECT proof, block, area, sex, age_group, "group", detail, detail_2, -change FROM moves
        WHERE area IN (SELECT ref_area_class || ' ' || ref_area FROM members) AND area <> 'NIS5-2011 02000'
    )
    SELECT 'areas' FROM sides
    WHERE regexp_extract(block, '^[a-z-]*[a-z]') NOT IN {APART} AND area IN (SELECT ref_area_class || ' ' || ref_area FROM observations)
    GROUP BY proof, block, area, sex, age_group, "group", detail, detail_2 HAVING sum(change) <> 0
""").fetchall()
# Women and men are all together; the groups below a group are the group.
wrong += db.sql(f"""
    SELECT 'sexes' FROM moves WHERE regexp_extract(block, '^[a-z-]*[a-z]') = 'vreemde-herkomst'
    GROUP BY proof, block, area, age_group, "group", detail, detail_2
    HAVING sum(CASE sex WHEN '_T' THEN -change ELSE change END) <> 0
""").fetchall()
wrong += db.sql(f"""
    WITH above AS (SELECT code, parent FROM codes WHERE list = 'liim-2011' AND parent IN ('EU', 'NIET-EU')),
    sides AS (
        SELECT proof, block, area, sex, age_group, parent AS "group", detail, detail_2, change
        FROM moves JOIN above ON code = "group"
        UNION ALL
        SELECT proof, block, area, sex, age_group, "group", detail, detail_2, -change FROM moves
        WHERE "group" IN ('EU', 'NIET-EU')
    )
    SELECT 'groups' FROM sides WHERE regexp_extract(block, '^[a-z-]*[a-z]') IN ('vreemde-herkomst', 'wachttijd')
        AND block NOT LIKE '%group'
    GROUP BY proof, block, area, sex, age_group, "group", detail, detail_2 HAVING sum(change) <> 0
""").fetchall()
# A share without its count is less than a step from the counted one, and in every proof it is too. Of these indicators
# everybody knows what the shares are of, so that a proof moves the count alone.
db.sql(f"CREATE TABLE record AS FROM '{confidential}/record.parquet'")
steps = " ".join(f"WHEN {s} * r.denominator >= 25000 * r.divisor THEN {s}" for s in (1, 2, 5, 10, 20, 50, 100))
db.sql(f"""
    CREATE TABLE rounded AS
    SELECT o.indicator, o.time_period, o.ref_area_class || ' ' || o.ref_area AS area, o.sex, o.age_group, o."group",
        o.detail, o.detail_2, o.share, r.numerator AS n, r.denominator AS d,
        CASE {steps} END AS step
    FROM observations AS o JOIN record AS r USING (indicator, ref_area, ref_area_class, time_period, sex, age_group, "group",
        detail, detail_2, share_of)
    WHERE o.reason = 'share-only' AND o.share_of <> 'population'
""")
wrong += db.sql("""
    SELECT 'share of a municipality' FROM observations WHERE reason = 'share-only' AND area_level = 'municipality'
    UNION ALL
    SELECT 'rounded too little' FROM rounded
    WHERE step IS NULL OR abs(share * 10 / step - round(share * 10 / step)) > 1e-6
        OR abs(1000 * n / d - share * 10) >= step + 1e-6
""").fetchall()
wrong += db.sql("""
    SELECT 'another share' FROM rounded AS s JOIN decisions AS f ON f.base = '' AND f.indicator = s.indicator
        AND f.period = s.time_period AND f.area = s.area AND f.sex = s.sex AND f.age_group = s.age_group
        AND f."group" = s."group" AND f.detail = s.detail AND f.detail_2 = s.detail_2
    JOIN certificates AS c ON c.moved = f.figure
    WHERE s.indicator IN ('vreemde-herkomst', 'vreemde-nationaliteit')
        AND abs(1000 * (n + c."by") / d - share * 10) >= step + 1e-6
""").fetchall()
kinds = sorted({kind for (kind,) in wrong})
print(f"{proofs} proofs added up, {' '.join(kinds)} {len(wrong)} wrong" if wrong else f"{proofs} proofs added up, 0 wrong")
