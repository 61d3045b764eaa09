#!/usr/bin/env python3
"""The work of bench/run in DuckDB's SQL, as an able analyst would write it. Prints its times and figures as JSON.

    bench/peer.py PROJECT [--prepare | --figures | --same-queries]
"""
import json
import pathlib
import re
import resource
import sys
import time
import zipfile

project = pathlib.Path(sys.argv[1])
DAY = "2011-12-16"  # Editions have days for names.
EDITION = f"""
  {DAY}:
    monitor: bench
    kind: illustrative
    title: Meting
    cut_off: "2011-12-15"
    why: Meting.
    indicators:
      vreemde-nationaliteit: {{ periods: ["2010-01-01", "2011-01-01"] }}
      vreemde-herkomst: {{ periods: ["2011-01-01"], origin: vier-criteria-2013 }}
      nwwz: {{ periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }}
      leefloon: {{ periods: ["2010-01-01/P1Y"], origin: eigen-historiek-2011 }}
"""


def prepare():
    """Gives a project the edition that is measured. Its job-seekers are counted in the groups of the others, by own history."""
    with open(project / "pipeline.yaml", "a") as pipeline:
        pipeline.write(EDITION)
    cards = project / "indicators"
    groups = re.compile(r"^groups:\n.*\n.*\n", re.M)
    card = (cards / "tewerkstelling" / "werkzoekenden.yaml").read_text().replace("id: werkzoekenden", "id: nwwz")
    (cards / "bench").mkdir()
    (cards / "bench" / "nwwz.yaml").write_text(groups.sub(groups.search((cards / "welzijn" / "leefloon.yaml").read_text()).group(), card))
    (cards / "bench" / "nwwz.sql").write_text((cards / "tewerkstelling" / "werkzoekenden.sql").read_text())


if "--prepare" in sys.argv:
    prepare()
    sys.exit()

import duckdb  # What is measured needs it; what is prepared does not.
sources, reference = project / "sources", project / "sources" / "reference"
CUT_OFF = "DATE '2011-12-15'"


def published():
    """The figures that liim published, to be held against DuckDB's."""
    file = project / f"warehouse/published/edition={DAY}/observations.parquet"
    rows = duckdb.sql(f"""SELECT indicator || ' ' || time_period AS name, numerator FROM '{file}'
        WHERE ref_area = '02000' AND sex = '_T' AND age_group = '_T' AND "group" = CASE indicator WHEN 'vreemde-nationaliteit' THEN 'EU' WHEN 'vreemde-herkomst'
        THEN '_T' ELSE 'VREEMD' END ORDER BY 1""").fetchall()
    return dict(rows)


