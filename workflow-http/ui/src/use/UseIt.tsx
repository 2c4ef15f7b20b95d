// Programs that use the open workflow, ready to be copied.
import { useState } from 'react';
import { readAccess } from '../api/key';
import { Choice } from '../parts/Choice';
import { Copy } from '../parts/Copy';
import { Dialog } from '../parts/Dialog';
import { inputValue } from '../session/useInput';
import { useSession } from '../session/session';
import { answersOf, inputOf, type Program } from './program';
import { LANGUAGES, snippetOf, type Language } from './snippets';

const OPTIONS = LANGUAGES.map((value) => ({ value, word: value }));

export default function UseIt({ onClose }: { onClose: () => void }) {
  const [language, setLanguage] = useState<Language>('curl');
  const program = useProgram();
  const isEdited = useSession(({ text }) => text.text !== text.saved?.text);
  const { file, install, code } = snippetOf(language, program);
  return (
    <Dialog title="Use it in your app" isWide onClose={onClose}>
      <p className="text-ink-2">
        This program starts the workflow, follows it to its end, also over a restart of the server
        {program.answers.length > 0 && (
          <>
            , and answers <Names names={program.answers.map(([node]) => node)} />
          </>
        )}
        .{program.isKeyed && ' It takes the API key from the environment.'}
      </p>
      {isEdited && <p className="mt-1.5 text-wait">Your changes are not saved: programs run the saved version.</p>}
      <div className="mt-3.5 mb-1.5 flex flex-wrap items-center gap-2">
        <Choice label="Language" options={OPTIONS} value={language} onChange={setLanguage} />
        <span className="ml-auto flex items-center gap-2">
          <code className="text-meta text-ink-3">{file}</code>
          <Copy text={code} word="Copy" />
        </span>
      </div>
      <Code label={`Program in ${language}`} text={code} />
      {install === undefined ? (
        <p className="mt-2.5 text-meta text-ink-3">Run it with bash. It needs curl 7.76 or newer, and jq.</p>
      ) : (
        <>
          <p className="mt-3 mb-1.5 text-meta text-ink-3">
            Install its client and run it, where <code className="text-ink-2">$repository</code> is a checkout of the server’s source:
          </p>
          <Code label="How to install and run it" text={install} />
        </>
      )}
    </Dialog>
  );
}

/** The stored workflow as programs see it. The input is the one of this page. */
function useProgram(): Program {
  const saved = useSession(({ text }) => text.saved);
  const input = useSession(({ input }) => input.value);
  const spec = saved === null ? null : (JSON.parse(saved.text) as unknown);
  return {
    base: new URL('.', document.baseURI).href.replace(/\/$/, ''),
    workflow: saved?.id ?? '',
    input: inputOf(spec, inputValue(input)),
    answers: answersOf(spec),
    isKeyed: readAccess().key !== null,
  };
}

function Names({ names }: { names: string[] }) {
  return names.map((name, index) => (
    <span key={name}>
      {index > 0 && ', '}
      <code>{name}</code>
    </span>
  ));
}

function Code({ label, text }: { label: string; text: string }) {
  return (
    <pre
      tabIndex={0}
      role="region"
      aria-label={label}
      dir="ltr"
      className="max-h-[46vh] overflow-auto rounded-card border border-line bg-inset px-3 py-2.5 font-code text-meta leading-5"
    >
      <code>{text.trimEnd()}</code>
    </pre>
  );
}
