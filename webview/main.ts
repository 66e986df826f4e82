import { registerControls } from "./controls.ts";
import { Page } from "./page.ts";
import css from "./style.css";

const styles = new CSSStyleSheet();
styles.replaceSync(css);
document.adoptedStyleSheets.push(styles);
registerControls();
new Page(document.body);
