//! The JSON Schema that editors use agrees with the contracts, and refuses what the reader refuses.

use std::path::Path;

use serde_json::Value;

/// Faults of a value by the part of JSON Schema that ours uses.
fn faults(schema: &Value, root: &Value, value: &Value, way: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = &root["$defs"][reference.rsplit('/').next().unwrap()];
        assert!(!target.is_null(), "{reference} is not defined");
        faults(target, root, value, way, found);
        return;
    }
    let kind = match value {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Null => "null",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
        _ => vec![kind],
    };
    if !allowed.iter().any(|own| *own == kind || (*own == "number" && kind == "integer")) {
        found.push(format!("{way}: {kind}"));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        found.push(format!("{way}: {value}"));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            found.push(format!("{way}: no {required}"));
        }
    }
    for (key, child) in value.as_object().into_iter().flatten() {
        let way = format!("{way}/{key}");
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{way}: unknown")),
            (Value::Null, Value::Object(_)) => faults(&schema["additionalProperties"], root, child, &way, found),
            (Value::Null, _) => {}
            (own, _) => faults(own, root, child, &way, found),
        }
    }
    if !schema["items"].is_null() {
        for (at, child) in value.as_array().into_iter().flatten().enumerate() {
            faults(&schema["items"], root, child, &format!("{way}/{at}"), found);
        }
    }
}

#[test]
fn the_schema_for_editors_fits_all_contracts_and_refuses_a_wrong_one() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(sources.join("contract.schema.json")).unwrap()).unwrap();
    let mut contracts = 0;
    for entry in std::fs::read_dir(&sources).unwrap().flatten() {
        let Ok(text) = std::fs::read_to_string(entry.path().join("contract.yaml")) else { continue };
        let contract: Value = serde_yaml::from_str(&text).unwrap();
        let mut found = Vec::new();
        faults(&schema, &schema, &contract, "", &mut found);
        assert_eq!(found, Vec::<String>::new(), "{:?}", entry.path());
        contracts += 1;
        let wrong: Value = serde_yaml::from_str(&text.replacen("covers:", "cover:", 1)).unwrap();
        faults(&schema, &schema, &wrong, "", &mut found);
        assert_eq!(found.len(), 2, "{found:?}");
    }
    assert!(contracts >= 6);
}
