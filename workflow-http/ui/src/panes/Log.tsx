import { memo, useState } from 'react';
import { getWorkflow } from '../api/client';
import { readAccess } from '../api/key';
import { Button } from '../parts/Button';
import { CodeText } from '../parts/CodeText';
import { Copy } from '../parts/Copy';
import { Icon } from '../parts/Icon';
import { PaneHead } from '../parts/PaneHead';
import { useFollow } from '../parts/useFollow';
import { curlOf } from '../run/curl';
import { downloadEvents } from '../run/download';
import type { LogLine } from '../run/log';
import { isKnown, type Run } from '../run/run';
import { stepOf } from '../base/useKeys';
import { runOf, useSession } from '../session/session';
import { clock, count } from '../base/format';

/** More lines than this are kept back until someone asks for them. */
const SHOWN = 500;

const NO_LINES: LogLine[] = [];

export function Log({ onChoose }: { onChoose: (path: string) => void }) {
  const run = useSession(runOf);
  return (
    <section aria-label="Log" data-pane="log" className="pane pane-log border-t border-line bg-panel">
      <PaneHead title="Log">{isKnown(run) && <Tools run={run} />}</PaneHead>
      <Lines lines={run?.log ?? NO_LINES} onChoose={onChoose} />
    </section>
  );
}

/** What can be done with all of it. */
function Tools({ run }: { run: Run }) {
  const [isMissing, setMissing] = useState(false);
  const { id, workflowId, version, input } = run;
  const curl = async () => {
    const { spec } = await getWorkflow(workflowId!, version);
    return curlOf({ api: new URL('api/', document.baseURI).href, spec, id: workflowId!, version, input, isKeyed: readAccess().key !== null });
  };
  const download = () =>
    downloadEvents(id).then(
      () => setMissing(false),
      () => setMissing(true),
    );
  return (
    <>
      {workflowId !== undefined && <Copy text={curl} word="Copy as curl" />}
      <Button look="quiet" size="small" onClick={() => void download()} aria-label="Download the events" title="Download the events as JSON lines">
        <Icon name="download" size={14} />
        <span role="status">{isMissing && 'The server does not answer'}</span>
      </Button>
    </>
  );
}

const Lines = memo(function Lines({ lines, onChoose }: { lines: LogLine[]; onChoose: (path: string) => void }) {
  const [isAll, setAll] = useState(false);
  const { content } = useFollow(true, lines);
  const shown = isAll ? lines : lines.slice(-SHOWN);
  /** The one line whose step the Tab key leads to; arrow keys lead to the others. */
  const [focused, setFocused] = useState<number>();
  const steps = shown.filter(({ of }) => of !== 'run');
  const entry = (steps.find(({ seq }) => seq === focused) ?? steps.at(-1))?.seq;
  return (
    <div
      ref={(element) => void (content.current = element)}
      className="flex-1 overflow-auto pb-2 font-code text-meta leading-5"
      tabIndex={0}
      role="region"
      aria-label="Log lines"
    >
      {lines.length === 0 && <p className="px-3.5 py-1 font-ui text-ink-3">What happens in a run is written here, line by line.</p>}
      {shown.length < lines.length && (
        <Button look="quiet" size="small" className="ml-1.5" onClick={() => setAll(true)}>
          Show {count(lines.length - shown.length)} earlier lines
        </Button>
      )}
      <ol onKeyDown={moveAmong} onFocus={(event) => setFocused(Number(event.target.closest<HTMLElement>('[data-seq]')?.dataset.seq))}>
        {shown.map((line) => (
          <Line key={line.seq} line={line} isEntry={line.seq === entry} onChoose={onChoose} />
        ))}
      </ol>
    </div>
  );
});

/** Up and down go from line to line, and Home and End to the first and last. */
function moveAmong(event: React.KeyboardEvent<HTMLElement>): void {
  const here = (event.target as Element).closest<HTMLElement>('[data-entry]');
  if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-entry]')];
  const step = stepOf(event.key);
  const next = event.key === 'Home' ? all[0] : event.key === 'End' ? all.at(-1) : step === 0 ? undefined : all[all.indexOf(here) + step];
  if (!next && step === 0) return;
  event.preventDefault();
  next?.focus();
}

const Line = memo(function Line({ line, isEntry, onChoose }: { line: LogLine; isEntry: boolean; onChoose: (path: string) => void }) {
  return (
    <li
      className="grid grid-cols-[82px_minmax(0,1fr)] gap-x-1 pr-3 pl-3.5 hover:bg-raised max-desk:grid-cols-[76px_minmax(0,1fr)]"
      data-state={line.state}
      data-seq={line.seq}
    >
      <time dateTime={line.time} title={line.time} className="text-ink-3">
        {clock(line.time)}
      </time>
      <span className="wrap-anywhere text-ink-2 [&_code]:text-ink">
        {line.of === 'run' ? (
          <span className="text-ink">run</span>
        ) : (
          <button type="button" className="text-ink hover:underline" data-entry tabIndex={isEntry ? 0 : -1} onClick={() => onChoose(line.of)}>
            [{line.of}]
          </button>
        )}{' '}
        <b className="text-micro leading-none font-[700] tracking-[0.02em] text-state">{line.word}</b> <CodeText text={line.message} />
      </span>
      {line.output !== undefined && <Output text={line.output} />}
    </li>
  );
});

/** Two lines of it, the rest on demand. */
function Output({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > 160 || text.split('\n', 3).length > 2;
  return (
    <span className="col-start-2 mt-px mb-1 border-l-2 border-line-2 pl-2 text-ink-3">
      <span className={`wrap-anywhere whitespace-pre-wrap ${isLong && !isOpen ? 'line-clamp-2' : 'block'}`} dir="auto">
        {isOpen || !isLong ? text : text.slice(0, 2000).replaceAll(/\s+/g, ' ')}
      </span>
      {isLong && (
        <button type="button" className="font-ui font-strong text-live underline underline-offset-3" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? 'less' : 'more'}
        </button>
      )}
    </span>
  );
}
