use super::*;

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

/// Reads bytes whole, cut in two at every place, and byte by byte. The result must be the same.
fn read_every_way(bytes: &[u8]) -> Vec<String> {
    let whole = read(&[bytes]);
    for cut in 0..=bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        assert_eq!(read(&[head, tail]), whole, "cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(read(&single), whole, "byte by byte");
    whole
}

#[test]
fn events_end_with_any_kind_of_line_end() {
    for end in ["\r\n", "\n", "\r"] {
        let body = format!("data: {{\"a\":1}}{end}{end}data: {{\"b\":\"ü€😀\"}}{end}{end}");
        assert_eq!(
            read_every_way(body.as_bytes()),
            ["{\"a\":1}", "{\"b\":\"ü€😀\"}"],
            "{end:?}"
        );
    }
}

#[test]
fn marks_comments_and_other_fields_are_ignored() {
    let body = "\u{feff}: hello\r\nevent: message\r\nid: 7\r\nretry: 10\r\ndata:{\"a\":1}\r\n\r\n\
                : beat\r\n\r\ndata\r\n\r\ndatabase: no\r\n\r\ndata: [DONE]\r\n\r\n";
    assert_eq!(read_every_way(body.as_bytes()), ["{\"a\":1}"]);
}

#[test]
fn a_mark_is_part_of_the_first_line_only() {
    assert_eq!(
        read_every_way("\u{feff}data: {\"a\":1}\n\n\u{feff}data: {\"b\":2}\n\n".as_bytes()),
        ["{\"a\":1}"]
    );
}

#[test]
fn data_over_several_lines_is_one_document() {
    let body = b"data: {\ndata:   \"a\":\ndata: 1}\n\n";
    assert_eq!(read_every_way(body), ["{\n  \"a\":\n1}"]);
    let first_line_only = b"data: {\n  \"a\": 1\n}\n\n";
    assert_eq!(read_every_way(first_line_only), ["{\n  \"a\": 1\n}"]);
}

#[test]
fn the_last_event_needs_no_blank_line() {
    assert_eq!(read_every_way(b"data: {\"a\":1}"), ["{\"a\":1}"]);
    assert_eq!(read_every_way(b"data: {\"a\":1}\r\n"), ["{\"a\":1}"]);
}

#[test]
fn bare_json_is_found_however_it_is_laid_out() {
    let error =
        "{\n  \"error\": {\n\n    \"code\": 503,\n    \"message\": \"a } \\\" { [ \\\\\"\n  }\n}";
    for (before, after) in [
        ("", ""),
        ("", "\n"),
        ("[", "]"),
        ("[\n", "\n]\n"),
        (",\r\n", "\r\n]"),
        ("[", ""),
    ] {
        let body = format!("data: {{\"a\":1}}\r\n\r\n{before}{error}{after}");
        let found = read_every_way(body.as_bytes());
        assert_eq!(found.len(), 2, "{before:?} {after:?}");
        let read: serde_json::Value = serde_json::from_str(&found[1]).unwrap();
        assert_eq!(read["error"]["code"], 503, "{before:?} {after:?}");
    }
}

#[test]
fn bare_json_after_an_event_keeps_the_order() {
    let body = b"data: {\"a\":1}\n{\"error\":{}}\n";
    assert_eq!(read_every_way(body), ["{\"a\":1}", "{\"error\":{}}"]);
}

#[test]
fn an_array_of_answers_gives_each_of_them() {
    let body = b"[{\"a\":1}\n,\r\n{\"b\":{\"c\":[{}]}},{\"d\":4}]";
    assert_eq!(
        read_every_way(body),
        ["{\"a\":1}", "{\"b\":{\"c\":[{}]}}", "{\"d\":4}"]
    );
}

#[test]
fn a_cut_off_object_is_a_document_as_far_as_it_was_received() {
    assert_eq!(read_every_way(b"data: {\"a\":"), ["{\"a\":"]);
    assert_eq!(read_every_way(b"[{\"error\": {").len(), 1);
    assert!(read_every_way(b"dat").is_empty());
    assert!(read_every_way(b"").is_empty());
}

#[test]
fn an_event_cut_off_ends_at_the_blank_line() {
    assert_eq!(
        read_every_way(b"data: {\"a\":\n\ndata: {\"b\":2}\n\n"),
        ["{\"a\":", "{\"b\":2}"]
    );
}

#[test]
fn data_that_is_not_json_is_a_document() {
    assert_eq!(read_every_way(b"data: oops\n\n"), ["oops"]);
}

#[test]
fn many_events_in_one_piece_come_one_by_one() {
    let body = "data: {}\r\n\r\n".repeat(1000);
    assert_eq!(read(&[body.as_bytes()]).len(), 1000);
}

#[test]
fn the_event_that_ends_a_stream_is_noted_and_no_document() {
    let mut documents = Documents::default();
    documents.push(b"data: {\"a\":\n\ndata: [DON");
    assert!(!documents.is_done());
    documents.push(b"E]\r\n\r\n");
    assert!(documents.is_done());
    documents.end();
    assert_eq!(documents.next().as_deref(), Some(&b"{\"a\":"[..]));
    assert_eq!(documents.next(), None);
}
