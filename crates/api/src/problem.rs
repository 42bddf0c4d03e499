//! Why a request was not carried out, as RFC 9457 says it, in Chinese and English. A problem names
//! parts of the request and never repeats what was in them: values may be personal.

mod refused;

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;

/// What every problem's `type` begins with.
pub(crate) const URN: &str = "urn:wangge:problem:";

/// A kind of problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind {
    /// The last part of `type`.
    pub(crate) code: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) zh: &'static str,
    pub(crate) en: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $code:literal $status:ident $zh:literal $en:literal;)*) => {
        impl Kind {
            $(pub(crate) const $name: Self =
                Self { code: $code, status: StatusCode::$status, zh: $zh, en: $en };)*
            /// Every kind there is.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

kinds! {
    NOT_FOUND = "not-found" NOT_FOUND "没有这个对象，或不对您开放" "There is no such thing, or it is not for you";
    NOT_ACCEPTABLE = "not-acceptable" NOT_ACCEPTABLE "无法以所要求的格式应答" "There is no answer in a form that the request accepts";
    ADDRESS = "address-too-long" URI_TOO_LONG "请求地址过长" "The address is too long";
    METHOD = "method-not-allowed" METHOD_NOT_ALLOWED "此地址不支持这种方法" "This address does not take this method";
    LOGIN = "login-needed" UNAUTHORIZED "请先登录" "Sign in first";
    WRONG_LOGIN = "wrong-login" UNAUTHORIZED "账号或口令不正确" "Account or password is wrong";
    CODE_NEEDED = "code-needed" UNAUTHORIZED "还需要验证器上的验证码" "A code of your authenticator app is needed, too";
    WRONG_CODE = "wrong-code" UNAUTHORIZED "验证码不正确，或已用过，请等下一个" "The code is wrong, or was used before: wait for the next one";
    FACTOR_NEEDED = "factor-needed" FORBIDDEN "您的岗位须先启用两步验证" "Your role has to set up a second factor first";
    CSRF = "csrf" FORBIDDEN "请求缺少或带有错误的防伪造标记" "The anti-forgery token is missing or wrong";
    ORIGIN = "origin" FORBIDDEN "请求来自其他网站" "The request comes from another site";
    POWER = "power" FORBIDDEN "您的岗位没有这项权限" "Your roles do not include this power";
    NO_STANDING = "no-standing" FORBIDDEN "您目前没有有效的任职" "You have no appointment in force";
    SIGNATURE = "person-signature" UNPROCESSABLE_ENTITY "本人签名无效" "Your own signature does not hold";
    MUST_SIGN = "person-signature-needed" FORBIDDEN "您的岗位须用本人密钥签名办理：请先在本设备登记密钥" "Your role signs its acts with a key of its own: enrol one on this device first";
    SECOND_PERSON = "second-person" FORBIDDEN "须由另一人确认" "Another person has to confirm it";
    ROLE = "role" FORBIDDEN "您的岗位不能做这一操作" "Your role may not do this";
    SCOPE = "scope" FORBIDDEN "不在您的网格或层级内" "Outside your grid or level";
    NOT_ASSIGNED = "not-assigned" FORBIDDEN "事件已交给他人" "It was given to someone else";
    ERASED = "erased" CONFLICT "个人信息已清除" "What people said on it is erased";
    STILL_KEPT = "still-kept" CONFLICT "保存期还没到" "Policy keeps it still";
    HANDLER_VERIFIES = "handler-verifies" FORBIDDEN "经办人不得自己核查" "A handler never verifies its own work";
    MALFORMED = "malformed" BAD_REQUEST "请求无法读取" "The request can't be read";
    PARAMETER = "parameter" BAD_REQUEST "请求参数不合要求" "A parameter is not accepted";
    BODY = "body" UNPROCESSABLE_ENTITY "请求内容不合要求" "The body is not accepted";
    FIELD = "field" UNPROCESSABLE_ENTITY "字段不合要求" "A field is not accepted";
    FIELD_NEEDED = "field-needed" UNPROCESSABLE_ENTITY "缺少必填字段" "A field is missing that this place needs";
    UNKNOWN_PERSON = "unknown-person" UNPROCESSABLE_ENTITY "没有这个任职人员" "Nobody with that id is appointed here";
    UNKNOWN_UNIT = "unknown-unit" UNPROCESSABLE_ENTITY "不是本节点的成员单位" "Not a member unit of this node";
    UNKNOWN_PLACE = "unknown-place" UNPROCESSABLE_ENTITY "没有这个地点，或已失效" "No such place is valid now";
    UNKNOWN_CATEGORY = "unknown-category" UNPROCESSABLE_ENTITY "没有这个类别" "No such category in the policy";
    UNKNOWN_CHANNEL = "unknown-channel" UNPROCESSABLE_ENTITY "没有这个来源渠道" "No such channel in the policy";
    ASKED_ALREADY = "asked-already" CONFLICT "已有待决定的申请" "Something asked for is not decided yet";
    NOTHING_ASKED = "nothing-asked" CONFLICT "没有待决定的申请" "Nothing was asked for";
    EXTENSION_TIME = "extension-time" UNPROCESSABLE_ENTITY "延期须在到期前申请且晚于原期限" "An extension is asked before the due time, for a later one";
    NO_MORE_EXTENSIONS = "no-more-extensions" CONFLICT "延期次数已满" "No more extensions";
    REVIEW_TIME = "review-time" UNPROCESSABLE_ENTITY "复查时间须晚于现在" "A review lies ahead";
    MERGE_INTO = "merge-into" CONFLICT "不能并入该事件" "It can't be merged into that case";
    NOT_MERGED = "not-merged" CONFLICT "事件没有并入别件" "The case is not merged";
    NO_MORE_REOPENING = "no-more-reopening" CONFLICT "已超过可重办的期限或次数" "Too late or too often to reopen";
    DUTY_TAKEN_BACK = "duty-taken-back" FORBIDDEN "事项已由上级收回，不得下派" "The duty was taken back by the level above";
    DUTY_NEEDS_LEAD = "duty-needs-lead" CONFLICT "配合事项须先由牵头部门到场" "The leading department is needed first";
    NOT_AT_HOME = "not-at-home" CONFLICT "请先转回受理地" "Send it home first: the reporter is asked there";
    UNKNOWN_SEVERITY = "unknown-severity" UNPROCESSABLE_ENTITY "没有这个纠纷等级" "There is no such severity";
    SEVERITY_ABOVE = "severity-above" CONFLICT "这一等级的纠纷应由上级化解" "The dispute belongs to a higher level";
    NO_MEDIATION = "no-mediation" CONFLICT "没有正在进行的调解" "No mediation is going on";
    NOT_IN_WHISTLE = "not-in-whistle" FORBIDDEN "只有吹哨双方可以互评" "Only the sides of a whistle score each other";
    NOT_OF_LINE = "not-of-line" FORBIDDEN "协办单位不能剔除事件" "A unit that was called leaves no case out of a rate";
    NO_SUCH_EXCLUSION = "no-such-exclusion" UNPROCESSABLE_ENTITY "规则中没有这个剔除理由" "Policy knows no such exclusion";
    POLICY_UNKNOWN = "policy-unknown" CONFLICT "本节点没有该事件所依据的规则版本" "This node lacks the version of the policy that the case runs under";
    UNKNOWN_CHILD = "unknown-child" UNPROCESSABLE_ENTITY "不是本节点的下级" "It is no jurisdiction below this node";
    CAME_FROM = "came-from" CONFLICT "事件是从该节点转来的，请退回" "The case came from that node: give it back";
    SEVERITY_STAYS = "severity-stays" CONFLICT "这一等级的纠纷不出本级" "A dispute of this severity stays at its level";
    SEVERITY_REQUIRES = "severity-requires" CONFLICT "这一等级的纠纷办结前须先吹哨或成立专班" "A dispute of this severity asks for another act before its end";
    REVIEW_TOO_FAR = "review-too-far" UNPROCESSABLE_ENTITY "挂账时间超过规则的上限" "The review lies further ahead than policy allows";
    IN_FUTURE = "in-future" UNPROCESSABLE_ENTITY "发生时间晚于现在" "It can't have happened later than now";
    OTHER_REPORT = "other-report" CONFLICT "此编号已是另一件事" "The number is that of another case";
    KEY_REUSED = "key-reused" UNPROCESSABLE_ENTITY "幂等键已用于另一请求" "The idempotency key was used for another request";
    MEDIA_TYPE = "media-type" UNSUPPORTED_MEDIA_TYPE "请求内容须为 application/json" "The body has to be application/json";
    PHOTO = "photo" UNPROCESSABLE_ENTITY "照片无法接收" "The photo is not taken";
    ENCODING = "content-encoding" UNSUPPORTED_MEDIA_TYPE "请求内容不得压缩" "The body must not be compressed";
    TOO_LARGE = "too-large" PAYLOAD_TOO_LARGE "请求内容过大" "The body is too large";
    CHANGED = "changed" PRECONDITION_FAILED "事件已有变动" "The case has changed since you read it";
    ALREADY_MADE = "already-made" CONFLICT "此前已办理，密文只显示一次" "It was made already, and its secret is shown only once";
    NOT_IN_POLICY = "not-in-policy" CONFLICT "本地规则没有这一操作" "This place does not know the act";
    NO_CASE = "no-case" CONFLICT "没有可操作的事件" "There is no case for it";
    OPENED = "opened-already" CONFLICT "事件已经存在" "The case exists already";
    STAGE = "stage" CONFLICT "当前阶段不能做这一操作" "Not from the stage the case is in";
    NOT_HOLDER = "not-holder" CONFLICT "事件由其他节点负责或正在移交" "Another node holds the case, or it is on offer";
    NO_OFFER = "no-offer" CONFLICT "没有待接收的移交" "No custody is offered to this node";
    NOT_CALLED = "not-called" CONFLICT "本单位未被召集" "This unit was not called";
    TOP_LEVEL = "top-level" CONFLICT "本辖区内没有更高层级" "No higher level inside this jurisdiction";
    NO_PARENT = "no-parent" CONFLICT "本节点没有上级节点" "No node above this one";
    AT_HOME = "at-home" CONFLICT "事件本来就在受理地" "The case is at home already";
    TOO_LONG = "too-long" CONFLICT "事件记录已满，请另行上报" "The case has as many records as there can be";
    TOO_MANY = "too-many" TOO_MANY_REQUESTS "请求过于频繁，请稍后再试" "Too many requests: try again later";
    BUSY = "busy" SERVICE_UNAVAILABLE "节点繁忙，请稍后再试" "The node is busy: try again shortly";
    FROZEN = "frozen" SERVICE_UNAVAILABLE "节点已停止签署，请联系管理员" "The node does not sign: ask its operator";
    READ_ONLY = "storage" SERVICE_UNAVAILABLE "节点无法保存或读取数据" "The node can't keep or read data";
    STOPPING = "stopping" SERVICE_UNAVAILABLE "节点正在关闭" "The node is shutting down";
    NOT_READY = "not-ready" SERVICE_UNAVAILABLE "节点尚未就绪" "The node is not ready";
    TIMEOUT = "timeout" REQUEST_TIMEOUT "请求内容未按时到达" "The request did not arrive in time";
    LATE = "late" SERVICE_UNAVAILABLE "节点未能按时完成，可能已办理，也可能没有" "Not done in time: it may or may not have been carried out";
    INTERNAL = "internal" INTERNAL_SERVER_ERROR "节点内部错误" "Something went wrong inside the node";
}

/// One thing that is wrong with a request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Fault {
    /// Where, such as `body.places[3].code`, `query.limit` or `header.if-match`.
    pub(crate) path: String,
    /// What is wrong and what would be right.
    pub(crate) message: String,
}

/// Why a request was not carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    more: Box<More>,
}

