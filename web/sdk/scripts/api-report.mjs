// Writes api.md: all that users of the package can see, as TypeScript declares it. It is committed, so that a change of
// the surface shows in review; `--check` fails when it is stale. `npm run api` writes it anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const reportFile = here('../api.md');
const entries = { '@kaigi/client': here('../src/index.ts'), '@kaigi/client/embed': here('../src/embed.ts') };

const { config } = ts.readConfigFile(here('../tsconfig.build.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, here('..'));
const declarations = emitted();
const program = ts.createProgram(
  Object.values(entries).map(declarationOf),
  { ...options, noEmit: true, emitDeclarationOnly: false, declaration: false, removeComments: true },
  hostOf(declarations),
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

const sections = Object.entries(entries).map(([name, entry]) => `## ${name}\n\n${sectionOf(entry)}`);
const report = `<!-- Made by \`npm run api\`: what users of the package can see. -->\n# API\n\n${sections.join('\n')}`;
if (!process.argv.includes('--check')) {
  writeFileSync(reportFile, report);
} else if (readFileSync(reportFile, 'utf8') !== report) {
  console.error('api.md does not say what the sources do: run `npm run api`, look at what changed, and commit it.');
  process.exit(1);
}

/** Every export of an entry by name; and what they refer to that users cannot name. */
function sectionOf(entry) {
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(declarationOf(entry))));
  const symbols = exported.map((symbol) => ({ name: symbol.name, target: resolve(symbol) }));
  const byName = symbols.sort((one, other) => (one.name < other.name ? -1 : 1));
  const known = new Set(symbols.map(({ target }) => target));
  const hidden = new Set();
  const blocks = byName.map(({ name, target }) => {
    for (const declaration of target.declarations) collectHidden(declaration, known, hidden);
    const texts = target.declarations.map((declaration) => textOf(declaration));
    return `### ${name}\n\n\`\`\`ts\n${texts.join('\n')}\n\`\`\`\n`;
  });
  if (hidden.size === 0) return blocks.join('\n');
  const names = [...hidden].map((symbol) => `\`${symbol.name}\``).sort();
  return `${blocks.join('\n')}\n### Referred to, but not exported\n\n${names.join(', ')}\n`;
}

function textOf(declaration) {
  // A constant's declaration is the variable alone; its statement says `const`.
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const text = printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
  return text.replace(/^export /, '').replace(/^declare /, '');
}

function collectHidden(node, known, hidden) {
  const visit = (child) => {
    if (ts.isTypeReferenceNode(child) || ts.isExpressionWithTypeArguments(child)) {
      const symbol = checker.getSymbolAtLocation(child.typeName ?? child.expression);
      const target = symbol && resolve(symbol);
      const own = target?.declarations?.some((one) => declarations.has(one.getSourceFile().fileName));
      if (own && !(target.flags & ts.SymbolFlags.TypeParameter) && !known.has(target)) hidden.add(target);
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
}

function resolve(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The declarations of all sources, by the path at which they would lie beside them. */
function emitted() {
  const files = new Map();
  const sources = ts.createProgram(Object.values(entries), { ...options, outDir: undefined, rootDir: undefined });
  sources.emit(undefined, (file, text) => files.set(file, text), undefined, true);
  return files;
}

function declarationOf(source) {
  return source.replace(/\.ts$/, '.d.ts');
}

/** Sees the emitted declarations where the sources are. */
function hostOf(files) {
  const host = ts.createCompilerHost({});
  const { fileExists, readFile, getSourceFile } = host;
  const hides = (file) => declarations.has(declarationOf(file)) && !file.endsWith('.d.ts');
  host.fileExists = (file) => files.has(file) || (!hides(file) && fileExists(file));
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) =>
    files.has(file)
      ? ts.createSourceFile(file, files.get(file), version, true)
      : getSourceFile.call(host, file, version, ...rest);
  return host;
}
