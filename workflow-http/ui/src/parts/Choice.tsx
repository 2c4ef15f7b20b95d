interface Props<T extends string> {
  label: string;
  options: readonly { value: T; word: string; disabled?: boolean }[];
  value: T;
  onChange: (value: T) => void;
}

/** A few words of which one is on. */
export function Choice<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <div role="group" aria-label={label} className="flex rounded-[7px] bg-raised p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          disabled={option.disabled}
          onClick={() => onChange(option.value)}
          className="h-[30px] rounded-[5px] px-2.5 text-meta font-strong text-ink-2 disabled:text-ink-3 aria-pressed:bg-card aria-pressed:text-ink aria-pressed:shadow-[0_0_0_1px_var(--line-2)] desk:h-6"
        >
          {option.word}
        </button>
      ))}
    </div>
  );
}
