import { parts, sentence } from '../base/format';

/** What the server wrote, with what stands between backquotes set as code. */
export function CodeText({ text }: { text: string }) {
  return parts(text).map(({ text, isCode }, index) => (isCode ? <code key={index}>{text}</code> : text));
}

/** The same as a sentence of its own. */
export const Sentence = ({ text }: { text: string }) => <CodeText text={sentence(text)} />;
