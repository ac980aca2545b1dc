//! Types, and what goes with them: domains, operators, casts, collations, text search.

use super::{collation, is_own};

pub(super) fn queries() -> Vec<String> {
    vec![types(), domain_constraints(), operators(), casts(), collations(), text_search(), operator_classes()]
}

/// Composite types are told as relations; array and multirange types come with the type that they are made of.
fn types() -> String {
    format!(
        "SELECT CASE typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || format('%s.%I', schema.name, typname), CASE typtype \
         WHEN 'e' THEN 'ENUM (' || coalesce((SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum \
         WHERE enumtypid = t.oid), '') || ')' \
         WHEN 'd' THEN concat_ws(' ', format_type(typbasetype, typtypmod), \
         CASE WHEN typcollation <> (SELECT base.typcollation FROM pg_type AS base WHERE base.oid = t.typbasetype) \
         THEN 'COLLATE ' || {} END, CASE WHEN typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || typdefault) \
         WHEN 'r' THEN (SELECT concat_ws(' ', 'RANGE OF ' || format_type(rngsubtype, NULL), \
         CASE WHEN rngcollation <> 0 THEN 'COLLATE ' || {} END, \
         (SELECT 'USING ' || quote_ident(opcname) FROM pg_opclass WHERE pg_opclass.oid = rngsubopc), \
         CASE WHEN rngcanonical <> 0 THEN 'CANONICAL ' || rngcanonical::regprocedure END, \
         CASE WHEN rngsubdiff <> 0 THEN 'SUBTYPE DIFF ' || rngsubdiff::regprocedure END) FROM pg_range WHERE rngtypid = t.oid) \
         WHEN 'p' THEN 'SHELL' \
         ELSE concat_ws(' ', format('INPUT %s OUTPUT %s LENGTH %s ALIGNMENT %s STORAGE %s CATEGORY %s', typinput, typoutput, typlen, typalign, \
         typstorage, typcategory), 'DEFAULT ' || typdefault) END \
         FROM pg_type AS t JOIN schema ON schema.oid = typnamespace \
         WHERE typtype IN ('e', 'd', 'r', 'p', 'b') AND (typtype <> 'b' OR typcategory <> 'A') AND {}",
        collation("t.typcollation"),
        collation("rngcollation"),
        is_own("pg_type", "t")
    )
}

fn domain_constraints() -> String {
    format!(
        "SELECT 'constraint ' || format('%s.%I.%I', schema.name, typname, conname), pg_get_constraintdef(c.oid) \
         FROM pg_constraint AS c JOIN pg_type AS t ON t.oid = contypid JOIN schema ON schema.oid = typnamespace \
         WHERE contype = 'c' AND {}",
        is_own("pg_type", "t")
    )
}

fn operators() -> String {
    format!(
        "SELECT 'operator ' || o.oid::regoperator, concat_ws(' ', 'FUNCTION ' || oprcode::text, \
         CASE WHEN oprcom <> 0 THEN 'COMMUTATOR ' || oprcom::regoperator END, CASE WHEN oprnegate <> 0 THEN 'NEGATOR ' || oprnegate::regoperator END, \
         'RESTRICT ' || nullif(oprrest::text, '-'), 'JOIN ' || nullif(oprjoin::text, '-'), \
         CASE WHEN oprcanhash THEN 'HASHES' END, CASE WHEN oprcanmerge THEN 'MERGES' END) \
         FROM pg_operator AS o JOIN schema ON schema.oid = oprnamespace WHERE {}",
        is_own("pg_operator", "o")
    )
}

fn casts() -> String {
    format!(
        "SELECT format('cast (%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)), \
         concat_ws(' ', CASE castmethod WHEN 'f' THEN 'WITH FUNCTION ' || castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END, \
         CASE castcontext WHEN 'a' THEN 'AS ASSIGNMENT' WHEN 'i' THEN 'AS IMPLICIT' END) FROM pg_cast AS c WHERE {} \
         AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_cast'::regclass AND objid = c.oid AND deptype = 'i')",
        is_own("pg_cast", "c")
    )
}

fn collations() -> String {
    format!(
        "SELECT format('collation %s.%I', schema.name, collname), concat_ws(' ', format('PROVIDER %s', collprovider), \
         CASE WHEN NOT collisdeterministic THEN 'NOT DETERMINISTIC' END, \
         jsonb_strip_nulls(to_jsonb(c) - '{{oid,collnamespace,collowner,collname,collversion,collprovider,collisdeterministic}}'::text[])) \
         FROM pg_collation AS c JOIN schema ON schema.oid = collnamespace WHERE {}",
        is_own("pg_collation", "c")
    )
}

fn text_search() -> String {
    format!(
        "SELECT format('text search configuration %s.%I', schema.name, cfgname), concat_ws(' ', \
         (SELECT format('PARSER %I', prsname) FROM pg_ts_parser AS parser WHERE parser.oid = cfgparser), \
         (SELECT string_agg(format('%s: %s', tokens.alias, mapdict::regdictionary), ', ' ORDER BY tokens.alias COLLATE \"C\", mapseqno) \
         FROM pg_ts_config_map, ts_token_type(cfgparser) AS tokens WHERE mapcfg = c.oid AND tokens.tokid = maptokentype)) \
         FROM pg_ts_config AS c JOIN schema ON schema.oid = cfgnamespace WHERE {} \
         UNION ALL SELECT format('text search dictionary %s.%I', schema.name, dictname), concat_ws(' ', \
         (SELECT format('TEMPLATE %I', tmplname) FROM pg_ts_template AS template WHERE template.oid = dicttemplate), dictinitoption) \
         FROM pg_ts_dict AS d JOIN schema ON schema.oid = dictnamespace WHERE {}",
        is_own("pg_ts_config", "c"),
        is_own("pg_ts_dict", "d")
    )
}

fn operator_classes() -> String {
    format!(
        "SELECT format('operator class %s.%I USING %I', schema.name, opcname, amname), concat_ws(' ', \
         'FOR ' || format_type(opcintype, NULL), CASE WHEN opcdefault THEN 'DEFAULT' END, \
         (SELECT string_agg(format('OPERATOR %s %s', amopstrategy, amopopr::regoperator), ', ' ORDER BY amopstrategy, amopopr::regoperator::text) \
         FROM pg_amop WHERE amopfamily = opcfamily), \
         (SELECT string_agg(format('FUNCTION %s %s', amprocnum, amproc::oid::regprocedure), ', ' ORDER BY amprocnum, amproc::oid::regprocedure::text) \
         FROM pg_amproc WHERE amprocfamily = opcfamily)) \
         FROM pg_opclass AS c JOIN schema ON schema.oid = opcnamespace JOIN pg_am ON pg_am.oid = opcmethod WHERE {}",
        is_own("pg_opclass", "c")
    )
}
