//! Finds the commit and the features for `--version`.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=WORKFLOW_COMMIT");
    let set = env::var("WORKFLOW_COMMIT").ok();
    let set = set.filter(|commit| !commit.is_empty());
    let commit = set.or_else(commit).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=WORKFLOW_COMMIT={commit}");
    println!("cargo::rustc-env=WORKFLOW_FEATURES={}", features());
}

/// The commit of this repository; none in an archive of the sources or in Cargo's copy of the package. That copy may be
/// inside another repository, such as of a home directory, so `.git` must be at the root of this workspace.
fn commit() -> Option<String> {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    let root = package.ancestors().nth(2)?;
    root.join(".git").exists().then_some(())?;
    // It changes with each commit and checkout. Cargo would repeat this at each build if it waited for a missing file.
    let log = root.join(git(root, &["rev-parse", "--git-path", "logs/HEAD"])?);
    if log.exists() {
        println!("cargo::rerun-if-changed={}", log.display());
    }
    git(root, &["rev-parse", "--short=10", "HEAD"])
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let mut git = Command::new("git");
    let output = git.arg("-C").arg(root).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// The enabled features, as Cargo names them in its variables.
fn features() -> String {
    let names = env::vars().filter_map(|(name, _)| {
        let name = name.strip_prefix("CARGO_FEATURE_")?;
        Some(name.to_lowercase().replace('_', "-"))
    });
    let mut names: Vec<String> = names.filter(|name| name != "default").collect();
    names.sort();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}
