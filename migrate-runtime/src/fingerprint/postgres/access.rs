//! Who may do what: grants and row security policies. Owners are not told apart by name: they are the owner.

use super::code::FUNCTION;
use super::is_own;

pub(super) fn queries() -> Vec<String> {
    let sequences = "CASE relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END";
    let own = |catalog: &str, alias: &str| format!("WHERE {}", is_own(catalog, alias));
    let function = format!("'function ' || {FUNCTION}");
    let (functions, types) = (own("pg_proc", "p"), own("pg_type", "t"));
    let (wrappers, servers) = (own("pg_foreign_data_wrapper", "w"), own("pg_foreign_server", "s"));
    let objects = [
        ("'schema ' || name", "nspacl", "nspowner", "'n'", "schema"),
        ("kind || ' ' || name", "relacl", "relowner", sequences, "relation"),
        (
            "'column ' || name || '.' || quote_ident(attname)",
            "attacl",
            "relowner",
            "'c'",
            "relation JOIN pg_attribute ON attrelid = relation.oid AND NOT attisdropped",
        ),
        (
            &*function,
            "proacl",
            "proowner",
            "'f'",
            &*format!("pg_proc AS p JOIN schema ON schema.oid = pronamespace {functions}"),
        ),
        (
            "'type ' || format('%s.%I', schema.name, typname)",
            "typacl",
            "typowner",
            "'T'",
            &*format!("pg_type AS t JOIN schema ON schema.oid = typnamespace {types}"),
        ),
        (
            "'foreign data wrapper ' || quote_ident(fdwname)",
            "fdwacl",
            "fdwowner",
            "'F'",
            &*format!("pg_foreign_data_wrapper AS w {wrappers}"),
        ),
        (
            "'server ' || quote_ident(srvname)",
            "srvacl",
            "srvowner",
            "'S'",
            &*format!("pg_foreign_server AS s {servers}"),
        ),
    ];
    let mut queries: Vec<String> = objects.iter().map(|of| grants(of.0, of.1, of.2, of.3, of.4)).collect();
    queries.extend([default_privileges(), policies(), comments()]);
    queries
}

/// One fact a grantee, for objects whose privileges are not those that they were made with.
fn grants(subject: &str, acl: &str, owner: &str, kind: &str, from: &str) -> String {
    format!(
        "SELECT 'grant on ' || subject || ' to ' || grantee, string_agg(privilege, ', ' ORDER BY privilege) FROM \
         (SELECT subject, CASE grantee WHEN owner THEN 'its owner' WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee, \
         privilege_type || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS privilege FROM \
         (SELECT {subject} AS subject, {acl} AS acl, {owner} AS owner, acldefault({kind}, {owner}) AS made_with FROM {from}) AS object, \
         aclexplode(acl) WHERE NOT (acl @> made_with AND acl <@ made_with) GROUP BY 1, 2, 3) AS privileges GROUP BY subject, grantee"
    )
}

fn default_privileges() -> String {
    "SELECT format('default privileges for %s of %s to %s', \
     CASE defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' \
     ELSE defaclobjtype::text END, coalesce('schema ' || quote_ident(nspname), 'the database'), \
     CASE grantee WHEN defaclrole THEN 'its owner' WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END), \
     string_agg(privilege_type || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, ', ' ORDER BY privilege_type) \
     FROM pg_default_acl LEFT JOIN pg_namespace AS n ON n.oid = defaclnamespace, aclexplode(defaclacl) \
     GROUP BY defaclrole, defaclobjtype, nspname, grantee"
        .to_owned()
}

fn policies() -> String {
    "SELECT 'policy ' || name || '.' || quote_ident(polname), concat_ws(' ', \
     CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, \
     'FOR ' || CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
     'TO ' || (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' \
     ORDER BY CASE role WHEN 0 THEN '' ELSE pg_get_userbyid(role) END COLLATE \"C\") FROM unnest(polroles) AS role), \
     'USING (' || pg_get_expr(polqual, polrelid) || ')', 'WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') \
     FROM relation JOIN pg_policy ON polrelid = relation.oid"
        .to_owned()
}

/// A comment by what it is on, as the server identifies it. The objects of extensions come with their comments, and so does the schema
/// `public`, which alone of what initdb has made is often changed.
fn comments() -> String {
    "SELECT 'comment on ' || type || ' ' || identity, quote_literal(description) FROM pg_description AS d, \
     pg_identify_object(d.classoid, d.objoid, d.objsubid) \
     WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND d.objoid = (SELECT oid FROM schema WHERE name = 'public')) \
     AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = d.classoid AND objid = d.objoid AND deptype = 'e') \
     AND d.classoid <> 'pg_extension'::regclass \
     AND (d.classoid <> 'pg_class'::regclass OR d.objoid IN (SELECT oid FROM relation UNION SELECT indexrelid FROM pg_index \
     JOIN relation ON relation.oid = indrelid)) \
     AND (d.classoid <> 'pg_constraint'::regclass OR NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.oid = d.objoid \
     AND conrelid <> 0 AND conrelid NOT IN (SELECT oid FROM relation)))"
        .to_owned()
}
