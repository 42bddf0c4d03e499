//! What still waits when the demo is over: on every desk a morning's work, some of it older. The
//! day itself closes nearly everything, as the articles tell, and a desk with nothing on it shows
//! nobody what it is for.

use super::{Channel, Errand, Way};
use crate::matters::Matter;
use crate::plan::Plan;
use crate::practice::Practice;

/// Where a case waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wait {
    /// To be accepted in the grid.
    Reported,
    /// To be dealt with by the grid worker.
    Accepted,
    /// To be sorted and given to somebody by the community.
    HandedUp,
    /// To be taken by the one it was given to.
    Dispatched,
    /// For the community to rule on an objection.
    Objected,
    /// Put off, to be looked at again.
    Suspended,
    /// For whoever reported, or a call back, to say whether it is solved.
    Unverified,
    /// To be closed.
    Verified,
    /// In mediation, after a first session.
    Mediating,
    /// For the street to accept.
    Offered,
    /// With the street.
    AtStreet,
    /// With the street's units: one has reported in, the others have not.
    Called,
    /// For the county to accept.
    OfferedToCounty,
    /// With the county.
    AtCounty,
}

/// Since when a case waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Since {
    /// For twelve days.
    Long,
    /// Since this morning.
    Morning,
}

impl Wait {
    /// Whether the case leaves its community.
    #[must_use]
    pub fn climbs(self) -> bool {
        match self {
            Self::Offered
            | Self::AtStreet
            | Self::Called
            | Self::OfferedToCounty
            | Self::AtCounty => true,
            Self::Reported
            | Self::Accepted
            | Self::HandedUp
            | Self::Dispatched
            | Self::Objected
            | Self::Suspended
            | Self::Unverified
            | Self::Verified
            | Self::Mediating => false,
        }
    }
}

/// A case that waits, with its texts for one community after the other.
struct Scene {
    wait: Wait,
    since: Since,
    channel: Channel,
    /// From 0.
    grid: usize,
    texts: [(&'static str, &'static str); 3],
}

