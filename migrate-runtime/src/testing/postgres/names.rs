//! Addresses and names: where the server is, and what databases on it are called.

use std::fmt::Write;

use tokio_postgres::Config;

use super::failed;
use crate::error::Error;

/// Databases of tests, and templates that are not whole yet: `migrate_test_<owner>_<number>`.
pub(super) const TEST: &str = "migrate_test_";

/// Templates: `migrate_template_<digest>`.
pub(super) const TEMPLATE: &str = "migrate_template_";

/// Names have at most 63 bytes; 160 bits of a digest are enough.
const DIGEST_BYTES: usize = 20;

/// Where the server is, as it was given and as it is understood.
#[derive(Debug)]
pub(super) struct Address {
    url: String,
    pub(super) config: Config,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Address, Error> {
        let help = "write it as `postgres://user:password@host:port/database`";
        let config: Config = url.parse().map_err(|error| {
            // Without the address, which may hold a password.
            failed(format!("the address of the server for tests cannot be read: {error}"), help)
        })?;
        Ok(Address { url: url.to_owned(), config })
    }

    /// The address of another database on the server. Its name needs no quotes.
    pub(super) fn of(&self, database: &str) -> String {
        let Some((scheme, rest)) = self.url.split_once("://") else {
            // The last one counts.
            return format!("{} dbname={database}", self.url);
        };
        let (rest, parameters) = rest.split_once('?').map_or((rest, ""), |(rest, parameters)| (rest, parameters));
        let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
        let parameters: Vec<&str> = parameters
            .split('&')
            .filter(|parameter| !parameter.is_empty() && !parameter.starts_with("dbname="))
            .collect();
        let mark = if parameters.is_empty() { "" } else { "?" };
        format!("{scheme}://{authority}/{database}{mark}{}", parameters.join("&"))
    }
}

/// The name of the template of a set, for the role of the address: templates of other roles cannot be copied.
pub(super) fn template(config: &Config, key: &[u8]) -> String {
    let mut all = key.to_vec();
    all.extend(config.get_user().unwrap_or_default().as_bytes());
    let hex: String = all.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let digest = migrate_core::Checksum::of(&hex);
    let digest = digest.as_bytes().iter().take(DIGEST_BYTES).fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    });
    format!("{TEMPLATE}{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_other_databases() {
        let cases = [
            ("postgres://u:p@h:1/db", "postgres://u:p@h:1/x"),
            ("postgres://h", "postgres://h/x"),
            ("postgresql://h/", "postgresql://h/x"),
            ("postgres://%2Ftmp/db?connect_timeout=3&user=u", "postgres://%2Ftmp/x?connect_timeout=3&user=u"),
            ("postgres://h?user=u", "postgres://h/x?user=u"),
            ("host=h dbname=db user=u", "host=h dbname=db user=u dbname=x"),
        ];
        for (url, expect) in cases {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.of("x"), expect);
            assert_eq!(expect.parse::<Config>().unwrap().get_dbname(), Some("x"), "{expect}");
        }
        assert!(Address::parse("postgres://u:secret@h:x/").is_err_and(|error| !error.to_string().contains("secret")));
    }

    #[test]
    fn templates_have_names_that_fit() {
        let config: Config = "host=h user=u".parse().unwrap();
        let (one, other) = (template(&config, &[1]), template(&config, &[2]));
        assert!(one.len() <= 63 && one != other, "{one}");
        assert_ne!(one, template(&"host=h user=v".parse().unwrap(), &[1]));
    }
}
