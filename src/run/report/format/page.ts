import { createHash } from "node:crypto";
import type { Locale } from "../../../i18n/locale.ts";
import { html, type Markup } from "./markup.ts";
import { STYLE } from "./style.ts";

/**
 * A self-contained page: no script, nothing loaded, and a policy that allows only the style sheet, by its hash.
 * @param theme rules that follow those of the style sheet
 */
export function pageHtml(title: string, body: Markup, { language }: Locale, theme = ""): string {
  const style = STYLE + theme;
  const policy = `default-src 'none'; style-src '${hashOf(style)}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>`;
  return `${page.text}${style}</style>\n</head>\n<body>\n${body.text}\n</body>\n</html>\n`;
}

function hashOf(style: string): string {
  return `sha256-${createHash("sha256").update(style).digest("base64")}`;
}
