//! The macro of `migrate-runtime`, which re-exports and documents it: `migrate_runtime::embed_migrations!` has its arguments and examples.
//! Programs never name this crate, because expansions name the runtime.
//!
//! Phases, one a module: `args` (tokens → arguments), `path` (the folder's path), `lint` (what is risky in it),
//! `expand` (folder → tokens). Whatever is wrong becomes a diagnostic at the macro's arguments; nothing here may panic.

mod args;
mod expand;
mod lint;
mod path;

// Documented where users find it: a text here would be shown behind the one of the re-export.
#[allow(missing_docs)]
#[proc_macro]
pub fn embed_migrations(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::embed_migrations(input.into()).into()
}
