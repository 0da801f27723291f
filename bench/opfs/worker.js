// Measures in one worker, on two files of the browser's private storage: the engine on one, raw writes on the other.
// A message asks for one sample of one side; the answer has milliseconds, measured here.
import init, { Ours } from "./opfs_bench.js";

const PAGE = 4096;
const PAGES = 4096;
const PASSES = 4;
const CHUNK = 1 << 20;

let engine = null;
let raw = null;

/** The orders in which pages are written: each page once. */
function order(random, seed) {
  const pages = Uint32Array.from({ length: PAGES }, (_, at) => at);
  let state = seed >>> 0;
  for (let at = PAGES - 1; random && at > 0; at -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (at + 1));
    [pages[at], pages[other]] = [pages[other], pages[at]];
  }
  return pages;
}

function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Raw writes of 4 KiB. The byte differs from page to page, as the engine's does; filling the buffer is counted. */
function writeRaw(pages, seed) {
  const buffer = new Uint8Array(PAGE);
  for (const page of pages) {
    buffer.fill((page + seed) & 255);
    if (raw.write(buffer, { at: page * PAGE }) !== PAGE) throw new Error("a short write");
  }
}

function writeChunks(seed) {
  const buffer = new Uint8Array(CHUNK).fill(seed);
  for (let at = 0; at < PAGES * PAGE; at += CHUNK) {
    if (raw.write(buffer, { at }) !== CHUNK) throw new Error("a short write");
  }
}

/** An empty file for the raw side, as long as it will be, as the engine's device is. */
function beginRaw() {
  raw.truncate(0);
  raw.truncate(PAGES * PAGE);
  raw.flush();
}

/** The engine's fsync, and the parts of it that the file's own flush and its reads and writes took. What it counts as written must be there. */
function syncOurs() {
  const [before, flushed, moved] = [Array.from(engine.counts(), Number), engine.syncing(), engine.moving()];
  const sync = timed(() => engine.sync());
  const [writes, bytes, syncs] = Array.from(engine.counts(), (count, at) => Number(count) - before[at]);
  if (bytes < PAGES * PAGE || syncs < 1) throw new Error(`fsync wrote ${bytes} bytes and flushed ${syncs} times`);
  return { sync, flush: engine.syncing() - flushed, move: engine.moving() - moved, writes, syncs };
}

const works = {
  ours({ watched, random, passes, personality, seed }) {
    engine.begin(personality, watched);
    if (passes) {
      engine.write(order(false, 0), seed);
      engine.sync();
      const total = timed(() => {
        for (let pass = 1; pass <= PASSES; pass += 1) {
          engine.write(order(true, seed + pass), seed + pass);
          engine.sync();
        }
      });
      engine.check();
      return { total };
    }
    const pages = order(random, seed);
    const line = `pwrite -q -S ${seed} -b 4k 0 ${PAGES * PAGE}`;
    const write = timed(() => (watched && !random ? engine.play(line) : engine.write(pages, seed)));
    const answer = { write, ...syncOurs() };
    engine.check();
    return answer;
  },
  raw({ random, passes, chunks, seed }) {
    beginRaw();
    if (passes) {
      writeRaw(order(false, 0), seed);
      raw.flush();
      const total = timed(() => {
        for (let pass = 1; pass <= PASSES; pass += 1) {
          writeRaw(order(true, seed + pass), seed + pass);
          raw.flush();
        }
      });
      return { total };
    }
    const pages = order(random, seed);
    const write = timed(() => (chunks ? writeChunks(seed) : writeRaw(pages, seed)));
    return { write, sync: timed(() => raw.flush()) };
  },
};

async function start({ watched }) {
  await init();
  engine = await Ours.open(watched);
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle("raw.bin", { create: true });
  raw = await file.createSyncAccessHandle();
  return {};
}

onmessage = async ({ data }) => {
  try {
    postMessage({ value: data.work === "start" ? await start(data) : works[data.work](data) });
  } catch (error) {
    postMessage({ failed: String(error?.stack ?? error) });
  }
};