/// What waits in every community.
const EVERYWHERE: [Scene; 15] = [
    Scene {
        wait: Wait::Reported,
        since: Since::Morning,
        channel: Channel::Resident,
        grid: 0,
        texts: [
            ("三单元楼道灯不亮", "三楼到五楼的灯昨晚全灭了，家里有老人，请尽快看看。"),
            ("单元门锁不上", "一单元的门禁坏了两天，谁都能进，晚上不放心。"),
            ("门口积水", "昨夜下雨，单元门口积了一大片水，出门要踩砖头。"),
        ],
    },
    Scene {
        wait: Wait::Reported,
        since: Since::Morning,
        channel: Channel::BuildingHead,
        grid: 0,
        texts: [
            ("楼道堆放纸箱", "二楼转角堆了半人高的纸箱，挡住消防栓，住户说周末才清。"),
            ("电动车进楼充电", "四楼住户把电瓶拎上楼充电，劝过一次没有听。"),
            ("空调滴水扰民", "五楼空调外机滴水，打在二楼雨棚上，二楼住户来反映。"),
        ],
    },
    Scene {
        wait: Wait::Reported,
        since: Since::Morning,
        channel: Channel::Resident,
        grid: 1,
        texts: [
            ("儿童滑梯螺丝松动", "小广场滑梯扶手一摇就晃，孩子们还在上面玩。"),
            ("垃圾桶满了没人收", "南门两个桶前天就满了，早上野猫翻得到处都是。"),
            ("路边树枝断了半截", "人行道上方一根粗树枝断了挂着，怕掉下来砸人。"),
        ],
    },
    Scene {
        wait: Wait::Accepted,
        since: Since::Morning,
        channel: Channel::Patrol,
        grid: 0,
        texts: [
            ("消防栓门打不开", "巡查发现二号楼消防栓箱门变形，要用工具才撬得开。"),
            ("井盖有响动", "巡查时车压过东门井盖有响声，先放了锥桶。"),
            ("宣传栏玻璃破裂", "巡查发现宣传栏玻璃裂了一角，已用胶带临时围住。"),
        ],
    },
    Scene {
        wait: Wait::HandedUp,
        since: Since::Morning,
        channel: Channel::Resident,
        grid: 2,
        texts: [
            ("顶楼漏水找不到责任人", "雨后顶楼三户天花板渗水，维修基金怎么用没有人说得清。"),
            ("小区后门要不要开", "后门封了半年，去菜场要绕十五分钟，希望社区牵头商量。"),
            ("加装电梯意见不一", "低层两户不同意，方案贴了一个月没有进展。"),
        ],
    },
    Scene {
        wait: Wait::Dispatched,
        since: Since::Morning,
        channel: Channel::Hotline,
        grid: 3,
        texts: [
            ("烧烤店油烟直排", "12345 转来：楼下烧烤店油烟直排，二楼不敢开窗。"),
            ("临街店铺占道", "12345 转来：早餐店把桌椅摆上盲道，行人只能下机动车道。"),
            ("夜间广场舞太吵", "12345 转来：河边广场舞到十点半，音响太大。"),
        ],
    },
    Scene {
        wait: Wait::Objected,
        since: Since::Morning,
        channel: Channel::Counter,
        grid: 4,
        texts: [
            ("自来水发黄", "早上放出来的水发黄，放十分钟才清。"),
            ("燃气表箱锈穿", "楼外的燃气表箱锈穿了，担心不安全。"),
            ("通信电缆垂到地面", "巷口的通信电缆垂下来，电动车过要低头。"),
        ],
    },
    Scene {
        wait: Wait::Suspended,
        since: Since::Long,
        channel: Channel::Meeting,
        grid: 5,
        texts: [
            ("老楼外墙保温脱落", "议事会反映外墙保温层脱落，须列入明年改造计划。"),
            ("增设停车位", "议事会提出把废弃花坛改成停车位，等规划部门意见。"),
            ("雨污分流改造", "议事会反映雨天返水，管网改造已申报，等资金下达。"),
        ],
    },
    Scene {
        wait: Wait::Unverified,
        since: Since::Morning,
        channel: Channel::Hotline,
        grid: 6,
        texts: [
            ("快递车堵住消防通道", "12345 转来：快递三轮每天上午堵在消防通道上。"),
            ("路灯彻夜闪烁", "12345 转来：西侧路灯整夜闪，影响休息。"),
            ("下水道返味", "12345 转来：一楼卫生间返味严重。"),
        ],
    },
    Scene {
        wait: Wait::Unverified,
        since: Since::Morning,
        channel: Channel::Resident,
        grid: 0,
        texts: [
            ("健身器材缺脚踏", "漫步机少了一只脚踏，老人差点摔倒。"),
            ("地面砖松动", "中心花园地砖一踩一个坑，雨天溅一身水。"),
            ("雨棚铁皮翘起", "车棚的铁皮翘了一角，刮风时哗哗响。"),
        ],
    },
    Scene {
        wait: Wait::Verified,
        since: Since::Morning,
        channel: Channel::Counter,
        grid: 7,
        texts: [
            ("居住证明怎么开", "来窗口询问租房的居住证明，房东不在本地。"),
            ("高龄津贴没有到账", "来窗口反映上月高龄津贴没有到账。"),
            ("残疾证换领", "来窗口办理残疾证换领，行动不便希望上门。"),
        ],
    },
    Scene {
        wait: Wait::Mediating,
        since: Since::Long,
        channel: Channel::Counter,
        grid: 1,
        texts: [
            ("楼上漏水争赔偿", "三楼卫生间漏水泡坏二楼吊顶，赔多少双方争了一个月。"),
            ("车位争执", "两家为门前车位争了三次，上周差点动手。"),
            ("宠物夜里叫", "隔壁两条狗夜里叫，说了几次没有用，双方都有气。"),
        ],
    },
    Scene {
        wait: Wait::Offered,
        since: Since::Morning,
        channel: Channel::Resident,
        grid: 2,
        texts: [
            ("沿河护栏断裂", "步行道护栏断了四米，缺口外面就是河。"),
            ("施工夜里不停", "隔壁工地夜里两点还在打桩，社区管不了。"),
            ("高压线离树太近", "树枝已经碰到高压线，刮风冒火花。"),
        ],
    },
    Scene {
        wait: Wait::Dispatched,
        since: Since::Morning,
        channel: Channel::BuildingHead,
        grid: 5,
        texts: [
            ("独居老人两天没下楼", "隔壁敲门应得很慢，请社区上门看看。"),
            ("空巢老人要人陪诊", "周四复诊，子女赶不回来，想请志愿者陪。"),
            ("残疾住户坡道被占", "坡道上停了三辆电动车，轮椅下不来。"),
        ],
    },
    Scene {
        wait: Wait::Accepted,
        since: Since::Morning,
        channel: Channel::Resident,
        grid: 1,
        texts: [
            ("楼道小广告又贴满了", "刚清完一周，又贴到六楼，还有开锁的喷漆。"),
            ("公共晾衣绳断了", "天台的晾衣绳断了，被子没地方晒。"),
            ("信报箱锁坏", "信报箱被撬，信件散在地上。"),
        ],
    },
];

