//! The published Parquet as analysts open it: DuckDB, pandas, polars, pyarrow.

use std::process::Command;

use crate::project::{done, err, out, synthetic};

const SCRIPT: &str = r#"
import sys
try:
    import duckdb, pandas, polars, pyarrow, pyarrow.parquet as pq
except ImportError as missing:
    print("ABSENT", missing.name)
    sys.exit(0)
folder = sys.argv[1]
file = folder + "/observations.parquet"
text = ["edition_id", "monitor", "theme", "indicator", "ref_area", "ref_area_class", "area_level", "time_period", "sex",
        "age_group", "group_scheme", "group", "detail", "detail_2", "unit", "share_of", "obs_status", "conf_status",
        "reason", "method", "level", "changed"]
days, whole, small = ["period_start", "period_end"], ["numerator", "divisor", "denominator"], ["members", "members_with_data"]
real = ["value", "share", "mean_of_scores"]

schema = pq.read_schema(file)
for names, wanted in [(text, "string"), (days, "date32[day]"), (whole, "int64"), (small, "int32"), (real, "double")]:
    for name in names:
        assert str(schema.field(name).type) == wanted, (name, schema.field(name).type)
for name in text + days:
    assert not schema.field(name).nullable, name
for name in whole + small + real:
    assert schema.field(name).nullable, name
meta = pq.read_metadata(file)
assert meta.metadata[b"liim.edition"] == b"2012-03-15" and meta.created_by.startswith("liim"), meta
assert meta.row_group(0).column(0).compression == "SNAPPY"
encodings = {e for c in range(meta.num_columns) for e in meta.row_group(0).column(c).encodings}
assert encodings <= {"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY"}, encodings

described = dict(duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '{file}')").fetchall())
assert described["ref_area"] == "VARCHAR" and described["numerator"] == "BIGINT" and described["value"] == "DOUBLE", described
assert described["period_start"] == "DATE" and described["members"] == "INTEGER", described

rows = duckdb.sql(f"SELECT count(*), sum(numerator), count(DISTINCT ref_area) FILTER (area_level = 'municipality') FROM '{file}'").fetchall()[0]
frame = pandas.read_parquet(file)
assert (len(frame), int(frame["numerator"].sum()), frame[frame.area_level == "municipality"].ref_area.nunique()) == rows
assert frame["ref_area"].map(type).eq(str).all() and frame[frame.ref_area_class == "NIS5-2011"].ref_area.str.len().eq(5).all()
lazy = polars.read_parquet(file)
assert (lazy.height, lazy["numerator"].sum()) == rows[:2] and lazy.schema["ref_area"] == polars.String
assert lazy.schema["period_start"] == polars.Date
table = pq.read_table(file)
assert table.num_rows == rows[0]

# Withheld is null with a reason, zero is a value, and the labels join.
bad = duckdb.sql(f"SELECT count(*) FROM '{file}' WHERE (reason = 'shown') <> (value IS NOT NULL) OR isnan(value) OR isnan(share)").fetchall()[0][0]
assert bad == 0, bad
joined = duckdb.sql(f"""SELECT count(*) FROM '{file}' o JOIN '{folder}/areas.parquet' a USING (ref_area, ref_area_class)
    JOIN '{folder}/indicators.parquet' i USING (edition_id, indicator)
    JOIN '{folder}/codes.parquet' c ON c.list = o.group_scheme AND c.code = o."group"
    JOIN '{folder}/codes.parquet' b ON b.list = 'age' AND b.code = o.age_group
    JOIN '{folder}/codes.parquet' d ON d.list = o.indicator AND d.code = o.detail
    JOIN '{folder}/codes.parquet' e ON e.list = o.indicator || '/2' AND e.code = o.detail_2""").fetchall()[0][0]
assert joined == rows[0], (joined, rows)
for name in ["lineage", "sources", "quality", "area_members"]:
    assert pq.read_table(f"{folder}/{name}.parquet").num_rows > 0, name
print("READ", duckdb.__version__, pandas.__version__, polars.__version__, pyarrow.__version__)
"#;

#[test]
fn duckdb_pandas_polars_and_pyarrow_read_the_published_tables() {
    let folder = synthetic("readers", "0.005");
    done(&folder, &["-q", "run", "--all"]);
    let script = folder.write("readers.py", SCRIPT);
    let edition = folder.path().join("warehouse/published/edition=2012-03-15");
    let Ok(output) = Command::new("python3").arg(&script).arg(&edition).output() else {
        println!("SKIPPED readers: there is no python3");
        return;
    };
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    let said = out(&output);
    if said.starts_with("ABSENT") {
        println!("SKIPPED readers: {}; install duckdb, pandas, polars and pyarrow", said.trim());
        assert!(std::env::var_os("CI").is_none(), "the readers must be there in continuous integration: {said}");
    } else {
        assert!(said.starts_with("READ"), "{said}");
    }
}
