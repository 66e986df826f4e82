export const LATE: readonly string[];
