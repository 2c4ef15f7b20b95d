//! Every snippet of the tutorial runs as it is written.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{env, fs, path::Path, process::Command};

/// The fenced blocks of a text: language, name, content.
fn blocks(text: &str) -> Vec<(&str, &str, &str)> {
    let fences = text.split("\n```").skip(1).step_by(2);
    fences
        .map(|block| {
            let (info, content) = block.split_once('\n').unwrap();
            let (language, name) = info.split_once(' ').unwrap_or((info, ""));
            (language, name, content)
        })
        .collect()
}

#[test]
fn the_snippets_of_the_tutorial_run_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/TUTORIAL.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_workflow-server"));
    let path = env::join_paths([
        program.parent().unwrap(),
        Path::new("/usr/bin"),
        Path::new("/bin"),
    ]);
    let path = path.unwrap();
    let (mut workflows, mut commands) = (0, 0);
    for (language, name, content) in blocks(&text) {
        match language {
            "json" if name.ends_with(".test.json") => {
                fs::write(folder.path().join(name), content).unwrap();
            }
            "json" => {
                workflows += 1;
                fs::write(folder.path().join(name), content).unwrap();
                let validate = Command::new(program)
                    .args(["validate", name])
                    .current_dir(folder.path())
                    .output()
                    .unwrap();
                let said = String::from_utf8(validate.stdout).unwrap();
                assert!(said.starts_with("valid: "), "{name}: {said}");
                assert!(!said.contains("warning"), "{name}: {said}");
            }
            "sh" => {
                for line in content.lines() {
                    commands += 1;
                    let done = Command::new("sh")
                        .args([
                            "-c",
                            &line.replace("--simulate", "--simulate --simulate-pace 0ms"),
                        ])
                        .env("PATH", &path)
                        .current_dir(folder.path())
                        .output()
                        .unwrap();
                    let said = String::from_utf8_lossy(&done.stderr).into_owned();
                    assert!(done.status.success(), "{line}: {said}");
                    assert!(!done.stdout.is_empty(), "{line}: {said}");
                }
            }
            other => panic!("a block of {other}"),
        }
    }
    assert_eq!((workflows, commands), (7, 11));
}

#[test]
fn the_workflows_of_the_language_page_are_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = fs::read_to_string(root.join("docs/LANGUAGE.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut workflows = 0;
    for (_, _, content) in blocks(&text) {
        if !content.contains("\"nodes\"") {
            continue;
        }
        workflows += 1;
        let file = folder.path().join("workflow.json");
        fs::write(&file, content).unwrap();
        let validate = Command::new(env!("CARGO_BIN_EXE_workflow-server"))
            .arg("validate")
            .arg(&file)
            .output()
            .unwrap();
        let said = String::from_utf8(validate.stdout).unwrap();
        assert!(said.starts_with("valid: "), "{content}\n{said}");
        assert!(!said.contains("warning"), "{content}\n{said}");
    }
    assert!(workflows >= 10, "{workflows}");
}
