// The start page: what this is, and examples to run with one click. This module is a lazy chunk.
import { writeAddress } from '../session/address';
import { Button } from '../parts/Button';
import { ErrorCard } from '../parts/ErrorCard';
import { Icon } from '../parts/Icon';
import { useActions, useSession, type Actions } from '../session/session';
import { addressOf } from '../session/useOpen';
import { isMac } from '../base/format';
import { EXAMPLES, type Example } from './examples';
import { Thumb } from './Thumb';

interface Props {
  isSimulated: boolean;
}

/** The number of examples with a picture. */
const PICTURED = 3;

export default function Home({ isSimulated }: Props) {
  const refusal = useSession(({ messages }) => messages.refusal);
  const isTextEdited = useSession(({ text }) => text.isEdited);
  const saved = useSession(({ text }) => text.saved);
  const isStarting = useSession(({ phase }) => phase.isStarting);
  const { tryOut, begin } = useActions();
  const props = { isStarting, onTry: tryOut };
  return (
    <div className="pane pane-main overflow-auto bg-bg" data-pane="home">
      <div className="mx-auto grid w-full max-w-[996px] gap-6 px-4 py-7 desk:px-8 desk:py-13">
        <div>
          <h1 className="text-hello leading-8 font-bold tracking-[-0.02em] text-balance">Write a workflow as JSON. Watch it run.</h1>
          <p className="mt-2 max-w-[52ch] text-[15px] leading-[23px] text-ink-2">
            Every token, retry and wait is shown live and stored. Start with an example: it is saved as a workflow that you can change.
          </p>
        </div>
        {refusal && <ErrorCard problem={refusal} />}
        {isTextEdited && (
          <p className="text-ink-2">
            You have unsaved text.{' '}
            <a href={writeAddress(addressOf(saved))} className="font-strong text-live underline underline-offset-3">
              Continue writing
            </a>
          </p>
        )}
        {isSimulated && (
          <p className="flex gap-2.5 rounded-card border border-line-2 px-3.5 py-[11px] leading-5 text-ink-2">
            <Icon name="flask" className="mt-0.5 text-retry" />
            <span>
              <b className="text-ink">Answers are simulated.</b> No model is asked and nothing is charged. Start the server with <code>GEMINI_API_KEY</code> set
              to get real answers.
            </span>
          </p>
        )}
        <ul aria-label="Examples" className="grid gap-3.5 broad:grid-cols-3">
          {EXAMPLES.slice(0, PICTURED).map((example) => (
            <Card key={example.name} example={example} {...props} />
          ))}
        </ul>
        <ul aria-label="More examples" className="grid gap-x-3.5 broad:grid-cols-2">
          {EXAMPLES.slice(PICTURED).map((example) => (
            <Row key={example.name} example={example} {...props} />
          ))}
        </ul>
        <Ways onBegin={begin} />
      </div>
    </div>
  );
}

interface OneProps {
  example: Example;
  isStarting: boolean;
  onTry: Actions['tryOut'];
}

function Card({ example, ...rest }: OneProps) {
  return (
    <li className="flex flex-col overflow-hidden rounded-box border border-line-2 bg-card">
      <div className="grid h-36 place-items-center border-b border-line bg-bg desk:max-broad:hidden">
        <Thumb nodes={example.spec.nodes} />
      </div>
      <div className="flex flex-1 flex-col gap-1 p-3.5">
        <h2 className="font-code text-lead font-bold">{example.name}</h2>
        <p className="flex-1 text-ink-2">{example.spec.description}</p>
        <div className="mt-2 flex items-center gap-2">
          <span className="flex-1 text-meta text-ink-3">{example.facts}</span>
          <Try example={example} {...rest} />
        </div>
      </div>
    </li>
  );
}

function Row({ example, ...rest }: OneProps) {
  return (
    <li className="flex items-center gap-3 border-t border-line py-2">
      <p className="min-w-0 flex-1">
        <b className="block font-code text-base font-bold">{example.name}</b>
        <span className="text-meta text-ink-2">{example.spec.description}</span>
      </p>
      <Try example={example} {...rest} />
    </li>
  );
}

function Try({ example: { name, spec }, isStarting, onTry }: OneProps) {
  return (
    <Button
      size="small"
      className="text-live"
      aria-label={`Run it: ${name}`}
      aria-disabled={isStarting}
      onClick={() => isStarting || onTry(spec, spec.input.examples[0])}
    >
      <Icon name="play" size={12} />
      Run it
    </Button>
  );
}

function Ways({ onBegin }: { onBegin: () => void }) {
  return (
    <div className="grid gap-3.5 text-ink-2 broad:grid-cols-3">
      <section>
        <h2 className="mb-1 font-bold text-ink">Write your own</h2>
        <p className="text-meta">
          <button type="button" className="font-strong text-live underline underline-offset-3" onClick={onBegin}>
            Begin a workflow
          </button>
          , or press <kbd className="key">n</kbd>. Faults are marked as you type. <Doc path="tutorial">Tutorial</Doc>, <Doc path="language">language</Doc>
        </p>
      </section>
      <section>
        <h2 className="mb-1 font-bold text-ink">Paste one</h2>
        <p className="text-meta">
          Press <kbd className="key">{isMac ? '⌘V' : 'Ctrl V'}</kbd> anywhere on this page with a workflow on the clipboard.
        </p>
      </section>
      <section>
        <h2 className="mb-1 font-bold text-ink">Use the API</h2>
        <p className="text-meta">
          Post it to <code>api/workflows</code>. Its runs show up here, live. <Doc path="api">API reference</Doc>
        </p>
      </section>
    </div>
  );
}

function Doc({ path, children }: { path: string; children: string }) {
  return (
    <a href={`docs/${path}`} className="font-strong text-live underline underline-offset-3">
      {children}
    </a>
  );
}
