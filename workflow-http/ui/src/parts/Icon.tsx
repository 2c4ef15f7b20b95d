// The shapes are symbols in index.html; this draws one.

export type IconName =
  | 'pending'
  | 'queued'
  | 'running'
  | 'retrying'
  | 'waiting'
  | 'delayed'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'prompt'
  | 'llm'
  | 'transform'
  | 'switch'
  | 'http'
  | 'delay'
  | 'human'
  | 'map'
  | 'loop'
  | 'workflow'
  | 'agent'
  | 'tool'
  | 'mark'
  | 'plus'
  | 'minus'
  | 'fit'
  | 'help'
  | 'list'
  | 'link'
  | 'search'
  | 'chev'
  | 'sun'
  | 'play'
  | 'stop'
  | 'copy'
  | 'bulb'
  | 'warning'
  | 'wifi'
  | 'off'
  | 'flask'
  | 'text'
  | 'log'
  | 'time'
  | 'rows'
  | 'download'
  | 'cross'
  | 'pin';

export function Icon({ name, size = 16, className = '' }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg className={`icon ${className}`} width={size} height={size} aria-hidden="true">
      <use href={`#icon-${name}`} />
    </svg>
  );
}

const OF_NODES = [
  'prompt',
  'llm',
  'transform',
  'switch',
  'http',
  'delay',
  'human',
  'map',
  'loop',
  'workflow',
  'agent',
  'tool',
  'search',
  'text',
  'list',
] as const;

/** An icon that the page does not have is a plain box. */
export const iconOf = (name: string | undefined): IconName => OF_NODES.find((icon) => icon === name) ?? 'rows';
