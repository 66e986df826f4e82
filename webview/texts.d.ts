/** A worker's bundled source. */
declare module "*?worker" {
  const source: string;

  export { source as default };
}

declare module "*.css" {
  const source: string;

  export { source as default };
}
