// The rows in one node process: node --expose-gc node.mjs MODULE REPEATS ROWS [FOLDER-OF-NODE_MODULES]
// Prints one JSON line for each row: nanoseconds of CPU time of the process (JIT and garbage collector included) for
// an operation, one number for each repeat. Without the folder, rows against memfs are left out.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [file, repeats, list, folder] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
const engine = instance.exports;
const memfs = folder ? createRequire(`${folder}/`)("memfs") : null;

const PAGES = 16384;
const PAGE = 4096;

/** The orders in which pages are touched; the random one differs from the engine's, its kind does not. */
function pages(random) {
  let state = 12345;
  const next = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8;
  return Array.from({ length: PAGES }, (_, at) => (random ? next() % PAGES : at));
}

/** One sample of memfs, ready to be run. */
function memfsWork(id) {
  const { fs } = memfs.createFsFromVolume ? { fs: memfs.createFsFromVolume(new memfs.Volume()) } : memfs;
  const descriptor = fs.openSync("/a", "w+");
  const buffer = Buffer.alloc(PAGE, 7);
  const order = pages(!id.startsWith("P1"));
  if (!id.startsWith("P1")) fs.writeSync(descriptor, Buffer.alloc(PAGES * PAGE, 1), 0, PAGES * PAGE, 0);
  const call = id.startsWith("P3") ? "readSync" : "writeSync";
  return () => {
    for (const page of order) {
      if (fs[call](descriptor, buffer, 0, PAGE, page * PAGE) !== PAGE) throw new Error("a short transfer");
    }
    return PAGES;
  };
}

function engineWork(row, side) {
  engine.make(row.index, side);
  return () => {
    let operations = 0;
    for (let call = 0; call < (side === 0 ? row.calls : 1); call += 1) operations += engine.run();
    return operations;
  };
}

function sample(row, side) {
  const work = side === 1 && row.memfs ? memfsWork(row.id) : engineWork(row, side);
  globalThis.gc?.();
  const before = process.cpuUsage();
  const operations = work();
  const spent = process.cpuUsage(before);
  engine.forget();
  return ((spent.user + spent.system) * 1000) / operations;
}

for (const row of JSON.parse(list).filter((row) => memfs !== null || !row.memfs)) {
  const sides = [[], []];
  // The first round warms up and does not count. The sides take turns in going first.
  for (let repeat = 0; repeat <= Number(repeats); repeat += 1) {
    for (const side of repeat % 2 === 0 ? [0, 1] : [1, 0]) {
      const spent = sample(row, side);
      if (repeat > 0) sides[side].push(spent);
    }
  }
  console.log(JSON.stringify({ id: row.id, ours: sides[0], peer: sides[1] }));
}
