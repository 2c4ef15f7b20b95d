//! The simple stream of `POST /api/workflows/{id}/run`.

mod support;

use serde_json::json;
use support::{Api, Wire, hiding, request, serve, two_steps};
use workflow_core::NodeError;

/// Runs the workflow over a socket, and returns the head of the response and the frames of its body.
async fn run(api: &Api, workflow: &str) -> (Vec<String>, Vec<String>) {
    let (address, _serving) = serve(api).await;
    let mut wire = Wire::post(
        address,
        &format!("{workflow}/run"),
        r#"{"input":"Quantum Computing"}"#,
    )
    .await;
    (wire.head().await, wire.frames().await)
}

#[tokio::test]
async fn two_steps_are_five_frames() {
    let _hiding = hiding();
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    api.script.say("Qubits ");
    api.script.say("are odd.");
    api.script.finish("Qubits are odd.");

    let (head, frames) = run(&api, &workflow).await;

    assert_eq!(head[0], "http/1.1 200 ok");
    for header in [
        "content-type: text/event-stream",
        "cache-control: no-cache, no-transform",
        "x-accel-buffering: no",
        "transfer-encoding: chunked",
    ] {
        assert!(
            head.iter().any(|line| line == header),
            "{header} in {head:#?}"
        );
    }
    let run_id = head
        .iter()
        .find_map(|line| line.strip_prefix("x-run-id: "))
        .unwrap();
    assert!(
        head.contains(&format!("location: /api/runs/{run_id}")),
        "{head:#?}"
    );
    insta::assert_debug_snapshot!(frames, @r#"
    [
        "data: {\"timestamp\":\"[time]\",\"nodeId\":\"prompt_step\",\"status\":\"running\",\"message\":\"Rendering the prompt...\",\"output\":null,\"error\":null}\n\n",
        "data: {\"timestamp\":\"[time]\",\"nodeId\":\"prompt_step\",\"status\":\"success\",\"message\":\"Completed in [s].\",\"output\":\"Explain Quantum Computing\",\"error\":null}\n\n",
        "data: {\"timestamp\":\"[time]\",\"nodeId\":\"llm_step\",\"status\":\"running\",\"message\":\"Calling Gemini API (Attempt 1/5)...\",\"output\":null,\"error\":null}\n\n",
        "data: {\"timestamp\":\"[time]\",\"nodeId\":\"llm_step\",\"status\":\"success\",\"message\":\"Completed in [s].\",\"output\":\"Qubits are odd.\",\"error\":null}\n\n",
        "data: {\"type\":\"workflowStatus\",\"status\":\"completed\",\"message\":\"Workflow completed successfully.\"}\n\n",
    ]
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_failed_attempt_and_a_failed_run_have_a_reason() {
    let _hiding = hiding();
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    api.script
        .fail(NodeError::new("unavailable", "the model is overloaded").with_retry());
    api.script
        .fail(NodeError::new("unauthorized", "the key is not valid"));

    let body = json!({"input": "Rust"}).to_string();
    let run = request("POST", &format!("{workflow}/run"))
        .body(body.into())
        .unwrap();
    let frames = api.stream(run).await.rest().await;

    insta::assert_snapshot!(frames.concat(), @r#"
    data: {"timestamp":"[time]","nodeId":"prompt_step","status":"running","message":"Rendering the prompt...","output":null,"error":null}

    data: {"timestamp":"[time]","nodeId":"prompt_step","status":"success","message":"Completed in [s].","output":"Explain Rust","error":null}

    data: {"timestamp":"[time]","nodeId":"llm_step","status":"running","message":"Calling Gemini API (Attempt 1/5)...","output":null,"error":null}

    data: {"timestamp":"[time]","nodeId":"llm_step","status":"retrying","message":"Attempt 1/5 failed: the model is overloaded. Retrying in [s]...","output":null,"error":"the model is overloaded"}

    data: {"timestamp":"[time]","nodeId":"llm_step","status":"running","message":"Calling Gemini API (Attempt 2/5)...","output":null,"error":null}

    data: {"timestamp":"[time]","nodeId":"llm_step","status":"failure","message":"Failed after 2 attempts: the key is not valid","output":null,"error":"the key is not valid"}

    data: {"type":"workflowStatus","status":"failed","message":"Workflow failed: the key is not valid"}
    "#);
}

#[tokio::test]
async fn a_cancelled_run_ends_as_failed() {
    let _hiding = hiding();
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let run = request("POST", &format!("{workflow}/run"))
        .body(r#"{"input":1}"#.into())
        .unwrap();
    let response = api.send(run).await;
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let mut frames = support::Frames::of(response.into_body());
    for _ in 0..3 {
        frames.next().await.unwrap();
    }

    api.post(&format!("{location}/cancel"), "").await;

    insta::assert_snapshot!(frames.rest().await.concat(), @r#"
    data: {"timestamp":"[time]","nodeId":"llm_step","status":"info","message":"Stopped: run cancelled.","output":null,"error":null}

    data: {"type":"workflowStatus","status":"failed","message":"Workflow cancelled."}
    "#);
}

#[tokio::test]
async fn outputs_other_than_strings_are_compact_json() {
    let api = Api::new();
    let data = json!({"value": {"n": [1, 2.5, null], "of": "{{ input }}"}});
    let workflow = api
        .create(json!({"nodes": [{"id": "shape", "type": "TransformNode", "data": data}]}))
        .await;

    let (_, frames) = run(&api, &workflow).await;

    let frame: serde_json::Value =
        serde_json::from_str(frames[1].strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(
        frame["output"],
        r#"{"n":[1,2.5,null],"of":"Quantum Computing"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_model_causes_heartbeats() {
    let api = Api::new();
    let workflow = api.create(two_steps()).await;
    let run = request("POST", &format!("{workflow}/run"))
        .body(r#"{"input":1}"#.into())
        .unwrap();
    let mut frames = api.stream(run).await;
    for _ in 0..3 {
        assert!(frames.next().await.unwrap().starts_with("data: "));
    }
    assert_eq!(frames.next().await.unwrap(), ": hb\n\n");
}

#[tokio::test]
async fn a_skipped_step_has_the_status_info() {
    let _hiding = hiding();
    let api = Api::new();
    let spec = json!({"nodes": [
        {"id": "a", "type": "PromptNode", "when": "input == 'yes'", "data": {"template": "{{ input }}"}},
        {"id": "b", "type": "PromptNode", "data": {"template": "{{ a.output }}"}},
    ]});
    let workflow = api.create(spec).await;
    let run = request("POST", &format!("{workflow}/run"))
        .body(json!({"input": "no"}).to_string().into())
        .unwrap();
    insta::assert_snapshot!(api.stream(run).await.rest().await.concat(), @r#"
    data: {"timestamp":"[time]","nodeId":"a","status":"info","message":"Skipped: its condition is false.","output":null,"error":null}

    data: {"timestamp":"[time]","nodeId":"b","status":"info","message":"Skipped: all steps that it needs were skipped.","output":null,"error":null}

    data: {"type":"workflowStatus","status":"completed","message":"Workflow completed successfully."}
    "#);
}
