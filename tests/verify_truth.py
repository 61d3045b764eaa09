#!/usr/bin/env python3
"""Counts every indicator from the truth of a synthetic Flanders, in DuckDB, and holds it against what is published.

    tests/verify_truth.py [--scale 0.05] [--liim target/debug/liim] [--keep DIR] [--calibrate STATBEL_ZIP]

Persons are those of truth/persons.csv: nationalities, ages, municipalities and parents come from their stories, not from the
register's extracts. Facts (who seeks work, who signed a contract) are the suppliers' rows. Nothing is withheld in the project
that is made for this, so that every published row of the editions is compared. By which definition of origin job-seekers are
counted, and in which scheme the groups of an indicator are, its card says.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb

ROOT = pathlib.Path(__file__).resolve().parent.parent
EDITIONS = ["2011-12-21", "2012-03-15", "2013-03-29"]
COMPARED = EDITIONS[1:]
YEARS = range(2008, 2013)
QUARTERS = [f"{year}-Q{quarter}" for year in range(2008, 2012) for quarter in (1, 2, 3, 4)]
SCHOOL_YEARS = [f"{year}-{year + 1}" for year in range(2008, 2012)]
AGES = "CASE WHEN {0} < 6 THEN '0-5' WHEN {0} < 12 THEN '6-11' WHEN {0} < 18 THEN '12-17' WHEN {0} < 25 THEN '18-24' WHEN {0} < 40 THEN '25-39' WHEN {0} < 65 THEN '40-64' ELSE '65+' END"
DIMENSIONS = ["sex", "age", "grp", "detail", "detail_2"]


def made(arguments):
    """A project with deliveries, run without withholding anything."""
    folder = pathlib.Path(arguments.keep or tempfile.mkdtemp(prefix="liim-truth-", dir=ROOT / "target"))
    project = folder / "project"
    liim = pathlib.Path(arguments.liim).resolve()
    if not project.exists():
        subprocess.run([liim, "-q", "init", project], check=True)
        pipeline = (project / "pipeline.yaml").read_text()
        assert "threshold: 5" in pipeline
        (project / "pipeline.yaml").write_text(pipeline.replace("threshold: 5", "threshold: 1"))
        synth = [liim, "-q", "--project", project, "synth", "--scale", arguments.scale]
        if arguments.calibrate:
            synth += ["--calibrate", arguments.calibrate]
        subprocess.run(synth, check=True, stdout=subprocess.DEVNULL)
    missing = [edition for edition in EDITIONS if not (project / f"warehouse/published/edition={edition}").exists()]
    if missing:
        run = [liim, "-q", "--project", project, "run"] + [word for edition in missing for word in ("--edition", edition)]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
    return folder, project


def card(project, indicator, key, default=None):
    """What an indicator's card says."""
    found = re.search(rf"^ *{key}: (\S+)$", next((project / "indicators").rglob(f"{indicator}.yaml")).read_text(), re.MULTILINE)
    return found[1] if found else default


