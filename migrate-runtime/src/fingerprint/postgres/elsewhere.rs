//! What is in no schema: extensions, publications, foreign servers.

use super::{Server, is_own, options};

pub(super) fn queries(server: &Server) -> Vec<String> {
    vec![extensions(), publications(server), published_tables(server), wrappers(), servers(), user_mappings()]
}

fn extensions() -> String {
    "SELECT 'extension ' || quote_ident(extname), format('%s IN SCHEMA %I', extversion, nspname) \
     FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace"
        .to_owned()
}

fn publications(server: &Server) -> String {
    format!(
        "SELECT 'publication ' || quote_ident(pubname), concat_ws(' ', CASE WHEN puballtables THEN 'ALL TABLES' END, \
         CASE WHEN pubinsert THEN 'INSERT' END, CASE WHEN pubupdate THEN 'UPDATE' END, CASE WHEN pubdelete THEN 'DELETE' END, \
         CASE WHEN pubtruncate THEN 'TRUNCATE' END, CASE WHEN {} THEN 'VIA ROOT' END) FROM pg_publication AS p WHERE {}",
        server.since(13, "pubviaroot"),
        is_own("pg_publication", "p")
    )
}

fn published_tables(server: &Server) -> String {
    let tables = format!(
        "SELECT format('publication %I of %s', pubname, relation.name), {} FROM pg_publication_rel AS m \
         JOIN pg_publication AS p ON p.oid = prpubid JOIN relation ON relation.oid = prrelid",
        if server.is_since(15) {
            "concat_ws(' ', (SELECT '(' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')' FROM pg_attribute \
             WHERE attrelid = prrelid AND attnum = ANY (prattrs)), 'WHERE ' || pg_get_expr(prqual, prrelid))"
        } else {
            "''"
        }
    );
    if !server.is_since(15) {
        return tables;
    }
    format!(
        "{tables} UNION ALL SELECT format('publication %I of schema %s', pubname, schema.name), '' FROM pg_publication_namespace \
         JOIN pg_publication AS p ON p.oid = pnpubid JOIN schema ON schema.oid = pnnspid"
    )
}

fn wrappers() -> String {
    format!(
        "SELECT 'foreign data wrapper ' || quote_ident(fdwname), concat_ws(' ', \
         CASE WHEN fdwhandler <> 0 THEN 'HANDLER ' || fdwhandler::regprocedure END, \
         CASE WHEN fdwvalidator <> 0 THEN 'VALIDATOR ' || fdwvalidator::regprocedure END, {}) FROM pg_foreign_data_wrapper AS w WHERE {}",
        options("OPTIONS", "fdwoptions"),
        is_own("pg_foreign_data_wrapper", "w")
    )
}

fn servers() -> String {
    format!(
        "SELECT 'server ' || quote_ident(srvname), concat_ws(' ', 'TYPE ' || quote_literal(srvtype), 'VERSION ' || quote_literal(srvversion), \
         'WRAPPER ' || quote_ident(fdwname), {}) FROM pg_foreign_server AS s JOIN pg_foreign_data_wrapper AS w ON w.oid = srvfdw WHERE {}",
        options("OPTIONS", "srvoptions"),
        is_own("pg_foreign_server", "s")
    )
}

/// Without their options, which hold passwords.
fn user_mappings() -> String {
    "SELECT format('user mapping for %s on %I', CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, srvname), '' FROM pg_user_mappings"
        .to_owned()
}
