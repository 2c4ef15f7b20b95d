//! What a package needs to compile is in its folder: a registry receives nothing else of this repository.

use std::{
    error::Error,
    fs,
    path::{Component, Path, PathBuf},
};

/// The published packages.
const PACKAGES: [&str; 12] = [
    "workflow-core",
    "workflow-llm",
    "workflow-gemini",
    "workflow-openai",
    "workflow-http",
    "workflow-fetch",
    "workflow-sqlite",
    "workflow-httpkit",
    "workflow-sqlkit",
    "workflow-postgres",
    "workflow-restate",
    "examples/server",
];

/// What embeds a file whose path is a literal.
const MACROS: [&str; 3] = ["include_str!(\"", "include_bytes!(\"", "include!(\""];

#[test]
fn a_package_embeds_only_files_in_its_folder() -> Result<(), Box<dyn Error>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = 0;
    let mut wrong = Vec::new();
    for package in PACKAGES {
        let package = workspace.join(package);
        let mut waiting = vec![package.join("src"), package.join("build.rs")];
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                for entry in fs::read_dir(path)? {
                    waiting.push(entry?.path());
                }
            } else if path.is_file() && path.extension().is_some_and(|it| it == "rs") {
                sources += 1;
                let text = fs::read_to_string(&path)?;
                let folder = path.parent().unwrap_or(&package);
                let outside = embedded(&text).filter(|name| !within(&package, folder, name));
                wrong.extend(outside.map(|name| format!("{} embeds {name}", path.display())));
            }
        }
    }
    assert!(sources > 100, "only {sources} sources were found");
    assert!(
        wrong.is_empty(),
        "a file of another folder is missing in the package; link to it from the package's folder:\n{}",
        wrong.join("\n")
    );
    Ok(())
}

/// The paths of the files that a source embeds.
fn embedded(text: &str) -> impl Iterator<Item = &str> {
    let calls = MACROS.iter().flat_map(|call| text.split(call).skip(1));
    calls.filter_map(|rest| rest.split('"').next())
}

/// Whether a relative path stays in the package. Symbolic links are not followed: packages contain what they link to.
fn within(package: &Path, folder: &Path, name: &str) -> bool {
    let mut path = PathBuf::from(folder);
    for component in Path::new(name).components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path.starts_with(package)
}
