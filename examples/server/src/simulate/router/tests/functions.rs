//! Calls of functions, and conversations that the API would refuse.

use super::*;

const PATH: &str = "/v1beta/models/gemini-x:generateContent";

/// A conversation with two functions.
struct Agent {
    router: Router,
    body: Value,
}

impl Agent {
    fn new(prompt: &str) -> Self {
        let order = json!({"type": "object", "required": ["number", "kind"], "properties": {
            "number": {"type": "string", "description": "As on the invoice."},
            "kind": {"enum": ["new", "old"]}, "page": {"type": "integer", "minimum": 3, "maximum": 5}}});
        let body = json!({
            "contents": [{"role": "user", "parts": [{"text": prompt}]}],
            "tools": [{"functionDeclarations": [
                {"name": "order", "description": "Finds an order.", "parametersJsonSchema": order},
                {"name": "stock"}]}],
        });
        Self {
            router: quick(),
            body,
        }
    }

    fn with_mode(mut self, calling: &Value) -> Self {
        self.body["toolConfig"] = json!({ "functionCallingConfig": calling });
        self
    }

    async fn ask(&self) -> Asked {
        send(&self.router, PATH, self.body.to_string()).await
    }

    /// The parts of the reply.
    async fn parts(&self) -> Vec<Value> {
        let asked = self.ask().await;
        assert_eq!(asked.status, 200, "{}", asked.text);
        let parts = asked.json()["candidates"][0]["content"]["parts"].take();
        serde_json::from_value(parts).unwrap()
    }

    /// Adds a content.
    fn say(&mut self, role: &str, parts: &[Value]) {
        let contents = self.body["contents"].as_array_mut().unwrap();
        contents.push(json!({"role": role, "parts": parts}));
    }

    /// Adds the turn of the model, and a result for each call.
    async fn call(&mut self, results: &[Value]) {
        let parts = self.parts().await;
        let calls: Vec<&Value> = calls(&parts);
        assert_eq!(calls.len(), results.len(), "{parts:?}");
        let results: Vec<Value> = calls.iter().zip(results).map(|(call, response)| {
            json!({"functionResponse": {"id": call["id"], "name": call["name"], "response": response}})
        }).collect();
        self.say("model", &parts);
        self.say("user", &results);
    }
}

fn calls(parts: &[Value]) -> Vec<&Value> {
    let calls = parts.iter().map(|part| &part["functionCall"]);
    calls.filter(|call| !call.is_null()).collect()
}

