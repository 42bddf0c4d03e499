//! The list.

use axum::routing::{MethodRouter, delete, get, post, put};
use governance::policy::Power;
use hyper::Method;

use super::{Guard, Photos, Route};
use crate::resource::{
    accounts, cases, events, federation, health, imports, invitations, people, photos, places,
    proofs, queries, reports, sessions, tokens,
};
use crate::state::State;

type Handler = fn() -> MethodRouter<State>;

const fn reads(path: &'static str, guard: Guard, handler: Handler) -> Route {
    Route::new(Method::GET, path, guard, handler)
}

const fn adds(path: &'static str, guard: Guard, handler: Handler) -> Route {
    Route::new(Method::POST, path, guard, handler)
}

const fn sets(path: &'static str, guard: Guard, handler: Handler) -> Route {
    Route::new(Method::PUT, path, guard, handler)
}

const fn ends(path: &'static str, guard: Guard, handler: Handler) -> Route {
    Route::new(Method::DELETE, path, guard, handler)
}

const ANYONE: Guard = Guard::Anyone;
const ACCOUNT: Guard = Guard::Account;
const STAFF: Guard = Guard::Staff;
const TERRITORY: Guard = Guard::Power(Power::Territory);
const ROSTER: Guard = Guard::Power(Power::Roster);
const FEDERATION: Guard = Guard::Power(Power::Federation);
const INTAKE: Guard = Guard::Power(Power::Intake);
const QUERY: Guard = Guard::Power(Power::Query);