def same_queries():
    """Seconds for the cards' own queries over the tables that liim linked and landed."""
    work = project / "warehouse" / "work" / DAY
    db = duckdb.connect()
    db.execute("SET threads = 2; SET preserve_insertion_order = false")
    within = "region = '02000' AND valid_from <= '2011-01-01' AND coalesce(valid_to, '9999') > '2011-01-01'"
    municipalities = f"read_csv('{reference}/municipalities.csv', all_varchar = true)"
    levels = " UNION ALL ".join(
        f"SELECT code AS member, {level} AS area, 'NIS5-2011' AS area_class FROM {municipalities} WHERE {within}"
        for level in ("code", "arrondissement", "province", "region")
    )
    db.execute(f"""
    CREATE TABLE area_members AS {levels} UNION ALL SELECT municipality, cluster, scheme FROM read_csv('{reference}/cluster_members.csv', all_varchar = true);
    CREATE TABLE grouping AS SELECT "group" AS grp, parent FROM read_csv('{reference}/nationality_groups.csv', all_varchar = true) WHERE scheme = 'liim-2011';
    CREATE TABLE group_members AS WITH RECURSIVE up(leaf, grp) AS (
        SELECT grp, grp FROM grouping WHERE grp NOT IN (SELECT parent FROM grouping WHERE parent IS NOT NULL)
        UNION ALL SELECT leaf, parent FROM up JOIN grouping USING (grp) WHERE parent IS NOT NULL)
      SELECT grp AS "group", leaf FROM up UNION ALL SELECT DISTINCT '_T', leaf FROM up""")
    counted = [
        ("demografie/vreemde-nationaliteit", "vreemde-nationaliteit", "2010-01-01"),
        ("demografie/vreemde-nationaliteit", "vreemde-nationaliteit", "2011-01-01"),
        ("demografie/vreemde-herkomst", "vier-criteria-2013", "2011-01-01"),
        ("bench/nwwz", "eigen-historiek-2011", "2010-01-01"),
        ("welzijn/leefloon", "eigen-historiek-2011", "2010-01-01"),
    ]
    seconds = 0.0
    for query, definition, day in counted:
        attributes = f"""* RENAME ("nationality@liim-2011" AS nationality_group),
            "{definition}@liim-2011" AS origin_group, "{definition}@class" AS origin_class"""
        for table, period in [("rijksregister_personen", day), ("vdab_nwwz", "2010"), ("ksz_leefloon", "2010")]:
            db.execute(f"CREATE OR REPLACE VIEW {table} AS SELECT {attributes} FROM '{work}/{table}/{period}.parquet'")
        landed = next((project / "warehouse" / "landed" / "statbel" / "bevolking" / day).glob("*/rows.parquet"))
        text = (project / "indicators" / f"{query}.sql").read_text()
        if "statbel_bevolking" in text:
            db.execute(f"CREATE OR REPLACE VIEW statbel_bevolking AS FROM '{landed}'")
        begun = time.monotonic()
        db.execute(text).fetchall()
        seconds += time.monotonic() - begun
    return seconds


if "--figures" in sys.argv:
    print(json.dumps(published()))
    sys.exit()
if "--same-queries" in sys.argv:
    print(json.dumps({"seconds": same_queries()}))
    sys.exit()

db = duckdb.connect()
db.execute("SET threads = 2; SET preserve_insertion_order = false")
stages, begun = {}, time.monotonic()


def stage(name):
    global begun
    stages[name] = time.monotonic() - begun
    begun = time.monotonic()


def delivery(extract, period):
    supplier, name = extract.split("/")
    folder = sorted((sources / supplier / "deliveries" / period / name).iterdir())[-1]
    return str(next(path for path in folder.iterdir() if path.name != "receipt.yaml"))


