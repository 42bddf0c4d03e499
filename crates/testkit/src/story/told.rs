//! The seven stories that the accounts name.

use serde_json::{Value, json};

use super::{CONTACT, End, INVOLVED, PHONE, Seat, Step, Story, Who};

/// Every story, each made anew.
pub const ALL: [fn() -> Story; 7] = [
    property_fee,
    leaking_building,
    ground_locks,
    street_lamp,
    charging_pile,
    illegal_building,
    ebike_shed,
];

fn here(role: &'static str, act: Value) -> Step {
    Step::new(Seat::Community, Who::Role(role), act)
}

fn reporter(act: Value) -> Step {
    Step::new(Seat::Community, Who::Reporter, act)
}

fn street(role: &'static str, act: Value) -> Step {
    Step::new(Seat::Street, Who::Role(role), act)
}

/// A unit reports in and says what it did.
fn unit(at: Seat, opinion: &str) -> [Step; 2] {
    let officer = Who::Role("unit_officer");
    [
        Step::new(at, officer, json!({ "act": "report_in" })),
        Step::new(at, officer, json!({ "act": "unit_result", "opinion": opinion })),
    ]
}

fn report(title: &str, description: &str, channel: &str, category: &str) -> Value {
    json!({
        "title": title,
        "description": description,
        "channel": channel,
        "category": category,
        "address": "演示小区",
        "contact_name": CONTACT,
        "contact_phone": PHONE,
        "involved": INVOLVED,
    })
}

/// The grid takes it on, sorts it and hands it to the community.
fn to_the_community(category: &str, grade: &str) -> [Step; 3] {
    [
        here("grid_worker", json!({ "act": "accept" })),
        here(
            "community_dispatcher",
            json!({
                "act": "triage", "category": category, "grade": grade, "importance": 2,
                "urgency": 2,
            }),
        ),
        here("grid_worker", json!({ "act": "hand_up", "reason": "网格内无法办结，提请社区" })),
    ]
}

/// The community asks the street, which takes it.
fn to_the_street(reason: &str) -> [Step; 2] {
    [
        here("community_dispatcher", json!({ "act": "escalate", "reason": reason })),
        street("township_dispatcher", json!({ "act": "accept_custody" })),
    ]
}

fn whistle(request: &str) -> Step {
    let act =
        json!({ "act": "whistle", "lead": "@lead", "assist": ["@assist"], "request": request });
    street("township_dispatcher", act)
}

fn home_again(opinion: &str) -> [Step; 2] {
    [
        street("township_dispatcher", json!({ "act": "handle", "opinion": opinion })),
        street(
            "township_dispatcher",
            json!({ "act": "send_home", "done": true, "opinion": "已办结，请受理地核查" }),
        ),
    ]
}

fn verified() -> Step {
    reporter(json!({ "act": "verify", "solved": true, "satisfaction": 5 }))
}

fn closed(role: &'static str) -> Step {
    here(role, json!({ "act": "close" }))
}

/// SX: “歙县物业服务纠纷人民调解委员会”, “大事共议、要事共决、急事共商”.
fn property_fee() -> Story {
    let mut steps = to_the_community("property_dispute", "B").to_vec();
    steps.extend([
        here(
            "mediator",
            json!({
                "act": "mediate", "severity": "ordinary", "mediators": ["@role:mediator"],
            }),
        ),
        here(
            "mediator",
            json!({ "act": "session", "held": "@days:0", "note": "圆桌议事会：物业与业主代表到会" }),
        ),
        here(
            "mediator",
            json!({
                "act": "agreement", "reached": true,
                "text": "物业公示收支并限期修复门禁，业主补交上年物业费",
            }),
        ),
        verified(),
        closed("community_dispatcher"),
        here(
            "community_dispatcher",
            json!({ "act": "write_off", "ledger": "为民办实事 2024-017" }),
        ),
    ]);
    Story {
        name: "property-fee dispute",
        policy: "she-county",
        account: "成立歙县物业服务纠纷人民调解委员会；推广“圆桌议事会”“板凳议事会”（SX，C11、L7）",
        reporter: None,
        report: report(
            "物业费纠纷",
            "物业服务不到位，业主拒交物业费，双方争执",
            "resident",
            "property_dispute",
        ),
        steps,
        end: End { phase: "closed", settled: Some("community"), told: &[] },
    }
}

