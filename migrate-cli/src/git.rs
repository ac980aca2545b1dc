//! What git is in the middle of, read from its folder; git itself is not called.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::args::Side;

/// The way from the root of the work tree to the current folder, such as `crates/app/`; empty without git.
pub(crate) fn way_from_root() -> String {
    let Some((root, here)) = env::current_dir().ok().and_then(|here| Some((work_tree(&here)?.0, here))) else {
        return String::new();
    };
    let parts = here.strip_prefix(root).map(|way| way.components().collect::<Vec<_>>()).unwrap_or_default();
    parts.iter().map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}

/// What git is doing in the work tree around a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) work: Work,
    /// The branch that is checked out.
    branch: Option<String>,
    /// The branch that is merged in, without the name of its remote.
    merged: Option<String>,
    /// The branch that `origin/HEAD` stands for.
    origin_head: Option<String>,
}

/// What git stops for to have a conflict resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Work {
    #[default]
    Nothing,
    /// A rebase, or patches with `git am`.
    Rebase,
    Merge,
    /// A cherry-pick or a revert.
    Pick,
}

impl State {
    /// The state of the work tree around a folder.
    pub(crate) fn around(folder: &Path) -> State {
        let Some((_, git)) = folder.canonicalize().ok().and_then(|folder| work_tree(&folder)) else {
            return State::default();
        };
        let is_there = |name: &str| git.join(name).exists();
        let work = match () {
            () if is_there("rebase-merge") || is_there("rebase-apply") => Work::Rebase,
            () if is_there("MERGE_HEAD") => Work::Merge,
            () if is_there("CHERRY_PICK_HEAD") || is_there("REVERT_HEAD") => Work::Pick,
            () => Work::Nothing,
        };
        let read = |path: PathBuf| fs::read_to_string(path).ok();
        // A further work tree of a repository has a folder of its own, and shares the branches.
        let common = read(git.join("commondir")).map_or_else(|| git.clone(), |common| git.join(common.trim_end()));
        State {
            work,
            branch: read(git.join("HEAD")).and_then(|head| branch_in(&head, "ref: refs/heads/")),
            merged: read(git.join("MERGE_MSG")).and_then(|message| merged_in(&message)),
            origin_head: read(common.join("refs/remotes/origin/HEAD"))
                .and_then(|head| branch_in(&head, "ref: refs/remotes/origin/")),
        }
    }

    /// The side of a conflict that has to give way: one's own. `None` when it cannot be told.
    pub(crate) fn own_side(&self) -> Option<Side> {
        match self.work {
            // Git has gone to the other branch, and puts one's own commits on top.
            Work::Rebase => Some(Side::Second),
            Work::Merge if !self.is_on_main_branch() || self.merged == self.branch => Some(Side::First),
            // What the main branch has may have been released; what is merged into it has not.
            Work::Merge => self.merged.as_ref().map(|_| Side::Second),
            // A commit may be taken from anywhere to anywhere.
            Work::Pick | Work::Nothing => None,
        }
    }

    fn is_on_main_branch(&self) -> bool {
        let is_usual = |branch: &str| matches!(branch, "main" | "master" | "trunk");
        self.branch.as_deref().is_some_and(|branch| is_usual(branch) || self.origin_head.as_deref() == Some(branch))
    }
}

/// The root of the work tree around a folder, and the folder that git keeps for it.
fn work_tree(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    folder.ancestors().find_map(|root| {
        let git = root.join(".git");
        if git.is_dir() {
            return Some((root.to_owned(), git));
        }
        // A further work tree, or a submodule.
        let text = fs::read_to_string(&git).ok()?;
        Some((root.to_owned(), root.join(text.strip_prefix("gitdir:")?.trim())))
    })
}

fn branch_in(head: &str, prefix: &str) -> Option<String> {
    head.trim_end().strip_prefix(prefix).map(str::to_owned)
}

/// The branch that a message of a merge names.
fn merged_in(message: &str) -> Option<String> {
    let line = message.lines().next()?;
    let until_quote = |rest: &str| rest.split_once('\'').map(|(branch, _)| branch.to_owned());
    match (line.strip_prefix("Merge branch '"), line.strip_prefix("Merge remote-tracking branch '")) {
        (Some(rest), _) => until_quote(rest),
        (None, Some(rest)) => until_quote(rest)?.split_once('/').map(|(_, branch)| branch.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides() {
        use Side::{First, Second};
        let cases = [
            (Work::Rebase, "", "", "", Some(Second)),
            (Work::Merge, "feature", "Merge branch 'main' into feature", "", Some(First)),
            (Work::Merge, "feature", "something", "", Some(First)),
            // A detached head.
            (Work::Merge, "", "Merge branch 'main'", "", Some(First)),
            (Work::Merge, "main", "Merge branch 'feature'", "", Some(Second)),
            (Work::Merge, "master", "Merge remote-tracking branch 'origin/feature/x'", "", Some(Second)),
            // A pull.
            (Work::Merge, "main", "Merge branch 'main' of github.com:x/y", "", Some(First)),
            (Work::Merge, "main", "Merge remote-tracking branch 'origin/main'", "", Some(First)),
            (Work::Merge, "main", "my own words", "", None),
            (Work::Merge, "main", "Merge commit 'abc'", "", None),
            (Work::Merge, "develop", "Merge branch 'feature' into develop", "develop", Some(Second)),
            (Work::Merge, "develop", "Merge branch 'feature' into develop", "main", Some(First)),
            (Work::Pick, "feature", "", "", None),
            (Work::Nothing, "feature", "", "", None),
        ];
        for (work, branch, message, origin, expect) in cases {
            let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let state = State { work, branch: some(branch), merged: merged_in(message), origin_head: some(origin) };
            assert_eq!(state.own_side(), expect, "{state:?}");
        }
    }
}
