import "./activation.test.ts";
import "./commands.test.ts";
import "./language.test.ts";
import "./patterns.test.ts";
import "./pages.test.ts";
import "./review.test.ts";
import "./security.test.ts";
import "./settings.test.ts";