db.execute(f"""
CREATE TABLE municipality AS SELECT DISTINCT code FROM read_csv('{reference}/municipalities.csv', all_varchar = true);
CREATE TABLE place AS SELECT code FROM municipality UNION ALL SELECT '99991';
CREATE TABLE nationality AS SELECT code, country FROM read_csv('{reference}/nationalities.csv', all_varchar = true);
CREATE TABLE grouping_of AS SELECT n.code, m."group" AS grp, coalesce(try_cast(valid_from AS DATE), DATE '0001-01-01') AS valid_from,
    coalesce(try_cast(valid_to AS DATE), DATE '9999-01-01') AS valid_to
  FROM nationality n JOIN read_csv('{reference}/nationality_group_members.csv', all_varchar = true) m USING (country) WHERE scheme = 'liim-2011';
CREATE TABLE groups AS SELECT "group" AS grp, parent FROM read_csv('{reference}/nationality_groups.csv', all_varchar = true) WHERE scheme = 'liim-2011';
CREATE TABLE area_member AS
  SELECT code AS member, code AS area FROM read_csv('{reference}/municipalities.csv', all_varchar = true) WHERE region = '02000' AND valid_from <= '2011-01-01' AND coalesce(valid_to, '9999') > '2011-01-01'
  UNION ALL SELECT code, province FROM read_csv('{reference}/municipalities.csv', all_varchar = true) WHERE region = '02000' AND valid_from <= '2011-01-01' AND coalesce(valid_to, '9999') > '2011-01-01'
  UNION ALL SELECT code, '02000' FROM read_csv('{reference}/municipalities.csv', all_varchar = true) WHERE region = '02000' AND valid_from <= '2011-01-01' AND coalesce(valid_to, '9999') > '2011-01-01'
  UNION ALL SELECT code, arrondissement FROM read_csv('{reference}/municipalities.csv', all_varchar = true) WHERE region = '02000' AND valid_from <= '2011-01-01' AND coalesce(valid_to, '9999') > '2011-01-01'
  UNION ALL VALUES ('99991', '99991'), ('99991', '02000')
  UNION ALL SELECT municipality, scheme || ' ' || cluster FROM read_csv('{reference}/cluster_members.csv', all_varchar = true);
CREATE TABLE group_member AS WITH RECURSIVE up(leaf, grp) AS (
    SELECT grp, grp FROM groups WHERE grp NOT IN (SELECT parent FROM groups WHERE parent IS NOT NULL)
    UNION ALL SELECT leaf, parent FROM up JOIN groups USING (grp) WHERE parent IS NOT NULL)
  SELECT leaf, grp FROM up UNION ALL SELECT DISTINCT leaf, '_T' FROM up;
CREATE MACRO insz_ok(s) AS length(s) = 11 AND try_cast(s AS BIGINT) IS NOT NULL
  AND ((97 - (s::BIGINT // 100) % 97) = s::BIGINT % 100 OR (97 - (2000000000 + s::BIGINT // 100) % 97) = s::BIGINT % 100)
  AND ((s::BIGINT // 10000000) % 100 <= 12 OR (s::BIGINT // 10000000) % 100 BETWEEN 20 AND 32 OR (s::BIGINT // 10000000) % 100 BETWEEN 40 AND 52)
  AND (s::BIGINT // 100) % 1000 NOT IN (0, 999);
CREATE MACRO partial_ok(s) AS try_cast(s AS INT) IS NOT NULL AND length(s) = 8 AND try_strptime(s[1:4] ||
  CASE WHEN s[5:6] = '00' THEN '01' ELSE s[5:6] END || CASE WHEN s[7:8] = '00' THEN '01' ELSE s[7:8] END, '%Y%m%d') IS NOT NULL
  OR s IN ('00000000', '19000000', '19000001');
""")

# Land, with the checks of the contracts. What fails a check is counted and left out. Of persons every day that is known by
# the cut-off is taken in, for one may tell of somebody whom the others do not.
DAYS = ("2008", "2009", "2010", "2011")
for year in DAYS:
    db.execute(f"""
    CREATE TABLE personen_{year} AS SELECT insz::BIGINT AS insz, CASE WHEN birth NOT IN ('00000000', '19000000', '19000001') THEN birth::INT END AS birth, CASE sex WHEN '1' THEN 'M' ELSE 'F' END AS sex,
        nullif(register, '') AS register, nullif(area, '') AS area, place, nullif(death, '')::INT AS death
    FROM (SELECT line[1:11] AS insz, line[12:19] AS birth, line[20:20] AS sex, rtrim(line[21:21]) AS register, rtrim(line[22:26]) AS area,
                 rtrim(line[27:56]) AS place, rtrim(line[57:64]) AS death, length(line) AS bytes
          FROM read_csv('{delivery("rijksregister/personen", year + "-01-01")}', columns = {{'line': 'VARCHAR'}}, delim = '\\x01', quote = '', escape = '',
                        header = false, encoding = 'latin-1', store_rejects = true, rejects_table = 'r_personen_{year}', rejects_scan = 's_personen_{year}'))
    WHERE bytes = 64 AND insz_ok(insz) AND partial_ok(birth) AND sex IN ('1', '2') AND register IN ('', 'B', 'V', 'W')
      AND (area = '' OR area = '00992' OR area IN (SELECT code FROM municipality)) AND (death = '' OR partial_ok(death))""")


def csv(table, extract, period, select, where):
    db.execute(f"""CREATE TABLE {table} AS SELECT {select} FROM read_csv('{delivery(extract, period)}', delim = ';', header = true, all_varchar = true,
        quote = '', escape = '', store_rejects = true, rejects_table = 'r_{table}', rejects_scan = 's_{table}') WHERE {where}""")


