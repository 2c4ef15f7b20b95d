//! Asks Gemini once: the prompt is the argument, or what comes from standard input.

mod output;
mod stopped;

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, builder::NonEmptyStringValueParser};
use futures::StreamExt;
use workflow_gemini::{Chunk, GeminiClient, GeminiClientBuilder, GenerateRequest, Reply};

use self::{output::Output, stopped::Stopped};

const ENVIRONMENT: &str = "\
Environment:
  GOOGLE_API_KEY            the key; else GEMINI_API_KEY
  GEMINI_MODEL              the model, unless --model is given
  GOOGLE_GEMINI_BASE_URL    where the Gemini API is
  GOOGLE_GENAI_API_VERSION  its version
  GEMINI_STORE              true or false: whether Google may store what is sent
  HTTPS_PROXY, NO_PROXY     the proxy, and for which hosts there is none

The exit code is 0 when there is an answer, 1 when there is none, and 141 when the reader of the
output closes it before its end.";

/// Asks Gemini once, and prints the answer.
#[derive(Debug, Parser)]
#[command(version, after_help = ENVIRONMENT)]
struct Cli {
    /// The model to ask.
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,

    /// Print the text as it comes.
    #[arg(long)]
    stream: bool,

    /// What the model is told about its role.
    #[arg(long)]
    system: Option<String>,

    /// A JSON Schema that the answer has to fit.
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,

    /// Print one line of JSON, also for an error: `{text, thoughts, finish_reason, usage, model,
    /// response_id}`, or `{error: {code, message, status, retry_after, hint}}`, with seconds to wait.
    #[arg(long)]
    json: bool,

    /// The prompt; without it, or with `-`, it is read from standard input.
    prompt: Option<String>,
}

/// The status of a program that a closed pipe ends, as a shell reports it: 128 and the number of
/// SIGPIPE.
const CLOSED_PIPE: u8 = 141;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json, cli.stream);
    match answer(&cli, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(stopped) if stopped.is_closed_pipe() => ExitCode::from(CLOSED_PIPE),
        Err(stopped) => {
            output.error(&stopped);
            ExitCode::FAILURE
        }
    }
}

async fn answer(cli: &Cli, output: &Output) -> Result<(), Stopped> {
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
) -> Result<Reply, Stopped> {
    let mut chunks = client.stream(request);
    while let Some(chunk) = chunks.next().await {
        match chunk? {
            Chunk::Text(text) => output.piece(&text)?,
            Chunk::Done(reply) => return Ok(*reply),
            _ => {}
        }
    }
    Err(Stopped::NoEnd)
}

fn client(cli: &Cli) -> Result<GeminiClient, Stopped> {
    let mut builder = GeminiClientBuilder::from_env();
    if let (Some(used), Some(ignored)) = (builder.key_variable(), builder.ignored_key_variable()) {
        output::complain(&format!("{used} is used; {ignored} is set, too."));
    }
    if let Some(model) = &cli.model {
        builder = builder.with_model(model);
    }
    Ok(builder.build()?)
}

fn request(cli: &Cli) -> Result<GenerateRequest, Stopped> {
    let prompt = match cli.prompt.as_deref() {
        Some(prompt) if prompt != "-" => prompt.to_owned(),
        _ => {
            let mut prompt = String::new();
            let read = io::stdin().read_to_string(&mut prompt);
            read.map_err(Stopped::Input)?;
            prompt
        }
    };
    let mut request = GenerateRequest::new(prompt);
    if let Some(system) = &cli.system {
        request = request.with_system(system);
    }
    if let Some(file) = &cli.schema {
        let text = fs::read_to_string(file).map_err(|error| Stopped::File(file.clone(), error))?;
        let schema = serde_json::from_str(&text);
        request =
            request.with_schema(schema.map_err(|error| Stopped::NotJson(file.clone(), error))?);
    }
    Ok(request)
}
