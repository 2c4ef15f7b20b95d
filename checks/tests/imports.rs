//! Which module may import which: the table of each crate stands in `tests/imports/`.
//!
//! After a change that is meant: `UPDATE_GOLDEN=1 cargo test -p workflow-checks`. A new arrow, or a circle
//! that grows, is a decision: say in the commit why it is right.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use workflow_checks::{Modules, circles};

/// The crates, each with its name and its folder.
const CRATES: [(&str, &str); 9] = [
    ("workflow-core", "workflow-core"),
    ("workflow-gemini", "workflow-gemini"),
    ("workflow-http", "workflow-http"),
    ("workflow-fetch", "workflow-fetch"),
    ("workflow-sqlite", "workflow-sqlite"),
    ("workflow-httpkit", "workflow-httpkit"),
    ("workflow-sqlkit", "workflow-sqlkit"),
    ("workflow-postgres", "workflow-postgres"),
    ("workflow-server", "examples/server"),
];

/// Test support is part of the library, and may use all of it.
const LEFT_OUT: &str = "testing";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A crate's imports between its top-level modules, then its circles of files.
fn table(modules: &Modules) -> Result<String, Box<dyn Error>> {
    let mut table = String::from("# Imports between top-level modules.\n");
    for (module, targets) in modules.top_level_imports() {
        let targets: Vec<String> = targets.into_iter().filter(|it| it != LEFT_OUT).collect();
        if module != LEFT_OUT && !targets.is_empty() {
            writeln!(table, "{module}: {}", targets.join(" "))?;
        }
    }
    table.push_str("\n# Circles of files.\n");
    for circle in circles(&modules.file_imports()) {
        writeln!(table, "{}", circle.join(" "))?;
    }
    Ok(table)
}

#[test]
fn modules_import_only_what_the_tables_allow() -> Result<(), Box<dyn Error>> {
    let mut changed = Vec::new();
    for (name, folder) in CRATES {
        let modules = Modules::read(&workspace().join(folder).join("src"))?;
        let file = format!("tests/imports/{name}.txt");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
        let (found, allowed) = (
            table(&modules)?,
            fs::read_to_string(&path).unwrap_or_default(),
        );
        if found == allowed {
            continue;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, found)?;
            continue;
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (found, allowed) = (lines(&found), lines(&allowed));
        let added = found.difference(&allowed).map(|line| format!("+ {line}"));
        let removed = allowed.difference(&found).map(|line| format!("- {line}"));
        let difference: Vec<String> = removed.chain(added).collect();
        changed.push(format!("{file}:\n{}", difference.join("\n")));
    }
    assert!(
        changed.is_empty(),
        "the imports are not those of the tables\n{}",
        changed.join("\n")
    );
    Ok(())
}

/// Adapters know core, and never each other. What two of them share knows no crate of the workspace.
#[test]
fn crates_depend_on_core_only() -> Result<(), Box<dyn Error>> {
    let libraries = [
        "workflow-gemini",
        "workflow-http",
        "workflow-fetch",
        "workflow-sqlite",
    ];
    for name in libraries {
        let manifest = fs::read_to_string(workspace().join(name).join("Cargo.toml"))?;
        let dependencies = manifest
            .split("\n[dev-dependencies]")
            .next()
            .unwrap_or_default();
        for other in libraries.into_iter().filter(|other| *other != name) {
            assert!(
                !dependencies.contains(&format!("\n{other}.workspace")),
                "{name} depends on {other}"
            );
        }
    }
    let shared = fs::read_to_string(workspace().join("workflow-httpkit/Cargo.toml"))?;
    assert!(!shared.contains("\nworkflow-"), "workflow-httpkit");
    Ok(())
}