/// What waits above the communities: with which part of the street or county.
const ABOVE: [Scene; 5] = [
    Scene {
        wait: Wait::AtStreet,
        since: Since::Long,
        channel: Channel::Hotline,
        grid: 3,
        texts: [
            ("跨社区道路反复开挖", "12345 转来：同一段路三个月挖了两次，谁来管说不清。"),
            ("河道垃圾漂到下游", "12345 转来：上游垃圾漂下来，两个社区互相推。"),
            ("公交站台积水", "12345 转来：站台雨天积水到脚踝。"),
        ],
    },
    Scene {
        wait: Wait::AtStreet,
        since: Since::Morning,
        channel: Channel::Counter,
        grid: 6,
        texts: [
            ("农贸市场外溢摆摊", "市场外摆摊占了半幅路，社区劝不动。"),
            ("废品站堆到路边", "废品站没有证照，纸板堆到路边。"),
            ("码头夜间装卸", "夜里装卸货声音大，沿河住户反映。"),
        ],
    },
    Scene {
        wait: Wait::Called,
        since: Since::Morning,
        channel: Channel::BuildingHead,
        grid: 4,
        texts: [
            ("楼顶搭建彩钢棚", "顶楼正在搭彩钢棚，已堵住检修口，还拉了电线。"),
            ("配电箱旁搭棚", "有人挨着配电箱搭棚子做饭。"),
            ("违建堵消防通道", "一楼加盖堵住消防通道。"),
        ],
    },
    Scene {
        wait: Wait::OfferedToCounty,
        since: Since::Morning,
        channel: Channel::Meeting,
        grid: 7,
        texts: [
            ("危房鉴定等不来", "两幢六十年代的楼墙体开裂，镇里没有鉴定资质。"),
            ("跨县河道采砂", "下游采砂把河岸掏空，涉及邻县。"),
            ("山体滑坡隐患", "屋后山坡有裂缝，雨季前要处理。"),
        ],
    },
    Scene {
        wait: Wait::AtCounty,
        since: Since::Long,
        channel: Channel::Hotline,
        grid: 2,
        texts: [
            ("烂尾楼围挡倒塌", "12345 转来：停工三年的工地围挡倒了，孩子进去玩。"),
            ("学区划分有争议", "12345 转来：新楼盘划到哪所学校一直没有说法。"),
            ("旧厂区异味", "12345 转来：停产的厂区下雨就有异味。"),
        ],
    },
];

