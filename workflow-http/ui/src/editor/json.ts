// JSON as a workflow uses it: highlighting, references and ids, hanging indents.
import { json } from '@codemirror/lang-json';
import { RangeSetBuilder } from '@codemirror/state';
import { Decoration, EditorView, MatchDecorator, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';

const reference = Decoration.mark({ class: 'cm-ref' });
const id = Decoration.mark({ class: 'cm-id' });

const matching = (matcher: MatchDecorator) =>
  ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = matcher.createDeco(view);
      }
      update(update: ViewUpdate) {
        this.decorations = matcher.updateDeco(update, this.decorations);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );

const references = new MatchDecorator({ regexp: /\{\{.*?\}\}/g, decoration: reference });

const ids = new MatchDecorator({
  regexp: /("id"\s*:\s*)("[^"]*")/g,
  decorate: (add, from, to, [, before = '']) => add(from + before.length, to, id),
});

function indents(view: EditorView): DecorationSet {
  const drawn = new RangeSetBuilder<Decoration>();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const depth = line.text.search(/\S|$/);
      if (depth > 0) drawn.add(line.from, line.from, Decoration.line({ attributes: { style: `--d:${Math.min(depth, 24)}` } }));
      at = line.to + 1;
    }
  }
  return drawn.finish();
}

const hanging = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = indents(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged) this.decorations = indents(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

export const workflowJson = [json(), matching(references), matching(ids), hanging, EditorView.lineWrapping];
