//! Sends one prompt to Gemini and prints the answer. The prompt is the argument or standard input.

mod failure;
mod output;

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, builder::NonEmptyStringValueParser};
use futures::StreamExt;
use workflow_gemini::{Chunk, GeminiClient, GeminiClientBuilder, GenerateRequest, Reply};

use self::{failure::Failure, output::Output};

const ENVIRONMENT: &str = "\
Environment:
  GOOGLE_API_KEY            the API key; otherwise GEMINI_API_KEY
  GEMINI_MODEL              the model, unless --model is given
  GOOGLE_GEMINI_BASE_URL    the address of the Gemini API
  GOOGLE_GENAI_API_VERSION  the version of the Gemini API
  GEMINI_STORE              true or false: whether Google may store requests and answers
  HTTPS_PROXY, NO_PROXY     the proxy, and the hosts to reach without it

The exit code is 0 if there is an answer, 1 if there is none, and 141 if the reader of the output
closes it early.";

/// Sends one prompt to Gemini and prints the answer.
#[derive(Debug, Parser)]
#[command(version, after_help = ENVIRONMENT)]
struct Cli {
    /// The model.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,

    /// Print the text while the model writes it.
    #[arg(long)]
    stream: bool,

    /// The system instruction: the model's role and rules.
    #[arg(long)]
    system: Option<String>,

    /// A JSON Schema that the answer has to match.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,

    /// Print one line of JSON, also for an error: `{text, thoughts, finish_reason, usage, model,
    /// response_id}`, or `{error: {code, message, status, retry_after, hint}}`, with seconds to wait.
    #[arg(long)]
    json: bool,

    /// The prompt. Without it, or with `-`, standard input is read.
    prompt: Option<String>,
}

/// The exit code of a program that a closed pipe ends, as a shell reports it: 128 plus the number of
/// SIGPIPE.
const CLOSED_PIPE: u8 = 141;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json, cli.stream);
    match answer(&cli, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::from(CLOSED_PIPE),
        Err(failure) => {
            output.error(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn answer(cli: &Cli, output: &Output) -> Result<(), Failure> {
    let client = client(cli)?;
    let request = request(cli)?;
    let reply = if cli.stream {
        streamed(&client, &request, output).await?
    } else {
        client.generate(&request).await?
    };
    output.reply(&reply)
}

async fn streamed(
    client: &GeminiClient,
    request: &GenerateRequest,
    output: &Output,
) -> Result<Reply, Failure> {
    let mut chunks = client.stream(request);
    while let Some(chunk) = chunks.next().await {
        match chunk? {
            Chunk::Text(text) => output.piece(&text)?,
            Chunk::Done(reply) => return Ok(*reply),
            _ => {}
        }
    }
    Err(Failure::NoEnd)
}

fn client(cli: &Cli) -> Result<GeminiClient, Failure> {
    let mut builder = GeminiClientBuilder::from_env();
    if let (Some(used), Some(ignored)) = (builder.key_variable(), builder.ignored_key_variable()) {
        output::warn(&format!("{used} is used; {ignored} is set, too."));
    }
    if let Some(model) = &cli.model {
        builder = builder.with_model(model);
    }
    Ok(builder.build()?)
}

fn request(cli: &Cli) -> Result<GenerateRequest, Failure> {
    let prompt = match cli.prompt.as_deref() {
        Some(prompt) if prompt != "-" => prompt.to_owned(),
        _ => {
            let mut prompt = String::new();
            let read = io::stdin().read_to_string(&mut prompt);
            read.map_err(Failure::Input)?;
            prompt
        }
    };
    let mut request = GenerateRequest::new(prompt);
    if let Some(system) = &cli.system {
        request = request.with_system(system);
    }
    if let Some(file) = &cli.schema {
        let text = fs::read_to_string(file).map_err(|error| Failure::File(file.clone(), error))?;
        let schema = serde_json::from_str(&text);
        request =
            request.with_schema(schema.map_err(|error| Failure::NotJson(file.clone(), error))?);
    }
    Ok(request)
}
