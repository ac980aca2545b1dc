//! Who runs the migrations, as the history remembers it.

use std::env;
use std::fs;
use std::sync::OnceLock;

/// `user@host package version`, as far as it is known; of a set that was read at run time, `user@host program`.
pub(crate) fn runner(database_user: Option<&str>, package: &str) -> String {
    let user = database_user.or(system_user());
    let user = user.map(|user| format!("{user}@")).unwrap_or_default();
    format!("{user}{} {package}", host()).trim_end().to_owned()
}

/// Read once: every row of the history asks for it.
fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| host_name().unwrap_or_else(|| "unknown-host".into()))
}

/// The same of the user.
fn system_user() -> Option<&'static str> {
    static USER: OnceLock<Option<String>> = OnceLock::new();
    USER.get_or_init(|| ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable)).as_deref()
}

/// The name that this program was started by.
#[cfg(feature = "folder")]
pub(crate) fn program() -> Option<String> {
    let path = std::path::PathBuf::from(env::args_os().next()?);
    let name = path.file_name()?.to_string_lossy();
    Some(name.strip_suffix(env::consts::EXE_SUFFIX).unwrap_or(&name).to_owned())
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

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_host_is_read_once() {
        assert!(std::ptr::eq(host(), host()));
    }
}