/// A case that waits, with its matter and since when.
pub type Waiting = (Errand, Matter, Since);

/// How many there are, whatever the policy: numbers are set aside for all of them.
#[must_use]
pub fn most(plan: &Plan) -> usize {
    plan.communities().len() * EVERYWHERE.len() + ABOVE.len() * 2
}

/// Everything that waits, numbered from `first` on.
#[must_use]
pub fn waiting(plan: &Plan, practice: &Practice, first: usize) -> Vec<Waiting> {
    let communities = plan.communities();
    let everywhere = EVERYWHERE.iter().flat_map(|scene| {
        communities.iter().enumerate().map(move |(at, community)| (scene, *community, at))
    });
    // Where departments are, and below the street that has none.
    let near = |street: usize| {
        let below = |seat: &&usize| plan.seats()[**seat].parent == Some(street);
        communities.iter().find(below).copied()
    };
    let above = ABOVE.iter().flat_map(|scene| {
        let both = [plan.killed(), plan.behind_forwarder()].into_iter().enumerate();
        both.filter_map(move |(at, street)| Some((scene, near(street)?, at)))
    });
    let possible = |(scene, community, _): &(&Scene, usize, usize)| {
        let street = plan.seats()[*community].parent.unwrap_or(plan.county());
        match scene.wait {
            Wait::Called => !plan.units_of(street).is_empty(),
            Wait::OfferedToCounty | Wait::AtCounty => {
                practice.has_county() && street == plan.killed()
            }
            Wait::Reported
            | Wait::Accepted
            | Wait::HandedUp
            | Wait::Dispatched
            | Wait::Objected
            | Wait::Suspended
            | Wait::Unverified
            | Wait::Verified
            | Wait::Mediating
            | Wait::Offered
            | Wait::AtStreet => true,
        }
    };
    let all = everywhere.chain(above).filter(possible).enumerate();
    all.map(|(number, (scene, community, at))| {
        let (title, description) = scene.texts[at % scene.texts.len()];
        let errand = Errand {
            number: first + number,
            community,
            grid: scene.grid,
            channel: scene.channel,
            way: Way::Waiting(scene.wait),
            turn: super::Turn::None,
            worker: 0,
        };
        let matter = Matter {
            title: title.to_owned(),
            description: format!("{description}（演示数据）"),
            happened: None,
        };
        (errand, matter, scene.since)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ground::GRIDS;

    #[test]
    fn something_of_every_kind_waits_in_every_community_and_above() {
        let plan = Plan::of(8).unwrap();
        let all = waiting(&plan, &Practice::named("she-county").unwrap(), 600);
        assert!(all.len() <= most(&plan));
        for community in plan.communities() {
            let here: BTreeSet<_> = all
                .iter()
                .filter(|(errand, ..)| errand.community == community && !errand.climbs())
                .map(|(errand, ..)| errand.way)
                .collect();
            assert_eq!(here.len(), 9, "{here:?}");
        }
        for wait in [Wait::AtStreet, Wait::Called, Wait::OfferedToCounty, Wait::AtCounty] {
            assert!(all.iter().any(|(errand, ..)| errand.way == Way::Waiting(wait)), "{wait:?}");
        }
        let numbers = all.iter().map(|(errand, ..)| errand.number);
        assert!(numbers.eq(600..600 + all.len()));
        assert!(all.iter().all(|(errand, ..)| errand.grid < GRIDS));
    }

    #[test]
    fn nothing_waits_for_a_county_that_the_policy_does_not_know() {
        let plan = Plan::of(9).unwrap();
        let all = waiting(&plan, &Practice::named("shanyang").unwrap(), 0);
        let county = [Way::Waiting(Wait::OfferedToCounty), Way::Waiting(Wait::AtCounty)];
        assert!(all.iter().all(|(errand, ..)| !county.contains(&errand.way)));
    }
}
