//! Embeds the web page: each file of `ui/dist`, compressed if that is smaller. Files are compressed
//! here, at the highest level, and not on each request.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "ui")]
    page::embed();
}

#[cfg(feature = "ui")]
mod page {
    use std::{
        env,
        fmt::Write as _,
        fs,
        io::Write as _,
        path::{Path, PathBuf},
    };

    use flate2::{Compression, write::GzEncoder};
    use sha2::{Digest, Sha256};

    const FOLDER: &str = "ui/dist";

    /// Writes `page.rs`, the table of files, to `OUT_DIR`.
    pub(crate) fn embed() {
        println!("cargo::rerun-if-changed={FOLDER}");
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
        let root = env::current_dir().expect("Cargo sets the current directory");
        let mut files = Vec::new();
        collect(&root.join(FOLDER), &mut files);
        files.sort();
        let mut table = String::from("static FILES: &[File] = &[\n");
        for file in files {
            let name = file
                .strip_prefix(root.join(FOLDER))
                .expect("the file is in the folder");
            let name = name.to_str().expect("names are ASCII").replace('\\', "/");
            entry(&mut table, &name, &file, &out);
        }
        table.push_str("];\n");
        fs::write(out.join("page.rs"), table).expect("the folder can be written");
    }

    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the page is built") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                collect(&path, files);
            } else {
                files.push(path);
            }
        }
    }

    fn entry(table: &mut String, name: &str, file: &Path, out: &Path) {
        let content = fs::read(file).expect("the file can be read");
        let hash = Sha256::digest(&content);
        let hash: String = hash.iter().take(8).fold(String::new(), |mut hash, byte| {
            write!(hash, "{byte:02x}").expect("writing to a string cannot fail");
            hash
        });
        let write = |ending: &str, compressed: Vec<u8>| {
            // `Content-Encoding` and `Vary` cost about 100 bytes.
            if compressed.len() + 100 > content.len() {
                return "None".to_owned();
            }
            let path = out.join(format!("{}.{ending}", name.replace('/', "__")));
            fs::write(&path, compressed).expect("the folder can be written");
            let path = path.display().to_string();
            format!("Some(include_bytes!({path:?}))")
        };
        let file = file.display().to_string();
        let gzip = write("gz", gzip(&content));
        let brotli = write("br", brotli(&content));
        let plain = if gzip == "None" {
            format!("Some(include_bytes!({file:?}))")
        } else {
            "None".to_owned()
        };
        writeln!(
            table,
            "    File {{ name: {name:?}, hash: {hash:?}, plain: {plain}, gzip: {gzip}, \
             brotli: {brotli} }},"
        )
        .expect("writing to a string cannot fail");
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder
            .write_all(content)
            .expect("writing to memory cannot fail");
        encoder.finish().expect("writing to memory cannot fail")
    }

    fn brotli(content: &[u8]) -> Vec<u8> {
        let mut compressed = Vec::new();
        let settings = brotli::enc::BrotliEncoderParams {
            size_hint: content.len(),
            ..Default::default()
        };
        let mut content = content;
        brotli::BrotliCompress(&mut content, &mut compressed, &settings)
            .expect("writing to memory cannot fail");
        compressed
    }
}
