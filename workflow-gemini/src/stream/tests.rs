use workflow_httpkit::Documents;

use crate::reply::{Unreadable, responses};

fn read(pieces: &[&[u8]]) -> Vec<String> {
    let mut documents = Documents::default();
    for piece in pieces {
        documents.push(piece);
    }
    documents.end();
    let texts = std::iter::from_fn(|| documents.next());
    texts
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

#[test]
fn an_answer_cut_anywhere_is_incomplete() {
    let stream = include_bytes!("../../tests/fixtures/stream.sse");
    let whole = read(&[stream]);
    assert_eq!(whole.len(), 6);
    for cut in 0..stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(read(&[head, tail]), whole, "in two at {cut}");
        for document in read(&[head]) {
            let is_cut = matches!(responses(document.as_bytes()), Err(Unreadable::CutOff));
            assert!(
                is_cut || whole.contains(&document),
                "cut at {cut}: {document}"
            );
        }
    }
}