def load(db, project):
    reference, truth = project / "sources/reference", project / "truth"

    def csv(path, delimiter=","):
        return f"read_csv('{path}', all_varchar = true, header = true, delim = '{delimiter}')"

    municipality = f"{csv(reference / 'municipalities.csv')} WHERE region = '02000' AND valid_from <= '2011-01-01' AND coalesce(valid_to, '9999') > '2011-01-01'"
    db.execute(f"""
    CREATE TABLE area_up AS
        SELECT code AS member, code AS area, 'NIS5-2011' AS class FROM {municipality}
        UNION ALL SELECT code, arrondissement, 'NIS5-2011' FROM {municipality}
        UNION ALL SELECT code, province, 'NIS5-2011' FROM {municipality}
        UNION ALL SELECT code, '02000', 'NIS5-2011' FROM {municipality}
        UNION ALL SELECT municipality, cluster, scheme FROM {csv(reference / 'cluster_members.csv')}
        UNION ALL VALUES ('99991', '99991', 'NIS5-2011'), ('99991', '02000', 'NIS5-2011');
    CREATE TABLE tree AS SELECT scheme, "group" AS grp, parent FROM {csv(reference / 'nationality_groups.csv')};
    CREATE TABLE scheme_up AS WITH RECURSIVE up(scheme, leaf, grp) AS (
        SELECT scheme, grp, grp FROM tree UNION SELECT scheme, up.leaf, tree.parent FROM up JOIN tree USING (scheme, grp) WHERE tree.parent IS NOT NULL)
        SELECT * FROM up UNION ALL SELECT scheme, grp, '_T' FROM tree UNION ALL SELECT DISTINCT scheme, '_T', '_T' FROM tree;
    CREATE TABLE scheme_of AS SELECT m.scheme, n.code, m."group" AS grp, coalesce(m.valid_from, '0001-01-01')::DATE AS since, coalesce(m.valid_to, '9999-01-01')::DATE AS until
        FROM {csv(reference / 'nationality_group_members.csv')} m JOIN {csv(reference / 'nationalities.csv')} n ON n.country = m.country;
    CREATE TABLE persons AS SELECT insz::BIGINT AS insz, coded, sex, waiting = '1' AS waiting, first, change_1_day::DATE AS day_1, change_1_code AS code_1,
            change_2_day::DATE AS day_2, change_2_code AS code_2, place_2008, place_2009, place_2010, place_2011, place_2012, without_history = '1' AS unknown,
            father_first, father_from::DATE AS father_from, father_known_from::DATE AS father_known, mother_first, mother_from::DATE AS mother_from, mother_known_from::DATE AS mother_known,
            -- The register does not know month and day of some, and takes the middle of the year.
            CASE WHEN substr(insz, 3, 4) = '4000' THEN make_date(year(birth::DATE), 7, 1) ELSE birth::DATE END AS birth
        FROM {csv(truth / 'persons.csv', ';')};
    CREATE TABLE numbers AS SELECT old_insz::BIGINT AS old, insz::BIGINT AS insz FROM {csv(truth / 'numbers.csv', ';')};
    CREATE MACRO nationality(p, d) AS CASE WHEN p.unknown THEN NULL WHEN p.day_2 <= d THEN p.code_2 WHEN p.day_1 <= d THEN p.code_1 ELSE p.first END;
    CREATE MACRO earlier(p, d) AS CASE WHEN p.day_2 <= d THEN p.code_1 WHEN p.day_1 <= d THEN p.first END;
    -- A parent is known from the extracts of 2011 up to that 1 January, and of 2012 after it.
    CREATE MACRO in_extracts(known, d) AS known <= CASE WHEN d <= DATE '2011-01-01' THEN DATE '2011-01-01' ELSE DATE '2012-01-01' END;
    CREATE MACRO father(p, d) AS CASE WHEN p.father_from <= d AND in_extracts(p.father_known, d) THEN p.father_first END;
    CREATE MACRO mother(p, d) AS CASE WHEN p.mother_from <= d AND in_extracts(p.mother_known, d) THEN p.mother_first END;
    CREATE MACRO outside(c, d) AS EXISTS (SELECT 1 FROM scheme_of m JOIN scheme_up u ON u.scheme = m.scheme AND u.leaf = m.grp
        WHERE m.scheme = 'vdab-2011' AND u.grp = 'ALLOCHTOON' AND m.code = c AND m.since <= d AND d < m.until);
    CREATE MACRO age(b, d) AS year(d) - year(b) - CASE WHEN (month(d), day(d)) < (month(b), day(b)) THEN 1 ELSE 0 END;
    """)

    def residents(year, day):
        """Who lives in Flanders on the 1 January of a year, with what is so on a day."""
        return f"""SELECT *, {OWN.replace('stranger OR ', '')} AS own, {FOUR} AS four, {GENERATION} AS generation FROM (
            SELECT insz, sex, age(birth, {day}) AS age, place_{year} AS area, nationality(p, {day}) AS nat, first, unknown, father(p, {day}) AS father, mother(p, {day}) AS mother,
            {day} AS as_of FROM persons p WHERE place_{year} IN (SELECT member FROM area_up) AND NOT waiting)"""

    for year in YEARS:
        new_year = f"DATE '{year}-01-01'"
        db.execute(f"CREATE VIEW inhabitants_{year} AS {residents(year, new_year)}")
    deliveries = project / "sources"
    db.execute(f"CREATE TABLE key AS SELECT gecodeerd, coalesce(n.insz, k.insz::BIGINT) AS insz FROM {csv(deliveries / 'ksz/deliveries/2010/sleutel/0001/sleutel.csv', ';')} k LEFT JOIN numbers n ON n.old = k.insz::BIGINT")
    for quarter in QUARTERS:
        year = int(quarter[:4])
        day = f"last_day(DATE '{year}-{3 * int(quarter[-1]):02}-01')"
        # The fourth quarters are kept, for they are counted three times.
        db.execute(f"""CREATE {'TABLE' if quarter.endswith('Q4') else 'VIEW'} "positions_{quarter}" AS SELECT insz, sex, age, area, four, as_of, position
            FROM ({residents(year + 1, day)}) JOIN (SELECT insz, min(positie)[1] AS position FROM {csv(deliveries / f'ksz/deliveries/{quarter}/posities/0001/posities.csv.gz', ';')} JOIN key USING (gecodeerd) GROUP BY insz) USING (insz)
            WHERE age BETWEEN 18 AND 64""")

    def facts(name, extract, periods, number="insz", delimiter=";"):
        supplier, extract_name = extract.split("/")
        files = [str(path) for period in periods for path in sorted((deliveries / supplier / "deliveries" / period / extract_name / "0001").iterdir()) if path.suffix in (".csv", ".gz")]
        rows = f"read_csv({files}, all_varchar = true, header = true, delim = '{delimiter}')"
        if number == "insz":
            db.execute(f"CREATE TABLE {name} AS SELECT f.* EXCLUDE (insz), coalesce(n.insz, f.insz::BIGINT) AS insz FROM {rows} f LEFT JOIN numbers n ON n.old = f.insz::BIGINT")
        elif number == "coded":
            db.execute(f"CREATE TABLE {name} AS SELECT f.* EXCLUDE (gecodeerd), coalesce(p.insz::VARCHAR, f.gecodeerd) AS insz FROM {rows} f LEFT JOIN persons p ON p.coded = f.gecodeerd")
        else:
            db.execute(f"CREATE TABLE {name} AS SELECT * FROM {rows}")

    facts("moves", "rijksregister/verhuizingen", ["2010"])
    facts("seekers", "vdab/nwwz", ["2010"])
    facts("wages", "ksz/leefloon", ["2010"], "coded")
    facts("courses", "inburgering/trajecten", ["2010-12-31"])
    facts("pupils", "onderwijs/secundair", SCHOOL_YEARS)
    facts("students", "onderwijs/volwassenen", ["2010-2011"])
    facts("births", "kindengezin/geboorten", ["2008", "2009", "2010"], None)
    facts("voters", "verkiezingen/kiezers", ["2006-10-08"], None)
    facts("caravans", "wonen/woonwagens", ["2003", "2011"], None, ",")
    # The base of rates: Statbel's table, or of a calibrated Flanders the same persons by age.
    db.execute("CREATE TABLE statbel (year INT, area VARCHAR, age INT, n BIGINT)")
    for year in (2010, 2011):
        population(db, deliveries / f"statbel/deliveries/{year}-01-01/bevolking/0001", year)
    for year in YEARS[:-1]:
        sheets(db, "dwellings", deliveries / f"wonen/deliveries/{year}-12-31/sociale-huur/0001/sociale-huur.xlsx", year)
    for year in ("2008", "2009", "2010"):
        sheets(db, "files", deliveries / f"jongerenwelzijn/deliveries/{year}/pos/0001/pos.xlsx", year)


