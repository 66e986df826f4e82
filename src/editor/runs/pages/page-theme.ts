/**
 * Style sheet that follows a report's own one in VS Code: the editor's colors and fonts, also in high contrast. VS
 * Code's icon colors are too pale for text in light themes, so they are mixed with the text color.
 */
export const THEME = `
:root { --ink: var(--vscode-editor-foreground); --soft: var(--vscode-descriptionForeground, var(--vscode-editor-foreground));
  --line: var(--vscode-contrastBorder, var(--vscode-widget-border, var(--vscode-editorWidget-border)));
  --paper: var(--vscode-editor-background); --wash: var(--vscode-textCodeBlock-background, var(--vscode-editorWidget-background));
  --accent: var(--vscode-textLink-foreground); --good: color-mix(in srgb, var(--vscode-charts-green) 65%, var(--ink));
  --bad: color-mix(in srgb, var(--vscode-charts-red) 65%, var(--ink)); --doubt: color-mix(in srgb, var(--vscode-charts-yellow) 65%, var(--ink));
  --added: var(--vscode-diffEditor-insertedTextBackground, transparent); --removed: var(--vscode-diffEditor-removedTextBackground, transparent);
  --test: var(--vscode-charts-purple); }
html:root { color-scheme: light; } html:has(body.vscode-dark), html:has(body.vscode-high-contrast:not(.vscode-high-contrast-light)) { color-scheme: dark; }
body { padding: 1.5rem 1.25rem 4rem; font: var(--vscode-font-size, 13px)/1.6 var(--vscode-font-family, system-ui, sans-serif); }
.text { font: var(--vscode-editor-font-size, 12px)/1.5 var(--vscode-editor-font-family, monospace); }
svg text { font-family: var(--vscode-font-family, sans-serif); }
.vscode-high-contrast .text, .vscode-high-contrast .caveats, .vscode-high-contrast-light .text, .vscode-high-contrast-light .caveats { border: 1px solid var(--line); }
.vscode-high-contrast ins, .vscode-high-contrast-light ins { background: none; border-bottom: 2px solid var(--good); }
.vscode-high-contrast del, .vscode-high-contrast-light del { background: none; text-decoration: line-through; color: var(--ink); }
.vscode-high-contrast svg .grid, .vscode-high-contrast-light svg .grid { stroke-dasharray: 1 4; }
summary:focus-visible, nav a:focus-visible, .tables:focus-visible { outline: 1px solid var(--vscode-focusBorder); }
`;
