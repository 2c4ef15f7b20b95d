interface Props<T extends string> {
  label: string;
  options: readonly { value: T; word: string; count?: number | string; isFaulty?: boolean; disabled?: boolean }[];
  value: T;
  onChange: (value: T) => void;
  look?: keyof typeof LOOKS;
}

/** Joined: ways to see one thing. Pills: which of many things to see. */
const LOOKS = {
  joined: {
    group: 'rounded-[7px] bg-raised p-0.5',
    one: 'h-[30px] rounded-[5px] px-2.5 aria-pressed:bg-card aria-pressed:text-ink aria-pressed:shadow-[0_0_0_1px_var(--line-2)] desk:h-6',
  },
  pills: {
    group: 'flex-wrap gap-1',
    one: 'h-8 rounded-full border border-line-2 px-2 hover:bg-raised aria-pressed:border-ink aria-pressed:bg-ink aria-pressed:text-panel desk:h-6',
  },
} as const;

/** A few words of which one is on. */
export function Choice<T extends string>({ label, options, value, onChange, look = 'joined' }: Props<T>) {
  return (
    <div role="group" aria-label={label} className={`flex ${LOOKS[look].group}`}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          disabled={option.disabled}
          onClick={() => onChange(option.value)}
          className={`inline-flex flex-none items-center gap-1.5 text-meta font-strong text-ink-2 disabled:text-ink-3 ${LOOKS[look].one}`}
        >
          {option.word}
          {option.count !== undefined && <code className={`text-micro ${option.isFaulty ? 'text-fail' : ''}`}>{option.count}</code>}
        </button>
      ))}
    </div>
  );
}
