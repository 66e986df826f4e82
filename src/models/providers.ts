import type { Provider } from "./provider.ts";
import { azure } from "./providers/azure.ts";
import { compatible } from "./providers/compatible.ts";
import { openai } from "./providers/openai.ts";
import { servers } from "./providers/servers.ts";
import { simulated } from "./providers/simulated.ts";

/** In the order of the user interface. The editor adds the models of VS Code. */
export const PROVIDERS: readonly Provider[] = [openai, azure, ...servers, compatible, simulated];