fn names(parts: &[Value]) -> Vec<&str> {
    calls(parts)
        .iter()
        .map(|call| call["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn each_function_is_called_once_and_the_answer_has_the_results() {
    let mut agent = Agent::new("Where is my order A-17?");
    let parts = agent.parts().await;
    assert_eq!(parts[0]["text"], "I use order and stock. (Simulated.)");
    assert_eq!(names(&parts), ["order", "stock"]);
    let args = &parts[1]["functionCall"]["args"];
    assert_eq!(args["number"], "A-17");
    let schema = &agent.body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
    assert!(jsonschema::is_valid(schema, args), "{args}");
    assert_eq!(parts[2]["functionCall"]["args"], json!({}));
    assert!(parts[1]["thoughtSignature"].is_string() && parts[2]["thoughtSignature"].is_null());

    agent
        .call(&[
            json!({"output": {"state": "sent"}}),
            json!({"error": "refused: not today."}),
        ])
        .await;
    let parts = agent.parts().await;
    let expected = "“Where is my order A-17?”: order found {\"state\":\"sent\"}. stock failed with refused: not today. (Simulated.)";
    assert_eq!(parts, [json!({"text": expected})]);
}

#[tokio::test]
async fn a_stream_has_the_calls_at_its_end() {
    let agent = Agent::new("Where is my order A-17?");
    let path = format!("{MODEL}:streamGenerateContent?alt=sse");
    let events = send(&agent.router, &path, agent.body.to_string())
        .await
        .events();
    let (last, before) = events.split_last().unwrap();
    let said: String = before.iter().map(text).collect();
    let whole = agent.ask().await.json();
    assert_eq!(said, text(&whole));
    let last_parts = last["candidates"][0]["content"]["parts"]
        .as_array()
        .unwrap();
    assert_eq!(names(last_parts), ["order", "stock"]);
    assert_eq!(last["candidates"][0]["finishReason"], "STOP");
    assert_eq!(last["usageMetadata"], whole["usageMetadata"]);
}

#[tokio::test]
async fn the_mode_of_calling_is_obeyed() {
    let none = Agent::new("Explain: Tides").with_mode(&json!({"mode": "NONE"}));
    let parts = none.parts().await;
    assert!(calls(&parts).is_empty() && parts[0]["text"].as_str().unwrap().contains("Tides"));

    let calling = json!({"mode": "ANY", "allowedFunctionNames": ["stock"]});
    let mut any = Agent::new("Explain: Tides").with_mode(&calling);
    for _ in 0..2 {
        assert_eq!(names(&any.parts().await), ["stock"]);
        any.call(&[json!({"output": 3})]).await;
    }
    let mut validated = any.with_mode(&json!({"mode": "VALIDATED"}));
    assert_eq!(names(&validated.parts().await), ["order"]);
    validated.call(&[json!({"output": 4})]).await;
    assert!(calls(&validated.parts().await).is_empty());
}

#[tokio::test]
async fn the_last_request_of_an_agent_has_an_answer_that_fits_its_schema() {
    let mut agent = Agent::new("Extract the items.");
    agent
        .call(&[json!({"output": 1}), json!({"output": 2})])
        .await;
    let parts = agent.parts().await;
    agent.say("model", &parts);
    agent.say("user", &[json!({"text": "Give the answer as JSON."})]);
    agent.body["tools"] = json!([]);
    agent.body["generationConfig"] = json!({"responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"summary": {"type": "string"}}}});
    let parts = agent.parts().await;
    let answer: Value = serde_json::from_str(parts[0]["text"].as_str().unwrap()).unwrap();
    assert!(answer["summary"].is_string(), "{answer}");
}

#[tokio::test]
async fn a_cut_off_reply_calls_nothing() {
    let mut agent = Agent::new("Where is my order A-17?");
    agent.body["generationConfig"] = json!({"maxOutputTokens": 2});
    let reply = agent.ask().await.json();
    assert_eq!(reply["candidates"][0]["finishReason"], "MAX_TOKENS");
    assert!(!reply.to_string().contains("functionCall"), "{reply}");
}

#[tokio::test]
async fn broken_conversations_are_refused_like_the_api_does() {
    type Break = fn(&mut Value);
    let breaks: [(&str, Break); 14] = [
        ("ending with a model turn", |contents| {
            contents.as_array_mut().unwrap().pop();
        }),
        ("number of function response parts", |contents| {
            contents[2]["parts"].as_array_mut().unwrap().pop();
        }),
        ("number of function response parts", |contents| {
            contents[2]["parts"] = json!([{"text": "sent"}]);
        }),
        ("of its function call, in the order", |contents| {
            contents[2]["parts"].as_array_mut().unwrap().reverse();
        }),
        ("of its function call, in the order", |contents| {
            contents[2]["parts"][0]["functionResponse"]["id"] = json!("other");
        }),
        ("of its function call, in the order", |contents| {
            contents[2]["parts"][0]["functionResponse"]["response"] = json!("sent");
        }),
        ("is missing a thought_signature", |contents| {
            contents[1]["parts"][1]
                .as_object_mut()
                .unwrap()
                .remove("thoughtSignature");
        }),
        ("`default_api:order` , position 2", |contents| {
            contents[1]["parts"][1]
                .as_object_mut()
                .unwrap()
                .remove("thoughtSignature");
        }),
        ("Corrupted thought signature", |contents| {
            contents[1]["parts"][1]["functionCall"]["args"]["number"] = json!("B-1");
        }),
        ("Corrupted thought signature", |contents| {
            let moved = contents[1]["parts"][1]["thoughtSignature"].clone();
            contents[1]["parts"][2]["thoughtSignature"] = moved;
        }),
        (
            "response turn comes immediately after a function call turn",
            |contents| {
                contents.as_array_mut().unwrap().remove(1);
            },
        ),
        (
            "call turn comes immediately after a user turn",
            |contents| {
                contents.as_array_mut().unwrap().remove(0);
            },
        ),
        ("a content of their own", |contents| {
            let parts = contents[2]["parts"].as_array_mut().unwrap();
            parts.push(json!({"text": "And now?"}));
        }),
        ("valid role", |contents| {
            contents[2]["role"] = json!("function");
        }),
    ];
    let mut agent = Agent::new("Where is my order A-17?");
    agent
        .call(&[json!({"output": 1}), json!({"output": 2})])
        .await;
    assert_eq!(agent.ask().await.status, 200);
    for (message, broken) in breaks {
        let mut body = agent.body.clone();
        broken(&mut body["contents"]);
        let asked = send(&agent.router, PATH, body.to_string()).await;
        assert_eq!(asked.status, 400, "{message}");
        assert!(asked.text.contains(message), "{message}: {}", asked.text);
    }
    // A call that no model made has the documented word for its signature.
    agent.body["contents"][1]["parts"][1]["thoughtSignature"] =
        json!("c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=");
    assert_eq!(agent.ask().await.status, 200);
}

#[tokio::test]
async fn invalid_declarations_are_refused_like_the_api_does() {
    for (message, tools, calling) in [
        (
            "set without function_declarations",
            json!([]),
            json!({"mode": "AUTO"}),
        ),
        (
            "not declared: b",
            json!([{"functionDeclarations": [{"name": "a"}]}]),
            json!({"mode": "ANY", "allowedFunctionNames": ["b"]}),
        ),
        (
            "Duplicate function declaration found: a",
            json!([{"functionDeclarations": [{"name": "a"}, {"name": "a"}]}]),
            json!({}),
        ),
    ] {
        let mut agent = Agent::new("Hi").with_mode(&calling);
        agent.body["tools"] = tools;
        let asked = agent.ask().await;
        assert_eq!(asked.status, 400);
        assert!(asked.text.contains(message), "{}", asked.text);
    }
}