/// What there is to say besides the kind.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct More {
    /// More than the title tells, in Chinese and English.
    detail: Option<(String, String)>,
    errors: Vec<Fault>,
    retry: Option<Duration>,
    /// Where what it is about can be found.
    location: Option<String>,
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self { kind, more: Box::default() }
    }
}

impl Problem {
    fn with(kind: Kind, more: More) -> Self {
        Self { kind, more: Box::new(more) }
    }

    /// With more than the title tells.
    pub(crate) fn because(kind: Kind, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::with(kind, More { detail: Some((zh.into(), en.into())), ..More::default() })
    }

    /// About one part of the request.
    pub(crate) fn at(kind: Kind, path: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault { path: path.into(), message: message.into() };
        Self::with(kind, More { errors: vec![fault], ..More::default() })
    }

    /// To be tried again after a time.
    pub(crate) fn after(kind: Kind, wait: Duration) -> Self {
        Self::with(kind, More { retry: Some(wait), ..More::default() })
    }

    /// What a request that is repeated asks for was made, and its secret is gone.
    pub(crate) fn already_made(location: Option<String>) -> Self {
        let (zh, en) = (
            "同一请求此前已办理。若未收到密文，请作废后换用新的幂等键重新办理。",
            "The same request was carried out before. If its secret did not reach you, end what was \
             made and ask anew under another idempotency key.",
        );
        let detail = Some((zh.into(), en.into()));
        Self::with(Kind::ALREADY_MADE, More { detail, location, ..More::default() })
    }

