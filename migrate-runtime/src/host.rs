//! Who runs the migrations, as the history remembers it.

use std::env;
use std::fs;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// `user@host package version`, as far as it is known; of a set that was read at run time, `user@host program`.
pub(crate) fn runner(database_user: Option<&str>, package: &str) -> String {
    let user = database_user.map(str::to_owned).or_else(system_user).map(|user| user + "@").unwrap_or_default();
    // Read once: every row of the history asks for it.
    static HOST: OnceLock<String> = OnceLock::new();
    let host = HOST.get_or_init(|| host_name().unwrap_or_else(|| "unknown-host".into()));
    format!("{user}{host} {package}").trim_end().to_owned()
}

/// The time, in milliseconds since 1970.
pub(crate) fn milliseconds_of_epoch() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// The name that this program was started by.
#[cfg(feature = "folder")]
pub(crate) fn program() -> Option<String> {
    let path = std::path::PathBuf::from(env::args_os().next()?);
    let name = path.file_name()?.to_string_lossy();
    Some(name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(&name).to_owned())
}

fn system_user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable)
}

fn host_name() -> Option<String> {
    let file =
        |path: &str| fs::read_to_string(path).ok().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    files.into_iter().find_map(file).or_else(|| ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(variable))
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
