//! Why an act is refused, in Chinese and English, with what to do instead.

use std::fmt;

use record::{NodeId, Subject};

use crate::act::{ActKind, FieldProblem};
use crate::case::MAX_STEPS;
use crate::clock::Allowance;

/// Why an act may not be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// A value is out of bounds.
    Field(FieldProblem),
    /// This place does not know the act.
    NotInPolicy {
        /// The act.
        act: ActKind,
    },
    /// A field that this place insists on is missing.
    Needs {
        /// The act.
        act: ActKind,
        /// The field.
        field: String,
    },
    /// There is no such case.
    NoCase,
    /// The case exists already.
    Opened,
    /// The actor has no role that may do it.
    Role {
        /// The act.
        act: ActKind,
    },
    /// The actor has the role, but not for this ground or level.
    Scope {
        /// The act.
        act: ActKind,
    },
    /// Not from this stage.
    Stage {
        /// The act.
        act: ActKind,
        /// The stage the case is in.
        stage: String,
    },
    /// Another node holds the case, or it is on offer to one.
    NotHolder {
        /// Who answers for it.
        holder: NodeId,
    },
    /// No offer of custody to this node is open.
    NoOffer,
    /// This unit was not called.
    NotCalled,
    /// Given to someone else.
    NotAssigned,
    /// No level above inside this jurisdiction.
    TopLevel,
    /// No node above.
    NoParent,
    /// It is at home already.
    AtHome,
    /// Whoever dealt with it may not verify it (C7).
    HandlerVerifies,
    /// What people said on it is erased: it is over for good.
    Erased,
    /// Policy keeps it still.
    StillKept,
    /// Not a person with an appointment here.
    UnknownPerson {
        /// The id.
        person: Subject,
    },
    /// Not a member unit of this node.
    UnknownUnit {
        /// The node.
        unit: NodeId,
    },
    /// Not in the territory, or not valid now.
    UnknownPlace {
        /// The id.
        place: Subject,
    },
    /// Not in the category table.
    UnknownCategory {
        /// The code.
        category: String,
    },
    /// Not a channel of the policy.
    UnknownChannel {
        /// The key.
        channel: String,
    },
    /// An objection or an extension is asked for already and not decided.
    AskedAlready,
    /// Nothing was asked for that could be decided.
    NothingAsked,
    /// An extension is asked for before the due time, and for a later one.
    ExtensionTime,
    /// As many extensions as policy allows were granted.
    NoMoreExtensions {
        /// How many.
        most: u32,
    },
    /// A review lies ahead.
    ReviewTime,
    /// The other case is unknown here, ended, or itself treated with another; or it is this one.
    MergeInto {
        /// The other case.
        into: Subject,
    },
    /// The case stands with another one.
    NotMerged,
    /// Too long ago, or too often, for taking it up again.
    NoMoreReopening,
    /// The duty was taken back by the level above: it may not be given down (履职事项清单).
    TakenBack {
        /// The item's number in the list.
        number: String,
        /// What it is.
        name: String,
    },
    /// The township only helps with this duty: the leading department has to be called first.
    NeedsLead {
        /// The item's number in the list.
        number: String,
        /// The department that leads.
        lead: String,
    },
    /// What concerns the reporter is done where the case was reported (C7).
    NotAtHome {
        /// The node where it was reported.
        home: NodeId,
    },
    /// Not a severity of the policy.
    UnknownSeverity {
        /// The key.
        severity: String,
    },
    /// A dispute of this severity belongs to a higher level (C4).
    SeverityAbove {
        /// The level at which it stays.
        level: String,
    },
    /// No mediation is going on.
    NoMediation,
    /// Only the two sides of a whistle score each other.
    NotInWhistle,
    /// Not a ground on which policy leaves a case out of a rate.
    NoSuchExclusion {
        /// The key.
        ground: String,
    },
    /// A unit that was called does not leave a case out of a rate.
    NotOfLine,
    /// The case began under a version of the policy whose text this node does not have.
    PolicyUnknown {
        /// `key/version`.
        reference: String,
    },
    /// Not a jurisdiction below this node.
    UnknownChild {
        /// The node.
        node: NodeId,
    },
    /// The case came from that node: it goes back and is not handed on.
    CameFrom {
        /// The node.
        node: NodeId,
    },
    /// A dispute of this severity stays at its level while it is mediated there (C4).
    SeverityStays {
        /// The level at which it stays.
        level: String,
    },
    /// A dispute of this severity is not ended before that act (C5, C6).
    SeverityRequires {
        /// The severity's name in Chinese.
        severity: String,
        /// The act.
        act: ActKind,
    },
    /// A review lies further ahead than policy allows.
    ReviewTooFar {
        /// The longest time.
        longest: Allowance,
    },
    /// Observed later than now.
    InFuture,
    /// The case has too many records.
    TooLong,
}

