// wasi.mjs PROGRAM ARGUMENT...: runs a WebAssembly program in Node.js. It sees the current folder.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

const programAndArguments = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: programAndArguments, preopens: { ".": "." } });
const module = await WebAssembly.compile(await readFile(programAndArguments[0]));
const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: wasi.wasiImport });
process.exitCode = wasi.start(instance);