csv("nationaliteit", "rijksregister/nationaliteit", "2011-01-01",
    "insz::BIGINT AS insz, volgnr::INT AS volgnr, datum_begin::DATE AS datum_begin, datum_einde::DATE AS datum_einde, nationaliteit AS code, reden, geregistreerd_op::DATE AS geregistreerd_op",
    "insz_ok(insz) AND try_cast(volgnr AS UINTEGER) IS NOT NULL AND try_cast(datum_begin AS DATE) IS NOT NULL AND (datum_einde IS NULL OR try_cast(datum_einde AS DATE) IS NOT NULL) "
    "AND nationaliteit IN (SELECT code FROM nationality) AND try_cast(geregistreerd_op AS DATE) IS NOT NULL")
csv("afstamming", "rijksregister/afstamming", "2011-01-01",
    "insz::BIGINT AS insz, ouder_nr, ouder_insz::BIGINT AS ouder, ouder_geslacht AS geslacht, aard, datum_begin::DATE AS datum_begin, datum_einde::DATE AS datum_einde, geregistreerd_op::DATE AS geregistreerd_op",
    "insz_ok(insz) AND insz_ok(ouder_insz) AND ouder_nr IN ('1', '2') AND ouder_geslacht IN ('1', '2') AND aard IN ('geboorte', 'erkenning', 'adoptie', 'meemoeder') "
    "AND try_cast(datum_begin AS DATE) IS NOT NULL AND (datum_einde IS NULL OR try_cast(datum_einde AS DATE) IS NOT NULL) AND try_cast(geregistreerd_op AS DATE) IS NOT NULL")
csv("nummerwijziging", "rijksregister/nummerwijziging", "2011-01-01",
    "oud_insz::BIGINT AS oud, nieuw_insz::BIGINT AS nieuw, datum::DATE AS datum",
    f"insz_ok(oud_insz) AND insz_ok(nieuw_insz) AND try_cast(datum AS DATE) IS NOT NULL AND try_cast(geregistreerd_op AS DATE) <= {CUT_OFF}")
csv("sleutel", "ksz/sleutel", "2010", "gecodeerd, insz::BIGINT AS insz", "gecodeerd IS NOT NULL AND insz_ok(insz)")
csv("leefloon", "ksz/leefloon", "2010", "last_day((maand || '-01')::DATE) AS as_of, gecodeerd, stelsel, categorie, gemeente AS area, bron_jaar::INT AS bron_jaar",
    "try_cast(maand || '-01' AS DATE) IS NOT NULL AND gecodeerd IS NOT NULL AND stelsel IN ('LL', 'ELL') AND categorie IN ('1', '2', '3') AND gemeente IN (SELECT code FROM place) AND try_cast(bron_jaar AS UINTEGER) IS NOT NULL")
csv("nwwz", "vdab/nwwz", "2010", "last_day((maand || '-01')::DATE) AS as_of, insz::BIGINT AS insz, categorie, gemeente AS area",
    "try_cast(maand || '-01' AS DATE) IS NOT NULL AND insz_ok(insz) AND categorie IN ('00', '02', '03', '99') AND gemeente IN (SELECT code FROM place)")
for year in ("2010", "2011"):
    # DuckDB reads no zip: the member is unpacked beside, within the time.
    with zipfile.ZipFile(delivery("statbel/bevolking", year + "-01-01")) as packed:
        text = project / f"peer_statbel_{year}.txt"
        text.write_bytes(packed.read(packed.namelist()[0]))
    db.execute(f"""CREATE TABLE statbel_{year} AS SELECT * REPLACE (MS_POPULATION::BIGINT AS MS_POPULATION, CD_AGE::INT AS CD_AGE, CD_YEAR::INT AS CD_YEAR)
        FROM read_csv('{text}', delim = '|', header = true, all_varchar = true, quote = '', escape = '')
        WHERE CD_MUNTY_REFNIS IN (SELECT code FROM municipality) AND CD_SEX IN ('F', 'M') AND CD_NATLTY IN ('BEL', 'ETR')
          AND try_cast(CD_AGE AS UINTEGER) IS NOT NULL AND try_cast(MS_POPULATION AS UINTEGER) IS NOT NULL AND CD_RGN_REFNIS IN ('02000', '03000', '04000')""")
    text.unlink()
