// The check of the workflow text: its faults, from the parser or from the server, and the steps it describes.
import { useEffect, useMemo, useRef, useState } from 'react';
import { ApiError, asProblem, validate } from '../api/client';
import { TOOL_CALL } from '../api/nodeTypes';
import type { Fault } from '../api/types';
import { own } from '../base/ownProperty';
import { ON_FAILURE } from '../run/outline';
import { toolsOf } from './bodies';
import { needsOf } from './needs';
import { positionOf, rangeOf, scan, type Range, type Scan, type Span } from './scan';

export interface LocatedFault extends Fault, Range {
  line: number;
  column: number;
  /** A warning does not prevent a run. */
  isWarning: boolean;
}

/** A node or a tool, as the text describes it. */
export interface Outline {
  id: string;
  /** Its id after those of the containers it is in: `each/sum`, `support/order/get`. */
  path: string;
  depth: number;
  type: string;
  /** Paths. */
  needs: string[];
  span: Span;
  /** The JSON pointer of what is written. */
  pointer: string;
  node: Record<string, unknown>;
}

export interface Check {
  /** As of the last pause. Without a `spec`, the text is not JSON, whether that is listed yet or not. */
  faults: LocatedFault[];
  warnings: LocatedFault[];
  outline: Outline[];
  spec: unknown;
}

/** Faults appear this long after the last key, so that no word is a fault while it is being written. */
const PAUSE = 600;

export function useCheck(text: string): Check {
  const [found, setFound] = useState<LocatedFault[]>([]);
  const seen = useMemo(() => scan(text), [text]);
  const spec = useMemo(() => (seen.spans ? (JSON.parse(text) as unknown) : undefined), [seen, text]);
  const lastOutline = useRef<Outline[]>([]);
  const outline = useMemo(() => {
    // While the text is not JSON, the last steps stay; an empty text has none.
    if (text.trim() === '') lastOutline.current = [];
    else if (seen.spans) lastOutline.current = outlineOf(spec, seen.spans);
    return lastOutline.current;
  }, [seen, spec, text]);

  useEffect(() => {
    if (!seen.spans) {
      const timer = setTimeout(() => setFound([syntaxFault(text, seen)]), PAUSE);
      return () => clearTimeout(timer);
    }
    const { spans } = seen;
    const stop = new AbortController();
    // In the order of the text.
    const locate = (faults: Fault[], isWarning: boolean) =>
      faults
        .map((fault) => ({ ...fault, ...place(text, rangeOf(spans, fault.pointer, text, fault.code === 'unknown_field')), isWarning }))
        .sort((a, b) => a.from - b.from);
    const timer = setTimeout(() => {
      validate(spec, stop.signal).then(
        (said) => setFound([...locate(said.errors, false), ...locate(said.warnings ?? [], true)]),
        (error: unknown) => {
          if (stop.signal.aborted) return;
          // Without an answer there are no faults; starting a run validates again.
          const isRefused = error instanceof ApiError && error.status >= 400 && error.status < 500;
          setFound(isRefused ? locate(faultsOf(error), false) : []);
        },
      );
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [seen, spec, text]);

  const isJson = seen.spans !== undefined;
  const [faults, warnings] = useMemo(() => {
    // A fault of the parser disappears at once.
    const still = found.filter(({ code }) => code !== NO_JSON || !isJson);
    return [still.filter((fault) => !fault.isWarning), still.filter((fault) => fault.isWarning)];
  }, [found, isJson]);
  return useMemo(() => ({ faults, warnings, outline, spec }), [faults, warnings, outline, spec]);
}

/** The faults an answer lists, or the answer itself as the only one. */
function faultsOf(error: unknown): Fault[] {
  const problem = asProblem(error);
  if (problem.errors?.length) return problem.errors;
  return [{ code: problem.code ?? 'refused', pointer: '#', detail: problem.detail, ...(problem.hint ? { hint: problem.hint } : {}) }];
}

const NO_JSON = 'invalid_json';

const place = (text: string, range: Range) => ({ ...range, ...positionOf(text, range.from) });

function syntaxFault(text: string, { fault }: Extract<Scan, { fault: object }>): LocatedFault {
  // At the end of the text there is nothing to underline, so the last character before it is.
  const last = text.trimEnd().length;
  const from = Math.max(0, Math.min(fault.at, last - 1));
  const { line, column } = positionOf(text, Math.min(fault.at, last));
  return {
    code: NO_JSON,
    pointer: '#',
    detail: fault.detail,
    ...(fault.hint ? { hint: fault.hint } : {}),
    from,
    to: from + 1,
    line,
    column,
    isWarning: false,
  };
}

export function outlineOf(spec: unknown, spans: Map<string, Span>): Outline[] {
  const listed = (field: string, before: string) => within(own(spec, field), `/${field}`, before, 0, spans);
  return [...listed('nodes', ''), ...listed(ON_FAILURE, `${ON_FAILURE}/`)];
}

/** The nodes of a list, each followed by what is inside it. */
function within(nodes: unknown, at: string, before: string, depth: number, spans: Map<string, Span>): Outline[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: unknown, index) => {
    const { id, type, data } = (node ?? {}) as { id?: unknown; type?: unknown; data?: unknown };
    const place = `${at}/${index}`;
    const span = spans.get(place);
    if (typeof id !== 'string' || !span) return [];
    const step = {
      id,
      path: before + id,
      depth,
      type: typeof type === 'string' ? type : '',
      needs: needsOf(node, nodes[index - 1]).map((need) => before + need),
      span,
      pointer: place,
      node: node as Record<string, unknown>,
    };
    const body = within(own(data, 'nodes'), `${place}/data/nodes`, `${before}${id}/`, depth + 1, spans);
    return [step, ...body, ...toolsIn(data, `${place}/data/tools`, `${before}${id}/`, depth + 1, spans)];
  });
}

/** The tools of an agent, each followed by its nodes. */
function toolsIn(data: unknown, at: string, before: string, depth: number, spans: Map<string, Span>): Outline[] {
  return toolsOf(data).flatMap(({ name, index, tool }) => {
    const pointer = `${at}/${index}`;
    const span = spans.get(pointer);
    if (!span) return [];
    const step = { id: name, path: before + name, depth, type: TOOL_CALL, needs: [], span, pointer, node: tool };
    return [step, ...within(tool.nodes, `${pointer}/nodes`, `${before}${name}/`, depth + 1, spans)];
  });
}

/** Where the text has a step, by its path there: the nodes of a called workflow are only where it is called. */
export function writtenAt(outline: Outline[], path: string): string | undefined {
  for (let ids = path.split('/'); ids.length > 0; ids = ids.slice(0, -1)) {
    const written = ids.join('/');
    if (outline.some((step) => step.path === written)) return written;
  }
  return undefined;
}
