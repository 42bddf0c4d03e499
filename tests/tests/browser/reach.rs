//! Whether everybody can use a page: axe-core finds nothing serious, and what is to be touched is
//! large enough.

use serde_json::Value;

use crate::driver::Browser;

/// axe-core 4.14.1 (Deque Systems, MPL-2.0), as published; its notice stands at its head. For these
/// tests alone: it is in no program.
const AXE: &str = include_str!("axe-4.14.1.min.js");

const RUN: &str = "; return axe.run(document, { resultTypes: ['violations'] }).then((found) => \
    found.violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => \
    `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(' ') + ' ' + \
    node.failureSummary).join(' | ')}`))";

/// What is smaller than it should be. Links within a sentence are as high as its line.
const SMALL: &str = "const least = document.documentElement.classList.contains('large') ? 59.5 : 43.5; \
    const seen = (one) => one.checkVisibility() && getComputedStyle(one).display !== 'inline' && \
      !one.matches('.skip, [type=hidden]'); \
    const touched = (one) => one.closest('label') && one.matches('[type=radio], [type=checkbox]') \
      ? one.closest('label') : one; \
    return [...document.querySelectorAll('a, button, input, select, textarea, summary')].filter(seen) \
      .filter((one) => touched(one).getBoundingClientRect().height < least) \
      .map((one) => one.outerHTML.slice(0, 160))";

/// Looks at the page that is open.
pub(crate) async fn check(browser: &Browser, name: &str) {
    let found = browser.script(&format!("{AXE}{RUN}"), vec![]).await;
    assert_eq!(found, Value::Array(Vec::new()), "{name}");
    let small = browser.script(SMALL, vec![]).await;
    assert_eq!(small, Value::Array(Vec::new()), "{name}: too small to be touched");
}