def population(db, folder, year):
    """Inhabitants by municipality and age, by plain reading of Statbel's zip."""
    import collections
    import zipfile
    found = collections.Counter()
    with zipfile.ZipFile(next(path for path in folder.iterdir() if path.name != "receipt.yaml")) as packed:
        lines = packed.read(packed.namelist()[0]).decode("utf-8-sig").splitlines()
    names = lines[0].split("|")
    area, region, age, persons = (names.index(name) for name in ("CD_MUNTY_REFNIS", "CD_RGN_REFNIS", "CD_AGE", "MS_POPULATION"))
    for line in lines[1:]:
        fields = line.split("|")
        if fields[region] == "02000":
            found[fields[area], int(fields[age])] += int(fields[persons])
    rows = "".join(f"({year}, '{place}', {years}, {count})," for (place, years), count in found.items())
    db.execute(f"INSERT INTO statbel VALUES {rows[:-1]}")


def sheets(db, table, path, year):
    """Rows of a workbook, read with pandas, as text."""
    import pandas
    frames = []
    for sheet, frame in pandas.read_excel(path, sheet_name=None, dtype=str).items():
        frame["blad"] = sheet
        frames.append(frame)
    rows = pandas.concat(frames)
    exists = db.execute(f"SELECT count(*) FROM duckdb_tables() WHERE table_name = '{table}'").fetchall()[0][0]
    db.execute(f"{'INSERT INTO ' + table if exists else 'CREATE TABLE ' + table + ' AS'} SELECT * FROM rows")


def person(facts, day, columns, number="insz"):
    """Facts with the person's attributes on a day; who is in no register has none."""
    join = "p.insz = f.insz" if number == "insz" else "p.insz::VARCHAR = f.insz"
    return f"""SELECT f.*, p.sex AS p_sex, p.birth AS p_birth, age(p.birth, {day}) AS p_age, nationality(p, {day}) AS nat, earlier(p, {day}) AS earlier, p.first AS first, p.unknown AS unknown, p.insz IS NULL AS stranger, {columns} FROM {facts} f LEFT JOIN persons p ON {join}"""


