"""How far an outside solver narrows each withheld count down, beside what `liim protect --audit` says.

    outside_solver.py AUDIT.csv GEO.csv EVERY

The table has areas (in provinces and clusters), origins and sexes. Every EVERY-th small cell is asked.
"""
import collections
import csv
import math
import sys

try:
    import highspy
    import numpy
except ImportError as missing:
    print("ABSENT", missing.name)
    sys.exit(0)

rows = list(csv.DictReader(open(sys.argv[1])))
every = int(sys.argv[3])
children = collections.defaultdict(list)
for line in csv.DictReader(open(sys.argv[2])):
    children[line["prov"]].append(line["gem"])
    children[line["vrind"]].append(line["gem"])
origins = sorted({row["origin"] for row in rows} - {"Total"})
schemes = (
    [("Total", [area for area in children if area[0] == letter]) for letter in "PC"] + list(children.items()),
    [("Total", origins)],
    [("Total", ["M", "V"])],
)
number = {(row["area"], row["origin"], row["sex"]): at for at, row in enumerate(rows)}
counts = [int(row["count"]) for row in rows]
unknown = {at: column for column, at in enumerate(at for at, row in enumerate(rows) if row["withheld"] == "true")}

solver = highspy.Highs()
solver.setOptionValue("output_flag", False)
for _ in unknown:
    solver.addVar(0, highspy.kHighsInf)
for key, whole in number.items():
    for dimension, sums in enumerate(schemes):
        for code, parts in sums:
            if key[dimension] != code:
                continue
            terms, known = collections.Counter(), 0
            for part, coefficient in [(code, -1)] + [(part, 1) for part in parts]:
                at = number[key[:dimension] + (part,) + key[dimension + 1:]]
                if at in unknown:
                    terms[unknown[at]] += coefficient
                else:
                    known -= coefficient * counts[at]
            if terms:
                solver.addRow(known, known, len(terms), numpy.array(list(terms)), numpy.array(list(terms.values()), dtype=float))

asked = [at for at, row in enumerate(rows) if row["primary"] == "true"][::every]
differ = 0
for at in asked:
    column, ends = unknown[at], []
    solver.changeColCost(column, 1.0)
    for sense in (highspy.ObjSense.kMinimize, highspy.ObjSense.kMaximize):
        solver.changeObjectiveSense(sense)
        solver.run()
        optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        ends.append(solver.getInfo().objective_function_value if optimal else None)
    solver.changeColCost(column, 0.0)
    low = str(math.ceil(ends[0] - 1e-5))
    high = "" if ends[1] is None else str(math.floor(ends[1] + 1e-5))
    if (low, high) != (rows[at]["low"], rows[at]["high"]):
        differ += 1
        print(f"row {at + 2}: the solver finds {low} to {high}")
print(f"{len(asked)} asked, {differ} differ")
