//! Folder → tokens: an array of scripts, and one `include_bytes!` a file, so that an edit or a deletion triggers a rebuild.
//!
//! Invariant: the expansion is an expression of the runtime's type `Migrations` whatever happens, so that a problem is the
//! only thing that the compiler reports.

use std::env;
use std::path::PathBuf;

use migrate_core::folder::{Folder, FolderOptions};
use migrate_core::{Dialect, Direction, MigrationSet, Problem, Script};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::args::{Args, Spanned};
use crate::path;

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
        Some((set, files)) if problems.is_empty() => expand(runtime, &set, &files),
        _ => refuse(runtime, &problems),
    }
}

fn read(folder: &LitStr, args: &Args) -> Result<(MigrationSet, Vec<String>), Vec<Problem>> {
    let path = path::resolve(&folder.value()).map_err(|problem| vec![problem])?;
    let options = FolderOptions { set: args.set.clone(), dialect: args.dialect, ignore: args.ignore.clone() };
    let Folder { set, files } = Folder::read(&path.absolute, &path.shown, &options)?;
    let not_utf8 = |_| vec![Problem::new("the path of the package is not UTF-8", "move the package to another folder")];
    let files =
        files.into_iter().map(PathBuf::into_os_string).map(std::ffi::OsString::into_string).collect::<Result<_, _>>();
    Ok((set, files.map_err(not_utf8)?))
}

fn expand(runtime: &TokenStream, set: &MigrationSet, files: &[String]) -> TokenStream {
    let name = set.name();
    let scripts = set.scripts().iter().map(script);
    let digests = Dialect::ALL.map(|dialect| match set.digest(dialect) {
        Some(digest) => Literal::byte_string(digest.as_bytes()),
        None => Literal::byte_string(&[]),
    });
    let package =
        ["CARGO_PKG_NAME", "CARGO_PKG_VERSION"].map(|variable| env::var(variable).unwrap_or_default()).join(" ");
    quote! {{
        use #runtime::__private as __migrate;
        #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#files);)*
        const __SCRIPTS: &[__migrate::Script] = &[#(#scripts),*];
        __migrate::migrations(__migrate::set(#name, __SCRIPTS, [#(#digests),*]), #package)
    }}
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
    let dialect = match script.dialect() {
        Some(Dialect::Postgres) => quote!(__migrate::POSTGRES),
        Some(Dialect::Sqlite) => quote!(__migrate::SQLITE),
        _ => quote!(__migrate::ANY_DIALECT),
    };
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
