import { ThemeIcon, version, type WebviewPanel } from "vscode";

/** The first minor version of VS Code that draws a theme icon on the tab of a webview. */
const THEME_ICONS_SINCE = 110;

/** Gives the tab of a page a theme icon by its name; older versions of VS Code keep their own icon. */
export function setTabIcon(panel: WebviewPanel, name: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 1 && minor < THEME_ICONS_SINCE) return;
  // The types are those of the oldest version in `engines`, which knows files alone.
  Object.assign(panel, { iconPath: new ThemeIcon(name) });
}
