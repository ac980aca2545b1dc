//! Tokens → arguments, or every problem with them.

use migrate_core::lock::LockUse;
use migrate_core::{Dialect, MigrationSet, Problem};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed, token};

use crate::lint;

/// A problem, and the argument that it concerns.
pub(crate) type Spanned = (Span, Problem);

/// The arguments of `embed_migrations!`, as far as they could be read.
pub(crate) struct Args {
    /// The folder, as written.
    pub(crate) folder: Option<LitStr>,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) set: Option<String>,
    pub(crate) ignore: Vec<String>,
    pub(crate) lock: LockUse,
    /// Whether findings of the lint are errors.
    pub(crate) deny_lints: bool,
    /// The path of the runtime crate.
    pub(crate) runtime: TokenStream,
    pub(crate) problems: Vec<Spanned>,
}

const USAGE: &str = "write the folder's path, relative to Cargo.toml: `embed_migrations!(\"migrations\")`";
const ARGUMENTS: &str =
    "the arguments are a path, then any of `dialect`, `set`, `ignore`, `lock`, `lint` and `crate` as `name = value`";

impl Args {
    pub(crate) fn parse(input: TokenStream) -> Args {
        let mut args = Args {
            folder: None,
            dialect: None,
            set: None,
            ignore: Vec::new(),
            lock: LockUse::WhenPresent,
            deny_lints: false,
            runtime: quote!(::migrate_runtime),
            problems: Vec::new(),
        };
        let parse = |input: ParseStream<'_>| args.read(input);
        if let Err(error) = parse.parse2(input) {
            let problem = Problem::new(format!("the arguments cannot be read: {error}"), ARGUMENTS);
            args.problems.push((error.span(), problem));
        }
        args
    }

    fn read(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.is_empty() {
            self.problem(Span::call_site(), "the folder of the migrations is missing", USAGE);
            return Ok(());
        }
        if is_named(input) {
            self.problem(input.span(), "the folder of the migrations is missing", USAGE);
        } else if input.peek(LitStr) {
            self.folder = Some(input.parse()?);
        } else {
            self.problem(skip_value(input)?, "the folder of the migrations is not a string literal", USAGE);
        }
        let mut seen: Vec<String> = Vec::new();
        while !input.is_empty() {
            if self.folder.is_some() || !self.problems.is_empty() && input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
            }
            if input.is_empty() {
                break;
            }
            if !is_named(input) {
                let message = if input.peek(Ident::peek_any) {
                    format!("argument `{}` has no value", input.fork().call(Ident::parse_any)?)
                } else {
                    "an argument without a name follows the folder".to_owned()
                };
                self.problem(skip_value(input)?, message, ARGUMENTS);
                continue;
            }
            let name = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            if seen.contains(&name.to_string()) {
                self.problem(name.span(), format!("argument `{name}` stands twice"), "remove one of them");
            }
            seen.push(name.to_string());
            self.read_named(&name, input)?;
        }
        Ok(())
    }

    fn read_named(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match name.to_string().as_str() {
            "dialect" => {
                // The others are taken too, but a set for one of them cannot be run.
                let names = Dialect::WITH_DRIVER.map(|dialect| format!("`dialect = \"{dialect}\"`")).join(" or ");
                let Some(value) = self.string(name, input, &names)? else { return Ok(()) };
                self.dialect = Dialect::from_name(&value.value());
                if self.dialect.is_none() {
                    self.problem(
                        value.span(),
                        format!("unknown dialect `{}`", value.value()),
                        format!("write {names}"),
                    );
                }
            }
            "set" => {
                let Some(value) = self.string(name, input, "`set = \"billing\"`")? else { return Ok(()) };
                let set = value.value();
                if let Err(problem) = MigrationSet::check_name(&set) {
                    self.problems.push((value.span(), problem));
                }
                self.set = Some(set);
            }
            "ignore" => {
                let refused = if input.peek(token::Bracket) {
                    let list;
                    bracketed!(list in input);
                    match Punctuated::<LitStr, Token![,]>::parse_terminated(&list) {
                        Ok(patterns) => {
                            self.ignore.extend(patterns.iter().map(LitStr::value));
                            None
                        }
                        Err(error) => {
                            list.parse::<TokenStream>()?;
                            Some(error.span())
                        }
                    }
                } else {
                    Some(skip_value(input)?)
                };
                if let Some(span) = refused {
                    self.problem(span, "`ignore` is not a list of strings", "write `ignore = [\"data_*.sql\"]`");
                }
            }
            "lock" => {
                const VALUES: &str = "`lock = \"required\"` or `lock = \"off\"`";
                let Some(value) = self.string(name, input, VALUES)? else { return Ok(()) };
                match value.value().as_str() {
                    "required" => self.lock = LockUse::Required,
                    "off" => self.lock = LockUse::Off,
                    other => {
                        let help =
                            format!("write {VALUES}; without the argument, a lock file holds where there is one");
                        self.problem(value.span(), format!("unknown use of the lock file `{other}`"), help);
                    }
                }
            }
            "lint" => {
                const VALUES: &str = "`lint = \"deny\"`, or leave the argument out";
                let Some(value) = self.string(name, input, VALUES)? else { return Ok(()) };
                match value.value().as_str() {
                    "deny" if !lint::IS_BUILT_IN => {
                        let help = "add it to the dependency: `migrate-runtime = { …, features = [\"lint\"] }`";
                        self.problem(value.span(), "the lint needs the feature `lint` of migrate-runtime", help);
                    }
                    "deny" => self.deny_lints = true,
                    other => {
                        self.problem(
                            value.span(),
                            format!("unknown level of the lint `{other}`"),
                            format!("write {VALUES}"),
                        );
                    }
                }
            }
            "crate" => {
                let span = input.span();
                let path = path(input);
                if let (Ok(path), true) = (path, input.is_empty() || input.peek(Token![,])) {
                    self.runtime = path;
                } else {
                    skip_value(input)?;
                    let help = "write the path of migrate_runtime: `crate = my_crate::migrate_runtime`";
                    self.problem(span, "`crate` is not a path", help);
                }
            }
            unknown => {
                skip_value(input)?;
                let help = "the arguments are `dialect`, `set`, `ignore`, `lock`, `lint` and `crate`";
                self.problem(name.span(), format!("unknown argument `{unknown}`"), help);
            }
        }
        Ok(())
    }

    fn string(&mut self, name: &Ident, input: ParseStream<'_>, usage: &str) -> syn::Result<Option<LitStr>> {
        // A failed parse would have consumed another literal, and with it the place to point at.
        if input.peek(LitStr) {
            return input.parse().map(Some);
        }
        let span = skip_value(input)?;
        self.problem(span, format!("`{name}` is not a string literal"), format!("write {usage}"));
        Ok(None)
    }

    fn problem(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push((span, Problem::new(message, help)));
    }
}

fn is_named(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=])
}

fn path(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let leading: Option<Token![::]> = input.parse()?;
    let path = Punctuated::<Ident, Token![::]>::parse_separated_nonempty_with(input, Ident::parse_any)?;
    Ok(quote!(#leading #path))
}

/// Skips what stands before the next comma; the place of its first token.
fn skip_value(input: ParseStream<'_>) -> syn::Result<Span> {
    let span = input.span();
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(span)
}
