//! Which columns of which tables an answer depends on, read off the plan as bound and before any optimiser touches it.
//!
//! A column counts when its values reach the answer, and also when they decide which rows do: filters, joins,
//! groupings, orderings and subqueries. A column that is only passed along and dropped does not count.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Volatility};

/// Columns by table.
pub type Reads = BTreeMap<String, BTreeSet<String>>;

type Sources = BTreeSet<(String, String)>;

/// The columns that a plan's answer depends on.
pub fn reads(plan: &LogicalPlan) -> Reads {
    let mut deciding = Sources::new();
    for output in outputs(plan, &mut deciding) {
        deciding.extend(output);
    }
    let mut found = Reads::new();
    for (table, column) in deciding {
        found.entry(table).or_default().insert(column);
    }
    found
}

/// What of a plan does not give the same answer for the same rows: functions such as `random` and `now`, and what takes
/// some of the rows as they come. Two runs over the same deliveries could publish different figures.
pub(crate) fn changing(plan: &LogicalPlan) -> Result<BTreeSet<String>, DataFusionError> {
    let mut found = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::Limit(_) => found.insert("LIMIT".to_string()),
            LogicalPlan::Distinct(Distinct::On(_)) => found.insert("DISTINCT ON".to_string()),
            _ => false,
        };
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let (name, volatility) = match expr {
                    Expr::ScalarFunction(call) => (call.func.name(), call.func.signature().volatility),
                    Expr::AggregateFunction(call) => (call.func.name(), call.func.signature().volatility),
                    Expr::WindowFunction(call) => (call.fun.name(), call.fun.signature().volatility),
                    _ => return Ok(TreeNodeRecursion::Continue),
                };
                if volatility != Volatility::Immutable {
                    found.insert(name.to_string());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// The sources of each output column; sources that decide over rows go into `deciding`.
fn outputs(plan: &LogicalPlan, deciding: &mut Sources) -> Vec<Sources> {
    subqueries(plan, deciding);
    match plan {
        LogicalPlan::TableScan(scan) => {
            let table = scan.table_name.table().to_string();
            let fields = plan.schema().fields().iter();
            fields.map(|field| Sources::from([(table.clone(), field.name().clone())])).collect()
        }
        LogicalPlan::Projection(projection) => {
            let input = outputs(&projection.input, deciding);
            projection.expr.iter().map(|expr| of(expr, projection.input.schema(), &input)).collect()
        }
        LogicalPlan::Aggregate(aggregate) => {
            let input = outputs(&aggregate.input, deciding);
            let schema = aggregate.input.schema();
            for expr in &aggregate.group_expr {
                deciding.extend(of(expr, schema, &input));
            }
            let mut found: Vec<Sources> = Vec::new();
            for expr in aggregate.group_expr.iter().chain(&aggregate.aggr_expr) {
                found.push(of(expr, schema, &input));
            }
            found.resize(plan.schema().fields().len(), Sources::new());
            found
        }
        LogicalPlan::Window(window) => {
            let mut input = outputs(&window.input, deciding);
            let made: Vec<Sources> =
                window.window_expr.iter().map(|expr| of(expr, window.input.schema(), &input)).collect();
            input.extend(made);
            input
        }
        LogicalPlan::Union(union) => {
            let mut found = vec![Sources::new(); plan.schema().fields().len()];
            for part in &union.inputs {
                for (all, own) in found.iter_mut().zip(outputs(part, deciding)) {
                    all.extend(own);
                }
            }
            found
        }
        LogicalPlan::Join(join) => {
            let mut both = outputs(&join.left, deciding);
            both.extend(outputs(&join.right, deciding));
            let schema = join.left.schema().join(join.right.schema());
            let schema = schema.as_ref().unwrap_or(plan.schema());
            for expr in join.on.iter().flat_map(|(left, right)| [left, right]).chain(join.filter.iter()) {
                deciding.extend(of(expr, schema, &both));
            }
            // Semi and anti joins give only one side's columns, which come first or last.
            let wanted = plan.schema().fields().len();
            if wanted == both.len() {
                both
            } else if plan.schema().fields() == join.left.schema().fields() {
                both.truncate(wanted);
                both
            } else {
                both.split_off(both.len() - wanted.min(both.len()))
            }
        }
        // Which rows are one row depends on all of their columns.
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let found = outputs(input, deciding);
            deciding.extend(found.iter().flatten().cloned());
            found
        }
        other => {
            let mut found = Vec::new();
            let inputs = other.inputs();
            for input in &inputs {
                found.extend(outputs(input, deciding));
            }
            if let [input] = inputs[..] {
                for expr in other.expressions() {
                    deciding.extend(of(&expr, input.schema(), &found));
                }
            }
            found.resize(other.schema().fields().len(), Sources::new());
            found
        }
    }
}

fn of(expr: &Expr, schema: &DFSchema, input: &[Sources]) -> Sources {
    expr.column_refs()
        .into_iter()
        .filter_map(|column| schema.maybe_index_of_column(column))
        .filter_map(|at| input.get(at))
        .flatten()
        .cloned()
        .collect()
}

fn subqueries(plan: &LogicalPlan, deciding: &mut Sources) {
    let _ = plan.apply_subqueries(|subquery| {
        let mut inner = Sources::new();
        for output in outputs(subquery, &mut inner) {
            inner.extend(output);
        }
        deciding.extend(inner);
        Ok(TreeNodeRecursion::Jump)
    });
}
