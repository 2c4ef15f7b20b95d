import type { ComponentProps } from 'react';

const LOOKS = {
  primary: 'border-live bg-live text-live-on font-bold hover:brightness-106',
  plain: 'border-line-2 bg-card font-strong hover:bg-raised',
  danger: 'border-line-2 bg-card text-fail font-strong hover:bg-raised',
  quiet: 'border-transparent text-ink-2 font-strong hover:bg-raised hover:text-ink',
} as const;

const SIZES = {
  base: 'h-9 desk:h-[30px] px-[11px]',
  small: 'h-8 desk:h-[26px] px-2 text-meta',
  icon: 'h-9 w-9 desk:h-[30px] desk:w-[30px]',
} as const;

const OFF = 'aria-disabled:cursor-not-allowed aria-disabled:border-line-2 aria-disabled:bg-raised aria-disabled:text-ink-3 aria-disabled:hover:brightness-100';

/** A link or a button that looks like one, in a sentence. */
export const LINK = 'font-strong text-live underline underline-offset-3';

interface Props extends ComponentProps<'button'> {
  look?: keyof typeof LOOKS;
  size?: keyof typeof SIZES;
}

export function Button({ look = 'plain', size = 'base', className = '', ...rest }: Props) {
  return (
    <button
      type="button"
      className={`inline-flex flex-none items-center justify-center gap-[7px] rounded-ctl border whitespace-nowrap transition-colors duration-[140ms] ${LOOKS[look]} ${SIZES[size]} ${OFF} ${className}`}
      {...rest}
    />
  );
}

export function Kbd({ children }: { children: string }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a kbd takes no focus
    <kbd aria-hidden="true" className="hidden rounded-[4px] border border-current px-1 text-micro leading-4 font-normal opacity-85 desk:inline">
      {children}
    </kbd>
  );
}
