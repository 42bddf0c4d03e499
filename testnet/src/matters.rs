//! What reports are about: invented ones, or the rows of a file of messages.

mod messages;

pub use messages::{MessagesError, read};

use rand::RngExt;

use crate::ids;

/// A matter in the reporter's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matter {
    /// A line that names it.
    pub title: String,
    /// The matter.
    pub description: String,
    /// When it was observed, RFC 3339, where that is known.
    pub happened: Option<String>,
}

/// Everyday matters of She County's compounds and lanes, all invented.
const INVENTED: [(&str, &str); 20] = [
    ("楼道灯不亮", "三楼到五楼的楼道灯坏了一个多星期，老人晚上上下楼看不清。"),
    ("垃圾桶满溢", "小区东门的垃圾桶两天没有清运，垃圾堆到了路边，有异味。"),
    ("下水道堵塞", "一楼住户的下水道返水，厨房地面积水，怀疑是主管道堵了。"),
    ("电动车占用消防通道", "单元门口停满电动车，消防通道过不去，存在安全隐患。"),
    ("夜间施工噪声", "隔壁门面装修到晚上十一点，孩子没法睡觉。"),
    ("路面坑洼积水", "巷子中段路面塌了一块，下雨就积水，已经有人摔倒。"),
    ("私拉电线充电", "有住户从窗户拉线给电动车充电，雨天很危险。"),
    ("楼上漏水", "卫生间天花板渗水，楼上说不是他家的问题，双方谈不拢。"),
    ("高空抛物", "最近常有人从楼上往下扔烟头和塑料瓶，希望提醒。"),
    ("健身器材损坏", "小广场的健步机踏板断了一边，孩子常在那里玩。"),
    ("店外经营占道", "早餐店把桌椅摆到人行道上，行人只能走机动车道。"),
    ("绿化带被踩踏", "有人在绿化带里种菜，靠路的一侧都踩秃了。"),
    ("独居老人需探望", "隔壁独居的老人这两天没出门，敲门应得很慢，请上门看看。"),
    ("宠物粪便无人清理", "遛狗不牵绳，也不清理粪便，儿童活动区尤其多。"),
    ("路灯不亮", "老街口到河边的两盏路灯不亮，晚上走路看不清台阶。"),
    ("违章搭建", "顶楼有人在平台上搭棚子，担心漏水和安全。"),
    ("停车位纠纷", "两家为门口的车位争了几次，再这样要吵起来。"),
    ("水压不足", "早晚用水高峰六楼以上基本没水，问过物业没有答复。"),
    ("井盖松动", "路中间的井盖松动，车一压就响，夜里特别吵。"),
    ("物业不回应", "报修单交了半个月没有人来，电话也打不通。"),
];

/// Invented matters, as many as asked for.
#[must_use]
pub fn invented(count: usize, seed: u64) -> Vec<Matter> {
    let mut chance = ids::chance(seed, "matters");
    let one = |number: usize| {
        let (title, description) = INVENTED[chance.random_range(0..INVENTED.len())];
        Matter {
            title: title.to_owned(),
            description: format!("{description}（演示数据，第 {} 件）", number + 1),
            happened: None,
        }
    };
    (0..count).map(one).collect()
}

/// The category of the policy that a text most likely belongs to.
#[must_use]
pub fn category(matter: &Matter) -> &'static str {
    const WORDS: [(&str, &[&str]); 9] = [
        ("safety", &["安全", "消防", "隐患", "高空", "危险"]),
        ("noise", &["噪声", "噪音", "扰民", "太吵", "施工"]),
        ("sanitation", &["垃圾", "污水", "粪便", "异味", "卫生", "下水道"]),
        ("parking", &["停车", "车位", "占道"]),
        ("building", &["违建", "违章", "搭建"]),
        ("property", &["物业", "业主", "开发商"]),
        ("facility", &["路灯", "道路", "路面", "楼道", "井盖", "健身", "绿化", "水压", "自来水"]),
        ("dispute", &["纠纷", "漏水", "争", "拖欠"]),
        ("welfare", &["老人", "补贴", "社保", "医保", "救助", "学校", "孩子"]),
    ];
    let in_text = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let by = |text: &str| WORDS.iter().find(|(_, words)| in_text(text, words));
    by(&matter.title).or_else(|| by(&matter.description)).map_or("other", |(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_matters_follow_the_seed_and_say_what_they_are() {
        assert_eq!(invented(50, 7), invented(50, 7));
        assert_ne!(invented(50, 7), invented(50, 8));
        assert!(invented(50, 7).iter().all(|matter| matter.description.contains("演示数据")));
    }

    #[test]
    fn a_category_is_read_from_the_title_first() {
        let of = |title: &str, description: &str| {
            let (title, description) = (title.to_owned(), description.to_owned());
            category(&Matter { title, description, happened: None })
        };
        assert_eq!(of("停车位纠纷", "消防"), "parking");
        assert_eq!(of("请问", "楼道灯坏了"), "facility");
        assert_eq!(of("你好", "谢谢"), "other");
    }
}
