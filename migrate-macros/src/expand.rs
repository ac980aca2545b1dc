//! Folder → tokens: an array of scripts, and one `include_bytes!` a file, so that an edit or a deletion triggers a rebuild.
//!
//! Invariant: the expansion is an expression of the runtime's type `Migrations` whatever happens, so that a problem is the
//! only thing that the compiler reports.

use std::env;

use migrate_core::folder::{Folder, FolderOptions};
use migrate_core::lock::LockUse;
use migrate_core::{Dialect, Direction, Problem, Script};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::args::{Args, Spanned};
use crate::{lint, path};

pub(crate) fn embed_migrations(input: TokenStream) -> TokenStream {
    let mut args = Args::parse(input);
    let mut problems = std::mem::take(&mut args.problems);
    // A folder is read even when an argument is wrong: all problems are told in one build.
    let embedded = args.folder.as_ref().and_then(|folder| {
        let at_folder = |problem: Problem| (folder.span(), problem);
        read(folder, &args).map_err(|of_folder| problems.extend(of_folder.into_iter().map(at_folder))).ok()
    });
    let runtime = &args.runtime;
    match embedded {
        Some(embedded) if problems.is_empty() => expand(runtime, &embedded),
        _ => refuse(runtime, &problems),
    }
}

/// A folder without a problem, and where it is.
struct Embedded {
    folder: Folder,
    /// What messages call it.
    shown: String,
    /// Its absolute path, and those of the files in it that were read.
    root: String,
    files: Vec<String>,
    /// The literal that names it.
    span: Span,
}

fn read(literal: &LitStr, args: &Args) -> Result<Embedded, Vec<Problem>> {
    let path = path::resolve(&literal.value()).map_err(|problem| vec![problem])?;
    let options =
        FolderOptions { set: args.set.clone(), dialect: args.dialect, ignore: args.ignore.clone(), lock: args.lock };
    let folder = Folder::read_from(&path.source, &path.shown, &options)?;
    let findings = if args.deny_lints { lint::findings(&folder) } else { Vec::new() };
    if !findings.is_empty() {
        return Err(findings);
    }
    let not_utf8 = |_| vec![Problem::new("the path of the package is not UTF-8", "move the package to another folder")];
    let absolute = |file: &str| path.source.path_of(file).into_os_string().into_string();
    let root = absolute("").map_err(not_utf8)?;
    let files = folder.files.iter().map(|file| absolute(file)).collect::<Result<_, _>>().map_err(not_utf8)?;
    Ok(Embedded { folder, shown: path.shown, root, files, span: literal.span() })
}

fn expand(runtime: &TokenStream, embedded: &Embedded) -> TokenStream {
    let Embedded { folder, shown, root, files, .. } = embedded;
    let name = folder.set.name();
    let scripts = folder.set.scripts().iter().map(script);
    let versions = folder.set.versions();
    let digests = Dialect::ALL.map(|dialect| match folder.set.digest(dialect) {
        Some(digest) => {
            let sum = digest.sum();
            quote!(::core::option::Option::Some(#sum))
        }
        None => quote!(::core::option::Option::None),
    });
    let package =
        ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"].map(|variable| env::var(variable).unwrap_or_default()).join(" ");
    let (ignore, dialect) = (&folder.options.ignore, dialect(folder.options.dialect));
    let drafts = refuse_drafts(embedded);
    let knows_lock = folder.lock.is_some() || folder.options.lock == LockUse::Off;
    quote! {{
        use #runtime::__private as __migrate;
        const _: &[&[::core::primitive::u8]] = &[#(::core::include_bytes!(#files)),*];
        #drafts
        const __SCRIPTS: &[__migrate::Script] = &[#(#scripts),*];
        #[cfg(debug_assertions)]
        const __FOLDER: __migrate::Origin = __migrate::Origin::folder(#root, #shown, #dialect, &[#(#ignore),*], #knows_lock);
        #[cfg(not(debug_assertions))]
        const __FOLDER: __migrate::Origin = __migrate::Origin::ELSEWHERE;
        __migrate::migrations(__migrate::set(#name, __SCRIPTS, #versions, [#(#digests),*]), #package, __FOLDER)
    }}
}

/// An error in the release builds of the user's crate, when there are scripts that are not locked.
fn refuse_drafts(embedded: &Embedded) -> Option<TokenStream> {
    let problem = embedded.folder.drafts_problem(&embedded.shown)?.to_string();
    Some(quote_spanned!(embedded.span=> #[cfg(not(debug_assertions))] ::core::compile_error!(#problem);))
}

fn dialect(dialect: Option<Dialect>) -> TokenStream {
    match dialect {
        Some(Dialect::Postgres) => quote!(__migrate::POSTGRES),
        Some(Dialect::Sqlite) => quote!(__migrate::SQLITE),
        Some(Dialect::Mysql) => quote!(__migrate::MYSQL),
        _ => quote!(__migrate::ANY_DIALECT),
    }
}

fn script(script: &Script) -> TokenStream {
    let in_transaction = script_in_transaction(script);
    if script.no_transaction() { quote!(__migrate::outside_of_transaction(#in_transaction)) } else { in_transaction }
}

fn script_in_transaction(script: &Script) -> TokenStream {
    let (version, name, path, sql) = (script.version().as_written(), script.name(), script.path(), script.sql());
    let checksum = Literal::byte_string(script.checksum().as_bytes());
    if script.dialect().is_none() && script.direction() == Direction::Up {
        return quote!(__migrate::up(#version, #name, #path, #sql, #checksum));
    }
    let dialect = dialect(script.dialect());
    let direction = match script.direction() {
        Direction::Up => quote!(Up),
        Direction::Down => quote!(Down),
    };
    quote!(__migrate::script(#version, #name, #dialect, __migrate::Direction::#direction, #path, #sql, #checksum))
}

fn refuse(runtime: &TokenStream, problems: &[Spanned]) -> TokenStream {
    let errors = problems.iter().map(|(span, problem)| {
        let text = problem.to_string();
        let span: Span = *span;
        quote_spanned!(span=> ::core::compile_error!(#text);)
    });
    quote! {{
        #(#errors)*
        #runtime::__private::refused()
    }}
}
