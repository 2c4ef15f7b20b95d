//! The allowed imports between modules. The table of each crate is in `tests/imports/`.
//!
//! After an intended change, run `UPDATE_GOLDEN=1 cargo test -p workflow-checks`, and give the reason for a new
//! import in the commit. A circle of files is allowed only with a reason, in the line below it.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use workflow_checks::{Modules, Table};

/// The crates, each with its name and its folder.
const CRATES: [(&str, &str); 13] = [
    ("workflow-core", "workflow-core"),
    ("workflow-llm", "workflow-llm"),
    ("workflow-gemini", "workflow-gemini"),
    ("workflow-openai", "workflow-openai"),
    ("workflow-http", "workflow-http"),
    ("workflow-fetch", "workflow-fetch"),
    ("workflow-client", "workflow-client"),
    ("workflow-sqlite", "workflow-sqlite"),
    ("workflow-httpkit", "workflow-httpkit"),
    ("workflow-sqlkit", "workflow-sqlkit"),
    ("workflow-postgres", "workflow-postgres"),
    ("workflow-restate", "workflow-restate"),
    ("workflow-server", "examples/server"),
];

/// Test support is part of the library and may use all of it.
const EXCLUDED: &str = "testing";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn modules_import_only_what_the_tables_allow() -> Result<(), Box<dyn Error>> {
    let mut wrong = Vec::new();
    for (name, folder) in CRATES {
        let modules = Modules::read(&workspace().join(folder).join("src"))?;
        let file = format!("tests/imports/{name}.txt");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&file);
        let allowed = Table::parse(&fs::read_to_string(&path).unwrap_or_default());
        let found = Table::of(&modules, EXCLUDED).with_reasons_of(&allowed);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, found.to_string())?;
        } else {
            let difference = found.difference(&allowed);
            if !difference.is_empty() {
                wrong.push(format!("{file}:\n{}", difference.join("\n")));
            }
        }
        for circle in found.without_reason() {
            wrong.push(format!(
                "{file}: no reason is given for the circle\n{circle}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "the imports are not those of the tables\n{}",
        wrong.join("\n")
    );
    Ok(())
}

/// Adapters depend on core and never on each other; providers of models depend on `workflow-llm`, too, which depends on core only. A
/// crate that two of them share depends on no crate of the workspace.
#[test]
fn crates_depend_on_core_only() -> Result<(), Box<dyn Error>> {
    let libraries = [
        "workflow-gemini",
        "workflow-openai",
        "workflow-http",
        "workflow-fetch",
        "workflow-client",
        "workflow-sqlite",
        "workflow-postgres",
        "workflow-restate",
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
    let llm = fs::read_to_string(workspace().join("workflow-llm/Cargo.toml"))?;
    let llm = llm.replace("\nworkflow-core.workspace", "");
    let llm = llm.split("\n[dev-dependencies]").next().unwrap_or_default();
    assert!(
        !llm.contains("\nworkflow-") && !llm.contains("\nreqwest"),
        "workflow-llm"
    );
    let shared = fs::read_to_string(workspace().join("workflow-httpkit/Cargo.toml"))?;
    assert!(!shared.contains("\nworkflow-"), "workflow-httpkit");
    Ok(())
}
