import init from './worker.js'; await init().catch((error) => { postMessage(String(error)); throw error; });
