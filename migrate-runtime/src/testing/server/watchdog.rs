//! A child process that ends a server and removes its folder as soon as its
//! owner lets go of it, in whatever way the owner ends.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Waits for the end of its input, that is of its owner. Then it ends all of
/// its process group (which it survives, as it ignores the signal), and for each
/// folder waits until the server has left, and removes it.
///
/// Postgres takes QUIT for an immediate stop; it removes `postmaster.pid` as
/// the last thing that it does. A program that ends a little later can make the
/// removal fail for a while, as long as it still adds files.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
cat >/dev/null
kill -QUIT 0
for folder in "$@"; do
    pid_file=$folder/data/postmaster.pid
    tries=0
    while [ -e "$pid_file" ] && [ "$tries" -lt 100 ]; do
        pid=$(head -n 1 "$pid_file" 2>/dev/null)
        kill -0 "$pid" 2>/dev/null || break
        if [ "$tries" -eq 90 ]; then
            kill -KILL "$pid"
        fi
        tries=$((tries + 1))
        sleep 0.1
    done
    tries=0
    until rm -rf "$folder" || [ "$tries" -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
done
"#;

/// Guards one server: the processes in its group, and its folder.
#[derive(Debug)]
pub(super) struct Watchdog {
    process: Child,
    /// Its other end is closed by the system when this process ends, which
    /// nothing can prevent. It is not inherited by the processes started here.
    input: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts to guard `folders`, which need not be there.
    pub(super) fn start(folders: &[PathBuf]) -> io::Result<Watchdog> {
        let mut process = Command::new("sh")
            .args(["-c", SCRIPT, "migrate-test-watchdog"])
            .args(folders)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own, or Ctrl-C would end it together with the
            // process that it waits for.
            .process_group(0)
            .spawn()?;
        let input = process.stdin.take();
        Ok(Watchdog { process, input })
    }

    /// Puts `command` into the group that is ended with the owner.
    pub(super) fn guard<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        // A process id is an `i32` wherever there are process groups.
        command.process_group(self.process.id().cast_signed())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.input.take());
        // Nothing is left of the server once this returns.
        let _ = self.process.wait();
    }
}
