//! The figures in words.

use std::fmt::Write as _;
use std::time::Duration;

use super::Figures;
use crate::intake::per_second;
use crate::report::Table;

pub(super) fn text(figures: &Figures) -> String {
    let Figures { records, worked, street, wrong, .. } = figures;
    let [above, below] = worked.map(|worked| worked.as_secs_f64());
    let mut text = format!(
        "\n== 补齐 · a street catches up with {records} records of a community\n{}  处理器时间 \
         processor time: 街道 street {above:.1} s，社区 community {below:.1} s；街道内存 street's \
         memory {:.1} MB\n",
        times(figures),
        street.resident as f64 / 1e6
    );
    if figures.is_whole() {
        text.push_str("  一条不少，两个账本核验无误 ✓  nothing is missing, both journals verify\n");
    }
    for wrong in wrong {
        let _ = writeln!(text, "  ✗ {wrong}");
    }
    text
}

fn times(figures: &Figures) -> String {
    let Figures { records, starting, connecting, catching, .. } = figures;
    let mut table = Table::of(&["", "秒 s", "条/秒 records/s"]);
    let mut row = |name: &str, took: Duration, rate: Option<f64>| {
        let rate = rate.map(|rate| format!("{rate:.0}")).unwrap_or_default();
        table.row([name.to_owned(), format!("{:.2}", took.as_secs_f64()), rate]);
    };
    row("启动至就绪 start to ready", *starting, None);
    row("就绪至相连 ready to connected", *connecting, None);
    let rate = per_second(*records, *catching);
    row("相连至全部收讫 connected to all acknowledged", *catching, Some(rate));
    let all = *starting + *connecting + *catching;
    row("合计 all together", all, Some(per_second(*records, all)));
    table.text()
}