OWN = "CASE WHEN stranger OR unknown THEN NULL WHEN first <> '150' THEN first WHEN nat <> '150' THEN nat ELSE '150' END"
VDAB = "CASE WHEN stranger OR unknown THEN NULL WHEN outside(nat, as_of) THEN nat WHEN outside(earlier, as_of) THEN earlier WHEN outside(first, as_of) THEN first ELSE nat END"
FOUR = "CASE WHEN father <> '150' THEN father WHEN mother <> '150' THEN mother WHEN NOT unknown AND first <> '150' THEN first WHEN nat <> '150' THEN nat ELSE coalesce(father, mother, nat) END"
GENERATION = "CASE WHEN NOT unknown AND (first <> '150' OR nat <> '150') THEN 'first' WHEN father <> '150' OR mother <> '150' THEN 'second' ELSE '_T' END"
ORIGINS = {"eigen-historiek-2011": OWN, "vdab-2011": VDAB}


def expected(project):
    """Units of each indicator: (unit, area, sex, age, grp, detail, detail_2, n, d); distinct units are counted where `unit` says so."""
    found = {}

    def units(indicator, period, sql, distinct=False, base=(), shares=("group",)):
        found[(indicator, period)] = (sql, distinct, base, shares)

    for indicator, year in [("vreemde-nationaliteit", 2010), ("vreemde-nationaliteit", 2011)] + [("bevolking-nationaliteit", year) for year in YEARS]:
        units(indicator, f"{year}-01-01", f"""SELECT NULL AS unit, area, sex, {AGES.format('age')} AS age, g.grp, '_T' AS detail, '_T' AS detail_2,
            (nat <> '150')::INT AS n, 1 AS d FROM inhabitants_{year} i LEFT JOIN group_of g ON g.code = i.nat AND g.since <= as_of AND as_of < g.until""", base=("grp",), shares=("total",))
    units("vreemde-herkomst", "2011-01-01", f"""SELECT NULL AS unit, area, sex, {AGES.format('age')} AS age, g.grp, '_T' AS detail, '_T' AS detail_2, (own <> '150')::INT AS n, 1 AS d
        FROM inhabitants_2011 i LEFT JOIN group_of g ON g.code = i.own AND g.since <= as_of AND as_of < g.until""", base=("grp",), shares=("total",))
    day = "last_day((f.maand || '-01')::DATE)"
    for indicator, where in (("werkzoekenden", ""), ("wachttijd", "WHERE categorie = '02'")):
        units(indicator, "2010-01-01/P1Y", f"""SELECT insz || ' ' || maand AS unit, gemeente AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, '_T' AS detail, '_T' AS detail_2, 1 AS n, 1 AS d
            FROM (SELECT *, {ORIGINS[card(project, indicator, 'origin')]} AS own FROM ({person('seekers', day, f'{day} AS as_of')}) {where}) x LEFT JOIN group_of g ON g.code = x.own AND g.since <= as_of AND as_of < g.until""", True, ("grp",), ("total",))
    units("leefloon", "2010-01-01/P1Y", f"""SELECT insz || ' ' || maand AS unit, gemeente AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, '_T' AS detail, '_T' AS detail_2, 1 AS n, 0 AS d
        FROM (SELECT *, {OWN} AS own FROM ({person('wages', day, f'{day} AS as_of', 'coded')})) x LEFT JOIN group_of g ON g.code = x.own AND g.since <= as_of AND as_of < g.until
        UNION ALL SELECT NULL, area, '_T', '_T', g.grp, '_T', '_T', 0, 12 FROM inhabitants_2010 i
        LEFT JOIN group_of g ON g.code = i.own AND g.since <= as_of AND as_of < g.until""", True)
    newcomers = f"""SELECT *, row_number() OVER (PARTITION BY insz ORDER BY nieuwkomer_sinds, doelgroep, gemeente) AS turn FROM ({person('courses', 'f.nieuwkomer_sinds::DATE', 'f.nieuwkomer_sinds::DATE AS as_of')})"""
    units("nieuwkomers", "2010", f"""SELECT NULL AS unit, gemeente AS area, coalesce(p_sex, CASE geslacht WHEN 'V' THEN 'F' ELSE 'M' END) AS sex,
        CASE WHEN a < 25 THEN '18-24' WHEN a < 40 THEN '25-39' WHEN a < 65 THEN '40-64' ELSE '65+' END AS age, coalesce(g.grp, 'ONBEKEND') AS grp, doelgroep AS detail, verplicht AS detail_2, 1 AS n, 1 AS d
        FROM (SELECT *, age(coalesce(p_birth, geboortedatum::DATE), as_of) AS a FROM ({newcomers})) x LEFT JOIN group_of g ON g.code = coalesce(x.nat, nationaliteit) AND g.since <= as_of AND as_of < g.until
        WHERE turn = 1 AND a >= 18 AND year(as_of) = 2010""", base=("sex", "age", "grp", "detail", "detail_2"), shares=("total",))
    for indicator, column, ever in (("aanmeldingen", "aanmelding", True), ("contracten", "contract", True), ("attesten", "attest", False)):
        where = "IS NOT NULL" if ever else "LIKE '2010%'"
        units(indicator, "2010", f"""SELECT NULL AS unit, gemeente AS area, '_T' AS sex, '_T' AS age, '_T' AS grp, '_T' AS detail, '_T' AS detail_2, 1 AS n, 0 AS d FROM
            (SELECT *, row_number() OVER (PARTITION BY insz ORDER BY {column}, gemeente) AS turn FROM ({person('courses', f'f.{column}::DATE', 'NULL AS as_of')}) WHERE {column} {where})
            WHERE turn = 1 AND {column} LIKE '2010%' AND age(coalesce(p_birth, geboortedatum::DATE), {column}::DATE) >= 18
            UNION ALL SELECT NULL, area, '_T', '_T', '_T', '_T', '_T', 0, n FROM statbel WHERE year = 2010 AND age >= 18""", shares=("population",))
    for indicator, year in [("sociale-huur", 2010)] + [("sociale-huur-reeks", year) for year in YEARS[:-1]]:
        units(indicator, f"{year}-12-31", f"""SELECT NULL AS unit, gemeente AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, CASE blad WHEN 'huurders' THEN 'huurder' ELSE 'kandidaat' END AS detail,
            '_T' AS detail_2, 1 AS n, 1 AS d FROM dwellings w LEFT JOIN group_of g ON g.code = w.nationaliteit AND g.since <= DATE '{year}-12-31' AND DATE '{year}-12-31' < g.until WHERE peildatum LIKE '{year}%'""", base=("grp",), shares=("total",))
    weak = " + ".join(f"({name} IS NOT DISTINCT FROM '1')::INT" for name in ("inkomen", "opleiding", "arbeid", "stimulatie", "huisvesting", "gezondheid"))
    units("kansarme-geboorten", "2008-01-01/P3Y", f"""SELECT NULL AS unit, gemeente_3112 AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, '_T' AS detail, '_T' AS detail_2, ({weak} >= 3)::INT AS n, 1 AS d
        FROM births b LEFT JOIN group_of g ON g.code = b.nationaliteit_moeder_bij_haar_geboorte AND g.since <= geboortedatum::DATE AND geboortedatum::DATE < g.until""", shares=("group", "total"))
    minors = " UNION ALL ".join(f"SELECT NULL AS unit, area, '_T' AS sex, '_T' AS age, '_T' AS grp, '_T' AS detail, '_T' AS detail_2, 0 AS n, 1 AS d FROM inhabitants_{year} WHERE age < 18" for year in (2009, 2010, 2011))
    units("opvoedingssituaties", "2008-01-01/P3Y", f"SELECT jaar || ' ' || kind AS unit, gemeente AS area, '_T' AS sex, '_T' AS age, '_T' AS grp, '_T' AS detail, '_T' AS detail_2, 1 AS n, 0 AS d FROM files WHERE leeftijd::INT < 18 UNION ALL {minors}", True)

    def enrolled(year):
        """Pupils of a school year, with the person's attributes on the 1st of February."""
        day = f"DATE '{year[5:]}-02-01'"
        return person(f"(SELECT * FROM pupils WHERE schooljaar = '{year}')", day, f"{day} AS as_of")

    for indicator, year in [("deelname-secundair", "2010-2011")] + [("secundair-reeks", year) for year in SCHOOL_YEARS]:
        grade = "coalesce(graad, 'geen')" if indicator == "deelname-secundair" else "'_T'"
        units(indicator, year, f"""SELECT insz::VARCHAR AS unit, gemeente_woon AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, vorm AS detail, {grade} AS detail_2, 1 AS n, 1 AS d
            FROM ({enrolled(year)}) x LEFT JOIN group_of g ON g.code = x.nat AND g.since <= as_of AND as_of < g.until""", base=("detail", "detail_2"))
    units("schoolse-achterstand", "2010-2011", f"""SELECT NULL AS unit, area, sex, age, grp, CASE WHEN behind = 1 THEN '1' WHEN behind > 1 THEN '2+' ELSE '0' END AS detail, '_T' AS detail_2, (behind > 0)::INT AS n, 1 AS d FROM
        (SELECT gemeente_woon AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, 2010 - coalesce(year(p_birth), geboortejaar::INT) - (9 + 2 * graad::INT + leerjaar::INT) AS behind
        FROM ({enrolled('2010-2011')}) x LEFT JOIN group_of g ON g.code = x.nat AND g.since <= as_of AND as_of < g.until
        WHERE vorm NOT IN ('OKAN', 'BUSO') AND stelsel = 'lineair' AND leerjaar IN ('1', '2') AND graad IN ('1', '2', '3'))""", base=("detail",))
    kinds = " UNION ALL ".join(f"SELECT *, {word} AS kind FROM students {where}" for word, where in (("centrum", ""), ("'NT2'", "WHERE nt2 = 'j'"), ("'_T'", "")))
    units("volwassenenonderwijs", "2010-2011", f"""SELECT insz::VARCHAR AS unit, gemeente_woon AS area, '_T' AS sex, '_T' AS age, coalesce(g.grp, 'ONBEKEND') AS grp, kind AS detail, '_T' AS detail_2, 1 AS n, 0 AS d
        FROM ({person(f'({kinds})', "DATE '2011-02-01'", "DATE '2011-02-01' AS as_of")}) x LEFT JOIN group_of g ON g.code = x.nat AND g.since <= as_of AND as_of < g.until
        UNION ALL SELECT NULL, area, '_T', '_T', g.grp, '_T', '_T', 0, 1 FROM inhabitants_2011 i LEFT JOIN group_of g ON g.code = i.nat AND g.since <= as_of AND as_of < g.until WHERE age >= 18""", "given", ("detail",))
    for year in YEARS:
        units("bevolking-generaties", f"{year}-01-01", f"""SELECT NULL AS unit, area, sex, {AGES.format('age')} AS age, g.grp, generation AS detail, '_T' AS detail_2, (four <> '150')::INT AS n, 1 AS d
            FROM inhabitants_{year} i LEFT JOIN group_of g ON g.code = i.four AND g.since <= as_of AND as_of < g.until""", base=("grp", "detail"), shares=("total",))
        units("herkomst-ladder", f"{year}-01-01", f"""SELECT NULL AS unit, area, '_T' AS sex, '_T' AS age, '_T' AS grp, unnest(['L1', 'L2', 'L3']) AS detail, '_T' AS detail_2,
            unnest([nat <> '150', own <> '150', four <> '150'])::INT AS n, 1 AS d FROM inhabitants_{year}""")
    for quarter in QUARTERS:
        units("arbeidsmarkt-posities", quarter, f"""SELECT NULL AS unit, area, sex, CASE WHEN age < 25 THEN '18-24' WHEN age < 40 THEN '25-39' WHEN age < 55 THEN '40-54' ELSE '55-64' END AS age,
            g.grp, position AS detail, '_T' AS detail_2, 1 AS n, 1 AS d FROM "positions_{quarter}" i LEFT JOIN group_of g ON g.code = i.four AND g.since <= as_of AND as_of < g.until""", base=("detail",))
    # Who is there on one of the days only has the municipality and the origin of that day, and else of the later.
    for year in (2009, 2010, 2011):
        units("arbeidsmarkt-overgangen", f"{year}-Q4", f"""SELECT NULL AS unit, area, '_T' AS sex, '_T' AS age, g.grp, coalesce(was, 'afwezig') AS detail, coalesce(is_now, 'afwezig') AS detail_2, 1 AS n, 1 AS d
            FROM (SELECT coalesce(n.area, a.area) AS area, CASE WHEN n.insz IS NULL THEN a.four ELSE n.four END AS four, coalesce(n.as_of, a.as_of) AS as_of, a.position AS was, n.position AS is_now
                FROM "positions_{year}-Q4" n FULL JOIN "positions_{year - 1}-Q4" a USING (insz)) i
            LEFT JOIN group_of g ON g.code = i.four AND g.since <= as_of AND as_of < g.until""", base=("detail_2",))
    steps = " UNION ALL ".join(f"""SELECT NULL AS unit, gemeente AS area, coalesce(p_sex, CASE geslacht WHEN 'V' THEN 'F' ELSE 'M' END) AS sex, '_T' AS age, '_T' AS grp, '{step}' AS detail, '_T' AS detail_2, 1 AS n, 1 AS d FROM
        (SELECT *, row_number() OVER (PARTITION BY insz ORDER BY {column}, gemeente) AS turn FROM ({person('courses', f'f.{column}::DATE', 'NULL AS as_of')}) WHERE {column} {where})
        WHERE turn = 1 AND {column} LIKE '2010%' AND age(coalesce(p_birth, geboortedatum::DATE), {column}::DATE) >= 18"""
        for step, column, where in (("instroom", "nieuwkomer_sinds", "IS NOT NULL"), ("contract", "contract", "IS NOT NULL"), ("opschorting", "opschorting", "LIKE '2010%'")))
    units("trajecten-geslacht", "2010", steps, base=("sex",), shares=("total",))
    return found


