declare module "*.md" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: this is how bundlers hand over a text file
  export default text;
}