    pub(crate) fn not_found() -> Self {
        Kind::NOT_FOUND.into()
    }

    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// The answer in a language.
    pub(crate) fn respond(&self, english: bool) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            r#type: String,
            title: &'static str,
            title_zh: &'static str,
            title_en: &'static str,
            status: u16,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<&'a str>,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [Fault],
        }
        let (kind, More { detail, errors, retry, location }) = (&self.kind, self.more.as_ref());
        let body = Body {
            r#type: format!("{URN}{}", kind.code),
            title: if english { kind.en } else { kind.zh },
            title_zh: kind.zh,
            title_en: kind.en,
            status: kind.status.as_u16(),
            detail: detail.as_ref().map(|(zh, en)| if english { en } else { zh }.as_str()),
            errors,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (kind.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait) = retry {
            let seconds = wait.as_millis().div_ceil(1_000).max(1);
            if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
                headers.insert(RETRY_AFTER, value);
            }
        }
        if let Some(Ok(location)) = location.as_deref().map(HeaderValue::from_str) {
            headers.insert(LOCATION, location);
        }
        if kind.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §15.5.2 wants a challenge; a browser's session has no scheme of its own.
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"wangge\""));
        }
        response
    }
}

/// The problem itself travels in the response's extensions; the outermost layer, which knows the
/// request's language, writes it out.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether `Accept-Language` prefers English to Chinese, which is the default (RFC 9110 §12.5.4).
pub(crate) fn wants_english(accept_language: Option<&HeaderValue>) -> bool {
    let Some(text) = accept_language.and_then(|value| value.to_str().ok()) else { return false };
    let weight = |language: &str| {
        text.split(',')
            .filter_map(|range| {
                let mut parts = range.split(';');
                let tag = parts.next()?.trim().to_ascii_lowercase();
                let primary = tag.split('-').next()?;
                let weight = parts.find_map(|part| part.trim().strip_prefix("q="));
                let weight = weight.map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
                (primary == language).then_some(weight)
            })
            .fold(0.0_f32, f32::max)
    };
    weight("en") > weight("zh")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own_and_both_titles() {
        let codes: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(kind.status.is_client_error() || kind.status.is_server_error());
            assert!(!kind.zh.is_empty() && kind.en.is_ascii(), "{}", kind.code);
        }
    }

    #[test]
    fn chinese_is_spoken_unless_english_is_preferred() {
        let english = |text: &'static str| wants_english(Some(&HeaderValue::from_static(text)));
        assert!(english("en"));
        assert!(english("en-GB,en;q=0.9"));
        assert!(english("fr, en;q=0.5"));
        assert!(!english("zh-CN,zh;q=0.9,en;q=0.8"));
        assert!(!english("fr"));
        assert!(!english("en;q=x"));
        assert!(!wants_english(None));
    }
}