def rolled(db, indicator, period, spec, scheme):
    """Counts the cells of an indicator from its units, and gives the published rows that differ."""
    sql, distinct, base, shares = spec
    for table in ("group_of", "group_up"):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * EXCLUDE (scheme) FROM {table.replace('group', 'scheme')} WHERE scheme = '{scheme}'")
    db.execute(f"CREATE OR REPLACE TEMP TABLE leaf AS SELECT {'unit, ' if distinct else ''}area, sex, age, grp, detail, detail_2, {'n, ' if distinct else 'sum(n)::BIGINT AS n, '}{'d' if distinct else 'sum(d)::BIGINT AS d'} FROM ({sql}) {'' if distinct else 'GROUP BY ALL'}")
    # Each code counts for itself and for the total, in one dimension after the other.
    rows = "leaf"
    for column in ("sex", "age", "detail", "detail_2"):
        if column != "detail" or distinct != "given":
            rows = f"(SELECT * REPLACE (unnest(CASE WHEN {column} = '_T' THEN ['_T'] ELSE [{column}, '_T'] END) AS {column}) FROM {rows})"
    # In a composition of distinct units the base is counted as they are.
    basis = "count(DISTINCT unit) FILTER (d > 0 AND unit IS NOT NULL) + coalesce(sum(d) FILTER (unit IS NULL), 0)"
    sums = f"count(DISTINCT unit) FILTER (n > 0) AS n, ({basis})::BIGINT AS d" if distinct else "sum(n)::BIGINT AS n, sum(d)::BIGINT AS d"
    db.execute(f"""CREATE OR REPLACE TEMP TABLE cell AS SELECT a.area, a.class, sex, age, g.grp, detail, detail_2, {sums}
        FROM {rows} l JOIN area_up a ON a.member = l.area JOIN group_up g ON g.leaf = coalesce(l.grp, 'ONBEKEND') GROUP BY ALL""")
    keys = ["area", "class"] + DIMENSIONS
    own = " AND ".join(f"c.{key} = p.{key}" for key in keys)
    # A composition is of the total over the dimensions of its base; beside a rate it is of what was counted.
    base = base or (("grp",) if "total" in shares else ())
    of_base = " AND ".join(f"b.{key} = {repr('_T') if key in base else 'p.' + key}" for key in keys)
    composed = "b.n" if len(shares) > 1 else "b.d"
    rate = "c.d" if len(shares) > 1 or not base else "b.d"
    denominator = f"CASE share_of WHEN 'none' THEN NULL WHEN 'total' THEN coalesce({composed}, 0) WHEN 'population' THEN nullif(c.d, 0) ELSE coalesce({rate}, 0) END"
    return db.execute(f"""SELECT p.*, coalesce(c.n, 0) AS n, {denominator} AS d
        FROM published p LEFT JOIN cell c ON {own} LEFT JOIN cell b ON {of_base}
        WHERE indicator = '{indicator}' AND time_period = '{period}'
            AND (numerator IS DISTINCT FROM coalesce(c.n, 0) OR denominator IS DISTINCT FROM {denominator})""").fetchall()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--scale", default="0.05")
    arguments.add_argument("--liim", default=str(ROOT / "target/debug/liim"))
    arguments.add_argument("--keep")
    arguments.add_argument("--calibrate")
    asked = arguments.parse_args()
    folder, project = made(asked)
    try:
        db = duckdb.connect()
        load(db, project)
        files = [str(project / f"warehouse/published/edition={edition}/observations.parquet") for edition in COMPARED]
        db.execute(f"""CREATE TABLE published AS SELECT indicator, time_period, ref_area AS area, ref_area_class AS class, sex, age_group AS age, "group" AS grp, detail, detail_2,
            share_of, numerator, denominator, reason FROM read_parquet({files}, hive_partitioning = false)""")
        found = expected(project)
        direct(db)
        wrong, cells = 0, 0
        for (indicator, period), spec in sorted(found.items()):
            rows = db.execute(f"SELECT count(*) FROM published WHERE indicator = '{indicator}' AND time_period = '{period}'").fetchall()[0][0]
            differing = rolled(db, indicator, period, spec, card(project, indicator, "scheme", "liim-2011"))
            print(f"{indicator:<24}{period:<18}{rows:>8} cells {len(differing):>7} differ")
            for row in differing[:3]:
                print("    ", row)
            wrong, cells = wrong + len(differing), cells + rows
        for indicator, sql in GIVEN.items():
            rows = db.execute(f"SELECT count(*) FROM published WHERE indicator = '{indicator}'").fetchall()[0][0]
            differing = db.execute(f"""SELECT p.*, e.n, e.d FROM published p LEFT JOIN ({sql}) e USING (time_period, area, class, detail, detail_2)
                WHERE indicator = '{indicator}' AND (numerator IS DISTINCT FROM coalesce(e.n, 0) OR denominator IS DISTINCT FROM e.d)""").fetchall()
            print(f"{indicator:<24}{'':<18}{rows:>8} cells {len(differing):>7} differ")
            for row in differing[:3]:
                print("    ", row)
            wrong, cells = wrong + len(differing), cells + rows
        compared = {indicator for indicator, _ in found} | set(GIVEN)
        published = db.execute("SELECT DISTINCT indicator, time_period FROM published").fetchall()
        left = [key for key in published if key not in found and key[0] not in GIVEN] + [key for key in found if key not in published]
        print(f"{cells} cells, {wrong} differ, {len(compared)} indicators" + (f"; not compared: {left}" if left else ""))
        sys.exit(1 if wrong or left else 0)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