# Keys must be unique: of equal rows the later goes, of rows that differ all go.
for table, key in [(f"personen_{year}", "insz") for year in DAYS] + [("nationaliteit", "insz, volgnr"),
                   ("afstamming", "insz, ouder_nr, ouder"), ("sleutel", "gecodeerd"), ("nwwz", "as_of, insz"),
                   ("leefloon", "as_of, gecodeerd, stelsel, bron_jaar"), ("nummerwijziging", "oud")]:
    repeated = db.execute(f"SELECT count(*) FROM (SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1)").fetchall()[0][0]
    if repeated:
        sys.exit(f"{table} repeats {repeated} keys; the comparison is for sound deliveries")
# What was registered on one day about one person claims no day twice.
for table, whose in [("nationaliteit", "insz"), ("afstamming", "insz, ouder_nr")]:
    overlaps = db.execute(f"""SELECT count(*) FROM (SELECT datum_begin, datum_einde, lead(datum_begin) OVER
        (PARTITION BY {whose}, geregistreerd_op ORDER BY datum_begin) AS next FROM {table}) WHERE datum_einde > next OR datum_begin = next""").fetchall()[0][0]
    if overlaps:
        sys.exit(f"{table} contradicts itself {overlaps} times; the comparison is for sound deliveries")
stage("land")
landed_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

# Link: own and parents' first nationality, the nationality of each day, three definitions, groups as of the day.
db.execute(f"""
CREATE TABLE last_number AS WITH RECURSIVE chain(oud, nieuw) AS (
    SELECT oud, nieuw FROM nummerwijziging UNION SELECT c.oud, n.nieuw FROM chain c JOIN nummerwijziging n ON c.nieuw = n.oud)
  SELECT oud, nieuw FROM chain WHERE nieuw NOT IN (SELECT oud FROM nummerwijziging);
-- Of rows that begin on one day the one registered last counts: it corrects the others. Of those of one day the Belgian.
CREATE TABLE history AS SELECT insz, code, datum_begin FROM nationaliteit WHERE geregistreerd_op <= {CUT_OFF}
  QUALIFY row_number() OVER (PARTITION BY insz, datum_begin ORDER BY geregistreerd_op DESC, code = '150' DESC, volgnr DESC) = 1;
CREATE TABLE who AS SELECT insz, arg_max(birth, day) AS birth, arg_max(sex, day) AS sex FROM (
    {" UNION ALL ".join(f"SELECT insz, birth, sex, {year} AS day FROM personen_{year}" for year in DAYS)}) GROUP BY insz;
CREATE TABLE first_of AS SELECT insz, arg_min(code, datum_begin) AS first FROM history GROUP BY insz;
CREATE TABLE parents AS SELECT a.insz,
    arg_min({{'f': f.first, 'since': datum_begin}}, ouder_nr) FILTER (geslacht = '1') AS father,
    arg_min({{'f': f.first, 'since': datum_begin}}, ouder_nr) FILTER (geslacht = '2') AS mother,
    arg_max({{'f': f.first, 'since': datum_begin}}, ouder_nr) FILTER (geslacht = '2') AS other_mother,
    count(*) FILTER (geslacht = '1') AS fathers, count(*) FILTER (geslacht = '2') AS mothers
  FROM afstamming a LEFT JOIN first_of f ON f.insz = a.ouder WHERE geregistreerd_op <= {CUT_OFF} AND (datum_einde IS NULL OR datum_einde > {CUT_OFF}) GROUP BY a.insz;
""")


