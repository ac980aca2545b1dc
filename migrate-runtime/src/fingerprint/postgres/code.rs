//! What holds SQL or code: views, functions, triggers, rules, event triggers.

use super::is_own;

pub(super) fn queries() -> Vec<String> {
    vec![views(), functions(), aggregates(), triggers(), rules(), event_triggers()]
}

fn views() -> String {
    "SELECT 'definition of ' || kind || ' ' || name, concat_ws(E'\\n', \
     CASE WHEN NOT relispopulated THEN 'NOT POPULATED' END, btrim(pg_get_viewdef(oid), E' \\n')) \
     FROM relation WHERE relkind IN ('v', 'm')"
        .to_owned()
}

/// A function by its name and the types of its arguments, which tell overloaded ones apart.
pub(super) const FUNCTION: &str = "format('%s.%I(%s)', schema.name, proname, oidvectortypes(proargtypes))";

fn functions() -> String {
    format!(
        "SELECT CASE prokind WHEN 'p' THEN 'procedure ' ELSE 'function ' END || {FUNCTION}, pg_get_functiondef(p.oid) \
         FROM pg_proc AS p JOIN schema ON schema.oid = pronamespace WHERE prokind <> 'a' AND {} \
         AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'i')",
        is_own("pg_proc", "p")
    )
}

fn aggregates() -> String {
    let function =
        |key: &str, column: &str| format!("CASE WHEN {column} <> 0 THEN '{key} ' || {column}::regprocedure END");
    let parts: Vec<String> = [
        ("SFUNC", "aggtransfn::oid"),
        ("FINALFUNC", "aggfinalfn::oid"),
        ("COMBINEFUNC", "aggcombinefn::oid"),
        ("SERIALFUNC", "aggserialfn::oid"),
        ("DESERIALFUNC", "aggdeserialfn::oid"),
        ("MSFUNC", "aggmtransfn::oid"),
        ("MINVFUNC", "aggminvtransfn::oid"),
        ("MFINALFUNC", "aggmfinalfn::oid"),
    ]
    .iter()
    .map(|(key, column)| function(key, column))
    .collect();
    format!(
        "SELECT 'aggregate ' || {FUNCTION}, concat_ws(' ', pg_get_function_arguments(p.oid), 'STYPE ' || format_type(aggtranstype, NULL), {}, \
         'INITCOND ' || quote_literal(agginitval), \
         CASE WHEN aggmtranstype <> 0 THEN 'MSTYPE ' || format_type(aggmtranstype, NULL) END, 'MINITCOND ' || quote_literal(aggminitval), \
         CASE WHEN aggsortop <> 0 THEN 'SORTOP ' || aggsortop::regoperator END, \
         format('KIND %s EXTRA %s %s MODIFY %s %s PARALLEL %s', aggkind, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, \
         proparallel)) \
         FROM pg_proc AS p JOIN pg_aggregate ON aggfnoid = p.oid JOIN schema ON schema.oid = pronamespace WHERE {}",
        parts.join(", "),
        is_own("pg_proc", "p")
    )
}

fn triggers() -> String {
    format!(
        "SELECT 'trigger ' || name || '.' || quote_ident(tgname), concat_ws(' ', pg_get_triggerdef(t.oid), {}) \
         FROM relation JOIN pg_trigger AS t ON tgrelid = relation.oid WHERE NOT tgisinternal",
        enabled("tgenabled")
    )
}

/// The rule of a view is its definition.
fn rules() -> String {
    format!(
        "SELECT 'rule ' || name || '.' || quote_ident(rulename), concat_ws(' ', pg_get_ruledef(w.oid), {}) \
         FROM relation JOIN pg_rewrite AS w ON ev_class = relation.oid WHERE rulename <> '_RETURN'",
        enabled("ev_enabled")
    )
}

fn event_triggers() -> String {
    format!(
        "SELECT 'event trigger ' || quote_ident(evtname), concat_ws(' ', 'ON ' || evtevent, \
         'WHEN TAG IN (' || array_to_string(ARRAY(SELECT quote_literal(tag) FROM unnest(evttags) AS tag ORDER BY tag COLLATE \"C\"), ', ') || ')', \
         'EXECUTE ' || evtfoid::regprocedure, {}) FROM pg_event_trigger AS e WHERE {}",
        enabled("evtenabled"),
        is_own("pg_event_trigger", "e")
    )
}

/// The usual state is not told.
fn enabled(column: &str) -> String {
    format!(
        "CASE {column} WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'ENABLED FOR REPLICA' WHEN 'A' THEN 'ENABLED ALWAYS' END"
    )
}
