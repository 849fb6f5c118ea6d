// Puts the host under the conformance kit: reads commands from standard input, one line of JSON each, and asks the kit what
// it would ask GEGI. `../README.md` describes the lines.
//
//     node main.mjs FOLDER_OF_THE_TRANSPILED_COMPONENT [--fault NAME]

import { openSync, readFileSync, readSync, readdirSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';
import { School, Unavailable } from './school.mjs';

const [folder, option, fault] = process.argv.slice(2);
if (!folder || (option && option !== '--fault')) throw new Error('usage: node main.mjs FOLDER [--fault NAME]');

// Node 20 has no suspending imports, which the transpiled code finds out by five errors in each instance. An error costs ten
// milliseconds there, because V8 reads the whole file again for the error's text.
WebAssembly.promising ??= (exported) => exported;

// The component is compiled once and instantiated for each call.
const { instantiate } = await import(pathToFileURL(`${folder}/plugin.js`));
const modules = new Map(
  readdirSync(folder).filter((name) => name.endsWith('.wasm')).map((name) => [name, new WebAssembly.Module(readFileSync(`${folder}/${name}`))]),
);
// The shim grants everything by default; nothing of it is granted here, and what HOST.md asks for is put over it.
const sandbox = new WASIShim({ sandbox: { preopens: {}, env: {}, args: [], enableNetwork: false } }).getImportObject();
const fresh = (imports) => instantiate((name) => modules.get(name), { ...sandbox, ...imports });

// Opened anew, because the shim's worker sets the standard streams to answer at once instead of waiting.
const [input, output] = [openSync('/dev/stdin', 'r'), openSync('/dev/stdout', 'w')];
const chunk = Buffer.alloc(1 << 16);
let unread = Buffer.alloc(0);
function line() {
  const bytes = [unread];
  for (;;) {
    const all = Buffer.concat(bytes);
    const end = all.indexOf(10);
    if (end >= 0) {
      unread = all.subarray(end + 1);
      return JSON.parse(all.subarray(0, end).toString());
    }
    const read = readSync(input, chunk);
    if (read === 0) return undefined;
    bytes.push(Buffer.from(chunk.subarray(0, read)));
  }
}
const tell = (value) => {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let written = 0; written < bytes.length; ) written += writeSync(output, bytes, written);
};

// The kit may give commands before it answers: these are calls that run beside the one that asks (3).
function ask(question, input = {}) {
  tell({ ask: question, ...input });
  for (;;) {
    const reply = line();
    if (reply === undefined) process.exit(1);
    if (reply.do) tell({ done: serve(reply) });
    else if (reply.abort) throw new Error('the kit aborts the call');
    else if (reply.unavailable) throw new Unavailable(reply.unavailable);
    else return reply.answer;
  }
}

const gegi = {
  settings: () => ask('settings'),
  courses: (after, limit) => ask('courses', { after: after ?? null, limit }),
  course: (id) => ask('course', { id }),
  marks: (of) => ask('marks', { class: of }),
  takeRecord: (item) => ask('take-record', item),
  takeMail: (item) => ask('take-mail', item),
};

let school;
function serve(command) {
  switch (command.do) {
    case 'open': {
      const { keys, 'push-keys': pushKeys, route } = command;
      school = new School({ gegi, keys, pushKeys, route, leaves: (request) => ask('leaves', request), instantiate: fresh, fault });
      return { ok: null };
    }
    case 'call':
      return school.call(command.export, command.now, ...command.input);
    case 'push':
      return school.push(command.now, command.campus, command.push);
    case 'deliver':
      return school.deliver();
    case 'state':
      return { ok: school.state() };
    default:
      throw new Error(`the kit gives an unknown command: ${command.do}`);
  }
}

for (let command = line(); command !== undefined; command = line()) tell({ done: serve(command) });
process.exit(0);
