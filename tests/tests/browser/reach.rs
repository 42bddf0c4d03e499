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
      .filter((one) => ['height', 'width'].some((side) => touched(one).getBoundingClientRect()[side] < least)) \
      .map((one) => one.outerHTML.slice(0, 160))";

/// What sticks out at the side, so that one would have to scroll there.
const WIDE: &str = "const most = document.documentElement.clientWidth; \
    if (document.documentElement.scrollWidth <= most) return []; \
    return [...document.body.querySelectorAll('*')].filter((one) => one.checkVisibility() && \
      one.getBoundingClientRect().right > most + 1 && !one.closest('.scroll > *, .board > *, .skip')) \
      .map((one) => one.outerHTML.slice(0, 120)).slice(-3).concat(['the page is wider than its window'])";

/// Opens whatever can be unfolded, and folds it up again; says how much there was.
const UNFOLD: &str = "window.folded = [...document.querySelectorAll('details:not([open])')]; \
    window.folded.forEach((one) => { one.open = true; }); return window.folded.length";
const FOLD: &str = "window.folded.forEach((one) => { one.open = false; })";

/// Looks at the page that is open, as it is and with everything unfolded; gives what is wrong with
/// it.
pub(crate) async fn faults(browser: &Browser, name: &str) -> Vec<String> {
    let mut faults = seen(browser, name).await;
    if browser.script(UNFOLD, vec![]).await != 0 {
        faults.extend(seen(browser, &format!("{name}, unfolded")).await);
    }
    browser.script(FOLD, vec![]).await;
    faults
}

async fn seen(browser: &Browser, name: &str) -> Vec<String> {
    let axe = format!("{AXE}{RUN}");
    let mut faults = Vec::new();
    for (what, script) in [("axe", &*axe), ("too small to be touched", SMALL), ("too wide", WIDE)] {
        let found = browser.script(script, vec![]).await;
        let found = found.as_array().cloned().unwrap_or_else(|| vec![Value::Null]);
        faults.extend(found.iter().map(|one| format!("{name}: {what}: {one}")));
    }
    faults
}
