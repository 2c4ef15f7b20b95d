//! The paths of a `use` tree.

/// One name of a `use` tree.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// The name in the importing module.
    pub(crate) name: String,
    /// The path of the imported item.
    pub(crate) path: Vec<String>,
}

/// Reads a `use` tree that begins at `index`. Returns its leaves and the index after it.
pub(crate) fn leaves(tokens: &[String], index: usize) -> (Vec<Leaf>, usize) {
    let mut leaves = Vec::new();
    let end = group(tokens, index, &[], &mut leaves);
    (leaves, end)
}

/// Reads a path outside of a `use`. Returns it and the index after it.
pub(crate) fn path(tokens: &[String], mut index: usize) -> (Vec<Leaf>, usize) {
    let mut path = vec![tokens[index].clone()];
    while tokens.get(index + 1).is_some_and(|next| next == "::")
        && let Some(name) = tokens.get(index + 2).filter(|name| is_word(name))
    {
        path.push(name.clone());
        index += 2;
    }
    let name = path.last().cloned().unwrap_or_default();
    (vec![Leaf { name, path }], index + 1)
}

/// Reads one branch of a tree: a path, optionally with a group in braces or with `as` and a name.
fn group(tokens: &[String], mut index: usize, prefix: &[String], leaves: &mut Vec<Leaf>) -> usize {
    let mut path = prefix.to_vec();
    let mut name = None;
    while let Some(token) = tokens.get(index) {
        match token.as_str() {
            "::" => {}
            "{" => {
                index += 1;
                while tokens.get(index).is_some_and(|token| token != "}") {
                    index = group(tokens, index, &path, leaves);
                    index += usize::from(tokens.get(index).is_some_and(|token| token == ","));
                }
                return index + 1;
            }
            "as" => {
                name = tokens.get(index + 1).cloned();
                index += 1;
            }
            // `use a::{self}` names `a` itself.
            "self" if !path.is_empty() => {}
            word if is_word(word) => path.push(word.to_owned()),
            _ => break,
        }
        index += 1;
    }
    if let Some(last) = path.last() {
        let name = name.unwrap_or_else(|| last.clone());
        leaves.push(Leaf { name, path });
    }
    index
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}