/// Every route there is.
pub static ROUTES: &[Route] = &[
    reads("/livez", ANYONE, || get(health::live))
        .named("live", "Whether the program answers", "程序是否应答")
        .gives(200, "Health"),
    reads("/readyz", ANYONE, || get(health::ready))
        .named("ready", "Whether the node takes new cases", "节点是否可受理")
        .gives(200, "Health"),
    reads("/metrics", Guard::Operator, || get(health::metrics))
        .named("metrics", "Counters for Prometheus", "运行指标")
        .gives(200, "Text"),
    reads("/openapi.json", ANYONE, || get(health::document))
        .named("document", "This document", "本接口说明")
        .gives(200, "Document"),
    // Who one is.
    adds("/v1/sessions", ANYONE, || post(sessions::begin))
        .named("beginSession", "Sign in", "登录")
        .takes("Login")
        .gives(201, "Session")
        .once(),
    ends("/v1/sessions/current", ACCOUNT, || delete(sessions::end)).named(
        "endSession",
        "Sign out",
        "退出登录",
    ),
    reads("/v1/me", ACCOUNT, || get(sessions::me))
        .named("me", "Who is signed in", "当前用户")
        .gives(200, "Me"),
    sets("/v1/me/password", ACCOUNT, || put(sessions::change_password))
        .named("changePassword", "Change one's password", "修改密码")
        .takes("NewPassword")
        .once(),
    reads("/v1/tokens", ACCOUNT, || get(tokens::list))
        .named("tokens", "One's programs' tokens", "程序令牌列表")
        .gives(200, "TokenPage"),
    adds("/v1/tokens", STAFF, || post(tokens::create))
        .named("createToken", "A token for a program", "签发程序令牌")
        .takes("NewToken")
        .gives(201, "Minted")
        .once(),
    ends("/v1/tokens/{id}", ACCOUNT, || delete(tokens::end))
        .named("endToken", "End a program's token", "作废程序令牌")
        .once(),
    reads("/v1/accounts", ROSTER, || get(accounts::list))
        .named("accounts", "Accounts of staff", "账号列表")
        .query(&["limit", "after"])
        .gives(200, "AccountPage"),
    sets("/v1/accounts/{name}", ROSTER, || put(accounts::put))
        .named("putAccount", "Open or change an account", "开立或修改账号")
        .takes("PutAccount")
        .gives(200, "Account")
        .once(),
    // Reports without an account.
    adds("/v1/reports", ANYONE, || post(reports::create))
        .named("report", "Report a matter, without an account", "居民上报")
        .takes("Report")
        .gives(201, "Taken")
        .photos(Photos::Form)
        .once(),
    reads("/v1/reports/{code}", ANYONE, || get(reports::get))
        .named("followReport", "What became of a report", "凭码查询")
        .gives(200, "Followed"),
    adds("/v1/reports/{code}/acts", ANYONE, || post(reports::act))
        .named("actByCode", "Verify or reopen by code", "凭码核查或重开")
        .takes("ReporterAct")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/reports/{code}/photos", ANYONE, || post(photos::keep_by_code))
        .named("keepPhotoByCode", "A photo for what is done by code", "凭码上传照片")
        .takes("PhotoBytes")
        .gives(201, "KeptPhoto")
        .photos(Photos::Body),
    reads("/v1/reports/{code}/photos/{hash}", ANYONE, || get(photos::get_by_code))
        .named("photoByCode", "A photo of what was done", "凭码查看照片")
        .gives(200, "PhotoBytes"),
    // Cases.
    reads("/v1/cases", STAFF, || get(cases::list))
        .named("cases", "Cases one may see, newest first", "事件列表")
        .query(&[
            "phase", "stage", "assignee", "open", "offered", "unplaced", "source", "limit", "after",
        ])
        .gives(200, "CasePage"),
    adds("/v1/cases", STAFF, || post(cases::create))
        .named("openCase", "Report a matter, as staff", "工作人员上报")
        .takes("Report")
        .gives(201, "Taken")
        .photos(Photos::Form)
        .once(),
    adds("/v1/photos", STAFF, || post(photos::keep))
        .named("keepPhoto", "A photo for an act to show", "上传照片")
        .takes("PhotoBytes")
        .gives(201, "KeptPhoto")
        .photos(Photos::Body),
    reads("/v1/cases/{id}/photos/{hash}", STAFF, || get(photos::get))
        .named("photo", "A photo that an act shows", "查看照片")
        .gives(200, "PhotoBytes"),
    reads("/v1/cases/{id}", STAFF, || get(cases::get))
        .named("case", "A case", "事件详情")
        .gives(200, "Case"),
    reads("/v1/cases/{id}/timeline", STAFF, || get(cases::timeline))
        .named("timeline", "What happened, with seals", "办理过程与签章")
        .gives(200, "Timeline"),
    reads("/v1/cases/{id}/proof/{record}", STAFF, || get(proofs::get))
        .named("proof", "The proof of one step", "单步存证")
        .gives(200, "Proof"),
    adds("/v1/cases/{id}/acts", STAFF, || post(cases::act))
        .named("act", "Do something with a case", "办理事件")
        .takes("Act")
        .gives(200, "Receipt")
        .once(),
    // Territory.
    reads("/v1/places", STAFF, || get(places::list))
        .named("places", "Places valid now", "地点列表")
        .query(&["level", "parent", "boundary", "limit", "afterId"])
        .gives(200, "PlacePage"),
    adds("/v1/places", TERRITORY, || post(places::establish))
        .named("establish", "Add places or versions of places", "新增或变更地点")
        .takes("Bulk")
        .gives(201, "Established")
        .bulk()
        .once(),
    reads("/v1/places/{id}", STAFF, || get(places::get))
        .named("place", "A place with its history", "地点详情")
        .gives(200, "PlaceDetail"),
    adds("/v1/places/{id}/end", TERRITORY, || post(places::end))
        .named("endPlace", "End a place now", "撤销地点")
        .gives(200, "Receipt")
        .once(),
    reads("/v1/locate", STAFF, || get(places::locate))
        .named("locate", "Which place a point lies in", "坐标归属")
        .query(&["lon", "lat", "level"])
        .gives(200, "Located"),
    // Files from outside.
    adds("/v1/imports/reports", INTAKE, || post(imports::reports::take))
        .named("importReports", "Reports in bulk, by a mapping file", "批量导入上报、热线工单")
        .takes("ReportsFile")
        .gives(200, "ReportsTold")
        .file(),
    // Roster.
    reads("/v1/people", STAFF, || get(people::list))
        .named("people", "People on the roster", "人员列表")
        .query(&["role", "limit", "afterId"])
        .gives(200, "PersonPage"),
    adds("/v1/people", ROSTER, || post(people::register))
        .named("register", "Put a person on the roster", "登记人员")
        .takes("Register")
        .gives(201, "Receipt")
        .once(),
    reads("/v1/people/{id}", STAFF, || get(people::get))
        .named("person", "A person on the roster", "人员详情")
        .gives(200, "Person"),
    sets("/v1/people/{id}", ROSTER, || put(people::change))
        .named("changePerson", "Change name and telephone number", "修改人员")
        .takes("Register")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/people/{id}/appointments", ROSTER, || post(people::appoint))
        .named("appoint", "Appoint a person to a role", "任命")
        .takes("Appoint")
        .gives(201, "Receipt")
        .once(),
    ends("/v1/people/{id}/appointments/{role}", ROSTER, || delete(people::dismiss))
        .named("dismiss", "End a person's appointments to a role", "免职")
        .gives(200, "Receipt")
        .once(),
    // How it works, and with whom.
    reads("/v1/policy", ANYONE, || get(federation::policy))
        .named("policy", "By which rules this place works", "本地规则")
        .gives(200, "Policy"),
    reads("/v1/node", ANYONE, || get(federation::node))
        .named("node", "This node", "本节点")
        .gives(200, "Node"),
    reads("/v1/peers", FEDERATION, || get(federation::peers))
        .named("peers", "Nodes this one knows", "节点列表")
        .gives(200, "PeerPage"),
    adds("/v1/invitations", FEDERATION, || post(invitations::create))
        .named("invite", "Invite a node to join below this one", "邀请节点")
        .takes("Invite")
        .gives(201, "Invited")
        .once(),
    reads("/v1/invitations", FEDERATION, || get(invitations::list))
        .named("invitations", "Invitations that nobody has used", "未使用的邀请")
        .query(&["limit", "afterHash"])
        .gives(200, "InvitationPage"),
    ends("/v1/invitations/{id}", FEDERATION, || delete(invitations::end))
        .named("endInvitation", "Withdraw an invitation", "撤回邀请")
        .once(),
    reads("/v1/quarantine", FEDERATION, || get(federation::quarantine))
        .named("quarantine", "What was received and not applied", "待查记录")
        .query(&["limit", "after"])
        .gives(200, "QuarantinePage"),
    adds("/v1/queries", QUERY, || post(queries::ask))
        .named("ask", "Numbers of this node and those below it", "统计查询")
        .takes("Ask")
        .gives(200, "Answered"),
    reads("/v1/events", STAFF, || get(events::listen))
        .named("events", "Changes as they happen", "变更推送")
        .gives(200, "EventStream"),
];