def direct(db):
    """Flows of the year, each area by itself."""
    db.execute("""CREATE TABLE flow AS
        WITH m AS (SELECT DISTINCT f.insz, f.datum, van, naar, soort FROM moves f JOIN persons p ON p.insz = f.insz
            WHERE nationality(p, f.datum::DATE) <> '150' AND (soort IN ('verhuizing', 'afvoering') AND van IS NOT NULL OR soort = 'herinschrijving')),
        sides AS (SELECT 'in' AS detail, naar AS here, van AS there FROM m UNION ALL SELECT 'uit', van, naar FROM m)
        SELECT a.area, a.class, detail, CASE WHEN length(there) = 5 AND there <> '00992' THEN 'binnenland' ELSE 'buitenland' END AS detail_2
        FROM sides JOIN area_up a ON a.member = here
        WHERE NOT EXISTS (SELECT 1 FROM area_up o WHERE o.member = there AND o.area = a.area AND o.class = a.class)""")


GIVEN = {
    # Areas without a flow are nought; each has its inhabitants of the first of January.
    "migraties": """WITH base AS (SELECT a.area, a.class, sum(n)::BIGINT AS d FROM statbel s JOIN area_up a ON a.member = s.area WHERE year = 2010 GROUP BY ALL),
        flows AS (SELECT area, class, detail, detail_2, count(*) AS n FROM flow GROUP BY ALL),
        cells AS (SELECT * FROM base, (VALUES ('in'), ('uit'), ('saldo')) x(detail), (VALUES ('binnenland'), ('buitenland'), ('_T')) y(detail_2))
        SELECT '2010' AS time_period, area, class, c.detail, c.detail_2, coalesce(sum(CASE WHEN c.detail = 'saldo' AND f.detail = 'uit' THEN -n ELSE n END), 0)::BIGINT AS n, any_value(d) AS d
        FROM cells c LEFT JOIN flows f USING (area, class) WHERE f.detail IS NULL OR (c.detail = f.detail OR c.detail = 'saldo') AND (c.detail_2 = f.detail_2 OR c.detail_2 = '_T') GROUP BY ALL
        UNION ALL SELECT '2010', area, class, c.detail, c.detail_2, 0, d FROM cells c WHERE EXISTS (SELECT 1 FROM flows f WHERE f.area = c.area AND f.class = c.class) AND NOT EXISTS
            (SELECT 1 FROM flows f WHERE f.area = c.area AND f.class = c.class AND (c.detail = f.detail OR c.detail = 'saldo') AND (c.detail_2 = f.detail_2 OR c.detail_2 = '_T'))""",
    # Flanders is given. Of 2003 Statbel has no table.
    "woonwagenbewoners": """WITH counted AS (SELECT jaar, gemeente, unnest(['gezinnen', 'bewoners']) AS detail, unnest([gezinnen, bewoners])::BIGINT AS n FROM caravans),
        base AS (SELECT a.area, a.class, sum(n)::BIGINT AS d FROM statbel s JOIN area_up a ON a.member = s.area WHERE year = 2011 GROUP BY ALL),
        cells AS (SELECT DISTINCT area, class, jaar, detail FROM area_up, counted WHERE area <> '99991'),
        summed AS (SELECT jaar, a.area, a.class, detail, sum(n)::BIGINT AS n FROM counted c JOIN area_up a ON a.member = c.gemeente AND a.area <> '02000' GROUP BY ALL
            UNION ALL SELECT jaar, '02000', 'NIS5-2011', detail, n FROM counted WHERE gemeente = '02000')
        SELECT jaar AS time_period, area, class, detail, '_T' AS detail_2, coalesce(n, 0) AS n, CASE jaar WHEN '2011' THEN d END AS d
        FROM cells LEFT JOIN summed USING (jaar, area, class, detail) LEFT JOIN base USING (area, class)""",
    "kiezers": """WITH v AS (SELECT a.area, a.class, groep, sum(ingeschreven::BIGINT) AS n, sum(potentieel::BIGINT) AS d FROM voters c JOIN area_up a ON a.member = c.gemeente AND a.area <> '02000' GROUP BY ALL
            UNION ALL SELECT '02000', 'NIS5-2011', groep, ingeschreven::BIGINT, potentieel::BIGINT FROM voters WHERE gemeente = '02000')
        SELECT '2006-10-08' AS time_period, area, class, k.detail, '_T' AS detail_2, sum(n) AS n, sum(d) AS d FROM v, LATERAL (SELECT unnest([groep, '_T']) AS detail) k GROUP BY ALL""",
}

if __name__ == "__main__":
    main()
