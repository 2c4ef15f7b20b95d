// Programs that start a workflow, follow it to its end and answer its questions, in several languages.
import type { Program } from './program';

export const LANGUAGES = ['curl', 'Python', 'TypeScript', 'Rust'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Snippet {
  /** How its file is named. */
  file: string;
  /** The commands that install its client and run it. `$repository` is a checkout of the server's source. */
  install?: string;
  code: string;
}

/** The client for Rust, as `use` names it. */
const RUST_LIBRARY = 'workflow_client';

const ASK = 'Here your program asks a person. This answers for one.';

export const snippetOf = (language: Language, program: Program): Snippet => SNIPPETS[language](program);

const SNIPPETS: Record<Language, (program: Program) => Snippet> = { curl, Python: python, TypeScript: typescript, Rust: rust };

/** Lines, without those that are `false`. */
const lines = (...all: (string | false)[]): string => `${all.filter((line) => line !== false).join('\n')}\n`;

function curl({ base, workflow, input, answers, isKeyed }: Program): Snippet {
  // From a file, which the list of processes does not show.
  const key = isKeyed ? ' -H @<(echo "authorization: Bearer $WORKFLOW_API_KEY")' : '';
  const code = lines(
    '#!/usr/bin/env bash',
    'set -euo pipefail',
    `api=${shell(`${base}/api`)}`,
    `request() { curl -sS --fail-with-body --retry 10 --retry-connrefused${key} "$@"; }`,
    `post() { request -H 'content-type: application/json' "$@"; }`,
    '',
    '# The same idempotency key starts one run, also if this is sent again.',
    `run=$(post "$api/workflows/${workflow}/runs" \\`,
    `  -H "idempotency-key: $(date +%s)-$RANDOM" \\`,
    `  -d ${shell(JSON.stringify({ input }))} | jq -r .id)`,
    '',
    'handle() {',
    '  case $name in',
    '    node.delta) jq -j .delta <<<"$data" ;;',
    answers.length > 0 && '    node.waiting) answer "$(jq -r .node <<<"$data")" "$(jq -r .wait_id <<<"$data")" ;;',
    `    run.completed) jq .output <<<"$data"; is_ended=1 ;;`,
    '    run.failed | run.cancelled) echo "$data" >&2; exit 1 ;;',
    '  esac',
    '}',
    ...(answers.length > 0
      ? [
          '',
          `# ${ASK}`,
          'answer() {',
          '  case $1 in',
          ...answers.map(([node, answer]) => `    ${node}) post "$api/runs/$run/waits/$2" -d ${shell(JSON.stringify(answer))} >/dev/null ;;`),
          '  esac',
          '}',
        ]
      : []),
    '',
    '# After a lost connection, continue after the last event.',
    'last=0 id=0 name= data= is_ended=',
    'until [ "$is_ended" ]; do',
    `  while IFS= read -r line || [ "$line" ]; do`,
    '    case $line in',
    `      'id: '*) id=\${line#id: } ;;`,
    `      'event: '*) name=\${line#event: } ;;`,
    `      'data: '*) data=\${line#data: } ;;`,
    `      '{'*) echo "$line" >&2; exit 1 ;; # the server refuses`,
    `      '') handle; last=$id name= ;;`,
    '    esac',
    '  done < <(request -N "$api/runs/$run/events" -H "last-event-id: $last" || true)',
    '  [ "$is_ended" ] || sleep 1',
    'done',
  );
  return { file: 'run.sh', code };
}

function python({ base, workflow, input, answers, isKeyed }: Program): Snippet {
  const code = lines(
    isKeyed && 'import os\n',
    'from llm_workflow_client import WorkflowClient',
    '',
    ...(answers.length > 0 ? [`# ${ASK}`, `ANSWERS = ${inPython(Object.fromEntries(answers))}`, ''] : []),
    `with WorkflowClient(${inPython(base)}${isKeyed ? ', os.environ["WORKFLOW_API_KEY"]' : ''}) as client:`,
    `    run = client.start(${inPython(workflow)}, ${inPython(input)})`,
    '    for update in client.follow(run["id"]):',
    '        match update["type"]:',
    '            case "node.delta":',
    '                print(update["delta"], end="", flush=True)',
    ...(answers.length > 0
      ? ['            case "node.waiting" if update["node"] in ANSWERS:', '                client.answer(run["id"], update["path"], ANSWERS[update["node"]])']
      : []),
    '            case "run.completed":',
    '                print()',
    '                print(update["output"])',
    '            case "run.failed":',
    '                raise SystemExit(update["error"]["detail"])',
  );
  return { file: 'run.py', install: 'pip install "$repository/clients/python"\npython run.py', code };
}

function typescript({ base, workflow, input, answers, isKeyed }: Program): Snippet {
  const key = isKeyed ? ', apiKey: process.env.WORKFLOW_API_KEY' : '';
  const code = lines(
    `import { WorkflowClient } from 'llm-workflow-client';`,
    '',
    ...(answers.length > 0 ? [`// ${ASK}`, `const answers = new Map<string, unknown>(${inScript(answers)});`, ''] : []),
    `const client = new WorkflowClient({ baseUrl: ${inScript(base)}${key} });`,
    `const run = await client.start(${inScript(workflow)}, { input: ${inScript(input)} });`,
    'for await (const update of client.follow(run.id)) {',
    `  if (update.type === 'node.delta') process.stdout.write(update.delta);`,
    ...(answers.length > 0
      ? [
          `  if (update.type === 'node.waiting' && answers.has(update.node)) {`,
          '    await client.answer(run.id, update.path, answers.get(update.node));',
          '  }',
        ]
      : []),
    `  if (update.type === 'run.completed') console.log('\\n', update.output);`,
    `  if (update.type === 'run.failed') throw new Error(update.error.detail);`,
    '}',
  );
  const install = '(cd "$repository/clients/typescript" && npm ci && npm run build)\nnpm install "$repository/clients/typescript"\nnpx tsx run.mts';
  return { file: 'run.mts', install, code };
}

function rust({ base, workflow, input, answers, isKeyed }: Program): Snippet {
  const key = isKeyed ? '.with_api_key(std::env::var("WORKFLOW_API_KEY")?)' : '';
  const json = answers.length > 0 || isRustLiteral(input) ? 'use serde_json::json;' : false;
  const code = lines(
    'use futures::StreamExt;',
    json,
    `use ${RUST_LIBRARY}::{Client, EventKind, Update};`,
    '',
    '#[tokio::main]',
    'async fn main() -> Result<(), Box<dyn std::error::Error>> {',
    `    let client = Client::builder(${inRustText(base)})${key}.build()?;`,
    `    let input = ${inRust(input)};`,
    `    let run = client.start(${inRustText(workflow)}.parse()?, input).await?;`,
    '    let mut updates = client.follow(run.id);',
    '    while let Some(update) = updates.next().await {',
    '        match update? {',
    '            Update::Delta(delta) => print!("{}", delta.text),',
    '            Update::Event(event) => match event.kind {',
    ...(answers.length > 0
      ? [
          '                EventKind::NodeWaiting(wait) => {',
          `                    // ${ASK}`,
          '                    let answer = match wait.step.node().as_str() {',
          ...answers.map(([node, answer]) => `                        ${inRustText(node)} => ${inRust(answer)},`),
          '                        _ => continue,',
          '                    };',
          '                    client.answer_wait(run.id, wait.wait_id, &answer).await?;',
          '                }',
        ]
      : []),
    '                EventKind::RunCompleted(it) => println!("\\n{}", it.output),',
    '                EventKind::RunFailed(it) => return Err(it.error.detail.as_str().into()),',
    '                _ => {}',
    '            },',
    '            _ => {}',
    '        }',
    '    }',
    '    Ok(())',
    '}',
  );
  const install = 'cargo add --path "$repository/workflow-client"\ncargo add futures serde_json && cargo add tokio --features full\ncargo run';
  return { file: 'src/main.rs', install, code };
}

/** For a POSIX shell. */
const shell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function inScript(value: unknown): string {
  if (typeof value === 'string') return /^[^'\\\p{Cc}\p{Surrogate}\u2028\u2029]*$/u.test(value) ? `'${value}'` : wellFormed(value);
  if (Array.isArray(value)) return `[${value.map(inScript).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return wellFormed(value);
  const members = Object.entries(value).map(([name, member]) => `${scriptName(name)}: ${inScript(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function scriptName(name: string): string {
  // In a literal, this name would set the prototype.
  if (name === '__proto__') return `['__proto__']`;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : inScript(name);
}

function inPython(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(inPython).join(', ')}]`;
  if (typeof value !== 'object') return wellFormed(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${wellFormed(name)}: ${inPython(member)}`)
    .join(', ')}}`;
}

/** A string literal. The escapes of JSON that Rust does not have become those of Rust. */
const inRustText = (text: string): string =>
  wellFormed(text)
    .replaceAll(/(?<=(?:^|[^\\])(?:\\\\)*)\\[bf]/g, (found) => (found === '\\b' ? '\\u{8}' : '\\u{c}'))
    .replaceAll(/(?<=(?:^|[^\\])(?:\\\\)*)\\u([0-9a-f]{4})/g, '\\u{$1}');

/** A value. JSON that `json!` does not take as a literal is parsed when the program runs. */
function inRust(value: unknown): string {
  if (typeof value === 'string') return `json!(${inRustText(value)})`;
  const json = wellFormed(value);
  if (isRustLiteral(value)) return `json!(${json})`;
  const hashes = '#'.repeat(longestRun(json) + 1);
  return `serde_json::from_str::<serde_json::Value>(r${hashes}"${json}"${hashes})?`;
}

/** `json!` reads numbers as `i32` and `f64`, and has a limit of recursion. */
function isRustLiteral(value: unknown): boolean {
  if (typeof value === 'string') return true;
  const json = wellFormed(value);
  const numbers = json.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').match(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi) ?? [];
  return json.length <= 300 && !/\\[bfu]/.test(json) && numbers.every((number) => /[.e]/i.test(number) || Math.abs(Number(number)) < 2 ** 31);
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/#+/g) ?? []).map(({ length }) => length));

/** JSON without halves of surrogate pairs, which no UTF-8 file can have. */
const wellFormed = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) => (typeof member === 'string' ? member.replaceAll(/\p{Surrogate}/gu, '\ufffd') : member)) ?? 'null';
