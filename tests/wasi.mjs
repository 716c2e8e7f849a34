// wasi.mjs PROGRAM ARGUMENT...: runs a WebAssembly program in Node.js. It sees the current folder.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const programAndArguments = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: programAndArguments, preopens: { ".": "." } });
const module = new WebAssembly.Module(readFileSync(programAndArguments[0]));
const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport });
process.exitCode = wasi.start(instance);