def attach(table, rows):
    """Gives rows (insz, as_of, ...) their attributes."""
    db.execute(f"""CREATE TABLE {table} AS
    WITH facts AS (
        SELECT r.*, x.birth, x.sex, (CAST(strftime(as_of, '%Y%m%d') AS INT) - x.birth) // 10000 AS age,
            fi.first AS f, h.code AS c,
            -- A tie counts from the day it begins; of two mothers who both count the first stands where the father would.
            CASE WHEN fathers = 0 AND mothers = 2 AND pa.mother.since <= as_of AND pa.other_mother.since <= as_of THEN pa.mother.f
                 WHEN pa.father.since <= as_of THEN pa.father.f END AS p,
            CASE WHEN fathers = 0 AND mothers = 2 AND pa.other_mother.since <= as_of THEN pa.other_mother.f
                 WHEN pa.mother.since <= as_of THEN pa.mother.f END AS m
        FROM ({rows}) r
        ASOF LEFT JOIN history h ON r.insz = h.insz AND r.as_of >= h.datum_begin
        LEFT JOIN first_of fi ON r.insz = fi.insz LEFT JOIN parents pa ON r.insz = pa.insz LEFT JOIN who x ON r.insz = x.insz),
    decided AS (
        SELECT *, CASE WHEN c <> '150' THEN c ELSE '150' END AS vn,
            CASE WHEN c <> '150' THEN 'own-current' WHEN c = '150' THEN 'all-belgian' ELSE 'nothing-known' END AS vn_by,
            CASE WHEN f <> '150' THEN f WHEN c <> '150' THEN c ELSE '150' END AS eh,
            CASE WHEN f <> '150' THEN 'own-first' WHEN c <> '150' THEN 'own-current' WHEN f = '150' AND c = '150' THEN 'all-belgian' WHEN f IS NULL AND c IS NULL THEN 'nothing-known' ELSE 'known-belgian' END AS eh_by,
            CASE WHEN p <> '150' THEN p WHEN m <> '150' THEN m WHEN f <> '150' THEN f WHEN c <> '150' THEN c ELSE '150' END AS vc,
            CASE WHEN p <> '150' THEN 'father' WHEN m <> '150' THEN 'mother' WHEN f <> '150' THEN 'own-first' WHEN c <> '150' THEN 'own-current'
                 WHEN p = '150' AND m = '150' AND f = '150' AND c = '150' THEN 'all-belgian' WHEN coalesce(p, m, f, c) IS NULL THEN 'nothing-known' ELSE 'known-belgian' END AS vc_by
        FROM facts)
    SELECT d.* EXCLUDE (f, p, m, birth), g0.grp AS c_group, g1.grp AS vn_group, g2.grp AS eh_group, g3.grp AS vc_group FROM decided d
        LEFT JOIN grouping_of g0 ON g0.code = d.c AND d.as_of >= g0.valid_from AND d.as_of < g0.valid_to
        LEFT JOIN grouping_of g1 ON g1.code = d.vn AND d.as_of >= g1.valid_from AND d.as_of < g1.valid_to
        LEFT JOIN grouping_of g2 ON g2.code = d.eh AND d.as_of >= g2.valid_from AND d.as_of < g2.valid_to
        LEFT JOIN grouping_of g3 ON g3.code = d.vc AND d.as_of >= g3.valid_from AND d.as_of < g3.valid_to""")


for year in ("2010", "2011"):
    attach(f"inwoners_{year}", f"SELECT insz, DATE '{year}-01-01' AS as_of, area, register FROM personen_{year} WHERE area IS NOT NULL")
attach("nwwz_linked", "SELECT nwwz.* REPLACE (coalesce(nieuw, insz) AS insz) FROM nwwz LEFT JOIN last_number ON oud = insz")
attach("leefloon_linked", """SELECT leefloon.* EXCLUDE (gecodeerd), coalesce(nieuw, insz) AS insz
    FROM leefloon LEFT JOIN sleutel USING (gecodeerd) LEFT JOIN last_number ON oud = insz""")
stage("link")
linked_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

