//! The list.

use axum::routing::{MethodRouter, delete, get, post, put};
use governance::policy::Power;
use hyper::Method;

use super::{Guard, Photos, Route};
use crate::resource::{
    access_log, accounts, cases, division, doctor, duties, events, exports, factor, federation,
    health, imports, invitations, keys, ledger, matters, members, notebook, numbers, open, outbox,
    papers, party, people, photos, places, policies, previews, proofs, proposals, queries, reports,
    reshapings, reveal, revocations, sessions, signing, similar, stations, tokens, trust, views,
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
const POLICY: Guard = Guard::Power(Power::Policy);
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
    reads("/v1/sessions", ACCOUNT, || get(sessions::list))
        .named("sessions", "Where one is signed in", "我的登录")
        .gives(200, "SessionPage"),
    ends("/v1/sessions/{id}", ACCOUNT, || delete(sessions::revoke))
        .named("revokeSession", "End a session, one's own or a colleague's", "注销登录")
        .once(),
    reads("/v1/accounts/{name}/sessions", ROSTER, || get(sessions::of_account))
        .named("accountSessions", "Where an account is signed in", "账号的登录")
        .gives(200, "SessionPage"),
    reads("/v1/me", ACCOUNT, || get(sessions::me))
        .named("me", "Who is signed in", "当前用户")
        .gives(200, "Me"),
    sets("/v1/me/password", ACCOUNT, || put(sessions::change_password))
        .named("changePassword", "Change one's password", "修改口令")
        .takes("NewPassword")
        .gives(200, "PasswordChanged")
        .once(),
    adds("/v1/me/factor/offer", ACCOUNT, || post(factor::offer))
        .named("offerFactor", "A new secret for an authenticator app", "两步验证：新密钥")
        .gives(200, "FactorOffer"),
    sets("/v1/me/factor", ACCOUNT, || put(factor::enrol))
        .named("enrolFactor", "Set up one's second factor by a first code", "启用两步验证")
        .takes("EnrolFactor")
        .gives(200, "FactorEnrolled"),
    ends("/v1/accounts/{name}/factor", ROSTER, || delete(factor::reset))
        .named("resetFactor", "Take away a colleague's lost second factor", "重置他人的两步验证")
        .gives(200, "Receipt"),
    adds("/v1/me/keys", STAFF, || post(keys::enrol))
        .named("enrolKey", "Enrol a key of one's own", "登记本人密钥")
        .takes("EnrolKey")
        .gives(201, "Receipt"),
    reads("/v1/people/{id}/keys", STAFF, || get(keys::list))
        .named("keys", "A person's keys", "人员的密钥")
        .gives(200, "KeyPage"),
    reads("/v1/keys/{id}", ANYONE, || get(keys::certificate))
        .named("keyCertificate", "Whose a key is, by the node's signature", "密钥归属证明")
        .gives(200, "KeyCertificate"),
    ends("/v1/keys/{id}", STAFF, || delete(keys::revoke))
        .named("revokeKey", "Revoke a key, one's own or a colleague's", "吊销密钥")
        .gives(200, "Receipt"),
    adds("/v1/cases/{id}/signing", STAFF, || post(signing::prepare))
        .named("signing", "What one signs of an act", "待本人签名的内容")
        .takes("NarrowedAct")
        .gives(200, "Signing"),
    reads("/v1/me/views", ACCOUNT, || get(views::get))
        .named("savedViews", "The views of the list of cases that one keeps", "我保存的列表视图")
        .gives(200, "SavedViews"),
    sets("/v1/me/views", ACCOUNT, || put(views::put))
        .named("keepViews", "Keep views, in place of those before", "保存列表视图")
        .takes("SavedViews")
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
    reads("/v1/proposals", STAFF, || get(proposals::list))
        .named("proposals", "What waits for a second person", "待第二人确认的事项")
        .gives(200, "ProposalPage"),
    adds("/v1/proposals/{id}/confirmation", STAFF, || post(proposals::confirm))
        .named("confirmProposal", "Confirm what another proposed", "确认他人的提议")
        .gives(200, "Receipt"),
    ends("/v1/proposals/{id}", STAFF, || delete(proposals::end))
        .named("endProposal", "Refuse a proposal, or take one's own back", "不予确认或撤回提议")
        .gives(200, "Receipt"),
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
    reads("/v1/reports/{code}/ledger", ANYONE, || get(ledger::of_report))
        .named("ledgerByCode", "Who was given what of one's report", "凭码查询给了谁")
        .gives(200, "Ledger"),
    adds("/v1/reports/{code}/photos", ANYONE, || post(photos::keep_by_code))
        .named("keepPhotoByCode", "A photo for what is done by code", "凭码上传照片")
        .takes("PhotoBytes")
        .gives(201, "KeptPhoto")
        .photos(Photos::Body),
    reads("/v1/reports/{code}/photos/{hash}", ANYONE, || get(photos::get_by_code))
        .named("photoByCode", "A photo of what was done", "凭码查看照片")
        .gives(200, "PhotoBytes"),
    reads("/v1/matters", ANYONE, || get(matters::list))
        .named("matters", "Matters that anybody may know of, newest first", "公开事项列表")
        .query(&["done", "category", "ground", "limit", "after"])
        .gives(200, "MatterPage"),
    reads("/v1/matters/{id}", ANYONE, || get(matters::get))
        .named("matter", "A matter that anybody may know of", "公开事项")
        .gives(200, "Matter"),
    // Cases.
    reads("/v1/cases", STAFF, || get(cases::list))
        .named("cases", "Cases one may see, newest first", "事件列表")
        .query(&[
            "phase", "stage", "assignee", "open", "overdue", "offered", "unplaced", "source",
            "ground", "q", "limit", "after",
        ])
        .gives(200, "CasesFound"),
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
    adds("/v1/cases/similar", STAFF, || post(similar::of_report))
        .named("similarToReport", "Cases that a report may be about", "相似事件（上报之前）")
        .takes("Report")
        .gives(200, "Similar"),
    reads("/v1/cases/{id}/similar", STAFF, || get(similar::of_case))
        .named("similar", "Cases that may be about the same matter", "相似事件")
        .gives(200, "Similar"),
    reads("/v1/cases/{id}", STAFF, || get(cases::get))
        .named("case", "A case", "事件详情")
        .gives(200, "Case"),
    reads("/v1/cases/{id}/timeline", STAFF, || get(cases::timeline))
        .named("timeline", "What happened, with seals", "办理过程与签章")
        .gives(200, "Timeline"),
    reads("/v1/cases/{id}/proof/{record}", STAFF, || get(proofs::get))
        .named("proof", "The proof of one step", "单步存证")
        .gives(200, "Proof"),
    reads("/v1/cases/{id}/acts", STAFF, || get(open::get))
        .named("openActs", "What one may do with a case now", "当前可办操作")
        .gives(200, "OpenActs"),
    adds("/v1/cases/{id}/acts", STAFF, || post(cases::act))
        .named("act", "Do something with a case", "办理事件")
        .takes("NarrowedAct")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/cases/{id}/previews", STAFF, || post(previews::make))
        .named("previewAct", "What an act would give to others", "预览将给出的内容")
        .takes("NarrowedAct")
        .gives(200, "Preview"),
    reads("/v1/cases/{id}/ledger", STAFF, || get(ledger::of_case))
        .named("ledger", "Who was given what of a case", "给了谁")
        .gives(200, "Ledger"),
    adds("/v1/cases/{id}/withdrawals", STAFF, || post(ledger::withdraw))
        .named("withdrawFields", "Take back what was given", "撤回已给出的内容")
        .takes("WithdrawFields")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/cases/{id}/reveal", STAFF, || post(reveal::case))
        .named("reveal", "Masked numbers in clear, for a purpose", "显示完整号码（留痕）")
        .takes("Reveal")
        .gives(200, "Revealed"),
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
    reads("/v1/imports", STAFF, || get(imports::under_way))
        .named("imports", "How far one's imports have come", "我正在进行的导入")
        .gives(200, "ImportPage"),
    adds("/v1/imports/places", TERRITORY, || post(imports::places::take))
        .named("importPlaces", "Divisions and grids from a file", "导入区划与网格")
        .takes("PlacesFile")
        .gives(200, "PlacesTold")
        .file(),
    adds("/v1/imports/people", ROSTER, || post(imports::people::take))
        .named("importPeople", "People and appointments from a file", "导入人员与任职")
        .takes("PeopleFile")
        .gives(200, "PeopleTold")
        .file(),
    adds("/v1/imports/reports", INTAKE, || post(imports::reports::take))
        .named("importReports", "Reports in bulk, by a mapping file", "批量导入上报、热线工单")
        .takes("ReportsFile")
        .gives(200, "ReportsTold")
        .file(),
    adds("/v1/exports/people", ROSTER, || post(exports::people))
        .named("exportPeople", "People and appointments as a file", "导出人员与任职")
        .takes("PeopleWanted")
        .gives(200, "File"),
    adds("/v1/exports/places", TERRITORY, || post(exports::places))
        .named("exportPlaces", "Divisions and grids as a file", "导出区划与网格")
        .takes("PlacesWanted")
        .gives(200, "File"),
    adds("/v1/exports/orders", INTAKE, || post(exports::orders))
        .named("exportOrders", "How the cases of a source stand", "导出办理情况")
        .takes("OrdersWanted")
        .gives(200, "File"),
    reads("/v1/territory/check", STAFF, || get(division::check))
        .named("checkTerritory", "Grids against the rules", "网格划分检查")
        .query(&["place", "limit", "afterId"])
        .gives(200, "DivisionPage"),
    // Roster.
    reads("/v1/people", STAFF, || get(people::list))
        .named("people", "People on the roster", "人员列表")
        .query(&["role", "q", "limit", "afterId"])
        .gives(200, "PersonPage"),
    adds("/v1/people", ROSTER, || post(people::register))
        .named("register", "Put a person on the roster", "登记人员")
        .takes("Register")
        .gives(201, "Receipt")
        .once(),
    reads("/v1/people/{id}", STAFF, || get(people::get))
        .named("person", "A person on the roster", "人员详情")
        .gives(200, "Person"),
    adds("/v1/people/{id}/reveal", STAFF, || post(reveal::person))
        .named("revealPerson", "A colleague's number in clear", "显示人员完整号码（留痕）")
        .takes("RevealWhy")
        .gives(200, "Revealed"),
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
    // What stands on the ground.
    reads("/v1/party-organisations", STAFF, || get(party::list))
        .named("organisations", "Party organisations on the ground", "网格党组织列表")
        .query(&["limit", "afterId"])
        .gives(200, "OrganisationPage"),
    adds("/v1/party-organisations", ROSTER, || post(party::found))
        .named("foundOrganisation", "Put a Party organisation on places", "建立网格党组织")
        .takes("PutOrganisation")
        .gives(201, "Receipt")
        .once(),
    sets("/v1/party-organisations/{id}", ROSTER, || put(party::change))
        .named("changeOrganisation", "A further version of a Party organisation", "变更网格党组织")
        .takes("PutOrganisation")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/party-organisations/{id}/end", ROSTER, || post(party::end))
        .named("endOrganisation", "End a Party organisation now", "撤销网格党组织")
        .gives(200, "Receipt")
        .once(),
    reads("/v1/party-coverage", STAFF, || get(party::covered))
        .named("partyCoverage", "Which places have a Party organisation", "党组织覆盖与空白点")
        .query(&["level", "parent"])
        .gives(200, "PartyCoverage"),
    reads("/v1/stations", ANYONE, || get(stations::list))
        .named("stations", "Stations and whether they are open", "驿站、服务中心列表")
        .query(&["limit", "afterId"])
        .gives(200, "StationPage"),
    adds("/v1/stations", TERRITORY, || post(stations::found))
        .named("foundStation", "Put a station on the map", "设立驿站")
        .takes("PutStation")
        .gives(201, "Receipt")
        .once(),
    reads("/v1/stations/{id}", ANYONE, || get(stations::get))
        .named("station", "A station", "驿站详情")
        .gives(200, "Station"),
    sets("/v1/stations/{id}", TERRITORY, || put(stations::change))
        .named("changeStation", "A further version of a station", "变更驿站")
        .takes("PutStation")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/stations/{id}/end", TERRITORY, || post(stations::end))
        .named("endStation", "End a station now", "撤销驿站")
        .gives(200, "Receipt")
        .once(),
    reads("/v1/station-circle", STAFF, || get(stations::around))
        .named("stationCircle", "What lies within a walk of a station", "15分钟服务圈与空白点")
        .query(&["level"])
        .gives(200, "StationCircle"),
    reads("/v1/places/{id}/duty-book", STAFF, || get(duties::get))
        .named("dutyBook", "What a place answers for", "网格工作一本通")
        .query(&["version"])
        .gives(200, "DutyBook"),
    sets("/v1/places/{id}/duty-book", ROSTER, || put(duties::put))
        .named("putDutyLists", "A further version of a place's two lists", "编制两张清单")
        .takes("DutyLists")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/reshapings", TERRITORY, || post(reshapings::reshape))
        .named("reshape", "Split or merge grids in one act", "网格拆分与合并")
        .takes("Reshape")
        .gives(201, "Reshaped")
        .bulk()
        .once(),
    reads("/v1/attach", STAFF, || get(reshapings::attach))
        .named("attach", "Which place an indoor address names", "楼栋单元门牌归属")
        .query(&["address", "level", "parent"])
        .gives(200, "Attached"),
    // People's papers.
    adds("/v1/people/{id}/erasure", ROSTER, || post(people::erase))
        .named(
            "erasePerson",
            "Erase what is said of somebody who holds no post any more",
            "删除离任人员信息",
        )
        .gives(200, "Receipt"),
    adds("/v1/notes/{id}/erasure", STAFF, || post(notebook::erase))
        .named("eraseNote", "Erase the words of a note", "删除民情日记")
        .gives(200, "Receipt"),
    reads("/v1/people/{id}/appointments", STAFF, || get(papers::list))
        .named("appointments", "A person's appointments on paper", "聘任记录")
        .gives(200, "AppointmentPage"),
    reads("/v1/certificates/{record}", STAFF, || get(papers::certificate))
        .named("certificate", "The certificate of an appointment, to print", "打印聘书")
        .gives(200, "Html"),
    reads("/v1/certificates/{record}/check", ANYONE, || get(papers::check))
        .named("checkCertificate", "Whether a certificate is good", "核对聘书")
        .gives(200, "CertificateCheck"),
    reads("/v1/places/{id}/notice", STAFF, || get(papers::notice))
        .named("notice", "Who serves in a place, to post there", "打印网格员公示")
        .gives(200, "Html"),
    reads("/v1/people/{id}/growth", STAFF, || get(papers::growth))
        .named("growth", "A person's growth file", "成长档案")
        .gives(200, "GrowthPage"),
    adds("/v1/people/{id}/growth", ROSTER, || post(papers::enter))
        .named("enterGrowth", "Enter something into a growth file", "记入成长档案")
        .takes("Growth")
        .gives(201, "Receipt")
        .once(),
    // Serving Party members.
    adds("/v1/registrations", ANYONE, || post(members::register))
        .named(
            "registerMember",
            "Register where one lives, as a serving Party member",
            "在职党员报到",
        )
        .takes("RegisterMember")
        .gives(201, "Receipt")
        .once(),
    reads("/v1/registrations/{code}", ANYONE, || get(members::own))
        .named("registration", "One's own registration, by code", "凭码查报到")
        .gives(200, "Registration"),
    ends("/v1/registrations/{code}", ANYONE, || delete(members::withdraw_own))
        .named("withdrawRegistration", "Withdraw one's registration, by code", "凭码撤回报到")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/registrations/{code}/posts", ANYONE, || post(members::take_own))
        .named("takePost", "Take a post in a project, by code", "凭码认岗")
        .takes("NewPost")
        .gives(200, "Receipt")
        .once(),
    ends("/v1/registrations/{code}/posts/{post}", ANYONE, || delete(members::leave_own))
        .named("leavePost", "Leave a post, by code", "凭码离岗")
        .gives(200, "Receipt")
        .once(),
    reads("/v1/members", ROSTER, || get(members::list))
        .named("members", "Registered members on one's ground", "报到党员列表")
        .query(&["limit", "afterId"])
        .gives(200, "MemberPage"),
    adds("/v1/members", ROSTER, || post(members::take_down))
        .named("takeDownMember", "Take down a member's card", "代录报到卡")
        .takes("RegisterMember")
        .gives(201, "Receipt")
        .once(),
    reads("/v1/members/{id}", ROSTER, || get(members::get))
        .named("member", "A registered member", "报到党员详情")
        .gives(200, "MemberDetail"),
    adds("/v1/members/{id}/reveal", ROSTER, || post(reveal::member))
        .named("revealMember", "A member's number in clear", "显示党员完整号码（留痕）")
        .takes("RevealWhy")
        .gives(200, "Revealed"),
    ends("/v1/members/{id}", ROSTER, || delete(members::withdraw))
        .named("withdrawMember", "Withdraw a member's registration", "代撤报到")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/members/{id}/posts", ROSTER, || post(members::take))
        .named("takePostFor", "Take down a post that a member takes", "代录认岗")
        .takes("NewPost")
        .gives(200, "Receipt")
        .once(),
    ends("/v1/members/{id}/posts/{post}", ROSTER, || delete(members::leave))
        .named("leavePostFor", "Take down that a member leaves a post", "代录离岗")
        .gives(200, "Receipt")
        .once(),
    // The notebook.
    reads("/v1/notes", STAFF, || get(notebook::list))
        .named("notes", "Notes one may read, newest day first", "民情日记列表")
        .query(&["mine", "parent", "limit", "after"])
        .gives(200, "NotePage"),
    adds("/v1/notes", STAFF, || post(notebook::write))
        .named("writeNote", "Write a note", "记民情日记")
        .takes("NewNote")
        .gives(201, "Receipt")
        .once(),
    reads("/v1/notes/{id}", STAFF, || get(notebook::get))
        .named("note", "A note", "民情日记详情")
        .gives(200, "Note"),
    adds("/v1/notes/{id}/case", STAFF, || post(notebook::raise))
        .named("raiseNote", "Make a case of one's note", "日记转事件")
        .takes("Report")
        .gives(201, "Raised")
        .once(),
    // How it works, and with whom.
    reads("/v1/policy", ANYONE, || get(federation::policy))
        .named("policy", "By which rules this place works", "本地规则")
        .gives(200, "Policy"),
    reads("/v1/policies", STAFF, || get(policies::list))
        .named("policies", "Versions of the policy, kept or published above", "规则版本列表")
        .gives(200, "PolicyPage"),
    adds("/v1/policies", POLICY, || post(policies::put))
        .named("putPolicy", "Keep a version, or publish it to the nodes below", "保存或发布规则")
        .takes("PutPolicy")
        .gives(201, "Receipt")
        .bulk()
        .once(),
    reads("/v1/policies/{key}/{version}", ANYONE, || get(policies::get))
        .named("policyVersion", "A version of the policy with its text", "规则版本全文")
        .gives(200, "PolicyDetail"),
    adds("/v1/policies/{key}/{version}/adopt", POLICY, || post(policies::adopt))
        .named("adoptPolicy", "Put a version in force for what begins now", "启用规则版本")
        .gives(200, "Receipt")
        .once(),
    reads("/v1/node", ANYONE, || get(federation::node))
        .named("node", "This node", "本节点")
        .gives(200, "Node"),
    reads("/v1/doctor", FEDERATION, || get(doctor::examine))
        .named("doctor", "What is wrong with this node and what to do", "体检")
        .gives(200, "Findings"),
    reads("/v1/storage", FEDERATION, || get(doctor::storage))
        .named("storage", "How this node's storage is doing", "存储状况")
        .gives(200, "Storage"),
    reads("/v1/peers", FEDERATION, || get(federation::peers))
        .named("peers", "Nodes this one knows", "节点列表")
        .gives(200, "PeerPage"),
    reads("/v1/peers/{id}/outbox", FEDERATION, || get(outbox::waiting))
        .named("outbox", "What waits for a neighbour, the oldest first", "待某节点签收的条目")
        .query(&["limit", "after"])
        .gives(200, "OutboxPage"),
    adds("/v1/peers/{id}/epoch", FEDERATION, || post(federation::accept_epoch))
        .named(
            "acceptEpoch",
            "Accept a loss in a child's log, and witness it again",
            "接受下级新纪元",
        )
        .takes("AcceptEpoch")
        .gives(200, "Receipt"),
    adds("/v1/peers/{id}/challenge", FEDERATION, || post(federation::challenge))
        .named(
            "challengePeer",
            "Have a node below open a record of its log that this node countersigned",
            "抽查下级账本",
        )
        .takes("ChallengePeer")
        .gives(200, "Receipt"),
    adds("/v1/certificates", FEDERATION, || post(federation::install_certificates))
        .named("installCertificates", "Take in this node's renewed certificates", "导入换发的证书")
        .takes("InstallCertificates")
        .gives(200, "Receipt")
        .bulk(),
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
    adds("/v1/invitations/{id}/approval", FEDERATION, || post(invitations::approve))
        .named("approveNewcomer", "Let in the node that came with an invitation", "批准节点加入")
        .takes("ApproveNewcomer")
        .gives(200, "Receipt"),
    reads("/v1/access-log", ROSTER, || get(access_log::list))
        .named("accessLog", "Who read what", "查阅日志")
        .query(&["subject", "person", "limit", "before"])
        .gives(200, "AccessLog"),
    reads("/v1/trust-acts", FEDERATION, || get(trust::list))
        .named("trustActs", "Who invited, approved and revoked whom", "入网、批准、吊销等操作记录")
        .query(&["limit", "before"])
        .gives(200, "TrustActPage"),
    reads("/v1/revocations", FEDERATION, || get(revocations::get))
        .named("revocations", "What issuers have revoked, and how fresh that is", "证书吊销情况")
        .gives(200, "Revocations"),
    adds("/v1/revocations", FEDERATION, || post(revocations::revoke))
        .named("revoke", "Revoke a certificate that this node issued", "吊销下级证书")
        .takes("Revoke")
        .gives(200, "Receipt")
        .once(),
    adds("/v1/revocation-lists", FEDERATION, || post(revocations::install))
        .named("installRevocationList", "Take in a revocation list brought by hand", "导入吊销名单")
        .takes("InstallRevocationList")
        .gives(200, "Receipt")
        .bulk()
        .once(),
    reads("/v1/quarantine", FEDERATION, || get(federation::quarantine))
        .named("quarantine", "What was received and not applied", "待查记录")
        .query(&["limit", "after"])
        .gives(200, "QuarantinePage"),
    reads("/v1/numbers", QUERY, || get(numbers::get))
        .named("numbers", "This node's own numbers, with what can be recounted", "本节点统计")
        .query(&["from", "until", "area"])
        .gives(200, "Numbers"),
    adds("/v1/queries", QUERY, || post(queries::ask))
        .named("ask", "Numbers of this node and those below it", "统计查询")
        .takes("Ask")
        .gives(200, "Answered"),
    reads("/v1/events", STAFF, || get(events::listen))
        .named("events", "Changes as they happen", "变更推送")
        .gives(200, "EventStream"),
];