/// MG: “矿机二村老楼漏水”, solved after a deliberation meeting heard the residents.
fn leaking_building() -> Story {
    let mut steps = to_the_community("building_leak", "C").to_vec();
    steps.extend([
        here(
            "convener",
            json!({ "act": "mediate", "severity": "common", "mediators": ["@role:convener"] }),
        ),
        here(
            "convener",
            json!({ "act": "session", "held": "@days:0", "note": "党群议事会：居民、物业、房管到会" }),
        ),
        here(
            "convener",
            json!({ "act": "agreement", "reached": true, "text": "申请维修资金，由街道协调施工" }),
        ),
    ]);
    steps.extend(to_the_street("维修资金与施工需街道协调"));
    steps.push(whistle("请到矿机二村勘查漏水原因并提出维修办法"));
    steps.extend(unit(Seat::Lead, "屋面防水已重做"));
    steps.extend(unit(Seat::Assist, "配合断水断电"));
    steps.extend(home_again("老楼漏水已修复"));
    steps.extend([verified(), closed("community_dispatcher")]);
    Story {
        name: "leaking old building",
        policy: "mingguang-road",
        account: "召开党群议事会，已解决矿机二村老楼漏水（MG，L7、C5）",
        reporter: Some("veteran"),
        report: report(
            "老楼漏水",
            "矿机二村顶层漏水，联系不上产权单位",
            "meeting",
            "building_leak",
        ),
        steps,
        end: End {
            phase: "closed",
            settled: Some("department"),
            told: &[Seat::Street, Seat::Lead, Seat::Assist],
        },
    }
}

/// MG: “明光小区地锁问题”: found on patrol, the owner at first denies it.
fn ground_locks() -> Story {
    let mut steps = to_the_community("ground_lock", "B").to_vec();
    steps.extend([
        here(
            "community_dispatcher",
            json!({ "act": "dispatch", "assignee": "@role:community_worker" }),
        ),
        here("community_worker", json!({ "act": "take" })),
        here("community_worker", json!({ "act": "progress", "note": "逐户通知限期自行拆除" })),
        here("community_worker", json!({ "act": "handle", "opinion": "拆除三处地锁" })),
        reporter(json!({ "act": "verify", "solved": false, "satisfaction": 2 })),
        here("community_worker", json!({ "act": "handle", "opinion": "余下一处已拆，重划车位" })),
        verified(),
        closed("community_dispatcher"),
    ]);
    Story {
        name: "ground locks",
        policy: "mingguang-road",
        account: "已解决明光小区地锁问题（MG，P3、C7）",
        reporter: Some("info_worker"),
        report: report(
            "私装地锁",
            "明光小区有人私装地锁占用公共车位",
            "info_worker",
            "ground_lock",
        ),
        steps,
        end: End { phase: "closed", settled: Some("community"), told: &[] },
    }
}

/// WN: “为凤馨苑小区南门加装路灯”, a line of a grid worker's notebook (C13), an ordinary matter
/// that does not leave the street.
fn street_lamp() -> Story {
    let mut steps = to_the_community("street_lamp", "B").to_vec();
    steps.extend(to_the_street("加装路灯需供电与市政部门配合"));
    steps.push(whistle("请勘查凤馨苑小区南门并加装路灯"));
    steps.extend(unit(Seat::Lead, "已立杆装灯"));
    steps.extend(unit(Seat::Assist, "已接电送亮"));
    steps.extend(home_again("南门路灯已亮"));
    steps.extend([verified(), closed("reception")]);
    Story {
        name: "lamp post",
        policy: "weinan",
        account: "工作笔记：为凤馨苑小区南门加装路灯；复杂问题交相关职能部门处置（WN，C13、C5）",
        reporter: Some("grid_worker"),
        report: report("加装路灯", "凤馨苑小区南门夜间无灯", "notebook", "street_lamp"),
        steps,
        end: End {
            phase: "closed",
            settled: Some("department"),
            told: &[Seat::Street, Seat::Lead, Seat::Assist],
        },
    }
}