# Count: every area, group and band of ages, as the cards do.
BAND = "CASE WHEN {0} < 6 THEN '0-5' WHEN {0} < 12 THEN '6-11' WHEN {0} < 18 THEN '12-17' WHEN {0} < 25 THEN '18-24' WHEN {0} < 40 THEN '25-39' WHEN {0} < 65 THEN '40-64' ELSE '65+' END"
for year in ("2010", "2011"):
    db.execute(f"""CREATE TABLE vn_{year} AS SELECT a.area, sex, g.grp, sum(n) AS numerator FROM
        (SELECT area, sex, {BAND.format('age')} AS band, c_group AS leaf, count(*) AS n FROM inwoners_{year} WHERE register IN ('B', 'V') AND vn <> '150' GROUP BY ALL) x
        JOIN area_member a ON a.member = x.area JOIN group_member g ON g.leaf = x.leaf GROUP BY ALL;
    CREATE TABLE vn_total_{year} AS SELECT a.area, CD_SEX, {BAND.format('CD_AGE')} AS band, sum(CASE WHEN CD_NATLTY = 'ETR' THEN MS_POPULATION ELSE 0 END) AS numerator, sum(MS_POPULATION) AS denominator
        FROM statbel_{year} s JOIN area_member a ON a.member = s.CD_MUNTY_REFNIS GROUP BY ALL""")
db.execute(f"""
CREATE TABLE vh AS SELECT a.area, sex, band, g.grp, sum(n) AS numerator, sum(d) AS denominator FROM
    (SELECT area, sex, {BAND.format('age')} AS band, vc_group AS leaf, count(*) FILTER (vc <> '150') AS n, count(*) AS d FROM inwoners_2011 WHERE register IN ('B', 'V') GROUP BY ALL) x
    JOIN area_member a ON a.member = x.area JOIN group_member g ON g.leaf = x.leaf GROUP BY ALL;
CREATE TABLE wz AS SELECT a.area, g.grp, sum(months) AS numerator, count(DISTINCT insz) AS contributors FROM
    (SELECT insz, area, eh_group AS leaf, count(*) AS months FROM nwwz_linked GROUP BY ALL) x
    JOIN area_member a ON a.member = x.area JOIN group_member g ON g.leaf = x.leaf GROUP BY ALL;
CREATE TABLE ll AS SELECT a.area, g.grp, sum(months) AS numerator, count(DISTINCT insz) AS contributors FROM
    (SELECT insz, area, eh_group AS leaf, count(DISTINCT as_of) AS months FROM leefloon_linked GROUP BY ALL) x
    JOIN area_member a ON a.member = x.area JOIN group_member g ON g.leaf = x.leaf GROUP BY ALL;
CREATE TABLE ll_base AS SELECT a.area, g.grp, sum(12 * n) AS denominator FROM
    (SELECT area, eh_group AS leaf, count(*) AS n FROM inwoners_2010 WHERE register IN ('B', 'V') GROUP BY ALL) x
    JOIN area_member a ON a.member = x.area JOIN group_member g ON g.leaf = x.leaf GROUP BY ALL;
""")
stage("count")

one = lambda sql: int(db.execute(sql).fetchall()[0][0])
figures = {
    "leefloon 2010-01-01/P1Y": one("SELECT numerator FROM ll WHERE area = '02000' AND grp = 'VREEMD'"),
    "vreemde-herkomst 2011-01-01": one("SELECT sum(numerator) FROM vh WHERE area = '02000' AND grp = '_T'"),
    "vreemde-nationaliteit 2010-01-01": one("SELECT sum(numerator) FROM vn_2010 WHERE area = '02000' AND grp = 'EU'"),
    "vreemde-nationaliteit 2011-01-01": one("SELECT sum(numerator) FROM vn_2011 WHERE area = '02000' AND grp = 'EU'"),
    "nwwz 2010-01-01/P1Y": one("SELECT numerator FROM wz WHERE area = '02000' AND grp = 'VREEMD'"),
}
print(json.dumps({
    "version": duckdb.__version__,
    "stages": stages,
    "seconds": sum(stages.values()),
    "landed_peak_mib": landed_peak,
    "linked_peak_mib": linked_peak,
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    "figures": figures,
}))
