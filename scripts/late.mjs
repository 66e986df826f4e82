/**
 * Flags with which V8 optimizes later: most tests are over before what it compiles earlier has paid for itself, and short
 * processes spend a third of their time on it. Only Node 20 has the flag; later versions end at once where they are given it.
 */
export const LATE = process.version.startsWith("v20.") ? ["--interrupt-budget=1000000"] : [];
