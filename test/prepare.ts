// node scripts/ts.mjs test/prepare.ts: installs what the suites need beside npm's packages, so that no two of them do it at once.
import { installRedis } from "./server/install-redis.ts";
import { unpackBrowser } from "./vscode/browser.ts";
import { installVscode } from "./vscode/install.ts";

installVscode();
if (!process.env.AGENTGRAPH_CHROME) unpackBrowser();
const missing = installRedis();
if (missing !== null) console.error(`Tests with several machines are skipped. ${missing}`);
