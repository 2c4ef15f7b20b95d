//! Reads the imports of a crate from its source text.
//!
//! A module is named by its path, such as `engine::local::host`. An import of a name that a module
//! only re-exports counts as an import of the file that declares the name, so a `mod.rs` that lists
//! its children depends on nothing because of that list. Test code (`#[cfg(test)]`) is ignored.

mod source;
mod table;
mod tree;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use source::Source;
pub use table::Table;

/// Imports between modules: each module with the modules it imports from.
pub type Imports = BTreeMap<String, BTreeSet<String>>;

/// The modules of one crate.
#[derive(Debug)]
pub struct Modules(BTreeMap<String, Source>);

impl Modules {
    /// Reads every `.rs` file below `src`.
    ///
    /// # Errors
    /// An [`io::Error`] if a folder or file cannot be read.
    pub fn read(src: &Path) -> io::Result<Self> {
        let mut modules = BTreeMap::new();
        read_folder(src, "", &mut modules)?;
        Ok(Self(modules))
    }

    /// The imports between files.
    pub fn file_imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, source) in &self.0 {
            let targets = source.paths.iter();
            let targets = targets.filter_map(|path| self.declaring_module(module, path, 0));
            let others = targets.filter(|target| target != module && !target.is_empty());
            imports.entry(module.clone()).or_default().extend(others);
        }
        imports.remove("");
        imports
    }

    /// The imports between top-level modules.
    pub fn top_level_imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, targets) in self.file_imports() {
            let from = top_level(&module);
            let targets = targets.iter().map(|target| top_level(target));
            let others = targets.filter(|target| *target != from).map(str::to_owned);
            imports.entry(from.to_owned()).or_default().extend(others);
        }
        imports
    }

    /// The module whose file declares the item at `path`, seen from `module`. `None` for another crate.
    fn declaring_module(&self, module: &str, path: &[String], depth: usize) -> Option<String> {
        // Two modules that re-export each other's names must not loop.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => String::new(),
            "self" => module.to_owned(),
            "super" => parent(module),
            child if self.0.contains_key(&join(module, child)) => join(module, child),
            _ => return None,
        };
        for (index, name) in rest.iter().enumerate() {
            let child = join(&at, name);
            if name == "super" {
                at = parent(&at);
            } else if self.0.contains_key(&child) {
                at = child;
            } else if let Some(target) = self.0.get(&at)?.reexports.get(name) {
                let whole: Vec<String> = target.iter().chain(&rest[index + 1..]).cloned().collect();
                return self.declaring_module(&at, &whole, depth + 1);
            } else {
                break;
            }
        }
        Some(at)
    }
}

/// The circles of imports: groups of modules that import each other, directly or through others.
pub fn circles(imports: &Imports) -> BTreeSet<Vec<String>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|module| (module.as_str(), reachable(imports, module)))
        .collect();
    let mut circles = BTreeSet::new();
    for (module, others) in &reached {
        let circle: Vec<String> = others
            .iter()
            .filter(|other| {
                reached
                    .get(**other)
                    .is_some_and(|back| back.contains(module))
            })
            .map(|other| (*other).to_owned())
            .collect();
        if circle.len() > 1 {
            circles.insert(circle);
        }
    }
    circles
}

/// The modules that a module imports, directly or through others.
fn reachable<'a>(imports: &'a Imports, module: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![module];
    while let Some(next) = open.pop() {
        for target in imports.get(next).into_iter().flatten() {
            if reached.insert(target.as_str()) {
                open.push(target);
            }
        }
    }
    reached
}

fn read_folder(
    folder: &Path,
    module: &str,
    modules: &mut BTreeMap<String, Source>,
) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            read_folder(&path, &join(module, &stem), modules)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let is_folder_module = ["lib", "main", "mod"].contains(&&*stem);
            let name = if is_folder_module {
                module.to_owned()
            } else {
                join(module, &stem)
            };
            modules.insert(name, Source::parse(&std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn join(module: &str, child: &str) -> String {
    if module.is_empty() {
        child.to_owned()
    } else {
        format!("{module}::{child}")
    }
}

fn parent(module: &str) -> String {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    parent.to_owned()
}

fn top_level(module: &str) -> &str {
    module.split_once("::").map_or(module, |(top, _)| top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_groups_that_import_each_other() {
        let imports = |pairs: &[(&str, &str)]| {
            let mut imports = Imports::new();
            for (from, to) in pairs {
                imports
                    .entry((*from).into())
                    .or_default()
                    .insert((*to).into());
            }
            imports
        };
        assert!(circles(&imports(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
        let found = circles(&imports(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]));
        assert_eq!(
            found,
            BTreeSet::from([vec!["a".into(), "b".into(), "c".into()]])
        );
    }
}
