//! The description itself, section by section. Whoever adds a key to a policy adds it here.

use super::{Form, Key, Section};

const fn key(
    name: &'static str,
    kind: &'static str,
    default: Option<&'static str>,
    zh: &'static str,
    en: &'static str,
) -> Key {
    Key { name, kind, default, means: [zh, en] }
}

const TEXT: &str = "文字 text";
const TEXTS: &str = "文字表 list of text";
const NUMBER: &str = "整数 number";
const FLAG: &str = "true / false";
const TIME: &str = "时长 duration";
const TABLE: &str = "一节 section";
const TABLES: &str = "若干节 sections";
const NONE: Option<&str> = Some("无 none");

/// Every section.
pub(in crate::policy) const SECTIONS: &[Section] = &[
    Section {
        name: "",
        form: Form::Top,
        is: ["这份规则是谁的、哪一版，以及下面各节", "Whose policy this is, which version, and the sections below"],
        row: "",
        keys: &[
            key("key", TEXT, None, "代号，`[a-z0-9_-]{1,32}`", "a short key"),
            key("version", NUMBER, None, "版本号，内容一改就加一", "counts up with every change"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("hours", TABLE, None, "工作时间", "working hours"),
            key("level", TABLES, None, "层级", "levels"),
            key("role", TABLES, None, "岗位", "roles"),
            key("channel", TABLES, None, "来源渠道", "ways in"),
            key("category", TABLES, None, "事件类别", "categories"),
            key("stage", TABLES, None, "阶段", "stages"),
            key("act", TABLES, None, "操作", "acts"),
            key("custody", TABLE, None, "节点间移交", "custody between nodes"),
            key("whistle", TABLE, None, "吹哨", "whistles"),
            key("clock", TABLES, NONE, "时限", "clocks"),
            key("disclosure", TABLES, Some("什么都不共享 nothing is shared"), "可共享的内容", "what may be shared"),
            key("grid", TABLE, Some("不检查 unchecked"), "网格划分", "division into grids"),
            key("colour", TABLES, NONE, "颜色", "colours"),
            key("severity", TABLES, NONE, "纠纷等级", "severities"),
            key("reopen", TABLE, Some("不限 no limit"), "重办", "reopening"),
            key("extension", TABLE, Some("不限 no limit"), "延期", "extensions"),
            key("suspension", TABLE, Some("不限 no limit"), "挂账", "suspension"),
            key("duty", TABLES, NONE, "履职事项清单", "the list of duties"),
            key("rates", TABLE, Some("不计 not reckoned"), "三率", "the three rates"),
            key("party_organisation", TABLES, NONE, "党组织类型", "kinds of Party organisation"),
            key("stations", TABLE, NONE, "驿站", "stations"),
            key("ladder", TABLES, NONE, "岗级", "the ladder of posts"),
            key("willingness", TABLES, NONE, "报到意愿", "what members may be willing to do"),
        ],
    },
    Section {
        name: "hours",
        form: Form::Once,
        is: ["一个工作日从几点到几点，以及当地时区", "When a working day begins and ends, and the local offset"],
        row: "C8",
        keys: &[
            key("start", TEXT, None, "上班，如 `08:30`", "opening"),
            key("end", TEXT, None, "下班", "close"),
            key("lunch", "two texts", NONE, "午休的起止", "lunch, from and to"),
            key("offset", TEXT, None, "时区，如 `+08:00`", "offset from UTC"),
        ],
    },
    Section {
        name: "level",
        form: Form::Many,
        is: ["自上而下的层级", "Levels, from the top down"],
        row: "T1",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("administrative", FLAG, Some("false"), "是否行政区（有区划代码、可以有节点）", "whether it is an administrative area, with a code and nodes of its own"),
            key("households", TABLE, NONE, "该层级每处的户数 `{ min, max }`", "households of a place of this level"),
        ],
    },
    Section {
        name: "level.households",
        form: Form::Once,
        is: ["户数范围，含两端", "A range of households, both ends included"],
        row: "T2",
        keys: &[
            key("min", NUMBER, None, "最少", "the least"),
            key("max", NUMBER, None, "最多", "the most"),
        ],
    },
    Section {
        name: "role",
        form: Form::Many,
        is: ["可以任命的岗位", "Roles that people are appointed to"],
        row: "R1",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("levels", TEXTS, NONE, "不经指派也可以办理哪些层级的事件", "levels whose cases it acts on without being given them"),
            key("powers", TEXTS, NONE, "其他权限：`territory` 地域、`roster` 名册、`federation` 联盟、`query` 统计、`personal` 看联系方式、`policy` 规则、`intake` 导入、`notebook` 民情日记", "what else it may do on the node"),
        ],
    },
    Section {
        name: "channel",
        form: Form::Many,
        is: ["事件从哪里来", "How matters come in"],
        row: "C1",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
        ],
    },
    Section {
        name: "category",
        form: Form::Many,
        is: ["事件类别，可分两级", "What matters are called"],
        row: "C9",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("parent", TEXT, NONE, "上级类别", "the category that it is a kind of"),
            key("vintage", TEXT, Some("本地自定 this place's own"), "出自哪张标准表", "the table it is from"),
            key("crosswalk", TEXTS, NONE, "在其他表中的代码，`表:代码`", "the same in other tables"),
        ],
    },
    Section {
        name: "stage",
        form: Form::Many,
        is: ["事件经过的阶段", "Stages of a case"],
        row: "C2",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("phase", TEXT, None, "对应的通用阶段，供各地一起统计", "the phase in which other places count it"),
            key("pauses", FLAG, Some("false"), "在此阶段时限是否暂停", "whether clocks stand still in it"),
        ],
    },
    Section {
        name: "act",
        form: Form::Many,
        is: ["谁可以从哪个阶段做什么，做完到哪个阶段", "Who may do what from which stage, and where it leads"],
        row: "C2, C5, C7",
        keys: &[
            key("act", TEXT, None, "操作", "the act"),
            key("from", TEXTS, Some("无（上报、接受与拒绝移交、成员单位反馈）none"), "可从哪些阶段做", "stages from which it may be done"),
            key("to", TEXT, Some("不变 stays"), "做完到哪个阶段", "stage after it"),
            key("otherwise", TEXT, Some("同 to as `to`"), "回答是“否”时到哪个阶段", "stage after it where the answer is no"),
            key("roles", TEXTS, NONE, "哪些岗位可做", "roles that may do it"),
            key("needs", TEXTS, NONE, "本地另外要求必填的字段", "optional fields that this place insists on"),
        ],
    },
    Section {
        name: "custody",
        form: Form::Once,
        is: ["事件在节点之间怎样移交", "How cases pass between nodes"],
        row: "C2",
        keys: &[
            key("begins", TEXTS, None, "事件可从哪些层级开始，自下而上；`hand_up` 逐级上交", "levels below the node's own where a case may begin, lowest first; `hand_up` climbs them one by one"),
            key("arrived", TEXT, None, "从别的节点接来后的阶段", "stage of a case that was accepted"),
            key("returned", TEXT, None, "办结转回后的阶段", "stage of a case that comes back dealt with"),
            key("undone", TEXT, None, "未办退回后的阶段", "stage of a case that comes back undone"),
            key("homecoming", TEXT, None, "转回时由节点自动接收 `automatic` 或由人接收 `manual`", "taken by the node itself or by a person"),
        ],
    },
    Section {
        name: "whistle",
        form: Form::Once,
        is: ["街道吹哨、部门报到", "Calling member units"],
        row: "C5",
        keys: &[
            key("report_in", TIME, None, "多久之内必须报到", "within what time a called unit reports in"),
        ],
    },
    Section {
        name: "clock",
        form: Form::Many,
        is: ["一个阶段在一个层级最多多久。自上而下第一条相符的生效：有条件的写在前面", "How long a stage may last at a level. The first that fits from the top runs: narrow ones stand first"],
        row: "C2, C3, C4, C8",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("stages", TEXTS, None, "在哪些阶段走", "stages it runs in"),
            key("levels", TEXTS, Some("所有层级 every level"), "约束哪些层级", "levels it binds"),
            key("grades", "list of A, B, C", Some("不限 any"), "只用于这些难度", "only for these difficulty classes"),
            key("colours", TEXTS, Some("不限 any"), "只用于这些颜色", "only for these colours"),
            key("categories", TEXTS, Some("不限 any"), "只用于这些类别及其下级", "only for these categories and their kinds"),
            key("severities", TEXTS, Some("不限 any"), "只用于这些等级的纠纷", "only for disputes of these severities"),
            key("allowance", TIME, None, "多久", "how long"),
            key("breach", TEXT, Some("无 nothing"), "超时后提示什么：`supervise` 督办、`escalate` 上交；由人来做", "what is shown as due when it has run out; people do it"),
            key("owner", TEXT, None, "由哪个岗位负责，须在该层级工作", "the role that answers for it and works at that level"),
        ],
    },
    Section {
        name: "disclosure",
        form: Form::Many,
        is: ["一条共享许可：没有写到的都留在本节点", "One permission to share: what is not named stays"],
        row: "S1",
        keys: &[
            key("to", TEXT, None, "给谁：`above` 上级、`below` 来处、`child` 派往的下级、`unit` 被吹哨单位、`caller` 吹哨单位", "to whom, by its part in the case"),
            key("purpose", TEXT, None, "目的，写进签名清单", "what for; goes into the signed manifest"),
            key("basis", TEXT, None, "依据", "on what basis"),
            key("acts", TEXTS, None, "哪些操作的记录", "records of which acts"),
            key("fields", TEXTS, Some("只有代码与时间 codes and times alone"), "其中哪些文字字段", "which fields of words"),
        ],
    },
    Section {
        name: "grid",
        form: Form::Once,
        is: ["网格怎样划；只作报告，不作拦截", "How grids are to be drawn: a report, not a barrier"],
        row: "T2",
        keys: &[
            key("households", TABLE, NONE, "每格户数 `{ min, max }`", "households in a grid"),
            key("villager_groups", TABLE, NONE, "每格村民小组数 `{ min, max }`", "villager groups in a grid"),
            key("contiguous", FLAG, Some("false"), "须连成一片", "must be one piece"),
            key("one_compound", FLAG, Some("false"), "封闭小区一格", "a closed compound is one grid"),
            key("complete", FLAG, Some("false"), "须全覆盖", "must cover the whole jurisdiction"),
        ],
    },
    Section {
        name: "grid.households",
        form: Form::Once,
        is: ["户数范围，含两端", "A range of households, both ends included"],
        row: "T2",
        keys: &[
            key("min", NUMBER, None, "最少", "the least"),
            key("max", NUMBER, None, "最多", "the most"),
        ],
    },
    Section {
        name: "grid.villager_groups",
        form: Form::Once,
        is: ["村民小组数范围，含两端", "A range of villager groups, both ends included"],
        row: "T2",
        keys: &[
            key("min", NUMBER, None, "最少", "the least"),
            key("max", NUMBER, None, "最多", "the most"),
        ],
    },
    Section {
        name: "colour",
        form: Form::Many,
        is: ["按重要程度×紧急程度分色，强的在前", "Colours by importance × urgency, the strongest first"],
        row: "C3",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("at_least", "1 to 9", None, "乘积不小于", "the least product that has it"),
        ],
    },
    Section {
        name: "severity",
        form: Form::Many,
        is: ["纠纷等级，轻的在前", "Severities of disputes, the least first"],
        row: "C4",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("level", TEXT, None, "在哪一级调解，调解结束前不上交", "the level at which it is mediated and stays meanwhile"),
            key("requires", TEXT, Some("无 nothing"), "办结前必须：`whistle` 吹哨、`convene` 专班", "what has to come before its end"),
        ],
    },
    Section {
        name: "reopen",
        form: Form::Once,
        is: ["重办", "Taking a case up again"],
        row: "",
        keys: &[
            key("within", TIME, None, "结案后多久之内", "for how long after it was closed"),
            key("most", NUMBER, None, "最多几次", "how often"),
        ],
    },
    Section {
        name: "extension",
        form: Form::Once,
        is: ["延期", "Extensions of a due time"],
        row: "",
        keys: &[
            key("most", NUMBER, None, "最多几次", "how many may be granted"),
        ],
    },
    Section {
        name: "suspension",
        form: Form::Once,
        is: ["挂账", "Putting off until a review"],
        row: "",
        keys: &[
            key("longest", TIME, None, "距复查最长多久", "the longest time until the review"),
        ],
    },
    Section {
        name: "duty",
        form: Form::Many,
        is: ["履职事项清单的一项", "An item of the list of duties"],
        row: "",
        keys: &[
            key("number", TEXT, None, "清单中的编号，拒绝时引用", "its number, cited when something is refused"),
            key("name", TEXT, None, "事项", "what it is"),
            key("kind", TEXT, None, "`basic` 基本履职、`cooperative` 配合履职（须牵头部门到场）、`taken_back` 上级收回（不得下派）", "whose it is"),
            key("lead", TEXT, NONE, "牵头部门，配合事项必填", "the department that leads; a cooperative item needs one"),
            key("categories", TEXTS, None, "涉及哪些类别", "categories that are about it"),
            key("source", TEXT, NONE, "清单在哪里公布", "where the list was published"),
        ],
    },
    Section {
        name: "rates",
        form: Form::Once,
        is: ["三率的权重，合计 100", "Weights of the three rates, 100 together"],
        row: "",
        keys: &[
            key("response", "percent", None, "响应率", "answered in time"),
            key("solved", "percent", None, "解决率", "solved"),
            key("satisfied", "percent", None, "满意率", "satisfied"),
            key("exclusion", TABLES, NONE, "可以剔除的事由", "grounds on which a case may be left out"),
        ],
    },
    Section {
        name: "rates.exclusion",
        form: Form::Many,
        is: ["剔除事由", "A ground of exclusion"],
        row: "",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
        ],
    },
    Section {
        name: "party_organisation",
        form: Form::Many,
        is: ["建在网格上的党组织类型", "Kinds of Party organisation on a place"],
        row: "R2",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("levels", TEXTS, Some("所有层级 every level"), "建在哪些层级", "levels of the places on which it stands"),
        ],
    },
    Section {
        name: "stations",
        form: Form::Once,
        is: ["驿站、党群服务中心", "Stations"],
        row: "T3",
        keys: &[
            key("kinds", TABLES, NONE, "类型", "their kinds"),
            key("circle", "metres", Some("不画圈 no circle"), "步行圈半径，直线距离", "how far one walks to one at most, as the crow flies"),
        ],
    },
    Section {
        name: "stations.kinds",
        form: Form::Many,
        is: ["驿站类型", "A kind of station"],
        row: "T3",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
        ],
    },
    Section {
        name: "ladder",
        form: Form::Many,
        is: ["岗级阶梯的一个岗", "A post of the ladder"],
        row: "R4",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
            key("grades", TABLE, None, "等级，从最低到最高 `{ min, max }`", "from the lowest grade to the highest"),
        ],
    },
    Section {
        name: "ladder.grades",
        form: Form::Once,
        is: ["等级范围，含两端", "A range of grades, both ends included"],
        row: "R4",
        keys: &[
            key("min", NUMBER, None, "最少", "the least"),
            key("max", NUMBER, None, "最多", "the most"),
        ],
    },
    Section {
        name: "willingness",
        form: Form::Many,
        is: ["报到党员愿意做的事", "What serving members may be willing to do"],
        row: "R5",
        keys: &[
            key("key", TEXT, None, "代号", "the key"),
            key("name", TEXT, None, "中文名称", "name in Chinese"),
            key("name_en", TEXT, None, "英文名称", "name in English"),
        ],
    },
];