impl Refusal {
    /// A stable name for programs, in the last part of a problem's `type`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Field(_) => "field",
            Self::NotInPolicy { .. } => "not-in-policy",
            Self::Needs { .. } => "field-needed",
            Self::NoCase => "no-case",
            Self::Opened => "opened-already",
            Self::Role { .. } => "role",
            Self::Scope { .. } => "scope",
            Self::Stage { .. } => "stage",
            Self::NotHolder { .. } => "not-holder",
            Self::NoOffer => "no-offer",
            Self::NotCalled => "not-called",
            Self::NotAssigned => "not-assigned",
            Self::TopLevel => "top-level",
            Self::NoParent => "no-parent",
            Self::AtHome => "at-home",
            Self::HandlerVerifies => "handler-verifies",
            Self::Erased => "erased",
            Self::StillKept => "still-kept",
            Self::UnknownPerson { .. } => "unknown-person",
            Self::UnknownUnit { .. } => "unknown-unit",
            Self::UnknownPlace { .. } => "unknown-place",
            Self::UnknownCategory { .. } => "unknown-category",
            Self::UnknownChannel { .. } => "unknown-channel",
            Self::AskedAlready => "asked-already",
            Self::NothingAsked => "nothing-asked",
            Self::ExtensionTime => "extension-time",
            Self::NoMoreExtensions { .. } => "no-more-extensions",
            Self::ReviewTime => "review-time",
            Self::MergeInto { .. } => "merge-into",
            Self::NotMerged => "not-merged",
            Self::NoMoreReopening => "no-more-reopening",
            Self::TakenBack { .. } => "duty-taken-back",
            Self::NeedsLead { .. } => "duty-needs-lead",
            Self::NotAtHome { .. } => "not-at-home",
            Self::UnknownSeverity { .. } => "unknown-severity",
            Self::SeverityAbove { .. } => "severity-above",
            Self::NoMediation => "no-mediation",
            Self::NotInWhistle => "not-in-whistle",
            Self::NoSuchExclusion { .. } => "no-such-exclusion",
            Self::NotOfLine => "not-of-line",
            Self::PolicyUnknown { .. } => "policy-unknown",
            Self::UnknownChild { .. } => "unknown-child",
            Self::CameFrom { .. } => "came-from",
            Self::SeverityStays { .. } => "severity-stays",
            Self::SeverityRequires { .. } => "severity-requires",
            Self::ReviewTooFar { .. } => "review-too-far",
            Self::InFuture => "in-future",
            Self::TooLong => "too-long",
        }
    }

    /// The reason in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Field(problem) => format!("字段 {} 不合要求：{}", problem.field, problem.what),
            Self::NotInPolicy { act } => format!("本地规则没有“{}”这一操作", act.key()),
            Self::Needs { act, field } => format!("“{}”必须填写 {field}", act.key()),
            Self::NoCase => "没有这个事件".into(),
            Self::Opened => "事件已经存在".into(),
            Self::Role { act } => format!("您的岗位不能做“{}”", act.key()),
            Self::Scope { act } => format!("不在您的网格或层级内，不能做“{}”", act.key()),
            Self::Stage { act, stage } => format!("事件处于“{stage}”阶段，不能做“{}”", act.key()),
            Self::NotHolder { holder } => {
                format!("事件现由节点 {} 负责，或正在移交", holder.short())
            }
            Self::NoOffer => "没有移交给本单位的待接事件".into(),
            Self::NotCalled => "本单位未被吹哨".into(),
            Self::NotAssigned => "事件已派给别人".into(),
            Self::TopLevel => "本辖区内没有更高一级，请改用“上报上级”".into(),
            Self::NoParent => "没有上级节点".into(),
            Self::AtHome => "事件已在受理地".into(),
            Self::HandlerVerifies => "办理人不能核查自己办的事".into(),
            Self::Erased => "此事的个人信息已清除，不能再办理；需要办理请重新上报".into(),
            Self::StillKept => "规则规定的保存期还没到；本人要求清除的，理由请选 request".into(),
            Self::UnknownPerson { .. } => "名册中没有这位在岗人员".into(),
            Self::UnknownUnit { unit } => format!("{} 不是本单位的大工委成员", unit.short()),
            Self::UnknownPlace { .. } => "辖区内没有这个地点，或已失效".into(),
            Self::UnknownCategory { category } => format!("没有类别 {category}"),
            Self::UnknownChannel { channel } => format!("没有渠道 {channel}"),
            Self::AskedAlready => "已有待决定的申请".into(),
            Self::NothingAsked => "没有待决定的申请".into(),
            Self::ExtensionTime => "延期须在到期前申请，且晚于原期限".into(),
            Self::NoMoreExtensions { most } => format!("延期已达 {most} 次上限"),
            Self::ReviewTime => "复查时间须晚于现在".into(),
            Self::MergeInto { .. } => "要并入的事件不在本单位、已办结或已并入别件".into(),
            Self::NotMerged => "事件没有并入别件".into(),
            Self::NoMoreReopening => "已超过可重办的期限或次数，请另行上报".into(),
            Self::TakenBack { number, name } => {
                format!("履职事项清单第 {number} 项“{name}”已由上级收回，不得下派")
            }
            Self::NeedsLead { number, lead } => {
                format!("履职事项清单第 {number} 项为配合事项，须先由牵头部门“{lead}”到场")
            }
            Self::NotAtHome { home } => {
                format!("核查、回访与结案在受理地 {} 进行，请先转回", home.short())
            }
            Self::UnknownSeverity { severity } => format!("没有纠纷等级 {severity}"),
            Self::SeverityAbove { level } => format!("这一等级的纠纷应由“{level}”一级化解"),
            Self::NoMediation => "没有正在进行的调解".into(),
            Self::NotInWhistle => "只有吹哨双方可以互评".into(),
            Self::NoSuchExclusion { ground } => format!("规则中没有剔除事由 {ground}"),
            Self::NotOfLine => "协办单位不能剔除事件".into(),
            Self::PolicyUnknown { reference } => format!(
                "事件按规则 {reference} 办理，而本节点没有它的全文：请管理员用 `wangge policy keep 文件` 补上"
            ),
            Self::UnknownChild { node } => format!("{} 不是本节点的下级", node.short()),
            Self::CameFrom { node } => {
                format!("事件是从 {} 转来的：请退回或转回，不要再派", node.short())
            }
            Self::SeverityStays { level } => {
                format!("这一等级的纠纷在“{level}”一级调解：调解结束，方可上交")
            }
            Self::SeverityRequires { severity, act } => {
                format!("“{severity}”纠纷须先“{}”，方可办结", act.key())
            }
            Self::ReviewTooFar { longest } => format!("挂账最长 {longest}，请提前复查时间"),
            Self::InFuture => "发生时间晚于现在".into(),
            Self::TooLong => format!("事件记录已满 {MAX_STEPS} 条，请另行上报"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(problem) => write!(f, "{problem}"),
            Self::NotInPolicy { act } => {
                write!(f, "this place's policy has no act {}", act.key())
            }
            Self::Needs { act, field } => write!(f, "{} needs the field {field}", act.key()),
            Self::NoCase => f.write_str("there is no such case"),
            Self::Opened => f.write_str("the case exists already"),
            Self::Role { act } => write!(f, "none of your roles may {}", act.key()),
            Self::Scope { act } => {
                write!(f, "the case is not on your ground or level: you may not {}", act.key())
            }
            Self::Stage { act, stage } => {
                write!(f, "the case is in stage {stage}: {} is not possible from there", act.key())
            }
            Self::NotHolder { holder } => write!(
                f,
                "node {} answers for the case, or it is being handed over",
                holder.short()
            ),
            Self::NoOffer => f.write_str("no offer of custody to this node is open"),
            Self::NotCalled => f.write_str("this unit was not called to the case"),
            Self::NotAssigned => f.write_str("the case was given to someone else"),
            Self::TopLevel => {
                f.write_str("there is no higher level inside this jurisdiction: escalate instead")
            }
            Self::NoParent => f.write_str("this node has no node above it"),
            Self::AtHome => f.write_str("the case is at home already"),
            Self::HandlerVerifies => f.write_str("whoever dealt with a case does not verify it"),
            Self::Erased => f.write_str(
                "what people said on this case is erased and nothing more is done with it: report anew",
            ),
            Self::StillKept => f.write_str(
                "policy keeps it still; where the person asks for it, give the ground request",
            ),
            Self::UnknownPerson { .. } => {
                f.write_str("nobody with that id is appointed here: see the roster")
            }
            Self::UnknownUnit { unit } => {
                write!(f, "{} is not a member unit of this node", unit.short())
            }
            Self::UnknownPlace { .. } => {
                f.write_str("no place with that id is valid here now: see the territory")
            }
            Self::UnknownCategory { category } => {
                write!(f, "category {category} is not in the policy's table")
            }
            Self::UnknownChannel { channel } => {
                write!(f, "channel {channel} is not in the policy")
            }
            Self::AskedAlready => f.write_str("something was asked for that is not decided yet"),
            Self::NothingAsked => f.write_str("nothing was asked for that could be decided"),
            Self::ExtensionTime => f.write_str("ask before the due time, and for a time after it"),
            Self::NoMoreExtensions { most } => {
                write!(f, "{most} extensions were granted: policy allows no more")
            }
            Self::ReviewTime => f.write_str("the review must lie ahead"),
            Self::MergeInto { into } => {
                write!(f, "case {into} is not held here, has ended, or is merged itself")
            }
            Self::NotMerged => f.write_str("the case is not merged into another"),
            Self::NoMoreReopening => {
                f.write_str("too late or too often to take it up again: report it anew")
            }
            Self::TakenBack { number, name } => write!(
                f,
                "duty {number} ({name}) was taken back by the level above: it may not be sent down"
            ),
            Self::NeedsLead { number, lead } => {
                write!(f, "duty {number} is led by {lead}: call it in first")
            }
            Self::NotAtHome { home } => write!(
                f,
                "the reporter is asked, and the case closed, where it was reported: send it home \
                 to {} first",
                home.short()
            ),
            Self::UnknownSeverity { severity } => write!(f, "{severity} is not a severity here"),
            Self::SeverityAbove { level } => {
                write!(f, "a dispute of this severity is for the level {level}")
            }
            Self::NoMediation => f.write_str("no mediation is going on"),
            Self::NotInWhistle => f.write_str("only the two sides of a whistle score each other"),
            Self::NoSuchExclusion { ground } => {
                write!(f, "{ground} is no ground of exclusion in the policy")
            }
            Self::NotOfLine => f.write_str("a unit that was called leaves no case out of a rate"),
            Self::PolicyUnknown { reference } => write!(
                f,
                "the case runs under {reference}, whose text this node does not have: have the \
                 operator add it with `wangge policy keep FILE`"
            ),
            Self::UnknownChild { node } => {
                write!(f, "{} is not a jurisdiction below this node", node.short())
            }
            Self::CameFrom { node } => write!(
                f,
                "the case came from {}: give it back instead of handing it on",
                node.short()
            ),
            Self::SeverityStays { level } => write!(
                f,
                "a dispute of this severity stays at the level {level} until its mediation has ended"
            ),
            Self::SeverityRequires { severity, act } => {
                write!(f, "a dispute of severity {severity} is not ended before {}", act.key())
            }
            Self::ReviewTooFar { longest } => {
                write!(f, "policy puts a case off for {longest} at most: set an earlier review")
            }
            Self::InFuture => f.write_str("it can't have happened later than now"),
            Self::TooLong => {
                write!(f, "the case has {MAX_STEPS} records, the most there can be: report anew")
            }
        }
    }
}

impl std::error::Error for Refusal {}
