//! Cases of answers without calls.

use std::sync::Arc;

use serde_json::{Value, json};
use workflow_core::value::Usage;

use super::{
    hear::{ask, hear, hello, stream_of, streamed},
    server::{Reply, Server},
    wire::{WireAnswer, WireFinish, WireProvider, WireUsage},
};
use crate::{error::Delivery, message::Message, request::ModelRequest};

/// Text that is longer in UTF-8 than in characters, and that JSON escapes.
const TEXTS: [&str; 3] = ["Ein „Wort“\n", "😀 \"", "\\ end"];

pub async fn an_answer_is_the_same_in_any_chunks(provider: &dyn WireProvider) {
    let answer = WireAnswer::texts(TEXTS);
    let body = stream_of(provider, &answer, "\n").unwrap();
    for size in [1, 2, 3, 7, 64, body.len()] {
        let reply = Reply::stream(body.clone()).in_pieces(size);
        let (heard, _) = ask(provider, hello(), reply).await;
        assert_eq!(heard.text, answer.text(), "in pieces of {size}");
        let turn = heard.turn();
        assert_eq!(turn.text, answer.text());
        assert_eq!(turn.usage, Usage::new(7, 5));
        assert!(!turn.is_truncated);
    }
}

pub async fn every_line_end_is_read(provider: &dyn WireProvider) {
    let answer = WireAnswer::texts(TEXTS);
    for line_end in ["\n", "\r\n", "\r"] {
        let body = stream_of(provider, &answer, line_end).unwrap();
        // Also if `\r` and `\n` come apart.
        for size in [1, body.len()] {
            let reply = Reply::stream(body.clone()).in_pieces(size);
            let (heard, _) = ask(provider, hello(), reply).await;
            assert_eq!(heard.turn().text, answer.text(), "{line_end:?} in {size}");
        }
    }
}

pub async fn a_whole_answer_is_that_of_a_stream(provider: &dyn WireProvider) {
    let answer = WireAnswer::texts(TEXTS);
    let mut request = hello();
    request.streams = false;
    let whole = provider.whole(&answer).unwrap();
    let (heard, _) = ask(provider, request, Reply::new(200, whole)).await;
    let whole = heard.turn();
    let streamed = streamed(provider, hello(), &answer).await.unwrap().turn();
    assert_eq!(whole.text, streamed.text);
    assert_eq!(whole.usage, streamed.usage);
    assert_eq!(whole.facts.finish_reason, streamed.facts.finish_reason);
}

async fn used(provider: &dyn WireProvider, usage: WireUsage) -> Option<Usage> {
    let answer = WireAnswer {
        usage,
        ..WireAnswer::texts(TEXTS)
    };
    let heard = streamed(provider, hello(), &answer).await?;
    let last = heard.usage;
    let turn = heard.turn();
    assert_eq!(turn.text, answer.text());
    // The running total, if there is one, ends with the whole.
    assert!(last.is_none_or(|last| last == turn.usage));
    Some(turn.usage)
}

pub async fn usage_that_is_missing_is_nothing(provider: &dyn WireProvider) {
    let used = used(provider, WireUsage::Missing).await;
    assert_eq!(used, Some(Usage::default()));
}

pub async fn usage_that_comes_late_is_counted(provider: &dyn WireProvider) {
    let used = used(provider, WireUsage::Late).await;
    assert!(used.is_none_or(|used| used == Usage::new(7, 5)), "{used:?}");
}

pub async fn usage_that_is_text_is_counted(provider: &dyn WireProvider) {
    let used = used(provider, WireUsage::Text).await;
    assert!(used.is_none_or(|used| used == Usage::new(7, 5)), "{used:?}");
}

/// Whether it is an answer depends on the provider, but it is retried once at most: the next one may end so, too.
pub async fn an_unknown_finish_reason_ends_the_answer(provider: &dyn WireProvider) {
    let answer = WireAnswer {
        finish: WireFinish::Unknown,
        ..WireAnswer::texts(TEXTS)
    };
    let Some(heard) = streamed(provider, hello(), &answer).await else {
        return;
    };
    match heard.end {
        Ok(turn) => assert_eq!(turn.text, answer.text()),
        Err(error) => {
            assert!(error.retry_limit().is_some_and(|limit| limit <= 1));
            assert_ne!(error.code(), "answer_interrupted");
        }
    }
}

pub async fn nothing_is_sent_before_the_first_poll(provider: &dyn WireProvider) {
    let body = stream_of(provider, &WireAnswer::texts(TEXTS), "\n").unwrap();
    let server = Server::start(Reply::stream(body)).await;
    let client = provider.client(&server.base_url);
    let stream = client.ask(Arc::new(hello()));
    drop(client.ask(Arc::new(hello())));
    assert_eq!(server.bodies().len(), 0);
    hear(stream).await.turn();
    assert_eq!(server.bodies().len(), 1);
}

pub async fn the_body_is_what_is_sent(provider: &dyn WireProvider) {
    let mut request = hello();
    request.system = Some("Be short.".to_owned());
    request.temperature = Some(0.5);
    request.max_output_tokens = Some(64);
    request.stop = vec!["END".to_owned()];
    let body = stream_of(provider, &WireAnswer::texts(TEXTS), "\n").unwrap();
    let (heard, server) = ask(provider, request.clone(), Reply::stream(body)).await;
    heard.turn();
    let sent = server.bodies().remove(0);
    let client = provider.client(&server.base_url);
    assert_eq!(client.body(&request).unwrap(), sent);
    let text = sent.to_string();
    for part in ["Be short.", "0.5", "64", "END", "Hi"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains(provider.key()));
}

pub async fn an_option_that_no_provider_has_is_refused(provider: &dyn WireProvider) {
    let mut request = hello();
    let options = &mut request.options;
    options.insert("an_option_that_no_provider_has".to_owned(), json!(1));
    let body = stream_of(provider, &WireAnswer::texts(TEXTS), "\n").unwrap();
    let (heard, server) = ask(provider, request.clone(), Reply::stream(body)).await;
    let error = heard.error();
    assert_eq!(error.code(), "unsupported_option");
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("an_option_that_no_provider_has"));
    assert_eq!(server.bodies(), Vec::<Value>::new());
    let client = provider.client(&server.base_url);
    assert_eq!(client.body(&request).unwrap_err().code(), error.code());
}

pub async fn an_earlier_conversation_is_sent(provider: &dyn WireProvider) {
    let texts = ["First question", "First answer", "Second question"];
    let request = ModelRequest::new([
        Message::user(texts[0]),
        Message::assistant(texts[1]),
        Message::user(texts[2]),
    ]);
    let body = stream_of(provider, &WireAnswer::texts(TEXTS), "\n").unwrap();
    let (heard, server) = ask(provider, request, Reply::stream(body)).await;
    heard.turn();
    let sent = server.bodies().remove(0).to_string();
    let places = texts.map(|text| sent.find(text).unwrap());
    assert!(places.is_sorted(), "{sent}");
}