/// WN: “您反映的小区充电桩的事情，我马上过来处理”: the community secretary sends grid workers to
/// look and pushes the installation; it takes longer than the clock gives.
fn charging_pile() -> Story {
    let steps = vec![
        here(
            "grid_worker",
            json!({ "act": "check", "found": true, "note": "现场查看，确无充电桩" }),
        ),
        here("grid_worker", json!({ "act": "accept" })),
        here("grid_worker", json!({ "act": "hand_up", "reason": "需社区联系安装单位" })),
        here(
            "community_dispatcher",
            json!({ "act": "dispatch", "assignee": "@role:community_worker" }),
        ),
        here("community_worker", json!({ "act": "take" })),
        here(
            "community_worker",
            json!({ "act": "ask_extension", "until": "@days:20", "reason": "安装单位排期两周" }),
        ),
        here(
            "community_dispatcher",
            json!({ "act": "decide_extension", "granted": true, "reason": "属实，同意" }),
        ),
        here("community_worker", json!({ "act": "handle", "opinion": "两组充电桩已安装通电" })),
        verified(),
        closed("community_dispatcher"),
    ];
    Story {
        name: "charging pile",
        policy: "weinan",
        account: "“您反映的小区充电桩的事情，我马上过来处理”（WN，C1、C9）",
        reporter: None,
        report: report(
            "安装充电桩",
            "小区没有电动车充电桩，居民飞线充电",
            "resident",
            "charging_pile",
        ),
        steps,
        end: End { phase: "closed", settled: Some("community"), told: &[] },
    }
}

/// XP: “有效化解占道经营、违章搭盖等涉及多部门的问题”, with the street's whistle, joint
/// enforcement, both sides scored, and the ledger in which it is written off (L3).
fn illegal_building() -> Story {
    let mut steps = to_the_community("illegal_build", "C").to_vec();
    steps.extend(to_the_street("涉及城管、住建多部门，需街道吹哨"));
    steps.push(whistle("请联合执法，认定并拆除违章搭盖"));
    steps.extend(unit(Seat::Lead, "已下达决定并组织拆除"));
    steps.extend(unit(Seat::Assist, "已核实规划许可情况"));
    steps.push(street(
        "township_dispatcher",
        json!({ "act": "score", "node": "@lead", "points": 5, "note": "到场及时" }),
    ));
    steps.extend(home_again("违章搭盖已拆除"));
    steps.extend([
        verified(),
        here(
            "community_dispatcher",
            json!({ "act": "write_off", "ledger": "民生实事账本 2024-031" }),
        ),
    ]);
    Story {
        name: "illegal building by several departments",
        policy: "xiapu",
        account: "联合执法、议事协商，化解占道经营、违章搭盖等涉及多部门的问题（XP，C5、L3）",
        reporter: Some("rider"),
        report: report("违章搭盖", "楼顶搭建彩钢棚并占用通道", "rider", "illegal_build"),
        steps,
        end: End {
            phase: "closed",
            settled: Some("department"),
            told: &[Seat::Street, Seat::Lead, Seat::Assist],
        },
    }
}

/// SY: “针对金域湛蓝小区电动车停车难问题……完成了停车棚建设”, by the grid's branch meeting.
fn ebike_shed() -> Story {
    let steps = vec![
        here("grid_leader", json!({ "act": "accept" })),
        here(
            "grid_leader",
            json!({ "act": "triage", "category": "ebike_shed", "importance": 2, "urgency": 1 }),
        ),
        here("grid_leader", json!({ "act": "dispatch", "assignee": "@role:grid_worker" })),
        here("grid_worker", json!({ "act": "take" })),
        here("grid_worker", json!({ "act": "progress", "note": "网格支部会议：选址与出资已议定" })),
        here("grid_worker", json!({ "act": "handle", "opinion": "停车棚已建成投用" })),
        verified(),
        closed("grid_leader"),
    ];
    Story {
        name: "e-bike shed",
        policy: "shanyang",
        account: "金域湛蓝小区电动车停车难，网格支部会议集思广益，完成停车棚建设（SY，L7、C7、C10）",
        reporter: None,
        report: report("电动车停车难", "金域湛蓝小区电动车无处停放", "resident", "ebike_shed"),
        steps,
        end: End { phase: "closed", settled: Some("grid"), told: &[] },
    }
}
