// The output of a step or a run: text as it is, other JSON as a tree.
import { Copy } from '../parts/Copy';
import { Pre } from '../parts/Section';
import { PlainSwitch, ModelText } from '../parts/ModelText';
import { Tree } from '../tree/Tree';
import { isHolder } from '../tree/rows';
import { asText } from '../base/format';

interface Props {
  title: string;
  value: unknown;
  /** It is the text of a model. */
  isSpoken: boolean;
}

export function Output({ title, value, isSpoken }: Props) {
  const text = asText(value);
  return (
    <section aria-label={title} className="border-t border-line px-4 pb-4">
      <div className="-mr-1.5 flex h-[38px] items-center">
        <h3 className="flex-1 text-meta font-bold text-ink-2">Output</h3>
        {isSpoken && !isHolder(value) && <PlainSwitch text={text} />}
        <Copy text={text} />
      </div>
      {isHolder(value) ? <Tree value={value} label={title} isSpoken={isSpoken} /> : isSpoken ? <ModelText text={text} isLive={false} /> : <Pre text={text} />}
    </section>
  );
}
