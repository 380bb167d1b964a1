import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The TypeScript in a document, each block as a module of its own. */
function snippets(name: string): Map<string, string> {
  const blocks = readFileSync(here(name), 'utf8').matchAll(/^```ts\n(.*?)^```/gms);
  return new Map([...blocks].map(([, code = ''], index) => [here(`./snippet-${index}-of-${name.split('/').at(-1)}.ts`), `${code}\nexport {};`]));
}

it('the documentation’s snippets compile', () => {
  const files = new Map([...snippets('../README.md'), ...snippets('../../../docs/embedding.md')]);
  expect(files.size).toBeGreaterThan(6);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    paths: { '@kaigi/client': [here('../src/index.ts')], '@kaigi/client/embed': [here('../src/embed.ts')] },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = files.get(file);
    return text === undefined ? getSourceFile(file, version, ...rest) : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName.split('/').at(-1)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
  expect(problems).toEqual([]);
}, 120_000);
